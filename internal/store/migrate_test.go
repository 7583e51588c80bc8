package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

// renamed moves the field street to road.
func renamed(calls *atomic.Int64) store.Migration {
	return store.Migration{ID: "lamps-road", Kind: "lamps", Change: func(d bson.D) (bson.D, error) {
		calls.Add(1)
		changed := false
		for i := range d {
			if d[i].Key == "street" {
				d[i].Key, changed = "road", true
			}
		}
		if !changed {
			return nil, nil
		}
		return d, nil
	}}
}

func roads(t *testing.T, e store.Engine) int {
	t.Helper()
	n := 0
	for row, err := range store.Rows(t.Context(), e, "lamps", "") {
		require.NoError(t, err)
		if _, err := row.Doc.LookupErr("road"); err == nil {
			n++
		}
	}
	return n
}

func TestMigrateRunsOnce(t *testing.T) {
	t.Parallel()
	e := storetest.OnFiles(t)
	fill(t, define(t, e), 250)
	var calls atomic.Int64
	all := []store.Migration{renamed(&calls), {ID: "lamps-nothing", Kind: "lamps", Change: func(bson.D) (bson.D, error) { return nil, nil }}}
	for range 3 {
		require.NoError(t, store.Migrate(t.Context(), e, all, now, silent()))
	}
	require.Equal(t, 250, roads(t, e))
	require.EqualValues(t, 250, calls.Load())
	left, err := store.Size(t.Context(), e, "migration_lease")
	require.NoError(t, err)
	require.Zero(t, left, "the lease is given back")
}

func TestMigrateGoesOnWhereItBrokeOff(t *testing.T) {
	t.Parallel()
	inner := storetest.OnFiles(t)
	fill(t, define(t, inner), 250)
	var calls atomic.Int64
	errAway, left := errors.New("away"), 220
	e := &storetest.Watched{Engine: inner, Before: func(c storetest.Call) error {
		if c.Op != storetest.Replace || c.Kind != "lamps" {
			return nil
		}
		if left--; left < 0 {
			return fault.Wrap(fault.Unavailable, errAway)
		}
		return nil
	}}
	err := store.Migrate(t.Context(), e, []store.Migration{renamed(&calls)}, now, silent())
	require.ErrorIs(t, err, errAway)
	require.Equal(t, 220, roads(t, inner))

	calls.Store(0)
	require.NoError(t, store.Migrate(t.Context(), inner, []store.Migration{renamed(&calls)}, now, silent()))
	require.Equal(t, 250, roads(t, inner))
	require.EqualValues(t, 50, calls.Load(), "the first 200 were recorded as done")
}

func TestMigrateWithSeveralReplicas(t *testing.T) {
	t.Parallel()
	e := storetest.OnFiles(t)
	c := define(t, e)
	fill(t, c, 120)
	var calls atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := store.Migrate(t.Context(), e, []store.Migration{renamed(&calls)}, now, silent()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Go(func() { // the older version of the program is still at work
		for i := range 120 {
			if _, err := c.Update(t.Context(), fmt.Sprintf("l%05d", i), func(l *lamp) error { l.N++; return nil }); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	for row, err := range store.Rows(t.Context(), e, "lamps", "") {
		require.NoError(t, err)
		require.NotZero(t, row.Version-1, "%s was written", row.ID)
	}
}

func TestMigrateTakesOverFromTheDead(t *testing.T) {
	t.Parallel()
	e := storetest.OnFiles(t)
	fill(t, define(t, e), 3)
	leases, err := store.Define[bson.M](t.Context(), e, store.Kind{Name: "migration_lease"})
	require.NoError(t, err)
	require.NoError(t, leases.Insert(t.Context(), bson.M{"_id": "runner", "holder": "dead", "until": now().Add(10 * time.Second)}))
	var calls atomic.Int64

	waiting, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err = store.Migrate(waiting, e, []store.Migration{renamed(&calls)}, now, silent())
	require.Equal(t, fault.Unavailable, fault.CodeOf(err), "the lease still holds: %v", err)
	require.Zero(t, calls.Load())
	later := func() time.Time { return now().Add(11 * time.Second) }
	require.NoError(t, store.Migrate(t.Context(), e, []store.Migration{renamed(&calls)}, later, silent()))
	require.Equal(t, 3, roads(t, e))
}

func TestMigrationsAreChecked(t *testing.T) {
	t.Parallel()
	e := storetest.OnFiles(t)
	same := func(d bson.D) (bson.D, error) { return d, nil }
	for _, all := range [][]store.Migration{
		{{Kind: "lamps", Change: same}},
		{{ID: "a", Kind: "lamps"}},
		{{ID: "a", Kind: "Lamps", Change: same}},
		{{ID: "a", Kind: "lamps", Change: same}, {ID: "a", Kind: "lamps", Change: same}},
	} {
		require.Error(t, store.Migrate(t.Context(), e, all, now, silent()))
	}
	require.NoError(t, store.Migrate(t.Context(), e, nil, now, silent()))
}
