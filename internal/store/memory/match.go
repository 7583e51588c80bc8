package memory

import (
	"cmp"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/store"
)

// key is an indexed value as it is compared: sorts apart, and one of n and s within a sort. The zero key is the absent value.
type key struct {
	sort int
	n    int64
	s    string
}

func keyOf(v any) key {
	switch x := v.(type) {
	case int64:
		return key{sort: 1, n: x}
	case string:
		return key{sort: 2, s: x}
	case bool:
		if x {
			return key{sort: 3, n: 1}
		}
		return key{sort: 3}
	case time.Time:
		return key{sort: 4, n: x.UnixMilli()}
	}
	return key{}
}

func (k key) compare(o key) int {
	return cmp.Or(cmp.Compare(k.sort, o.sort), cmp.Compare(k.n, o.n), cmp.Compare(k.s, o.s))
}

// spot is where a row stands in a plan's order. Where the order is by id, both say the id.
type spot struct {
	order key
	id    string
}

func (s spot) compare(o spot) int { return cmp.Or(s.order.compare(o.order), cmp.Compare(s.id, o.id)) }

// find gives the spots of all rows that p asks for, in its order, without its limit.
func (t *table) find(p store.Plan) []spot {
	var found []spot
	for id, r := range t.rows {
		if s := (spot{r.order(p), id}); r.equal(p) && within(p, s) {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b spot) int {
		if p.Desc {
			a, b = b, a
		}
		return a.compare(b)
	})
	return found
}

// order gives the value by which p orders the row.
func (r row) order(p store.Plan) key {
	if p.Order == "" {
		return keyOf(r.ID)
	}
	return r.has[field{path: p.Order}][0]
}

// equal tells whether the row has the values that p fixes.
func (r row) equal(p store.Plan) bool {
	for i, f := range p.Index.Equal {
		if !slices.Contains(r.has[field{f, f == p.Index.Many}], keyOf(p.Equal[i])) {
			return false
		}
	}
	return true
}

// within tells whether s lies in p's range and behind its cursor. A row without the ordered field lies nowhere.
func within(p store.Plan, s spot) bool {
	switch {
	case s.order == key{}:
		return false
	case p.From != nil && s.order.compare(keyOf(p.From)) < 0:
		return false
	case p.To != nil && s.order.compare(keyOf(p.To)) >= 0:
		return false
	case p.After == nil:
		return true
	}
	after := spot{keyOf(p.After.Order), p.After.ID}
	if p.Order == "" {
		after.order = keyOf(p.After.ID)
	}
	behind := s.compare(after)
	if p.Desc {
		behind = -behind
	}
	return behind > 0
}
