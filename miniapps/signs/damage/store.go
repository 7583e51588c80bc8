package damage

import (
	"context"
	"errors"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// The words of the store that the signatures use.
type (
	// Engine keeps the documents.
	Engine = store.Engine
	// Cursor is a place in a list.
	Cursor = store.Cursor
	// Page is one screenful of a list.
	Page[T any] = store.Page[T]
)

// maxLooked is about how many records one page looks at: the list ends there.
const maxLooked = 500

// records keeps one document for each plate that was told to be broken.
type records struct {
	docs                 *store.Collection[Record]
	byUnit, byAll, byDue store.Query
}

func openRecords(ctx context.Context, e Engine) (*records, error) {
	docs, err := store.Define[Record](ctx, e, store.Kind{
		Name: "sign_damage",
		Indexes: []store.Index{
			{Name: "by_unit", Equal: []string{"unit", "open"}, Order: "since"},
			{Name: "by_open", Equal: []string{"open"}, Order: "since"},
			{Name: "by_due", Order: "dueAt"},
		},
	})
	if err != nil {
		return nil, err
	}
	s := &records{docs: docs}
	var e1, e2, e3 error
	s.byUnit, e1 = docs.Query("by_unit")
	s.byAll, e2 = docs.Query("by_open")
	s.byDue, e3 = docs.Query("by_due")
	return s, errors.Join(e1, e2, e3)
}

// find gives the record of a plate, or false when there is none.
func (s *records) find(ctx context.Context, plate string) (Record, bool, error) {
	r, err := s.docs.Get(ctx, plate)
	if fault.CodeOf(err) == fault.NotFound {
		return r, false, nil
	}
	return r, err == nil, err
}

// insert stores a new record and tells whether it did: not when there is one.
func (s *records) insert(ctx context.Context, r Record) (bool, error) {
	err := s.docs.Insert(ctx, r)
	if fault.CodeOf(err) == fault.Conflict {
		return false, nil
	}
	return err == nil, err
}

// update changes a record. The closure may run several times; when it tells that nothing changed, nothing is written.
func (s *records) update(ctx context.Context, plate string, change func(*Record) (changed bool, err error)) (Record, error) {
	return s.docs.Update(ctx, plate, store.IfChanged(change))
}

// dueBy gives what is due at a time, longest due first, at most limit.
func (s *records) dueBy(ctx context.Context, now time.Time, limit int) ([]Record, error) {
	return s.docs.Collect(ctx, s.byDue.Between(nil, now.Add(time.Millisecond)).First(limit))
}

// list gives the open records of a unit, or of all, that keep wants. It looks at about maxLooked of them, and the list ends there.
func (s *records) list(ctx context.Context, unit string, first int, after Cursor, keep func(*Record) bool) (Page[Record], error) {
	q := s.byAll.Where(true)
	if unit != "" {
		q = s.byUnit.Where(unit, true)
	}
	if first <= 0 {
		first = store.DefaultPage
	}
	first = min(first, store.MaxPage)
	out := Page[Record]{Items: []Record{}}
	for range maxLooked / (first + 1) {
		some, err := s.docs.Collect(ctx, q.Behind(after).First(first+1)) // at once: keep may read too
		if err != nil {
			return Page[Record]{Items: []Record{}}, err
		}
		for i := range some {
			if after, err = s.docs.CursorAt(q, some[i]); err != nil {
				return Page[Record]{Items: []Record{}}, err
			}
			if !keep(&some[i]) {
				continue
			}
			if out.HasNext = len(out.Items) == first; out.HasNext {
				return out, nil
			}
			out.Items, out.Cursors = append(out.Items, some[i]), append(out.Cursors, after)
		}
		if len(some) <= first {
			break
		}
	}
	return out, nil
}
