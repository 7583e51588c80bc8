package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

type lamp struct {
	ID      string    `bson:"_id"`
	Street  string    `bson:"street"`
	N       int       `bson:"n"`
	Tags    []string  `bson:"tags,omitempty"`
	Expires time.Time `bson:"expires,omitempty"`
}

func lamps() store.Kind {
	return store.Kind{Name: "lamps", ExpiresAt: "expires", Indexes: []store.Index{{Name: "street", Equal: []string{"street"}, Order: "n"}, {Name: "tags", Equal: []string{"tags"}, Many: "tags"}}}
}

func define(t *testing.T, e store.Engine) *store.Collection[lamp] {
	t.Helper()
	c, err := store.Define[lamp](t.Context(), e, lamps())
	require.NoError(t, err)
	return c
}

func fill(t *testing.T, c *store.Collection[lamp], n int) {
	t.Helper()
	parallel(n, func(i int) {
		if err := c.Insert(t.Context(), lamp{ID: fmt.Sprintf("l%05d", i), Street: "Lạch Tray", N: i, Tags: []string{fmt.Sprint(i % 3)}}); err != nil {
			t.Error(err)
		}
	})
}

// parallel calls f for 0 to n-1, many at a time, so that the engine can write them in groups.
func parallel(n int, f func(i int)) {
	const workers = 32
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				f(i)
			}
		})
	}
	wg.Wait()
}

func now() time.Time { return time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC) }

func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestKindIsChecked(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		kind store.Kind
		want string
	}{
		{"no name", store.Kind{}, "bad name"},
		{"capitals", store.Kind{Name: "Lamps"}, "bad name"},
		{"an index without a field", store.Kind{Name: "a", Indexes: []store.Index{{Name: "x"}}}, "has no field"},
		{"an operator as a field", store.Kind{Name: "a", Indexes: []store.Index{{Name: "x", Order: "$where"}}}, "bad field"},
		{"a quote in a field", store.Kind{Name: "a", Indexes: []store.Index{{Name: "x", Equal: []string{`a"b`}}}}, "bad field"},
		{"many of another field", store.Kind{Name: "a", Indexes: []store.Index{{Name: "x", Equal: []string{"b"}, Many: "c"}}}, "Many must be one of Equal"},
		{"the same index twice", store.Kind{Name: "a", Indexes: []store.Index{{Name: "x", Order: "b"}, {Name: "x", Order: "c"}}}, "declared twice"},
		{"a bad expiry", store.Kind{Name: "a", ExpiresAt: "a b"}, "bad field"},
	}
	for _, tt := range tests {
		require.ErrorContains(t, tt.kind.Validate(), tt.want, tt.name)
	}
	require.NoError(t, lamps().Validate())
}

func TestCursorHoldsItsPlace(t *testing.T) {
	t.Parallel()
	c := define(t, storetest.OnFiles(t))
	q, err := c.Query("street")
	require.NoError(t, err)
	cursor, err := c.CursorAt(q, lamp{ID: "l1", N: math.MaxInt})
	require.NoError(t, err)
	order, id, err := cursor.Position()
	require.NoError(t, err)
	require.Equal(t, int64(math.MaxInt), order)
	require.Equal(t, "l1", id)
}

func FuzzCursor(f *testing.F) {
	for _, seed := range []string{"", "AAAA", "?", "FgAAAAJpAAIAAABhABJvAAEAAAAAAAAAAA", "BQAAAAA"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		order, _, err := store.Cursor(s).Position()
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("got %v, want INVALID", err)
			}
			return
		}
		switch order.(type) {
		case nil, string, bool, int64, time.Time:
		default:
			t.Fatalf("a cursor of a client brought a %T", order)
		}
	})
}

