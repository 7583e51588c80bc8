package storetest

import (
	"context"
	"errors"
	"iter"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// ErrKilled is what a process whose life ended gets of everything: UNAVAILABLE, as if the world had gone away from it.
var ErrKilled = fault.Wrap(fault.Unavailable, errors.New("killed"))

// Life is the life of a process that a test ends around one of its writes: that write is lost, or it is done and its answer lost, and nothing goes through
// afterwards. The engine and the other stand-ins through which a process reaches the world share one. The zero value lives for ever.
//
// It may be used by many at once. A write that is under way in another goroutine at the end still takes place, as it would.
type Life struct {
	OnEnd func() // called once the last write is over, by who made it, or by Kill; nil does nothing. To be set before the life is shared.

	mu     sync.Mutex
	left   int  // writes until the end, with the last one; 0 when no write is to be the last
	done   bool // the last write takes place
	dead   bool
	writes int
	calls  int
}

// EndAt ends the life at the n-th write from now on, which is done when that is true and lost otherwise; with n zero at none. A life that was over begins again.
func (l *Life) EndAt(n int, done bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left, l.done, l.dead = n, done, false
}

// Kill ends the life between two writes. It does nothing when that is over.
func (l *Life) Kill() {
	if !l.die() {
		return
	}
	l.ended()
}

// Write makes a write by do, unless the life is over or this is a last write that gets lost. ErrKilled also when the last write was done.
func (l *Life) Write(do func() error) error {
	last, lost, err := l.begin()
	if err != nil {
		return err
	}
	if !last {
		return do()
	}
	if !lost {
		_ = do() // nobody gets its answer
	}
	l.ended()
	return ErrKilled
}

// Read tells whether something can be read: ErrKilled when the life is over.
func (l *Life) Read() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	if l.dead {
		return ErrKilled
	}
	return nil
}

// Dead tells whether the life is over.
func (l *Life) Dead() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dead
}

// Writes is how many writes were tried while there was life, with the last one.
func (l *Life) Writes() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.writes
}

// Calls is how many reads and writes were tried.
func (l *Life) Calls() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls
}

// begin counts a write. It tells whether that is the last and whether it gets lost; ErrKilled when the life is over.
func (l *Life) begin() (last, lost bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	if l.dead {
		return false, false, ErrKilled
	}
	l.writes++
	l.dead = l.left == 1
	l.left = max(l.left-1, 0)
	return l.dead, !l.done, nil
}

// die tells whether there was life until now.
func (l *Life) die() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.dead
	l.dead = true
	return !was
}

func (l *Life) ended() {
	if l.OnEnd != nil {
		l.OnEnd()
	}
}

// Mortal is an engine as a process with a life reaches it. What concerns no document goes through in any case, and so does Sweep, which is the store's own work.
type Mortal struct {
	store.Engine
	*Life
}

// Insert is a write.
func (m Mortal) Insert(ctx context.Context, kind, id string, doc bson.Raw) error {
	return m.Write(func() error { return m.Engine.Insert(ctx, kind, id, doc) })
}

// Replace is a write, also when the version is stale.
func (m Mortal) Replace(ctx context.Context, kind, id string, version int64, doc bson.Raw) (ok bool, err error) {
	err = m.Write(func() error { ok, err = m.Engine.Replace(ctx, kind, id, version, doc); return err })
	return ok, err
}

// Delete is a write, also when there is nothing to remove.
func (m Mortal) Delete(ctx context.Context, kind, id string) (ok bool, err error) {
	err = m.Write(func() error { ok, err = m.Engine.Delete(ctx, kind, id); return err })
	return ok, err
}

// Get is a read.
func (m Mortal) Get(ctx context.Context, kind string, ids ...string) ([]store.Row, error) {
	if err := m.Read(); err != nil {
		return nil, err
	}
	return m.Engine.Get(ctx, kind, ids...)
}

// Find is one read, however many rows it yields.
func (m Mortal) Find(ctx context.Context, kind string, q store.Query) iter.Seq2[store.Row, error] {
	if err := m.Read(); err != nil {
		return func(yield func(store.Row, error) bool) { yield(store.Row{}, err) }
	}
	return m.Engine.Find(ctx, kind, q)
}

// Count is a read.
func (m Mortal) Count(ctx context.Context, kind string, q store.Query, limit int) (int, error) {
	if err := m.Read(); err != nil {
		return 0, err
	}
	return m.Engine.Count(ctx, kind, q, limit)
}
