package registry

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// The words of the store that the registry's signatures use.
type (
	// Engine keeps the documents.
	Engine = store.Engine
	// Cursor is a place in a list.
	Cursor = store.Cursor
	// Page is one screenful of a list.
	Page[T any] = store.Page[T]
)

// records keeps plates, stories, claims of codes and the names of batches.
type records struct {
	plates   *store.Collection[Plate]
	outlines *store.Collection[outlined] // the same documents as plates, for reading only
	stories  *store.Collection[Story]
	claims   *store.Collection[claim]
	batches  *store.Collection[batch]

	byWard, byBatch, byUnit, byStory, byWord, byCell store.Query // of plates
	byKind, byTitle                                  store.Query // of stories
}

// claim makes a code unique. The plate that it names holds the truth: a claim whose plate does not list the code was never carried through.
type claim struct {
	ID    string    `bson:"_id"`   // the code
	Plate string    `bson:"plate"` // id
	At    time.Time `bson:"at"`
}

// batch makes an order of plates known by its name.
type batch struct {
	ID string    `bson:"_id"` // its name
	At time.Time `bson:"at"`
	By string    `bson:"by"`
}

const platesKind = "sign_plates"

func openRecords(ctx context.Context, e Engine) (*records, error) {
	s := &records{}
	var e1, e2 error
	s.claims, e1 = store.Define[claim](ctx, e, store.Kind{Name: "sign_codes"})
	s.batches, e2 = store.Define[batch](ctx, e, store.Kind{Name: "sign_batches"})
	return s, errors.Join(e1, e2, s.openPlates(ctx, e), s.openStories(ctx, e))
}

func (s *records) openPlates(ctx context.Context, e Engine) error {
	var err error
	s.plates, err = store.Define[Plate](ctx, e, store.Kind{
		Name: platesKind,
		Indexes: []store.Index{
			{Name: "by_ward", Equal: []string{"ward"}},
			{Name: "by_batch", Equal: []string{"batch"}},
			{Name: "by_unit", Equal: []string{"unit", "condition"}},
			{Name: "by_story", Equal: []string{"story"}},
			{Name: "by_word", Equal: []string{"tokens"}, Many: "tokens"},
			{Name: "by_cell", Equal: []string{"cells"}, Many: "cells"},
		},
	})
	if err != nil {
		return err
	}
	if s.outlines, err = store.Define[outlined](ctx, e, store.Kind{Name: platesKind}); err != nil {
		return err
	}
	var errs [6]error
	s.byWard, errs[0] = s.plates.Query("by_ward")
	s.byBatch, errs[1] = s.plates.Query("by_batch")
	s.byUnit, errs[2] = s.plates.Query("by_unit")
	s.byStory, errs[3] = s.plates.Query("by_story")
	s.byWord, errs[4] = s.plates.Query("by_word")
	s.byCell, errs[5] = s.plates.Query("by_cell")
	return errors.Join(errs[:]...)
}

func (s *records) openStories(ctx context.Context, e Engine) error {
	var err error
	s.stories, err = store.Define[Story](ctx, e, store.Kind{
		Name: "sign_stories",
		Indexes: []store.Index{
			{Name: "by_kind", Equal: []string{"kind"}},
			{Name: "by_word", Equal: []string{"tokens"}, Many: "tokens"},
		},
	})
	if err != nil {
		return err
	}
	var e1, e2 error
	s.byKind, e1 = s.stories.Query("by_kind")
	s.byTitle, e2 = s.stories.Query("by_word")
	return errors.Join(e1, e2)
}

// update changes a document. The closure may run several times; when it tells that nothing changed, nothing is written.
func update[T any](ctx context.Context, c *store.Collection[T], id string, change func(*T) (changed bool, err error)) (T, error) {
	return c.Update(ctx, id, store.IfChanged(change))
}

// insert stores a new document and tells whether it did: not when the id was taken.
func insert[T any](ctx context.Context, c *store.Collection[T], doc T) (bool, error) {
	err := c.Insert(ctx, doc)
	if fault.CodeOf(err) == fault.Conflict {
		return false, nil
	}
	return err == nil, err
}

// find gives a document, or false when there is none.
func find[T any](ctx context.Context, c *store.Collection[T], id string) (doc T, ok bool, err error) {
	doc, err = c.Get(ctx, id)
	if fault.CodeOf(err) == fault.NotFound {
		return doc, false, nil
	}
	return doc, err == nil, err
}

