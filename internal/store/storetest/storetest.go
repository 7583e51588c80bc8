// Package storetest is what every store engine must pass: the promises of package store's comments, and the races that they are kept in.
//
// For the tests of whatever keeps documents it also has engines to run on (OnEngines, OnFiles, Bubble), the engine of a process that a test kills (Mortal), and
// one of which a test sees each call, and may let it fail (Watched). The suite knows engines only by their contract. Its sizes are small, because one of the
// servers that it runs on searches without indexes.
package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// Fresh makes a store for one test, empty and used by nobody else. The function it gives opens it, and opens it again with all it held after it was closed.
// The suite closes what it opens.
type Fresh func(t *testing.T) (open func() store.Engine)

// Run is the suite.
func Run(t *testing.T, fresh Fresh) {
	tests := []struct {
		name string
		run  func(t *testing.T, open func() store.Engine)
	}{
		{"one document", oneDocument},
		{"update by compare-and-swap", updates},
		{"stale replace is refused", staleReplace},
		{"documents come back as they were", fidelity},
		{"limits of a document", limits},
		{"ids of every script", ids},
		{"order and ranges", orders},
		{"values of every type", valueTypes},
		{"absent fields", absent},
		{"index over an array", manyIndex},
		{"by id", byID},
		{"count", counts},
		{"cursors of others", foreignCursors},
		{"more than a batch", batches},
		{"work inside of a loop", nested},
		{"pages of several owners", pages},
		{"expiry", expiry},
		{"expiry of a document that was extended", expiryExtended},
		{"kinds", kinds},
		{"an index that comes later", laterIndex},
		{"an index that changes", changedIndex},
		{"reopening", reopening},
		{"closed", closing},
		{"a context that ended", contexts},
		{"against a model", model},
		{"insert race has one winner", insertRace},
		{"updates under contention all count", updateRace},
		{"histories are linearizable", linearizable},
		{"paging while others write", pagingRace},
		{"delete race has one winner", deleteRace},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, fresh(t))
		})
	}
}

// report is the document of the suite: what a case of the city looks like, in short.
type report struct {
	ID      string     `bson:"_id"`
	Unit    string     `bson:"unit,omitempty"`
	Status  string     `bson:"status,omitempty"`
	Place   place      `bson:"place"`
	Tags    []string   `bson:"tags"`
	Due     *time.Time `bson:"due"`
	Expires *time.Time `bson:"expires,omitempty"`
	N       int        `bson:"n"`
	Open    bool       `bson:"open"`
}

type place struct {
	Ward string `bson:"ward,omitempty"`
}

func reports() store.Kind {
	return store.Kind{
		Name: "reports", Owned: true, ExpiresAt: "expires",
		Indexes: []store.Index{
			{Name: "queue", Equal: []string{"unit", "status"}, Order: "due"},
			{Name: "number", Order: "n"},
			{Name: "ward", Equal: []string{"place.ward"}},
			{Name: "tag", Equal: []string{"tags"}, Order: "n", Many: "tags"},
			{Name: "unit_tag", Equal: []string{"unit", "tags"}, Many: "tags"},
			{Name: "open", Equal: []string{"open"}, Order: "status"},
		},
	}
}

// bench is one store with the reports in it.
type bench struct {
	*store.Collection[report]
	engine store.Engine
}

func start(t *testing.T, open func() store.Engine) bench {
	t.Helper()
	e := open()
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return bench{Collection: define(t, e, reports()), engine: e}
}

func define(t *testing.T, e store.Engine, k store.Kind) *store.Collection[report] {
	t.Helper()
	c, err := store.Define[report](t.Context(), e, k)
	require.NoError(t, err)
	return c
}

func (b bench) fill(t *testing.T, docs ...report) {
	t.Helper()
	for _, d := range docs {
		require.NoError(t, b.Insert(t.Context(), d))
	}
}

func (b bench) query(t *testing.T, index string, values ...any) store.Query {
	t.Helper()
	q, err := b.Query(index)
	require.NoError(t, err)
	return q.Where(values...)
}

// found gives the ids that a query finds.
func (b bench) found(t *testing.T, q store.Query) []string {
	t.Helper()
	docs, err := b.Collect(t.Context(), q)
	require.NoError(t, err)
	out := make([]string, len(docs))
	for i, d := range docs {
		out[i] = d.ID
	}
	return out
}

// walk pages through a query by cursor, n at a time, and gives the ids in the order they came.
func (b bench) walk(t *testing.T, q store.Query, n int) []string {
	t.Helper()
	var out []string
	q = q.First(n)
	for {
		docs, err := b.Collect(t.Context(), q)
		require.NoError(t, err)
		for _, d := range docs {
			out = append(out, d.ID)
		}
		if len(docs) < n {
			return out
		}
		c, err := b.CursorAt(q, docs[len(docs)-1])
		require.NoError(t, err)
		q = q.Behind(c)
	}
}

// at gives a moment so far ahead (2096) that no server's own sweep comes between.
func at(seconds int) *time.Time {
	v := time.Unix(4_000_000_000+int64(seconds), 0).UTC()
	return &v
}

func id(n int) string { return fmt.Sprintf("r%04d", n) }

func wantCode(t *testing.T, want fault.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, want, fault.CodeOf(err), "%v", err)
}

// together runs n functions at once and waits for all.
func together(n int, f func(i int)) {
	var ready, done sync.WaitGroup
	ready.Add(1)
	for i := range n {
		done.Go(func() {
			ready.Wait()
			f(i)
		})
	}
	ready.Done()
	done.Wait()
}

func raw(t *testing.T, v any) bson.Raw {
	t.Helper()
	doc, err := bson.Marshal(v)
	require.NoError(t, err)
	return doc
}

func ended(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
