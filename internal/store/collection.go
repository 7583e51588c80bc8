package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/fault"
)

// ErrUnchanged, returned by an Update's closure, ends the update without a write; Update then returns the document as it is and no error.
var ErrUnchanged = errors.New("store: unchanged")

// maxAttempts is how often Update runs its closure against a document that others keep changing before it gives up as Unavailable.
const maxAttempts = 64

// Collection keeps documents of type T. T is a struct that encodes to BSON with its id under "_id"; the field "_v" belongs to the engine.
type Collection[T any] struct {
	engine Engine
	kind   Kind
}

// Define declares a kind to the engine and gives the collection of its documents.
func Define[T any](ctx context.Context, e Engine, k Kind) (*Collection[T], error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	if err := e.Define(ctx, k); err != nil {
		return nil, fmt.Errorf("store: define %s: %w", k.Name, err)
	}
	return &Collection[T]{engine: e, kind: k}, nil
}

// Query begins a query through the index of that name. It fails when the kind declares no such index, so call it where the program starts.
func (c *Collection[T]) Query(index string) (Query, error) {
	for _, x := range c.kind.Indexes {
		if x.Name == index {
			return Query{index: x, defined: true}, nil
		}
	}
	return Query{}, fmt.Errorf("store: kind %s declares no index %q", c.kind.Name, index)
}

// ByID begins a query over ids, in their order.
func (c *Collection[T]) ByID() Query { return Query{byID: true, defined: true} }

// Insert stores a new document. CONFLICT when the id is taken.
func (c *Collection[T]) Insert(ctx context.Context, doc T) error {
	raw, id, err := encode(doc)
	if err != nil {
		return fmt.Errorf("store: %s: %w", c.kind.Name, err)
	}
	return c.wrap(c.engine.Insert(ctx, c.kind.Name, id, raw), id)
}

// Get gives the document of that id. NOT_FOUND when there is none.
func (c *Collection[T]) Get(ctx context.Context, id string) (T, error) {
	doc, _, err := c.get(ctx, id)
	return doc, err
}

// GetMany gives those of the documents that exist, by id, in one read.
func (c *Collection[T]) GetMany(ctx context.Context, ids []string) (map[string]T, error) {
	out := make(map[string]T, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := c.engine.Get(ctx, c.kind.Name, ids...)
	if err != nil {
		return nil, c.wrap(err, "")
	}
	for _, r := range rows {
		doc, err := decode[T](r)
		if err != nil {
			return nil, c.wrap(err, r.ID)
		}
		out[r.ID] = doc
	}
	return out, nil
}

// Update changes the document of that id by compare-and-swap: change may run several times, each time on a fresh copy, and must only depend on it.
// An error of change ends the update with nothing written and is returned as it is, except ErrUnchanged. NOT_FOUND when there is no such document.
func (c *Collection[T]) Update(ctx context.Context, id string, change func(*T) error) (T, error) {
	var none T
	for attempt := range maxAttempts {
		doc, version, err := c.get(ctx, id)
		if err != nil {
			return none, err
		}
		if err := change(&doc); errors.Is(err, ErrUnchanged) {
			fresh, _, err := c.get(ctx, id) // change may have touched its copy before it decided
			return fresh, err
		} else if err != nil {
			return none, err
		}
		raw, got, err := encode(doc)
		if err != nil {
			return none, c.wrap(err, id)
		}
		if got != id {
			return none, c.wrap(fmt.Errorf("an update changed the id to %q", got), id)
		}
		swapped, err := c.engine.Replace(ctx, c.kind.Name, id, version, raw)
		if err != nil {
			return none, c.wrap(err, id)
		}
		if swapped {
			return doc, nil
		}
		if err := pause(ctx, attempt); err != nil {
			return none, err
		}
	}
	return none, c.restless()
}

// Upsert is Update, and where there is no such document it stores the one that begin gives, changed. An ErrUnchanged of change then stores nothing. Neither
// begin nor change may end with NOT_FOUND, and begin must give a document of that id.
func (c *Collection[T]) Upsert(ctx context.Context, id string, begin func() T, change func(*T) error) (T, error) {
	var none T
	for attempt := range maxAttempts {
		doc, err := c.Update(ctx, id, change)
		if fault.CodeOf(err) != fault.NotFound {
			return doc, err
		}
		doc = begin()
		if err := change(&doc); errors.Is(err, ErrUnchanged) {
			return begin(), nil
		} else if err != nil {
			return none, err
		}
		if err := c.Insert(ctx, doc); fault.CodeOf(err) != fault.Conflict {
			return doc, err
		}
		if err := pause(ctx, attempt); err != nil {
			return none, err
		}
	}
	return none, c.restless()
}

// restless gives up for now on a document that others keep changing.
func (c *Collection[T]) restless() error {
	return &fault.Error{Code: fault.Unavailable, RetryAfter: time.Second, Cause: fmt.Errorf("store: %s: document kept changing", c.kind.Name)}
}

// IfChanged makes a change for Update of one that tells whether it changed anything.
func IfChanged[T any](change func(*T) (changed bool, err error)) func(*T) error {
	return func(doc *T) error {
		changed, err := change(doc)
		if err == nil && !changed {
			return ErrUnchanged
		}
		return err
	}
}

// Delete removes the document of that id. NOT_FOUND when there is none.
func (c *Collection[T]) Delete(ctx context.Context, id string) error {
	there, err := c.engine.Delete(ctx, c.kind.Name, id)
	if err != nil {
		return c.wrap(err, id)
	}
	if !there {
		return c.missing(id)
	}
	return nil
}

// Find yields the documents that the query asks for. It stops at the first error, which it yields last.
func (c *Collection[T]) Find(ctx context.Context, q Query) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		if err := c.check(q); err != nil {
			yield(none, err)
			return
		}
		for row, err := range c.engine.Find(ctx, c.kind.Name, q) {
			if err != nil {
				yield(none, c.wrap(err, ""))
				return
			}
			doc, err := decode[T](row)
			if err != nil {
				yield(none, c.wrap(err, row.ID))
				return
			}
			if !yield(doc, nil) {
				return
			}
		}
	}
}

