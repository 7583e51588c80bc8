// Package limit says when somebody asks too often.
//
// It owns the counting: in bounded local memory first, where a call must pass, then in Redis, where all replicas count together. While Redis is away, and
// for what it has forgotten, the local count decides. So a limit never opens because Redis is gone, and never closes either. It does not know who is counted or what for, and it is no
// record: a count that must survive anything (the tries at a one-time code) belongs in the store.
package limit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/redisx"
	"github.com/motcua/motcua/internal/setting"
)

// Rule allows Max calls in a window of Per, which begins with the first call. Around the end of a window up to twice Max can pass within Per.
type Rule struct {
	Max int           `koanf:"max"` // at least 1
	Per time.Duration `koanf:"per"` // at least 1ms
}

// Validate reports a rule that would allow nothing or everything.
func (r Rule) Validate() error {
	var faults setting.Faults
	faults.Refuse(r.Max < 1, "max", "must be at least 1")
	faults.Refuse(r.Per < time.Millisecond, "per", "must be at least 1ms")
	return faults.Err()
}

// Limiter counts calls. It is safe for concurrent use.
type Limiter struct {
	client *redisx.Client // nil when nobody else counts
	local  *memory
	log    *slog.Logger
	away   atomic.Bool // the last call to Redis failed; only for the log
}

// New makes a limiter. With a nil client, or a Redis inside this process, it counts in its own memory alone: nobody else counts with it.
func New(client *redisx.Client, now func() time.Time, log *slog.Logger) *Limiter {
	if client != nil && client.Embedded() {
		client = nil
	}
	return &Limiter{client: client, local: newMemory(now), log: log}
}

// Allow counts one call under key and tells whether it may go on: nil, or RATE_LIMITED with the time after which the next call can pass, which is
// also returned alone. Refused calls do not prolong the window. INTERNAL when the rule is not valid. A context that ends does not fail the call: the
// local count decides then. Calls under one key share a window, so name the rule in it ("otp:address:…"). The key is hashed before it leaves the process; whoever counts by a phone number still passes a keyed index of it,
// because a plain hash of a phone number can be searched for.
func (l *Limiter) Allow(ctx context.Context, key string, r Rule) (retryAfter time.Duration, err error) {
	return l.Spend(ctx, key, r, 1)
}

// Spend is Allow for what is counted by amount, such as bytes: n of Rule.Max at once, all or none of it.
func (l *Limiter) Spend(ctx context.Context, key string, r Rule, n int) (retryAfter time.Duration, err error) {
	if err := r.Validate(); err != nil {
		return 0, fault.Wrap(fault.Internal, fmt.Errorf("limit: rule: %w", err))
	}
	id := idOf(key)
	left, ok := l.local.take(id, r, n)
	if ok && l.client != nil {
		left, ok = l.shared(ctx, id, r, n)
	}
	if ok {
		return 0, nil
	}
	return left, fault.New(fault.RateLimited, "").After(left)
}

// Return gives back n of what was spent under key in the window that runs, because it was not used after all.
func (l *Limiter) Return(ctx context.Context, key string, n int) {
	id := idOf(key)
	l.local.giveBack(id, n)
	if l.client != nil {
		l.note(ctx, l.giveBack(ctx, id, n))
	}
}

// giveBack takes an amount back in Redis. A window that has ended meanwhile must not leave a count below zero, which would have no end.
func (l *Limiter) giveBack(ctx context.Context, id string, n int) error {
	left, err := l.client.DecrBy(ctx, "limit:"+id, int64(n)).Result()
	if err == nil && left < 0 {
		err = l.client.Del(ctx, "limit:"+id).Err()
	}
	return err
}

// idOf hashes a key.
func idOf(key string) string {
	h := sha256.Sum256([]byte(key))
	return hex.EncodeToString(h[:16])
}

// shared counts in Redis what may pass by the local count. While Redis is away the local count has decided. An amount that does not pass is taken back there,
// so that a smaller one still may.
func (l *Limiter) shared(ctx context.Context, id string, r Rule, amount int) (left time.Duration, ok bool) {
	n, left, err := l.count(ctx, id, r.Per, amount)
	l.note(ctx, err)
	if err != nil || n <= int64(r.Max) {
		return 0, true
	}
	l.local.giveBack(id, amount)
	if amount > 1 {
		l.note(ctx, l.giveBack(ctx, id, amount))
	}
	return left, false
}

// count is one round trip: begin a window if there is none, count, and see what is left of it. Calls of others may come between the three commands;
// only the counting has to be atomic.
func (l *Limiter) count(ctx context.Context, id string, per time.Duration, amount int) (n int64, left time.Duration, err error) {
	key := "limit:" + id
	var count *redis.IntCmd
	var rest *redis.DurationCmd
	_, err = l.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.SetNX(ctx, key, 0, per)
		count = p.IncrBy(ctx, key, int64(amount))
		rest = p.PTTL(ctx, key)
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	left = rest.Val()
	if left <= 0 || left > per {
		// The window ended between the first and the second command, which left a count without an end; or the rule became shorter.
		left = per
		if err := l.client.PExpire(ctx, key, per).Err(); err != nil {
			return 0, 0, err
		}
	}
	return count.Val(), left, nil
}

// note logs when Redis goes and when it comes back, not each call in between.
func (l *Limiter) note(ctx context.Context, err error) {
	gone := err != nil && ctx.Err() == nil
	if err != nil && !gone {
		return // the caller left; it says nothing about Redis
	}
	if l.away.Swap(gone) == gone {
		return
	}
	if gone {
		l.log.WarnContext(ctx, "limits are counted in this process alone: redis is away", "err", err)
		return
	}
	l.log.InfoContext(ctx, "limits are counted in redis again")
}
