package store_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
)

type counter struct {
	ID string `bson:"_id"`
	N  int    `bson:"n"`
}

func TestUpsert(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c, err := store.Define[counter](ctx, memory.New(), store.Kind{Name: "counters"})
	require.NoError(t, err)
	begin := func() counter { return counter{ID: "a", N: 10} }
	refused := errors.New("refused")

	got, err := c.Upsert(ctx, "a", begin, func(x *counter) error { x.N = 99; return store.ErrUnchanged })
	require.NoError(t, err)
	require.Equal(t, begin(), got, "as begun")
	_, err = c.Upsert(ctx, "a", begin, func(*counter) error { return refused })
	require.ErrorIs(t, err, refused)
	_, err = c.Get(ctx, "a")
	require.Equal(t, fault.NotFound, fault.CodeOf(err), "nothing was stored")

	const writers = 20
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			if _, err := c.Upsert(ctx, "a", begin, func(x *counter) error { x.N++; return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	got, err = c.Upsert(ctx, "a", begin, store.IfChanged(func(*counter) (bool, error) { return false, nil }))
	require.NoError(t, err)
	require.Equal(t, 10+writers, got.N, "whoever lost a race for the first write adds to the winner's")
	_, err = c.Upsert(ctx, "a", begin, store.IfChanged(func(*counter) (bool, error) { return true, refused }))
	require.ErrorIs(t, err, refused)
}
