package storetest_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/internal/store/storetest"
)

// TestWatched makes each call once as it is, once that is refused, and once whose answer gets lost.
func TestWatched(t *testing.T) {
	t.Parallel()
	away := errors.New("away")
	doc := func(id string) bson.Raw {
		b, err := bson.Marshal(bson.D{{Key: "_id", Value: id}})
		require.NoError(t, err)
		return b
	}
	kind, err := store.Define[struct {
		ID string `bson:"_id"`
	}](t.Context(), memory.New(), store.Kind{Name: "kind"})
	require.NoError(t, err)
	calls := map[storetest.Op]func(store.Engine) error{
		storetest.Insert: func(e store.Engine) error { return e.Insert(t.Context(), "kind", "b", doc("b")) },
		storetest.Replace: func(e store.Engine) error {
			ok, err := e.Replace(t.Context(), "kind", "a", 1, doc("a"))
			return done(t, ok, err)
		},
		storetest.Delete: func(e store.Engine) error { ok, err := e.Delete(t.Context(), "kind", "a"); return done(t, ok, err) },
		storetest.Get:    func(e store.Engine) error { _, err := e.Get(t.Context(), "kind", "a"); return err },
		storetest.Count:  func(e store.Engine) error { _, err := e.Count(t.Context(), "kind", kind.ByID(), 1); return err },
		storetest.Find: func(e store.Engine) error {
			for _, err := range e.Find(t.Context(), "kind", kind.ByID()) {
				return err
			}
			return nil
		},
	}
	for op, call := range calls {
		t.Run(string(op), func(t *testing.T) {
			t.Parallel()
			writes := op == storetest.Insert || op == storetest.Replace || op == storetest.Delete
			open := func() *storetest.Watched {
				e := memory.New()
				require.NoError(t, e.Define(t.Context(), store.Kind{Name: "kind"}))
				require.NoError(t, e.Insert(t.Context(), "kind", "a", doc("a")))
				return &storetest.Watched{Engine: e}
			}
			var seen storetest.Call
			var tally storetest.Tally
			e := open()
			e.Before = func(c storetest.Call) error { seen = c; return tally.Note(c) }
			require.Equal(t, !writes, tally.ReadsDuring(func() { require.NoError(t, call(e)) })["kind"] == 1)
			require.Equal(t, 1, tally.Of(op))
			require.Equal(t, []any{op, "kind", writes}, []any{seen.Op, seen.Kind, seen.ID != ""})
			require.Equal(t, op == storetest.Insert || op == storetest.Replace, seen.Doc != nil)

			var left atomic.Int64
			left.Store(1)
			e = open()
			e.Before = storetest.FailNext(op, &left, away)
			require.ErrorIs(t, call(e), away)
			require.NoError(t, call(e), "it was not made, and no more fail")

			e = open()
			e.After = func(storetest.Call) error { return away }
			if !writes {
				require.NoError(t, call(e))
				return
			}
			require.ErrorIs(t, call(e), away)
			e.After = nil
			require.Error(t, call(e), "it was made")
		})
	}
}

// done makes an error of a write that found nothing, and looks that no failed one claims to have found something.
func done(t *testing.T, ok bool, err error) error {
	t.Helper()
	require.False(t, ok && err != nil)
	if !ok && err == nil {
		return errors.New("nothing there")
	}
	return err
}
