package mongo_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/mongo"
	"github.com/motcua/motcua/internal/store/mongo/mongotest"
	"github.com/motcua/motcua/internal/store/sqlite"
)

type ticket struct {
	ID   string   `bson:"_id"`
	N    int      `bson:"n"`
	Tags []string `bson:"tags,omitempty"`
}

func tickets() store.Kind {
	return store.Kind{Name: "tickets", ExpiresAt: "over", Indexes: []store.Index{{Name: "n", Order: "n"}, {Name: "tags", Equal: []string{"tags"}, Many: "tags", Order: "n"}}}
}

func through(t *testing.T, p *proxy) (*mongo.Engine, *store.Collection[ticket]) {
	t.Helper()
	e, err := mongo.Open(t.Context(), mongo.Config{URI: p.uri(), Database: "faults", MaxPool: 1, SelectionTimeout: 500 * time.Millisecond})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	c, err := store.Define[ticket](t.Context(), e, tickets())
	require.NoError(t, err)
	return e, c
}

// TestLostAnswer loses the answer to a write that took place: it counts once, and its caller learns so.
func TestLostAnswer(t *testing.T) {
	p := newProxy(t, mongotest.Serve(t))
	e, c := through(t, p)
	ctx := t.Context()
	lose := func(command string) { p.lose.Store(&command) }

	lose("insert")
	require.NoError(t, c.Insert(ctx, ticket{ID: "a"}))
	require.EqualValues(t, 1, p.lost.Load())
	require.Equal(t, fault.Conflict, fault.CodeOf(c.Insert(ctx, ticket{ID: "a"})))

	for i := range 5 {
		lose("update")
		runs := 0
		got, err := c.Update(ctx, "a", func(x *ticket) error { runs++; x.N++; return nil })
		require.NoError(t, err)
		require.Equal(t, i+1, got.N)
		require.Equal(t, 1, runs, "a write that took place is not reported as a lost race")
	}
	require.EqualValues(t, 6, p.lost.Load())
	rows, err := e.Get(ctx, "tickets", "a")
	require.NoError(t, err)
	require.EqualValues(t, 6, rows[0].Version)

	lose("delete")
	_, err = e.Delete(ctx, "tickets", "a")
	require.Equal(t, fault.Unavailable, fault.CodeOf(err), "who removed it cannot be told: %v", err)
}

// TestLostAnswerOfALostRace loses the answer to a replace that the version refused: it must not be taken for done.
func TestLostAnswerOfALostRace(t *testing.T) {
	p := newProxy(t, mongotest.Serve(t))
	e, c := through(t, p)
	require.NoError(t, c.Insert(t.Context(), ticket{ID: "a"}))
	command := "update"
	p.lose.Store(&command)
	doc, err := bson.Marshal(ticket{ID: "a", N: 9})
	require.NoError(t, err)
	swapped, err := e.Replace(t.Context(), "tickets", "a", 7, doc)
	require.False(t, swapped)
	require.Equal(t, fault.Unavailable, fault.CodeOf(err), "%v", err)
}

// TestOutage cuts the connection: every method fails soon and clearly, without the address in its public words.
func TestOutage(t *testing.T) {
	p := newProxy(t, mongotest.Serve(t))
	e, c := through(t, p)
	require.NoError(t, c.Insert(t.Context(), ticket{ID: "a"}))
	p.cut()
	q, err := c.Query("n")
	require.NoError(t, err)
	for name, f := range map[string]func() error{
		"insert": func() error { return c.Insert(t.Context(), ticket{ID: "b"}) },
		"get":    func() error { _, err := c.Get(t.Context(), "a"); return err },
		"update": func() error {
			_, err := c.Update(t.Context(), "a", func(x *ticket) error { x.N++; return nil })
			return err
		},
		"find": func() error { _, err := c.Collect(t.Context(), q); return err },
		"ping": func() error { return e.Ping(t.Context()) },
	} {
		began := time.Now()
		err := f()
		require.Equal(t, fault.Unavailable, fault.CodeOf(err), "%s: %v", name, err)
		require.Less(t, time.Since(began), 20*time.Second, name)
		require.Empty(t, fault.Of(err).Public, name)
	}
}

