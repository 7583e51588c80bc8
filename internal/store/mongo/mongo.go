// Package mongo is the store engine on MongoDB 5.0 or later, the same on one server, a replica set and shards.
//
// It uses single-document commands only, waits for a majority and the journal before a write counts, and reads what a majority has from the primary.
// Inside a stored document "_v" is its version and "_w" a token of its last write, by which a write whose answer was lost is found again; neither leaves the engine.
// On a sharded cluster _id is the shard key: {_id: 1} for kinds that are Owned, {_id: "hashed"} for the others; sharding them is the operator's act.
package mongo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"github.com/motcua/motcua/internal/setting"
	"github.com/motcua/motcua/internal/store"
)

// Config says where the database is and how long to wait for it.
type Config struct {
	URI              string        `koanf:"uri"`               // connection string, which may hold credentials: set it from the environment; required
	Database         string        `koanf:"database"`          // "" means motcua
	Timeout          time.Duration `koanf:"timeout"`           // of one operation whose caller set no deadline; 0 means 5s
	SelectionTimeout time.Duration `koanf:"selection_timeout"` // to find a server that answers; 0 means 2s, so that an outage is a fast, clear error (the driver's own is 30s)
	MaxPool          int           `koanf:"max_pool"`          // connections to each server; 0 means 100
}

var databaseRE = regexp.MustCompile(`^[A-Za-z0-9_-]{1,60}$`)

const notValid = "the connection string is not valid: special characters in name and password have to be percent-encoded"

// Validate reports every wrong setting. It asks nobody, so of a mongodb+srv:// address only the beginning is looked at.
func (c Config) Validate() error {
	var faults setting.Faults
	plain := strings.HasPrefix(c.URI, "mongodb://")
	faults.Refuse(!plain && !strings.HasPrefix(c.URI, "mongodb+srv://"), "uri", "must begin with mongodb:// or mongodb+srv://")
	faults.Refuse(plain && options.Client().ApplyURI(c.URI).Validate() != nil, "uri", notValid) // the driver's own words may quote the password
	faults.Refuse(c.Database != "" && !databaseRE.MatchString(c.Database), "database", "must be letters, digits, _ and -")
	faults.Refuse(c.Timeout < 0, "timeout", "must not be negative")
	faults.Refuse(c.SelectionTimeout < 0, "selection_timeout", "must not be negative")
	faults.Refuse(c.MaxPool < 0, "max_pool", "must not be negative")
	return faults.Err()
}

func (c Config) withDefaults() Config {
	if c.Database == "" {
		c.Database = "motcua"
	}
	if c.Timeout == 0 {
		c.Timeout = 5 * time.Second
	}
	if c.SelectionTimeout == 0 {
		c.SelectionTimeout = 2 * time.Second
	}
	if c.MaxPool == 0 {
		c.MaxPool = 100
	}
	return c
}

// closeTimeout is how long Close waits for what is under way.
const closeTimeout = 10 * time.Second

// Engine keeps documents in one MongoDB database, a collection for each kind.
type Engine struct {
	client   *mongo.Client
	db       *mongo.Database
	ctx      context.Context // of Open, without its end: for Close, which has none of its own
	declared store.Declared
	closed   atomic.Bool
	once     sync.Once
	closeErr error
}

var (
	_ store.Engine = (*Engine)(nil)
	_ store.Lister = (*Engine)(nil)
)

// Open connects and checks that a primary answers. Its errors never hold the connection string.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("store: mongodb: %w", err)
	}
	cfg = cfg.withDefaults()
	journal := true
	client, err := mongo.Connect(options.Client().ApplyURI(cfg.URI).
		SetAppName("motcua").
		SetTimeout(cfg.Timeout).
		SetServerSelectionTimeout(cfg.SelectionTimeout).
		SetConnectTimeout(cfg.SelectionTimeout).
		SetMaxPoolSize(uint64(cfg.MaxPool)).
		SetReadPreference(readpref.Primary()).
		SetReadConcern(readconcern.Majority()).
		SetWriteConcern(&writeconcern.WriteConcern{W: "majority", Journal: &journal}))
	if err != nil {
		if dns := (*net.DNSError)(nil); errors.As(err, &dns) {
			return nil, fmt.Errorf("store: mongodb: uri: the servers cannot be looked up: %w", dns)
		}
		return nil, errors.New("store: mongodb: uri: " + notValid)
	}
	e := &Engine{client: client, db: client.Database(cfg.Database), ctx: context.WithoutCancel(ctx)}
	if err := e.Ping(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("store: mongodb does not answer: %w", err), e.Close())
	}
	return e, nil
}

// Ping tells whether the primary answers.
func (e *Engine) Ping(ctx context.Context) error {
	if e.closed.Load() {
		return toFault(ctx, mongo.ErrClientDisconnected)
	}
	return toFault(ctx, e.client.Ping(ctx, readpref.Primary()))
}

// Kinds gives what this process has defined, in the order of the names.
func (e *Engine) Kinds() []store.Kind { return e.declared.Kinds() }

// Close waits for what is under way, at most ten seconds, and disconnects.
func (e *Engine) Close() error {
	e.once.Do(func() {
		e.closed.Store(true)
		ctx, cancel := context.WithTimeout(e.ctx, closeTimeout)
		defer cancel()
		e.closeErr = e.client.Disconnect(ctx)
	})
	return e.closeErr
}

// use gives a kind and its collection.
func (e *Engine) use(ctx context.Context, kind string) (store.Kind, *mongo.Collection, error) {
	k, err := e.declared.Need(kind)
	if err != nil {
		return k, nil, err
	}
	if err := ctx.Err(); err != nil {
		return k, nil, toFault(ctx, err)
	}
	if e.closed.Load() {
		return k, nil, toFault(ctx, mongo.ErrClientDisconnected)
	}
	return k, e.db.Collection(kind), nil
}
