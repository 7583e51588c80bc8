package memory

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// Get yields those of the ids that exist, each once.
func (e *Engine) Get(ctx context.Context, kind string, ids ...string) (rows []store.Row, err error) {
	err = e.read(ctx, kind, func(t *table) error {
		for i, id := range ids {
			if r, there := t.rows[id]; there && !slices.Contains(ids[:i], id) {
				rows = append(rows, given(r.Row))
			}
		}
		return nil
	})
	return rows, err
}

// given is a row that its receiver may change.
func given(r store.Row) store.Row {
	r.Doc = bytes.Clone(r.Doc)
	return r
}

// Find yields rows in the query's order. A batch is one snapshot of the store.
func (e *Engine) Find(ctx context.Context, kind string, q store.Query) iter.Seq2[store.Row, error] {
	p, err := e.plan(kind, q)
	if err != nil {
		return func(yield func(store.Row, error) bool) { yield(store.Row{}, err) }
	}
	return store.Scan(ctx, p, func(ctx context.Context, p store.Plan) (rows []store.Row, done bool, err error) {
		err = e.read(ctx, kind, func(t *table) error {
			found := t.find(p)
			done = len(found) <= p.Limit
			for _, f := range found[:min(p.Limit, len(found))] {
				rows = append(rows, given(t.rows[f.id].Row))
			}
			return nil
		})
		return rows, done, err
	})
}

// Count counts what Find would yield without a limit, but stops at max.
func (e *Engine) Count(ctx context.Context, kind string, q store.Query, max int) (n int, err error) {
	p, err := e.plan(kind, q)
	if err != nil || max <= 0 {
		return 0, err
	}
	err = e.read(ctx, kind, func(t *table) error {
		n = min(len(t.find(p)), max)
		return nil
	})
	return n, err
}

func (e *Engine) plan(kind string, q store.Query) (store.Plan, error) {
	p, err := q.Plan()
	if err != nil {
		return p, err
	}
	k, err := e.declared.Need(kind)
	if err != nil || q.ByID() {
		return p, err
	}
	if !slices.ContainsFunc(k.Indexes, p.Index.Same) {
		return p, fault.Wrap(fault.Internal, fmt.Errorf("store: kind %s has no index %s", kind, p.Index.Name))
	}
	return p, nil
}
