package storetest

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/store"
)

// Op is one of the things that an engine does with documents.
type Op string

// What there is.
const (
	Insert  Op = "insert"
	Replace Op = "replace"
	Delete  Op = "delete"
	Get     Op = "get"
	Find    Op = "find"
	Count   Op = "count"
)

// Call is what an engine is asked.
type Call struct {
	Op   Op
	Kind string
	ID   string   // of a write; "" for a read
	Doc  bson.Raw // of an insert and a replace
}

// Watched is an engine that lets a test see each call that concerns documents, do something just before it, and make it fail. What it calls may be called by
// many at once.
type Watched struct {
	store.Engine
	Before func(Call) error // its error is the answer, and the call does not reach the engine; nil does nothing
	After  func(Call) error // called after a write that succeeded: its error takes the place of the answer, which gets lost; nil does nothing
}

// Insert is a write.
func (w *Watched) Insert(ctx context.Context, kind, id string, doc bson.Raw) error {
	return w.write(Call{Insert, kind, id, doc}, func() error { return w.Engine.Insert(ctx, kind, id, doc) })
}

// Replace is a write, also when the version is stale.
func (w *Watched) Replace(ctx context.Context, kind, id string, version int64, doc bson.Raw) (ok bool, err error) {
	err = w.write(Call{Replace, kind, id, doc}, func() error { ok, err = w.Engine.Replace(ctx, kind, id, version, doc); return err })
	return ok && err == nil, err
}

// Delete is a write, also when there is nothing to remove.
func (w *Watched) Delete(ctx context.Context, kind, id string) (ok bool, err error) {
	err = w.write(Call{Op: Delete, Kind: kind, ID: id}, func() error { ok, err = w.Engine.Delete(ctx, kind, id); return err })
	return ok && err == nil, err
}

// Get is a read.
func (w *Watched) Get(ctx context.Context, kind string, ids ...string) ([]store.Row, error) {
	if err := ask(w.Before, Call{Op: Get, Kind: kind}); err != nil {
		return nil, err
	}
	return w.Engine.Get(ctx, kind, ids...)
}

// Find is one read, however many rows it yields.
func (w *Watched) Find(ctx context.Context, kind string, q store.Query) iter.Seq2[store.Row, error] {
	if err := ask(w.Before, Call{Op: Find, Kind: kind}); err != nil {
		return func(yield func(store.Row, error) bool) { yield(store.Row{}, err) }
	}
	return w.Engine.Find(ctx, kind, q)
}

// Count is a read.
func (w *Watched) Count(ctx context.Context, kind string, q store.Query, limit int) (int, error) {
	if err := ask(w.Before, Call{Op: Count, Kind: kind}); err != nil {
		return 0, err
	}
	return w.Engine.Count(ctx, kind, q, limit)
}

func (w *Watched) write(c Call, do func() error) error {
	if err := ask(w.Before, c); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return ask(w.After, c)
}

func ask(f func(Call) error, c Call) error {
	if f == nil {
		return nil
	}
	return f(c)
}

// FailNext is for before calls or after them: of the next ones of a sort, as many fail as left says.
func FailNext(op Op, left *atomic.Int64, err error) func(Call) error {
	return func(c Call) error {
		if c.Op == op && left.Add(-1) >= 0 {
			return err
		}
		return nil
	}
}

// Tally counts the calls of an engine, as what is called before each: Watched{Before: tally.Note}. The zero value has counted none. It may be used by many
// at once.
type Tally struct {
	mu    sync.Mutex
	ops   map[Op]int
	reads map[string]int // by kind, while During looks
}

// Note counts a call.
func (n *Tally) Note(c Call) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ops == nil {
		n.ops = map[Op]int{}
	}
	n.ops[c.Op]++
	if n.reads != nil && (c.Op == Get || c.Op == Find || c.Op == Count) {
		n.reads[c.Kind]++
	}
	return nil
}

// Of is how many calls of one sort there were.
func (n *Tally) Of(op Op) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.ops[op]
}

// ReadsDuring gives how many reads of each kind f causes.
func (n *Tally) ReadsDuring(f func()) map[string]int {
	n.watch(map[string]int{})
	f()
	return n.watch(nil)
}

// watch counts reads into a map from now on, and gives the one until now.
func (n *Tally) watch(next map[string]int) (was map[string]int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	was, n.reads = n.reads, next
	return was
}