// page gives a page of all documents, or of those of one query.
func page[T any](ctx context.Context, c *store.Collection[T], first int, after Cursor, q ...store.Query) (Page[T], error) {
	if len(q) == 0 {
		q = []store.Query{c.ByID()}
	}
	return c.Page(ctx, first, after, q...)
}

// byUnits gives the queries for the plates of a unit in some conditions.
func (s *records) byUnits(unit string, conditions []Condition) []store.Query {
	out := make([]store.Query, len(conditions))
	for i, c := range conditions {
		out[i] = s.byUnit.Where(unit, string(c))
	}
	return out
}

// sift gives the first documents of a query behind after that keep wants. It looks at no more than maxLooked of them, and the list ends there.
func sift[T any](ctx context.Context, c *store.Collection[T], q store.Query, first int, after Cursor, keep func(*T) bool) (Page[T], error) {
	out := Page[T]{Items: []T{}}
	first = pageLength(first)
	for doc, err := range c.Find(ctx, q.Behind(after).First(maxLooked)) {
		if err != nil {
			return Page[T]{Items: []T{}}, err
		}
		if !keep(&doc) {
			continue
		}
		if out.HasNext = len(out.Items) == first; out.HasNext {
			return out, nil
		}
		cursor, err := c.CursorAt(q, doc)
		if err != nil {
			return Page[T]{Items: []T{}}, err
		}
		out.Items, out.Cursors = append(out.Items, doc), append(out.Cursors, cursor)
	}
	return out, nil
}

// rarest gives the word that the fewest documents hold; false when one of the words is in none.
func rarest[T any](ctx context.Context, c *store.Collection[T], by store.Query, words []string) (string, bool, error) {
	word, least := "", maxLooked
	for _, w := range words {
		n, err := c.Count(ctx, by.Where(w), least+1)
		if err != nil || n == 0 {
			return "", false, err
		}
		if n < least || word == "" {
			word, least = w, min(n, least)
		}
	}
	return word, word != "", nil
}

// withWords gives a page of the documents of an index over words that hold all of some words, and that keep wants.
func withWords[T any](
	ctx context.Context, c *store.Collection[T], by store.Query, words []string, first int, after Cursor, keep func(*T) bool,
) (Page[T], error) {
	word, ok, err := rarest(ctx, c, by, words)
	if err != nil || !ok {
		return Page[T]{Items: []T{}}, err
	}
	return sift(ctx, c, by.Where(word), first, after, keep)
}

// inCells yields the plates in some cells, at most maxLooked.
func (s *records) inCells(ctx context.Context, cells []string) iter.Seq2[Plate, error] {
	return func(yield func(Plate, error) bool) {
		left := maxLooked
		for _, cell := range cells {
			if left == 0 {
				return
			}
			for p, err := range s.plates.Find(ctx, s.byCell.Where(cell).First(left)) {
				if !yield(p, err) || err != nil {
					return
				}
				left--
			}
		}
	}
}

// outlined yields the first plates, by id, as much of them as outlines are made of.
func (s *records) outlined(ctx context.Context, first int) iter.Seq2[outlined, error] {
	return s.outlines.Find(ctx, s.outlines.ByID().First(first))
}

// countPlates counts no further than limit.
func (s *records) countPlates(ctx context.Context, limit int) (int, error) {
	return s.plates.Count(ctx, s.plates.ByID(), limit)
}

// placeOf gives the id that a cursor of a list by number stands at; "" before everything. INVALID for a cursor of another list.
func (s *records) placeOf(c Cursor) (string, error) {
	p, err := s.plates.ByID().Behind(c).Plan()
	if err != nil || p.After == nil {
		return "", err
	}
	return p.After.ID, nil
}

// cursorAt gives the cursor of a plate in a list by number: by id, in a ward or with a word, it is the same.
func (s *records) cursorAt(id string) (Cursor, error) {
	return store.NewCursor(s.plates.ByID(), id, nil)
}

// pageLength gives how many items a page has when a caller asks for that many.
func pageLength(first int) int {
	if first <= 0 {
		first = store.DefaultPage
	}
	return min(first, store.MaxPage)
}

// all yields every document that a query asks for, by id.
func all[T any](ctx context.Context, c *store.Collection[T], q store.Query) iter.Seq2[T, error] {
	return c.Find(ctx, q.First(maxDocuments))
}
