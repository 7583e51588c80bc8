package main

import (
	"context"
	"time"

	"github.com/motcua/motcua/graph/guard"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/redisx"
)

// documents keeps the text of persisted queries where all replicas see it. It may vanish: clients then send the text again.
type documents struct {
	redis   *redisx.Client
	limiter *limit.Limiter // of this replica alone
}

const (
	documentLife = 24 * time.Hour
	// newDocuments is how many texts one replica adds in an hour. Anybody may send new ones, each up to 8 KB, so without a bound a guest could fill
	// Redis; the apps of a city have a few hundred.
	newDocuments = 600
)

// documents gives the cache of persisted queries; nil, by which the gateway keeps a bounded number in its own memory, when no other replica would see it.
func (sys *system) documents() guard.Cache {
	if sys.redis.Embedded() {
		return nil
	}
	return documents{sys.redis, limit.New(nil, sys.now, sys.log)}
}

// Document gives a query by its hash.
func (d documents) Document(ctx context.Context, hash string) (string, bool) {
	q, err := d.redis.Get(ctx, "apq:"+hash).Result()
	return q, err == nil
}

// Remember keeps a query for a day. When Redis is away, or enough are new, it is not kept.
func (d documents) Remember(ctx context.Context, hash, query string) {
	if _, known := d.Document(ctx, hash); known {
		return
	}
	if _, err := d.limiter.Allow(ctx, "documents", limit.Rule{Max: newDocuments, Per: time.Hour}); err != nil {
		return
	}
	_ = d.redis.SetNX(ctx, "apq:"+hash, query, documentLife).Err() // expendable
}