// Collect gives what Find yields as a slice, which is empty and not nil when there is nothing.
func (c *Collection[T]) Collect(ctx context.Context, q Query) ([]T, error) {
	out := []T{}
	for doc, err := range c.Find(ctx, q) {
		if err != nil {
			return nil, err
		}
		out = append(out, doc)
	}
	return out, nil
}

// Count counts the documents that the query asks for without its limit, but stops at max.
func (c *Collection[T]) Count(ctx context.Context, q Query, max int) (int, error) {
	if err := c.check(q); err != nil {
		return 0, err
	}
	n, err := c.engine.Count(ctx, c.kind.Name, q, max)
	return n, c.wrap(err, "")
}

// CursorAt gives the position of doc in the order of q, for Query.Behind.
func (c *Collection[T]) CursorAt(q Query, doc T) (Cursor, error) {
	raw, id, err := encode(doc)
	if err != nil {
		return "", c.wrap(err, "")
	}
	return NewCursor(q, id, raw)
}

func (c *Collection[T]) check(q Query) error {
	if !q.defined {
		return fmt.Errorf("store: %s: a query without an index is refused", c.kind.Name)
	}
	if len(q.Equal) != len(q.index.Equal) {
		return fmt.Errorf("store: %s: index %s takes %d values, got %d", c.kind.Name, q.index.Name, len(q.index.Equal), len(q.Equal))
	}
	return nil
}

func (c *Collection[T]) get(ctx context.Context, id string) (doc T, version int64, err error) {
	rows, err := c.engine.Get(ctx, c.kind.Name, id)
	if err != nil {
		return doc, 0, c.wrap(err, id)
	}
	if len(rows) == 0 {
		return doc, 0, c.missing(id)
	}
	doc, err = decode[T](rows[0])
	return doc, rows[0].Version, c.wrap(err, id)
}

func (c *Collection[T]) missing(id string) error {
	return &fault.Error{Code: fault.NotFound, Cause: fmt.Errorf("store: no %s %q", c.kind.Name, id)}
}

func (c *Collection[T]) wrap(err error, id string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("store: %s %q: %w", c.kind.Name, id, err)
}

func encode[T any](doc T) (raw bson.Raw, id string, err error) {
	raw, err = bson.Marshal(doc)
	if err != nil {
		return nil, "", err
	}
	id, ok := raw.Lookup("_id").StringValueOK()
	if !ok || id == "" {
		return nil, "", errors.New("a document needs a string _id")
	}
	return raw, id, nil
}

func decode[T any](r Row) (T, error) {
	var doc T
	err := bson.Unmarshal(r.Doc, &doc)
	return doc, err
}

// pause waits a little longer, and less evenly, after each lost race.
func pause(ctx context.Context, attempt int) error {
	limit := min(time.Millisecond<<min(attempt, 6), 40*time.Millisecond)
	t := time.NewTimer(rand.N(limit) + 1)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
