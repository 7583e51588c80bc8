package registry

import (
	"context"
	"sync"
	"time"

	"github.com/motcua/motcua/internal/fault"
)

const (
	maxOutlineAge  = time.Minute      // how long outlines are used when nobody tells of a change
	outlineTimeout = 30 * time.Second // for reading those of all plates
)

// keeper keeps the outlines that were read last and has them read anew: once for all who wait, and never twice at the same time.
type keeper struct {
	limit int // how many plates are too many, less one

	mu      sync.Mutex
	changes int      // how often something changed
	held    *reading // the last that came through; nil before
	now     *reading // under way; nil while there is none
}

// reading is one pass over all plates.
type reading struct {
	changes int           // of the keeper when it began: it has seen these
	began   time.Time     // by the registry's clock
	done    chan struct{} // closed when all below is set
	found   *outlines     // nil when there are too many plates
	err     error
}

// Forget drops what plates are found by, because another process changed some. Who asks by words or by place afterwards waits until all plates have been read.
//
// This process finds its own changes at once. Those of another it finds from when it is told of them by Forget, else within a minute: until then what has come
// to be asked for is missing in lists, and so is what has moved; what is not asked for any more is in none, as each plate is looked at again before it is given.
func (r *Registry) Forget() {
	r.keeper.mu.Lock()
	defer r.keeper.mu.Unlock()
	r.keeper.changes++
}

// outlines gives those of all plates, with all changes that this process made and was told of before the call; nil when there are too many plates.
// UNAVAILABLE when the caller gives up first: the others go on waiting.
func (r *Registry) outlines(ctx context.Context) (*outlines, error) {
	k := &r.keeper
	k.mu.Lock()
	needed := k.changes
	k.mu.Unlock()
	for {
		x := r.reading(ctx, needed)
		select {
		case <-x.done:
		case <-ctx.Done():
			return nil, fault.Wrap(fault.Unavailable, ctx.Err())
		}
		if x.changes >= needed {
			return x.found, x.err
		}
	}
}

// reading gives what is held, else what is under way, which may have begun too early, else a new one.
func (r *Registry) reading(ctx context.Context, needed int) *reading {
	k := &r.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	now := r.deps.Now()
	if x := k.held; x != nil && x.changes >= needed && fresh(x.began, now) {
		return x
	}
	if k.now == nil {
		k.now = &reading{changes: k.changes, began: now, done: make(chan struct{})}
		go r.carryOut(context.WithoutCancel(ctx), k.now)
	}
	return k.now
}

// fresh tells whether what was read then may be used now; not when the clock was put back.
func fresh(then, now time.Time) bool {
	age := now.Sub(then)
	return 0 <= age && age < maxOutlineAge
}

// carryOut makes a pass and keeps what came of it, unless it failed.
func (r *Registry) carryOut(ctx context.Context, x *reading) {
	ctx, cancel := context.WithTimeout(ctx, outlineTimeout)
	defer cancel()
	x.found, x.err = r.readOutlines(ctx, r.keeper.limit)
	k := &r.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.now = nil; x.err == nil {
		k.held = x
	}
	close(x.done)
}
