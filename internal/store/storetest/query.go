package storetest

import (
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

func orders(t *testing.T, open func() store.Engine) {
	b := start(t, open)
	// Two values are shared by several, so that only the id tells their order.
	for i, due := range []int{5, 1, 3, 3, 3, 1, 9, 2} {
		b.fill(t, report{ID: id(i), Unit: "u", Status: "open", Due: at(due)})
	}
	b.fill(t, report{ID: "other", Unit: "u", Status: "closed", Due: at(3)}, report{ID: "else", Unit: "v", Status: "open", Due: at(3)})
	q := b.query(t, "queue", "u", "open")
	up := []string{id(1), id(5), id(7), id(2), id(3), id(4), id(0), id(6)}
	down := slices.Clone(up)
	slices.Reverse(down)

	tests := []struct {
		name string
		q    store.Query
		want []string
	}{
		{"up", q, up},
		{"down", q.Descending(), down},
		{"limit", q.First(2), up[:2]},
		{"from is inclusive", q.Between(at(3), nil), up[3:]},
		{"to is exclusive", q.Between(nil, at(3)), up[:3]},
		{"between", q.Between(*at(2), *at(5)), up[2:6]},
		{"between, down", q.Between(at(2), at(5)).Descending(), down[2:6]},
		{"empty range", q.Between(at(5), at(5)), []string{}},
		{"nobody's", b.query(t, "queue", "w", "open"), []string{}},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, b.found(t, tt.q), tt.name)
		for n := 1; n < 4; n++ {
			if tt.q.Limit == 0 {
				require.Equal(t, tt.want, slices.AppendSeq([]string{}, slices.Values(b.walk(t, tt.q, n))), "%s, %d at a time", tt.name, n)
			}
		}
	}
}

// values are groups of values in their order, and what else a program may ask for each with.
func values() []valueGroup {
	type status string
	moment := time.Date(2026, 11, 21, 7, 30, 0, 123_456_789, time.FixedZone("ICT", 7*3600))
	return []valueGroup{
		{"text", []any{"", " ", "A", "a", "a\x00b", "ab", "Đ", "đ", "ổ", "中", "🕳"}, []any{status(""), status(" "), status("A")}},
		{"numbers", []any{int64(math.MinInt64), int32(-1), 0, int64(1), int32(2), 1 << 40, int64(math.MaxInt64)}, []any{int64(math.MinInt64), -1, int8(0), int32(1)}},
		{"booleans", []any{false, true}, nil},
		{"times", []any{time.Unix(-5_000_000_000, 0), time.Unix(0, 0), moment, moment.Add(time.Millisecond)}, []any{nil, bson.DateTime(0), moment.UTC(), nil}},
	}
}

type valueGroup struct {
	name   string
	values []any // ascending
	same   []any // equal to the value of the same place; nil where there is none
}

func valueTypes(t *testing.T, open func() store.Engine) {
	e := open()
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	for i, g := range values() {
		g.check(t, e, fmt.Sprintf("values_%d", i))
	}
}

// check stores a document for each value and looks for it by equality, by range, by cursor and as an element.
func (g valueGroup) check(t *testing.T, e store.Engine, kind string) {
	t.Helper()
	c, err := store.Define[bson.D](t.Context(), e, store.Kind{Name: kind, Indexes: []store.Index{
		{Name: "equal", Equal: []string{"v"}}, {Name: "order", Order: "v"}, {Name: "many", Equal: []string{"a"}, Many: "a"},
	}})
	require.NoError(t, err)
	equal, _ := c.Query("equal")
	order, _ := c.Query("order")
	many, _ := c.Query("many")
	all := []string{}
	for n, v := range g.values {
		all = append(all, id(n))
		require.NoError(t, c.Insert(t.Context(), bson.D{{Key: "_id", Value: id(n)}, {Key: "v", Value: v}, {Key: "a", Value: bson.A{v, v}}}), g.name)
	}
	find := func(q store.Query) []string {
		out := []string{}
		for row, err := range e.Find(t.Context(), kind, q) {
			require.NoError(t, err)
			out = append(out, row.ID)
		}
		return out
	}
	require.Equal(t, all, find(order), g.name)
	for n, v := range g.values {
		require.Equal(t, all[n:n+1], find(equal.Where(v)), "%s %v", g.name, v)
		require.Equal(t, all[n:n+1], find(many.Where(v)), "%s %v", g.name, v)
		require.Equal(t, all[n:], find(order.Between(v, nil)), "%s %v", g.name, v)
		require.Equal(t, all[:n], find(order.Between(nil, v)), "%s %v", g.name, v)
		doc, err := c.Get(t.Context(), id(n))
		require.NoError(t, err)
		cursor, err := c.CursorAt(order, doc)
		require.NoError(t, err)
		require.Equal(t, all[n+1:], find(order.Behind(cursor)), "%s behind %v", g.name, v)
	}
	for n, v := range g.same {
		if v != nil {
			require.Equal(t, all[n:n+1], find(equal.Where(v)), "%s as %T", g.name, v)
		}
	}
}

