package mongo

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// Insert stores a new row. CONFLICT when the id is taken.
func (e *Engine) Insert(ctx context.Context, kind, id string, doc bson.Raw) error {
	k, coll, err := e.use(ctx, kind)
	if err != nil {
		return err
	}
	token := bson.NewObjectID()
	doc, err = dress(k, id, doc, 1, token)
	if err != nil {
		return err
	}
	_, err = coll.InsertOne(ctx, doc)
	if err == nil {
		return nil
	}
	if mongo.IsDuplicateKeyError(err) {
		return &fault.Error{Code: fault.Conflict, Cause: errors.New("store: the id is taken")}
	}
	if landed(ctx, coll, id, token, err) {
		return nil
	}
	return toFault(ctx, err)
}

// Replace stores doc if the stored version is still version. When the answer is lost, the token tells whether the write took place: nobody is told that they lost
// a race which they won. When even that cannot be told, it is Unavailable.
func (e *Engine) Replace(ctx context.Context, kind, id string, version int64, doc bson.Raw) (bool, error) {
	k, coll, err := e.use(ctx, kind)
	if err != nil {
		return false, err
	}
	token := bson.NewObjectID()
	doc, err = dress(k, id, doc, version+1, token)
	if err != nil {
		return false, err
	}
	res, err := coll.ReplaceOne(ctx, bson.D{{Key: "_id", Value: id}, {Key: store.VersionField, Value: version}}, doc)
	if err == nil {
		return res.MatchedCount == 1, nil
	}
	if landed(ctx, coll, id, token, err) {
		return true, nil
	}
	return false, toFault(ctx, err)
}

// Delete removes a row and tells whether it was there. When the answer is lost it is Unavailable: who removed the row cannot be told.
func (e *Engine) Delete(ctx context.Context, kind, id string) (bool, error) {
	_, coll, err := e.use(ctx, kind)
	if err != nil {
		return false, err
	}
	res, err := coll.DeleteOne(ctx, bson.D{{Key: "_id", Value: id}})
	if err != nil {
		return false, toFault(ctx, err)
	}
	return res.DeletedCount == 1, nil
}

// landed tells whether a write that ended in an error took place after all: its token is then in the document. It asks only after errors that leave this open.
func landed(ctx context.Context, coll *mongo.Collection, id string, token bson.ObjectID, err error) bool {
	var s mongo.ServerError
	if ctx.Err() != nil || (errors.As(err, &s) && !transient(s)) {
		return false
	}
	for attempt := range landedAttempts {
		var got struct {
			Token bson.ObjectID `bson:"_w"`
		}
		found := coll.FindOne(ctx, bson.D{{Key: "_id", Value: id}}, options.FindOne().SetProjection(bson.D{{Key: store.TokenField, Value: 1}})).Decode(&got)
		if found == nil || errors.Is(found, mongo.ErrNoDocuments) {
			return found == nil && got.Token == token
		}
		select { // the connection that lost the answer takes others of its pool with it
		case <-time.After(landedPause << attempt):
		case <-ctx.Done():
			return false
		}
	}
	return false
}

// How often a write that may have taken place is looked for, and the pause after the first time, which doubles: 350 ms in all.
const (
	landedAttempts = 3
	landedPause    = 50 * time.Millisecond
)

// dress checks a document and adds what belongs to the engine at its end.
func dress(k store.Kind, id string, doc bson.Raw, version int64, token bson.ObjectID) (bson.Raw, error) {
	doc, err := store.Prepare(id, doc)
	if err != nil {
		return nil, err
	}
	if err := store.CheckFields(k, doc); err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(doc)+32)
	out = append(out, doc[:len(doc)-1]...)
	out = bsoncore.AppendInt64Element(out, store.VersionField, version)
	out = bsoncore.AppendObjectIDElement(out, store.TokenField, token)
	out = append(out, 0)
	binary.LittleEndian.PutUint32(out, uint32(len(out)))
	return out, nil
}

// undress makes a row of a stored document.
func undress(doc bson.Raw) (store.Row, error) {
	_, rest, ok := bsoncore.ReadLength(bsoncore.Document(doc))
	if !ok || len(rest) == 0 {
		return store.Row{}, errBroken
	}
	row := store.Row{Doc: append(make(bson.Raw, 0, len(doc)), doc[:4]...)}
	for len(rest) > 1 {
		el, after, ok := bsoncore.ReadElement(rest)
		if !ok {
			return store.Row{}, errBroken
		}
		switch el.Key() {
		case store.VersionField:
			row.Version, _ = el.Value().AsInt64OK()
		case store.TokenField:
		case "_id":
			row.ID, _ = el.Value().StringValueOK()
			row.Doc = append(row.Doc, el...)
		default:
			row.Doc = append(row.Doc, el...)
		}
		rest = after
	}
	row.Doc = append(row.Doc, 0)
	binary.LittleEndian.PutUint32(row.Doc, uint32(len(row.Doc)))
	return row, nil
}

var errBroken = errors.New("mongodb: a stored document is no BSON")