func TestOpenFailsSoonAndWithoutSecrets(t *testing.T) {
	t.Parallel()
	began := time.Now()
	_, err := mongo.Open(t.Context(), mongo.Config{URI: "mongodb://user:hunter2@127.0.0.1:1/", SelectionTimeout: 200 * time.Millisecond})
	require.ErrorContains(t, err, "does not answer")
	require.NotContains(t, err.Error(), "hunter2")
	require.Less(t, time.Since(began), 20*time.Second)
	_, err = mongo.Open(t.Context(), mongo.Config{URI: "mongodb://user:hunter2@%%%"})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "hunter2")
	err = mongo.Config{URI: "redis://", Database: "a/b", Timeout: -1, SelectionTimeout: -1, MaxPool: -1}.Validate()
	for _, key := range []string{"uri:", "database:", "timeout:", "selection_timeout:", "max_pool:"} {
		require.ErrorContains(t, err, key)
	}
	for uri, ok := range map[string]bool{
		"mongodb://user:hunter2@%%%": false, "mongodb://": false, "mongodb://h:port/x": false, "mongodb://user:hunter 2/@h": false,
		"mongodb://user:hunter2@h1,h2/?replicaSet=a": true, "mongodb+srv://user:hunter2@h": true,
	} {
		err := mongo.Config{URI: uri}.Validate()
		require.Equal(t, ok, err == nil, "%s: %v", uri, err)
		require.NotContains(t, fmt.Sprint(err), "hunter")
	}
	_, err = mongo.Open(t.Context(), mongo.Config{URI: "mongodb+srv://user:hunter2@servers.invalid/"})
	require.ErrorContains(t, err, "servers.invalid")
	require.NotContains(t, err.Error(), "hunter2")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errors.New("late"))
	defer cancel()
	_, err = mongo.Open(ctx, mongo.Config{URI: "mongodb://127.0.0.1:1/"})
	require.Equal(t, fault.Unavailable, fault.CodeOf(err), "%v", err)
}

// TestCopyFromSQLite moves a city: the same queries give the same answers afterwards.
func TestCopyFromSQLite(t *testing.T) {
	from, err := sqlite.Open(t.Context(), sqlite.Config{Dir: t.TempDir(), Synchronous: "normal"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, from.Close()) })
	source, err := store.Define[ticket](t.Context(), from, tickets())
	require.NoError(t, err)
	for i := range 120 {
		require.NoError(t, source.Insert(t.Context(), ticket{ID: fmt.Sprintf("đ/%03d", i), N: i % 17, Tags: []string{"đèn", fmt.Sprint(i % 3)}}))
	}
	to, err := mongo.Open(t.Context(), mongo.Config{URI: mongotest.Serve(t), Database: "copied", MaxPool: 1, Timeout: 30 * time.Second, SelectionTimeout: 30 * time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, to.Close()) })
	report, err := store.Copy(t.Context(), from, to, from.Kinds(), nil)
	require.NoError(t, err)
	require.Equal(t, 120, report.Documents())

	target, err := store.Define[ticket](t.Context(), to, tickets())
	require.NoError(t, err)
	n, err := source.Query("n")
	require.NoError(t, err)
	tags, err := source.Query("tags")
	require.NoError(t, err)
	for _, q := range []store.Query{n, n.Descending().First(40), n.Between(3, 9), tags.Where("1"), tags.Where("đèn").Descending(), source.ByID().Prefix("đ/11")} {
		want, err := source.Collect(t.Context(), q)
		require.NoError(t, err)
		got, err := target.Collect(t.Context(), q)
		require.NoError(t, err)
		require.NotEmpty(t, got)
		require.Equal(t, want, got)
	}
}
