package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

func model(t *testing.T, open func() store.Engine) { Model(t, open, 1, 100) }

// Model does so many steps of random work on the store and on a map, and compares what queries find. Run has a short one in it; fast engines may do more.
func Model(t *testing.T, open func() store.Engine, seed uint64, steps int) {
	t.Helper()
	b := start(t, open)
	rng := rand.New(rand.NewPCG(seed, seed))
	known := map[string]report{}
	for i := range steps {
		doc := randomReport(rng)
		_, there := known[doc.ID]
		switch rng.IntN(5) {
		case 0, 1:
			err := b.Insert(t.Context(), doc)
			require.Equal(t, there, fault.CodeOf(err) == fault.Conflict, "%v", err)
			if !there {
				known[doc.ID] = doc
			}
		case 2, 3:
			_, err := b.Update(t.Context(), doc.ID, func(r *report) error { *r = doc; return nil })
			require.Equal(t, !there, fault.CodeOf(err) == fault.NotFound, "%v", err)
			if there {
				known[doc.ID] = doc
			}
		case 4:
			err := b.Delete(t.Context(), doc.ID)
			require.Equal(t, !there, fault.CodeOf(err) == fault.NotFound, "%v", err)
			delete(known, doc.ID)
		}
		if i%10 == 9 {
			b.compare(t, rng, known)
		}
	}
}

func randomReport(rng *rand.Rand) report {
	r := report{ID: id(rng.IntN(25)), Unit: []string{"", "u", "v"}[rng.IntN(3)], Status: []string{"open", "closed"}[rng.IntN(2)], N: rng.IntN(6), Open: rng.IntN(2) == 0}
	if rng.IntN(3) > 0 {
		r.Due = at(rng.IntN(5))
	}
	for range rng.IntN(4) {
		r.Tags = append(r.Tags, []string{"a", "b", "c"}[rng.IntN(3)])
	}
	return r
}

// compare asks the store and the map the same questions.
func (b bench) compare(t *testing.T, rng *rand.Rand, known map[string]report) {
	t.Helper()
	from, to := rng.IntN(3), 3+rng.IntN(3)
	tag := []string{"a", "b", "c"}[rng.IntN(3)]
	tests := []struct {
		name string
		q    store.Query
		key  func(report) (string, bool) // the order, and whether the report is among the found
	}{
		{"queue", b.query(t, "queue", "u", "open"), func(r report) (string, bool) {
			if r.Due == nil {
				return "", false
			}
			return r.Due.String(), r.Unit == "u" && r.Status == "open"
		}},
		{"number", b.query(t, "number").Between(from, to), func(r report) (string, bool) { return fmt.Sprint(r.N), r.N >= from && r.N < to }},
		{"tag", b.query(t, "tag", tag), func(r report) (string, bool) { return fmt.Sprint(r.N), slices.Contains(r.Tags, tag) }},
		{"unit and tag", b.query(t, "unit_tag", nil, tag), func(r report) (string, bool) { return "", r.Unit == "" && slices.Contains(r.Tags, tag) }},
		{"open", b.query(t, "open", true), func(r report) (string, bool) { return r.Status, r.Open }},
	}
	for _, tt := range tests {
		want := expected(known, tt.key)
		require.Equal(t, want, b.found(t, tt.q), tt.name)
		slices.Reverse(want)
		require.Equal(t, want, append([]string{}, b.walk(t, tt.q.Descending(), 4)...), tt.name)
		n, err := b.Count(t.Context(), tt.q, 1000)
		require.NoError(t, err)
		require.Equal(t, len(want), n, tt.name)
	}
}

func expected(known map[string]report, key func(report) (string, bool)) []string {
	var found []report
	for _, r := range known {
		if _, ok := key(r); ok {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b report) int {
		x, _ := key(a)
		y, _ := key(b)
		if x != y {
			return strings.Compare(x, y)
		}
		return strings.Compare(a.ID, b.ID)
	})
	out := make([]string, len(found))
	for i, r := range found {
		out[i] = r.ID
	}
	return out
}