func absent(t *testing.T, open func() store.Engine) {
	b := start(t, open)
	ctx := t.Context()
	b.fill(t, report{ID: "none", Unit: "u", Status: "s"}, report{ID: "due", Unit: "u", Status: "s", Due: at(1)}, report{ID: "no unit", Status: "s", Due: at(1)})
	require.NoError(t, b.engine.Insert(ctx, "reports", "null", raw(t, bson.D{{Key: "_id", Value: "null"}, {Key: "unit", Value: nil}, {Key: "status", Value: "s"}, {Key: "due", Value: *at(2)}, {Key: "place", Value: nil}})))
	require.Equal(t, []string{"due"}, b.found(t, b.query(t, "queue", "u", "s")), "without the ordered field it is not in the index")
	require.Equal(t, []string{"no unit", "null"}, b.found(t, b.query(t, "queue", nil, "s")), "absent and null are the same")
	require.Equal(t, []string{"no unit", "null"}, b.found(t, b.query(t, "queue", (*string)(nil), "s")))
	require.Empty(t, b.found(t, b.query(t, "queue", "", "s")), "the empty text is not absent")
	require.Equal(t, []string{"due", "no unit", "none", "null"}, b.found(t, b.query(t, "ward", nil)))

	_, err := b.Update(ctx, "none", func(r *report) error { r.Due = at(0); return nil })
	require.NoError(t, err)
	_, err = b.Update(ctx, "due", func(r *report) error { r.Due = nil; return nil })
	require.NoError(t, err)
	require.Equal(t, []string{"none"}, b.found(t, b.query(t, "queue", "u", "s")))
	n, err := b.Count(ctx, b.query(t, "queue", "u", "s"), 10)
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

func manyIndex(t *testing.T, open func() store.Engine) {
	b := start(t, open)
	ctx := t.Context()
	b.fill(t,
		report{ID: "a", Unit: "u", N: 3, Tags: []string{"đèn", "hỏng", "đèn"}},
		report{ID: "b", N: 2, Tags: []string{"đèn"}},
		report{ID: "c", N: 1, Tags: []string{}},
		report{ID: "d", N: 0},
		report{ID: "e", Unit: "u", N: 1, Tags: []string{"đèn", "1"}},
	)
	lamp := b.query(t, "tag", "đèn")
	require.Equal(t, []string{"e", "b", "a"}, b.found(t, lamp), "a repeated element is found once")
	require.Equal(t, []string{"a", "b", "e"}, b.walk(t, lamp.Descending(), 1))
	require.Equal(t, []string{"b"}, b.found(t, lamp.Between(2, 3)))
	require.Equal(t, []string{"a", "e"}, b.found(t, b.query(t, "unit_tag", "u", "đèn")))
	require.Equal(t, []string{"b"}, b.found(t, b.query(t, "unit_tag", nil, "đèn")))
	_, err := b.Collect(ctx, b.query(t, "tag", nil))
	wantCode(t, fault.Internal, err)

	_, err = b.Update(ctx, "a", func(r *report) error { r.Tags = []string{"hỏng", "cây"}; return nil })
	require.NoError(t, err)
	_, err = b.Update(ctx, "b", func(r *report) error { r.N = 9; return nil })
	require.NoError(t, err)
	require.NoError(t, b.Delete(ctx, "e"))
	require.Equal(t, []string{"b"}, b.found(t, lamp))
	require.Equal(t, []string{"a"}, b.found(t, b.query(t, "tag", "cây")))
	require.Equal(t, []string{"a"}, b.found(t, b.query(t, "tag", "hỏng")))
	require.Empty(t, b.found(t, b.query(t, "tag", "1")))
	n, err := b.Count(ctx, lamp, 10)
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

func byID(t *testing.T, open func() store.Engine) {
	b := start(t, open)
	for _, id := range []string{"a/1", "a/2", "a/3", "a0", "b/1", "a", "a!"} {
		b.fill(t, report{ID: id})
	}
	require.Equal(t, []string{"a/1", "a/2", "a/3"}, b.walk(t, b.ByID().Prefix("a/"), 2))
	require.Equal(t, []string{"a/3", "a/2", "a/1"}, b.walk(t, b.ByID().Prefix("a/").Descending(), 2))
	require.Equal(t, []string{"a", "a!", "a/1", "a/2", "a/3", "a0", "b/1"}, b.walk(t, b.ByID(), 3))
	require.Equal(t, []string{"a0", "b/1"}, b.found(t, b.ByID().Between("a0", nil)))
	_, err := b.Collect(t.Context(), b.ByID().Between(1, nil))
	wantCode(t, fault.Internal, err)
	b.fill(t, report{ID: "w1", Place: place{Ward: "w"}}, report{ID: "w2", Place: place{Ward: "w"}}, report{ID: "w3", Place: place{Ward: "w"}})
	ward := b.query(t, "ward", "w")
	require.Equal(t, []string{"w1", "w2", "w3"}, b.walk(t, ward, 1))
	require.Equal(t, []string{"w3", "w2"}, b.found(t, ward.Between("w2", nil).Descending()))
}

func counts(t *testing.T, open func() store.Engine) {
	b := start(t, open)
	for i := range 7 {
		b.fill(t, report{ID: id(i), N: i})
	}
	q := b.query(t, "number")
	cursor, err := b.CursorAt(q, report{ID: id(1), N: 1})
	require.NoError(t, err)
	tests := []struct {
		name      string
		q         store.Query
		max, want int
	}{
		{"all", q, 100, 7},
		{"stops at max", q, 5, 5},
		{"none wanted", q, 0, 0},
		{"its limit does not matter", q.First(2), 100, 7},
		{"range", q.Between(2, 5), 100, 3},
		{"behind a cursor", q.Behind(cursor), 100, 5},
		{"behind a cursor, down", q.Behind(cursor).Descending(), 100, 1},
		{"by id", b.ByID(), 100, 7},
	}
	for _, tt := range tests {
		n, err := b.Count(t.Context(), tt.q, tt.max)
		require.NoError(t, err, tt.name)
		require.Equal(t, tt.want, n, tt.name)
	}
}

func foreignCursors(t *testing.T, open func() store.Engine) {
	b := start(t, open)
	b.fill(t, report{ID: "a", N: 1, Open: true, Status: "s"})
	byNumber, byStatus := b.query(t, "number"), b.query(t, "open", true)
	ofNumber, err := b.CursorAt(byNumber, report{ID: "a", N: 1})
	require.NoError(t, err)
	ofID, err := b.CursorAt(b.ByID(), report{ID: "a"})
	require.NoError(t, err)
	_, err = b.Collect(t.Context(), byNumber.Behind(ofID))
	wantCode(t, fault.Invalid, err)
	_, err = b.Collect(t.Context(), b.ByID().Behind(ofNumber))
	wantCode(t, fault.Invalid, err)
	for _, c := range []store.Cursor{"?", "AAAA", store.Cursor(base64.RawURLEncoding.EncodeToString(raw(t, bson.D{{Key: "o", Value: bson.D{{Key: "$gt", Value: 1}}}, {Key: "i", Value: "a"}}))),
		store.Cursor(strings.Repeat("A", 3000))} {
		for _, q := range []store.Query{byNumber, byStatus, b.ByID()} {
			_, err = b.Collect(t.Context(), q.Behind(c))
			wantCode(t, fault.Invalid, err)
			_, err = b.Count(t.Context(), q.Behind(c), 10)
			wantCode(t, fault.Invalid, err)
		}
	}
	_, err = b.Collect(t.Context(), byStatus.Behind(ofNumber)) // a value of another type: what it finds does not matter, that it fails would
	require.NoError(t, err)
}

func batches(t *testing.T, open func() store.Engine) {
	b := start(t, open)
	n := store.Batch + 30
	together(8, func(part int) {
		for i := part; i < n; i += 8 {
			if err := b.Insert(t.Context(), report{ID: id(i), N: i / 3}); err != nil {
				t.Error(err)
			}
		}
	})
	var want []string
	for i := range n {
		want = append(want, id(i))
	}
	q := b.query(t, "number")
	require.Equal(t, want, b.found(t, q.First(10*n)))
	require.Equal(t, want[:store.DefaultLimit], b.found(t, q))
	require.Equal(t, want[:store.Batch+1], b.found(t, q.First(store.Batch+1)))
	slices.Reverse(want)
	require.Equal(t, want, b.found(t, q.First(n).Descending()))
	var rows []string
	for r, err := range store.Rows(t.Context(), b.engine, "reports", id(3)) {
		require.NoError(t, err)
		rows = append(rows, r.ID)
	}
	require.Len(t, rows, n-4)
	require.Equal(t, id(4), rows[0])
}

func nested(t *testing.T, open func() store.Engine) {
	b := start(t, open)
	for i := range 20 {
		b.fill(t, report{ID: id(i), N: i})
	}
	// More loops at a time than any engine has connections: none may hold one while its body works.
	together(12, func(i int) {
		for doc, err := range b.Find(t.Context(), b.query(t, "number").First(3)) {
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := b.Update(t.Context(), id(i%20), func(r *report) error { r.Status = doc.ID; return nil }); err != nil {
				t.Error(err)
			}
		}
	})
	for range b.Find(t.Context(), b.query(t, "number")) {
		break // leaving early releases everything: closing would hang otherwise
	}
}

func pages(t *testing.T, open func() store.Engine) {
	b := start(t, open)
	ctx := t.Context()
	units := []string{"u0", "u1", "u2"}
	for i := range 25 {
		b.fill(t, report{ID: id(i), Unit: units[i%3], Status: "s", Due: at(i / 2), Tags: []string{"x", "y"}, N: i})
	}
	var queries []store.Query
	for _, u := range units {
		queries = append(queries, b.query(t, "queue", u, "s").Descending())
	}
	var got []string
	for after, more := store.Cursor(""), true; more; {
		p, err := b.Page(ctx, 4, after, queries...)
		require.NoError(t, err)
		require.Len(t, p.Cursors, len(p.Items))
		for _, d := range p.Items {
			got = append(got, d.ID)
		}
		after, more = p.Cursors[len(p.Cursors)-1], p.HasNext
	}
	var want []string
	for i := 24; i >= 0; i-- {
		want = append(want, id(i))
	}
	require.Equal(t, want, got)

	p, err := b.Page(ctx, 0, "", queries...)
	require.NoError(t, err)
	require.Len(t, p.Items, store.DefaultPage)
	require.True(t, p.HasNext)
	p, err = b.Page(ctx, 25, "", b.query(t, "tag", "x"), b.query(t, "tag", "y"))
	require.NoError(t, err)
	require.Len(t, p.Items, 25, "found by two queries, listed once")
	require.False(t, p.HasNext)
	p, err = b.Page(ctx, 5, "")
	require.NoError(t, err)
	require.NotNil(t, p.Items)
	_, err = b.Page(ctx, 5, "", queries[0], b.ByID())
	wantCode(t, fault.Internal, err)
	_, err = b.Page(ctx, 5, "", slices.Repeat(queries, 6)...)
	wantCode(t, fault.Internal, err)
	_, err = b.Page(ctx, 5, "nonsense", queries...)
	wantCode(t, fault.Invalid, err)
}