func FuzzPrepare(f *testing.F) {
	for _, doc := range []any{bson.D{{Key: "_id", Value: "a"}}, bson.D{{Key: "n", Value: 1}, {Key: "_id", Value: "a"}, {Key: "place", Value: bson.D{{Key: "ward", Value: "w"}}}, {Key: "tags", Value: bson.A{"x"}}}} {
		raw, err := bson.Marshal(doc)
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		out, err := store.Prepare("a", doc)
		if err != nil {
			return
		}
		if len(out) != len(doc) {
			t.Fatalf("%d bytes went in, %d came out", len(doc), len(out))
		}
		for _, path := range []string{"n", "place.ward", "tags", "a.b.c"} {
			_, _ = store.Value(out, path)
			_, _ = store.Elements(out, path)
		}
	})
}

func TestObserve(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	spans := tracetest.NewSpanRecorder()
	tp := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	e := store.Observe(storetest.OnFiles(t), reg, tp)
	c := define(t, e)
	fill(t, c, 3)
	ctx := t.Context()
	require.Equal(t, fault.Conflict, fault.CodeOf(c.Insert(ctx, lamp{ID: "l00000"})))
	_, err := c.Update(ctx, "l00001", func(l *lamp) error { l.N = 9; return nil })
	require.NoError(t, err)
	swapped, err := e.Replace(ctx, "lamps", "l00001", 1, raw(t, lamp{ID: "l00001"}))
	require.NoError(t, err)
	require.False(t, swapped, "a lost race is no error to the caller")
	q, err := c.Query("street")
	require.NoError(t, err)
	_, err = c.Collect(ctx, q.Where("Lạch Tray"))
	require.NoError(t, err)
	_, err = c.Count(ctx, q.Where("Lạch Tray"), 5)
	require.NoError(t, err)
	require.NoError(t, c.Delete(ctx, "l00002"))
	_, err = e.Sweep(ctx, now(), 1)
	require.NoError(t, err)

	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP motcua_store_errors_total Operations of the store that ended in an error, by its code; CONFLICT is an id that was taken.
# TYPE motcua_store_errors_total counter
motcua_store_errors_total{code="CONFLICT",kind="lamps",op="insert"} 1
motcua_store_errors_total{code="CONFLICT",kind="lamps",op="replace"} 1
`), "motcua_store_errors_total"))
	n, err := testutil.GatherAndCount(reg, "motcua_store_seconds")
	require.NoError(t, err)
	require.Equal(t, 8, n, "define, insert, get, replace, find, count, delete, sweep")
	names := map[string]bool{}
	for _, s := range spans.Ended() {
		names[s.Name()] = true
	}
	require.True(t, names["store.find"] && names["store.insert"], "%v", names)
	require.Equal(t, lamps().Name, e.(store.Lister).Kinds()[0].Name)
	require.NotNil(t, store.Observe(e, reg, tp), "a second engine may share the metrics")
}

func raw(t *testing.T, v any) bson.Raw {
	t.Helper()
	doc, err := bson.Marshal(v)
	require.NoError(t, err)
	return doc
}

func TestSweepAllGoesOnUntilNothingIsLeft(t *testing.T) {
	t.Parallel()
	e := storetest.OnFiles(t)
	c := define(t, e)
	parallel(1100, func(i int) {
		if err := c.Insert(t.Context(), lamp{ID: fmt.Sprint(i), Expires: now().Add(time.Duration(i-1050) * time.Minute)}); err != nil {
			t.Error(err)
		}
	})
	n, err := store.SweepAll(t.Context(), e, now())
	require.NoError(t, err)
	require.Equal(t, 1050, n)
	left, err := store.Size(t.Context(), e, "lamps")
	require.NoError(t, err)
	require.Equal(t, 50, left)
}

func TestKeepSweepsUntilItsContextEnds(t *testing.T) {
	t.Parallel()
	e := storetest.OnFiles(t)
	c := define(t, e)
	require.NoError(t, c.Insert(t.Context(), lamp{ID: "a", Expires: now().Add(-time.Minute)}))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		store.Keep(ctx, e, time.Millisecond, now, silent())
	}()
	require.Eventually(t, func() bool {
		_, err := c.Get(t.Context(), "a")
		return fault.CodeOf(err) == fault.NotFound
	}, 5*time.Second, time.Millisecond)
	cancel()
	<-done
}
