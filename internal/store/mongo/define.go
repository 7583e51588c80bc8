package mongo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/motcua/motcua/internal/store"
)

// buildTimeout bounds the building of one index over the documents already there, when the caller set no deadline.
const buildTimeout = time.Hour

// codes of createIndexes that are dealt with
const (
	notImplemented       = 238 // a server that speaks the protocol without this option
	indexOptionsConflict = 85  // the same keys under another name
)

// Define builds the indexes that are missing. An index that is declared anew under its old name gets a new name inside, so that replicas of the older and the newer
// version of the program can run side by side; what no version uses any more is for the operator to drop.
func (e *Engine) Define(ctx context.Context, k store.Kind) error {
	k, err := e.declared.Merge(k)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return toFault(ctx, err)
	}
	if e.closed.Load() {
		return toFault(ctx, mongo.ErrClientDisconnected)
	}
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, buildTimeout)
		defer cancel()
	}
	indexes := e.db.Collection(k.Name).Indexes()
	for _, x := range k.Indexes {
		if err := create(ctx, indexes, keys(x), options.Index().SetName(indexName(x))); err != nil {
			return err
		}
	}
	if err := expire(ctx, indexes, k.ExpiresAt); err != nil {
		return err
	}
	return e.declared.Remember(k)
}

// expire makes the TTL index of a kind. A server without such indexes gets a plain one, and Sweep does the work alone.
func expire(ctx context.Context, indexes mongo.IndexView, field string) error {
	if field == "" {
		return nil
	}
	by := bson.D{{Key: field, Value: 1}}
	name := "expires_" + hash(field)
	err := create(ctx, indexes, by, options.Index().SetName(name).SetExpireAfterSeconds(0))
	if hasCode(err, notImplemented) {
		return create(ctx, indexes, by, options.Index().SetName(name))
	}
	return toFault(ctx, err)
}

func create(ctx context.Context, indexes mongo.IndexView, by bson.D, opts *options.IndexOptionsBuilder) error {
	_, err := indexes.CreateOne(ctx, mongo.IndexModel{Keys: by, Options: opts})
	if hasCode(err, indexOptionsConflict) {
		return nil // another declared index has the same keys and serves
	}
	if hasCode(err, notImplemented) {
		return err
	}
	return toFault(ctx, err)
}

func hasCode(err error, code int) bool {
	s, ok := err.(mongo.ServerError) //nolint:errorlint // straight from the driver
	return ok && s.HasErrorCode(code)
}

func indexName(x store.Index) string {
	return x.Name + "_" + hash(fmt.Sprintf("%q %q", x.Equal, x.Order))
}

func hash(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:4])
}

// Sweep removes rows that the server's own TTL monitor, which runs once a minute, has not removed yet.
func (e *Engine) Sweep(ctx context.Context, now time.Time, limit int) (removed int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, toFault(ctx, err)
	}
	if e.closed.Load() {
		return 0, toFault(ctx, mongo.ErrClientDisconnected)
	}
	for _, k := range e.declared.Kinds() {
		if k.ExpiresAt == "" || removed >= limit {
			continue
		}
		n, err := e.sweep(ctx, k, now, limit-removed)
		removed += n
		if err != nil {
			return removed, toFault(ctx, err)
		}
	}
	return removed, nil
}

func (e *Engine) sweep(ctx context.Context, k store.Kind, now time.Time, limit int) (int, error) {
	coll := e.db.Collection(k.Name)
	over := bson.E{Key: k.ExpiresAt, Value: bson.D{{Key: "$lt", Value: now}}}
	cur, err := coll.Find(ctx, bson.D{over}, options.Find().SetSort(bson.D{{Key: k.ExpiresAt, Value: 1}}).SetLimit(int64(limit)).SetProjection(bson.D{{Key: "_id", Value: 1}}))
	if err != nil {
		return 0, err
	}
	var found []struct {
		ID string `bson:"_id"`
	}
	if err := cur.All(ctx, &found); err != nil || len(found) == 0 {
		return 0, err
	}
	ids := make([]string, len(found))
	for i, f := range found {
		ids[i] = f.ID
	}
	res, err := coll.DeleteMany(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}, over}) // over again: it may have been extended meanwhile
	if err != nil {
		return 0, err
	}
	return int(res.DeletedCount), nil
}
