package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

func begin(t *testing.T, k store.Kind) (*Engine, *store.Collection[bson.M]) {
	t.Helper()
	e, err := Open(t.Context(), Config{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	c, err := store.Define[bson.M](t.Context(), e, k)
	require.NoError(t, err)
	return e, c
}

// TestEveryQueryUsesItsIndex asks SQLite for the plan of every shape of query: none may search a table or sort.
func TestEveryQueryUsesItsIndex(t *testing.T) {
	t.Parallel()
	e, c := begin(t, store.Kind{Name: "cases", ExpiresAt: "over", Indexes: []store.Index{
		{Name: "queue", Equal: []string{"unit", "status"}, Order: "due"},
		{Name: "due", Order: "due"},
		{Name: "ward", Equal: []string{"place.ward"}},
		{Name: "tag", Equal: []string{"unit", "tags"}, Many: "tags", Order: "due"},
		{Name: "cell", Equal: []string{"cells"}, Many: "cells"},
	}})
	at := time.Unix(1, 0)
	indexed := map[string][]any{"queue": {"u", "s"}, "due": {}, "ward": {"w"}, "tag": {"u", "t"}, "cell": {"c"}}
	queries := []store.Query{c.ByID(), c.ByID().Prefix("a/")}
	for name, values := range indexed {
		q, err := c.Query(name)
		require.NoError(t, err)
		queries = append(queries, q.Where(values...))
		if q.Index().Order == "" {
			queries = append(queries, q.Where(values...).Between("a", "b"))
			continue
		}
		queries = append(queries, q.Where(values...).Between(at, nil), q.Where(values...).Between(nil, at), q.Where(values...).Between(at, at))
	}
	queue, _ := c.Query("queue")
	queries = append(queries, queue.Where(nil, "s"))
	for _, q := range queries {
		doc := bson.M{"_id": "a", "due": at}
		cursor, err := c.CursorAt(q, doc)
		require.NoError(t, err)
		for _, q := range []store.Query{q, q.Descending(), q.Behind(cursor), q.Descending().Behind(cursor)} {
			requireIndexed(t, e, q)
		}
	}
}

func requireIndexed(t *testing.T, e *Engine, q store.Query) {
	t.Helper()
	p, tab, err := e.plan("cases", q)
	require.NoError(t, err)
	s := tab.selectSQL(p)
	statement := "SELECT t.id, t.v, t.doc" + s.text(p)
	require.NoError(t, e.read(t.Context(), func(c *conn) error {
		for r, err := range c.rows("EXPLAIN QUERY PLAN "+statement, s.args...) {
			require.NoError(t, err, statement)
			detail := r.text(3)
			require.NotEmpty(t, detail, statement)
			require.NotContains(t, detail, "TEMP B-TREE", statement)
			scan := strings.HasPrefix(detail, "SCAN") && !strings.Contains(detail, "USING")
			require.False(t, scan, "%s: %s", detail, statement)
		}
		return nil
	}))
}

// TestDiskFull lets the file grow no further: writes are refused clearly, reads go on, and all is well when there is room again.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	e, c := begin(t, store.Kind{Name: "cases", Indexes: []store.Index{{Name: "n", Order: "n"}}})
	require.NoError(t, c.Insert(t.Context(), bson.M{"_id": "first", "n": 1}))
	limit := func(pages string) {
		require.NoError(t, e.writer.do(t.Context(), bare, func(c *conn) error {
			return c.run("PRAGMA max_page_count = " + pages)
		}, nil))
	}
	limit("40")
	var err error
	stored := 0
	for ; err == nil && stored < 200; stored++ {
		err = c.Insert(t.Context(), bson.M{"_id": fmt.Sprint(stored), "n": 1, "text": strings.Repeat("x", 3000)})
	}
	require.Equal(t, fault.Unavailable, fault.CodeOf(err), "%v", err)
	q, err := c.Query("n")
	require.NoError(t, err)
	n, err := c.Count(t.Context(), q, 1000)
	require.NoError(t, err)
	require.Equal(t, stored, n, "the first and those that were answered")

	limit("1000000")
	require.NoError(t, c.Insert(t.Context(), bson.M{"_id": "again", "n": 1}))
	require.NoError(t, e.read(t.Context(), func(c *conn) error {
		health, err := c.ask("PRAGMA integrity_check")
		require.Equal(t, "ok", health.text(0))
		return err
	}))
}

// holdWriter keeps the writer busy until release is called, or until the test ends.
func holdWriter(t *testing.T, e *Engine, wg *sync.WaitGroup) (release func()) {
	t.Helper()
	hold, held := make(chan struct{}), make(chan struct{})
	release = sync.OnceFunc(func() { close(hold) })
	t.Cleanup(release)
	wg.Go(func() {
		_ = e.writer.do(t.Context(), bare, func(*conn) error { close(held); <-hold; return nil }, nil)
	})
	<-held
	return release
}

// TestOneBadWriteSparesItsNeighbours puts a failing and a panicking write into one transaction with good ones.
func TestOneBadWriteSparesItsNeighbours(t *testing.T) {
	t.Parallel()
	e, c := begin(t, store.Kind{Name: "cases"})
	var wg sync.WaitGroup
	release := holdWriter(t, e, &wg)
	bad := errors.New("bad")
	errs := make([]error, 3)
	wg.Go(func() {
		errs[0] = e.writer.do(t.Context(), grouped, func(*conn) error { return bad }, nil)
	})
	wg.Go(func() {
		errs[1] = e.writer.do(t.Context(), grouped, func(*conn) error { panic("worse") }, nil)
	})
	for i := range 10 {
		wg.Go(func() {
			if err := c.Insert(t.Context(), bson.M{"_id": fmt.Sprint(i)}); err != nil {
				t.Error(err)
			}
		})
	}
	require.Eventually(t, func() bool { return len(e.writer.queue) == 12 }, 20*time.Second, time.Millisecond)
	release()
	wg.Wait()
	require.ErrorIs(t, errs[0], bad)
	require.ErrorContains(t, errs[1], "panicked")
	n, err := store.Size(t.Context(), e, "cases")
	require.NoError(t, err)
	require.Equal(t, 10, n)
}

// TestLeavingTheQueue lets a caller leave while its write waits: it is then never carried out.
func TestLeavingTheQueue(t *testing.T) {
	t.Parallel()
	e, c := begin(t, store.Kind{Name: "cases"})
	var wg sync.WaitGroup
	release := holdWriter(t, e, &wg)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := c.Insert(ctx, bson.M{"_id": "left"})
	require.Equal(t, fault.Unavailable, fault.CodeOf(err))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	release()
	wg.Wait()
	require.NoError(t, c.Insert(t.Context(), bson.M{"_id": "after"}))
	_, err = c.Get(t.Context(), "left")
	require.Equal(t, fault.NotFound, fault.CodeOf(err))
}

// TestWritesAreOnDisk checks the settings that a power cut would find out about.
func TestWritesAreOnDisk(t *testing.T) {
	t.Parallel()
	e, _ := begin(t, store.Kind{Name: "cases"})
	for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "auto_vacuum": "2"} {
		require.NoError(t, e.writer.do(t.Context(), bare, func(c *conn) error {
			got, err := c.ask("PRAGMA " + pragma)
			require.Equal(t, want, fmt.Sprint(got[0]), pragma)
			return err
		}, nil))
	}
}

// TestSweepCutsTheLog sees the write-ahead log folded in and cut.
func TestSweepCutsTheLog(t *testing.T) {
	t.Parallel()
	e, c := begin(t, store.Kind{Name: "cases"})
	for i := range 50 {
		require.NoError(t, c.Insert(t.Context(), bson.M{"_id": fmt.Sprint(i), "text": strings.Repeat("x", 10_000)}))
	}
	before, err := os.Stat(e.writer.walPath)
	require.NoError(t, err)
	require.Positive(t, before.Size())
	_, err = e.Sweep(t.Context(), time.Unix(0, 0), 10)
	require.NoError(t, err)
	after, err := os.Stat(e.writer.walPath)
	require.NoError(t, err)
	require.Zero(t, after.Size())
}
