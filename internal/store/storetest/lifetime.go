package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

func expiry(t *testing.T, open func() store.Engine) {
	b := start(t, open)
	ctx := t.Context()
	for i := range 6 {
		b.fill(t, report{ID: id(i), N: i, Tags: []string{"x"}, Expires: at(i)})
	}
	b.fill(t, report{ID: "for ever", N: 9, Tags: []string{"x"}})
	n, err := b.engine.Sweep(ctx, *at(0), 100)
	require.NoError(t, err)
	require.Zero(t, n, "what expires now is not over")
	n, err = b.engine.Sweep(ctx, *at(4), 3)
	require.NoError(t, err)
	require.Equal(t, 3, n, "no more than the limit")
	n, err = b.engine.Sweep(ctx, *at(4), 100)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, []string{id(4), id(5), "for ever"}, b.found(t, b.query(t, "tag", "x")))
	require.Equal(t, 3, count(t, b))
	b.fill(t, report{ID: id(0)})
}

func expiryExtended(t *testing.T, open func() store.Engine) {
	b := start(t, open)
	ctx := t.Context()
	b.fill(t, report{ID: "later", Expires: at(1)}, report{ID: "never", Expires: at(1)})
	_, err := b.Update(ctx, "later", func(r *report) error { r.Expires = at(50); return nil })
	require.NoError(t, err)
	_, err = b.Update(ctx, "never", func(r *report) error { r.Expires = nil; return nil })
	require.NoError(t, err)
	n, err := b.engine.Sweep(ctx, *at(10), 100)
	require.NoError(t, err)
	require.Zero(t, n)
	n, err = b.engine.Sweep(ctx, *at(100), 100)
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

func kinds(t *testing.T, open func() store.Engine) {
	b := start(t, open)
	ctx := t.Context()
	other := define(t, b.engine, store.Kind{Name: "others"})
	b.fill(t, report{ID: "a", N: 1})
	require.NoError(t, other.Insert(ctx, report{ID: "a", N: 2}), "each kind has its own ids")
	got, err := b.Get(ctx, "a")
	require.NoError(t, err)
	require.Equal(t, 1, got.N)

	_, err = b.engine.Get(ctx, "unknown", "a")
	wantCode(t, fault.Internal, err)
	wantCode(t, fault.Internal, b.engine.Insert(ctx, "unknown", "a", raw(t, report{ID: "a"})))
	_, err = b.engine.Delete(ctx, "unknown", "a")
	wantCode(t, fault.Internal, err)
	for _, err := range b.engine.Find(ctx, "unknown", b.ByID()) {
		wantCode(t, fault.Internal, err)
	}
	_, err = b.Query("unknown")
	require.Error(t, err)
	_, err = b.Collect(ctx, store.Query{})
	wantCode(t, fault.Internal, err)
	require.Error(t, b.engine.Define(ctx, store.Kind{Name: "Bad Name"}))
	require.NoError(t, b.engine.Define(ctx, reports()), "the same again")
	clash := reports()
	clash.Indexes[1].Order = "open"
	wantCode(t, fault.Internal, b.engine.Define(ctx, clash))
	require.NoError(t, b.engine.Ping(ctx))
	lister, ok := b.engine.(store.Lister)
	require.True(t, ok)
	require.Equal(t, []store.Kind{{Name: "others"}, reports()}, lister.Kinds())
}

func laterIndex(t *testing.T, open func() store.Engine) {
	e := open()
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	plain := bench{define(t, e, store.Kind{Name: "reports"}), e}
	for i := range 30 {
		plain.fill(t, report{ID: id(i), Unit: "u", Status: "s", Due: at(i), Tags: []string{fmt.Sprint(i % 2), "x"}, Expires: at(i)})
	}
	b := bench{define(t, e, reports()), e}
	b.fill(t, report{ID: id(30), Unit: "u", Status: "s", Due: at(30), Tags: []string{"0"}})
	require.Len(t, b.found(t, b.query(t, "queue", "u", "s")), 31)
	require.Len(t, b.found(t, b.query(t, "tag", "0")), 16)
	_, err := b.Update(t.Context(), id(0), func(r *report) error { r.Tags = nil; r.Unit = "v"; return nil })
	require.NoError(t, err)
	require.Len(t, b.found(t, b.query(t, "tag", "0")), 15)
	require.Len(t, b.found(t, b.query(t, "queue", "u", "s")), 30)
	n, err := e.Sweep(t.Context(), *at(5), 100)
	require.NoError(t, err)
	require.Equal(t, 5, n, "the expiry came later too")
}

func changedIndex(t *testing.T, open func() store.Engine) {
	e := open()
	first := store.Kind{Name: "reports", Indexes: []store.Index{{Name: "x", Equal: []string{"unit"}, Order: "n"}, {Name: "y", Equal: []string{"tags"}, Many: "tags"}}}
	b := bench{define(t, e, first), e}
	b.fill(t, report{ID: "a", Unit: "u", N: 1, Status: "s", Tags: []string{"x"}})
	require.NoError(t, e.Close())

	second := store.Kind{Name: "reports", Indexes: []store.Index{{Name: "x", Equal: []string{"status"}, Order: "n"}, {Name: "y", Equal: []string{"unit", "tags"}, Many: "tags"}}}
	e = open()
	b = bench{define(t, e, second), e}
	b.fill(t, report{ID: "b", Unit: "u", N: 0, Status: "s", Tags: []string{"x"}})
	require.Equal(t, []string{"b", "a"}, b.found(t, b.query(t, "x", "s")))
	require.Equal(t, []string{"a", "b"}, b.found(t, b.query(t, "y", "u", "x")))
	require.NoError(t, e.Close())

	e = open() // back to the older version of the program
	b = bench{define(t, e, first), e}
	require.Equal(t, []string{"b", "a"}, b.found(t, b.query(t, "x", "u")))
	require.Equal(t, []string{"a", "b"}, b.found(t, b.query(t, "y", "x")))
	require.NoError(t, e.Close())
}

func reopening(t *testing.T, open func() store.Engine) {
	e := open()
	b := bench{define(t, e, reports()), e}
	b.fill(t, report{ID: "a", Unit: "u", Status: "s", Due: at(1), Tags: []string{"x"}})
	_, err := b.Update(t.Context(), "a", func(r *report) error { r.N = 5; return nil })
	require.NoError(t, err)
	require.NoError(t, e.Close())

	e = open()
	b = bench{define(t, e, reports()), e}
	rows, err := e.Get(t.Context(), "reports", "a")
	require.NoError(t, err)
	require.EqualValues(t, 2, rows[0].Version)
	require.Equal(t, []string{"a"}, b.found(t, b.query(t, "queue", "u", "s")))
	require.Equal(t, []string{"a"}, b.found(t, b.query(t, "tag", "x")))
	wantCode(t, fault.Conflict, b.Insert(t.Context(), report{ID: "a"}))
	require.NoError(t, e.Close())
}

func closing(t *testing.T, open func() store.Engine) {
	e := open()
	b := bench{define(t, e, reports()), e}
	b.fill(t, report{ID: "a", N: 1})
	require.NoError(t, e.Close())
	require.NoError(t, e.Close(), "closing twice is fine")
	for name, err := range everyMethod(t.Context(), b, t) {
		require.Equal(t, fault.Unavailable, fault.CodeOf(err), "%s: %v", name, err)
	}
}

func contexts(t *testing.T, open func() store.Engine) {
	b := start(t, open)
	b.fill(t, report{ID: "a", N: 1}, report{ID: "b", N: 2})
	began := time.Now()
	for name, err := range everyMethod(ended(t), b, t) {
		require.Equal(t, fault.Unavailable, fault.CodeOf(err), "%s: %v", name, err)
		require.ErrorIs(t, err, context.Canceled, name)
	}
	require.Less(t, time.Since(began), 2*time.Second)
	got, err := b.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, 1, got.N, "nothing was written")
	require.Equal(t, 2, count(t, b))
}

// everyMethod calls each method of the engine and gives what each said. None of them may find the store out of order by itself.
func everyMethod(ctx context.Context, b bench, t *testing.T) map[string]error {
	t.Helper()
	out := map[string]error{"define": b.engine.Define(ctx, store.Kind{Name: "new_kind"})}
	out["insert"] = b.engine.Insert(ctx, "reports", "new", raw(t, report{ID: "new"}))
	_, out["get"] = b.engine.Get(ctx, "reports", "a")
	_, out["get many"] = b.engine.Get(ctx, "reports", "a", "b")
	_, out["replace"] = b.engine.Replace(ctx, "reports", "a", 1, raw(t, report{ID: "a", N: 3}))
	_, out["delete"] = b.engine.Delete(ctx, "reports", "a")
	_, out["find"] = b.Collect(ctx, b.query(t, "number"))
	_, out["count"] = b.Count(ctx, b.query(t, "number"), 5)
	_, out["sweep"] = b.engine.Sweep(ctx, *at(1), 5)
	out["ping"] = b.engine.Ping(ctx)
	return out
}
