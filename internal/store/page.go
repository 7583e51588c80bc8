package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
)

// What a page holds: what it is given when the client names no number, and what no client gets more of.
const (
	DefaultPage = 20
	MaxPage     = 100
)

// maxMerged is how many queries one page may merge: an account has at most 16 subjects.
const maxMerged = 16

// Page is one screenful of an ordered list.
type Page[T any] struct {
	Items   []T      // never nil
	Cursors []Cursor // one for each item: where it stands, for the page behind it
	HasNext bool     // whether more lie behind the last item
}

// Page merges the queries, at most 16 of one index and direction, into one ordered list without repeats, and gives the first of it behind after.
// first is capped at MaxPage; 0 and less mean DefaultPage. The queries' own limits and cursors are not used. INVALID when after belongs to another list.
func (c *Collection[T]) Page(ctx context.Context, first int, after Cursor, queries ...Query) (Page[T], error) {
	page := Page[T]{Items: []T{}}
	if err := c.mergeable(queries); err != nil {
		return page, err
	}
	if first <= 0 {
		first = DefaultPage
	}
	first = min(first, MaxPage)
	found, err := c.placed(ctx, first+1, after, queries)
	if err != nil {
		return page, err
	}
	if page.HasNext = len(found) > first; page.HasNext {
		found = found[:first]
	}
	for _, f := range found {
		doc, err := decode[T](f.row)
		if err != nil {
			return Page[T]{Items: []T{}}, c.wrap(err, f.row.ID)
		}
		cursor, err := cursorOf(f.place)
		if err != nil {
			return Page[T]{Items: []T{}}, c.wrap(err, f.row.ID)
		}
		page.Items, page.Cursors = append(page.Items, doc), append(page.Cursors, cursor)
	}
	return page, nil
}

// mergeable refuses queries whose orders do not belong together.
func (c *Collection[T]) mergeable(queries []Query) error {
	if len(queries) > maxMerged {
		return internalf("%s: a page of %d queries, over %d", c.kind.Name, len(queries), maxMerged)
	}
	for _, q := range queries {
		if err := c.check(q); err != nil {
			return err
		}
		if q.index.Name != queries[0].index.Name || q.Desc != queries[0].Desc {
			return internalf("%s: a page of queries that are ordered differently", c.kind.Name)
		}
	}
	return nil
}

// placedRow is a row and its place.
type placedRow struct {
	place Place
	row   Row
}

// placed gives the first n rows of all queries behind after, in their order, each once.
func (c *Collection[T]) placed(ctx context.Context, n int, after Cursor, queries []Query) ([]placedRow, error) {
	var found []placedRow
	seen := map[string]bool{}
	for _, q := range queries {
		q = q.First(n).Behind(after)
		p, err := q.Plan()
		if err != nil {
			return nil, c.wrap(err, "")
		}
		for row, err := range c.engine.Find(ctx, c.kind.Name, q) {
			if err != nil {
				return nil, c.wrap(err, "")
			}
			place, err := p.PlaceOf(row)
			if err != nil {
				return nil, c.wrap(err, row.ID)
			}
			if !seen[row.ID] {
				seen[row.ID] = true
				found = append(found, placedRow{place: place, row: row})
			}
		}
	}
	slices.SortFunc(found, func(a, b placedRow) int {
		if queries[0].Desc {
			a, b = b, a
		}
		return a.place.compare(b.place)
	})
	return found[:min(n, len(found))], nil
}

// compare orders places as the engines do: by the value, then by the id.
func (p Place) compare(o Place) int {
	by := 0
	switch x := p.Order.(type) {
	case string:
		y, _ := o.Order.(string)
		by = strings.Compare(x, y)
	case int64:
		y, _ := o.Order.(int64)
		by = cmp.Compare(x, y)
	case time.Time:
		y, _ := o.Order.(time.Time)
		by = x.Compare(y)
	case bool:
		y, _ := o.Order.(bool)
		by = cmp.Compare(bit(x), bit(y))
	}
	if by != 0 {
		return by
	}
	return strings.Compare(p.ID, o.ID)
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
