package memory

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// Insert stores a new row. CONFLICT when the id is taken.
func (e *Engine) Insert(ctx context.Context, kind, id string, doc bson.Raw) error {
	doc, err := store.Prepare(id, doc)
	if err != nil {
		return err
	}
	return e.write(ctx, kind, func(t *table) error {
		r, err := t.row(store.Row{ID: id, Version: 1, Doc: bytes.Clone(doc)})
		if err != nil {
			return err
		}
		if _, taken := t.rows[id]; taken {
			return fault.Wrap(fault.Conflict, errors.New("store: the id is taken"))
		}
		t.rows[id] = r
		return nil
	})
}

// Replace stores doc if the stored version is still version.
func (e *Engine) Replace(ctx context.Context, kind, id string, version int64, doc bson.Raw) (swapped bool, err error) {
	if doc, err = store.Prepare(id, doc); err != nil {
		return false, err
	}
	err = e.write(ctx, kind, func(t *table) error {
		r, err := t.row(store.Row{ID: id, Version: version + 1, Doc: bytes.Clone(doc)})
		if err != nil {
			return err
		}
		if old, there := t.rows[id]; there && old.Version == version {
			t.rows[id], swapped = r, true
		}
		return nil
	})
	return swapped, err
}

// Delete removes a row and tells whether it was there.
func (e *Engine) Delete(ctx context.Context, kind, id string) (there bool, err error) {
	err = e.write(ctx, kind, func(t *table) error {
		_, there = t.rows[id]
		delete(t.rows, id)
		return nil
	})
	return there, err
}

// Sweep removes rows whose ExpiresAt is before now, also of kinds that were not defined on this engine.
func (e *Engine) Sweep(ctx context.Context, now time.Time, limit int) (removed int, err error) {
	e.disk.mu.Lock()
	defer e.disk.mu.Unlock()
	if err := e.ready(ctx); err != nil {
		return 0, err
	}
	for _, name := range slices.Sorted(maps.Keys(e.disk.tables)) {
		t := e.disk.tables[name]
		over := t.over(now)
		for _, id := range over[:max(0, min(limit-removed, len(over)))] {
			delete(t.rows, id)
			removed++
		}
	}
	return removed, nil
}

// over gives the ids of what expired before now, in milliseconds; the longest expired first.
func (t *table) over(now time.Time) []string {
	var out []string
	for id, r := range t.rows {
		if !r.expires.IsZero() && r.expires.UnixMilli() < now.UnixMilli() {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(t.rows[a].expires.Compare(t.rows[b].expires), cmp.Compare(a, b)) })
	return out
}
