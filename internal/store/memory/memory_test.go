package memory_test

import (
	"testing"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/internal/store/storetest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestConformance(t *testing.T) { storetest.Run(t, fresh) }

func TestModel(t *testing.T) {
	for seed := range uint64(3) {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			storetest.Model(t, fresh(t), 2+seed, 500)
		})
	}
}

func fresh(*testing.T) func() store.Engine {
	var disk memory.Disk
	return func() store.Engine { return disk.Open() }
}

// TestReplicas shows that two engines on one disk see each other's writes, and that closing one leaves the other.
func TestReplicas(t *testing.T) {
	var disk memory.Disk
	a, b := disk.Open(), disk.Open()
	for _, e := range []store.Engine{a, b} {
		require.NoError(t, e.Define(t.Context(), store.Kind{Name: "notes"}))
	}
	doc, err := bson.Marshal(bson.D{{Key: "_id", Value: "n"}})
	require.NoError(t, err)
	require.NoError(t, a.Insert(t.Context(), "notes", "n", doc))
	require.Equal(t, fault.Conflict, fault.CodeOf(b.Insert(t.Context(), "notes", "n", doc)))
	require.NoError(t, a.Close())
	rows, err := b.Get(t.Context(), "notes", "n")
	require.NoError(t, err)
	require.Len(t, rows, 1)
}

// TestGivenRowsAreCopies shows that neither who wrote a document nor who read it can change what is kept.
func TestGivenRowsAreCopies(t *testing.T) {
	e := memory.New()
	require.NoError(t, e.Define(t.Context(), store.Kind{Name: "notes"}))
	doc, err := bson.Marshal(bson.D{{Key: "_id", Value: "n"}, {Key: "text", Value: "kept"}})
	require.NoError(t, err)
	require.NoError(t, e.Insert(t.Context(), "notes", "n", doc))
	clear(doc)
	for range 2 {
		rows, err := e.Get(t.Context(), "notes", "n")
		require.NoError(t, err)
		require.Equal(t, "kept", rows[0].Doc.Lookup("text").StringValue())
		clear(rows[0].Doc)
	}
}

// TestIndexThatCannotHoldWhatIsThere shows that a later declaration is refused for a document it cannot index.
func TestIndexThatCannotHoldWhatIsThere(t *testing.T) {
	e := memory.New()
	require.NoError(t, e.Define(t.Context(), store.Kind{Name: "notes"}))
	doc, err := bson.Marshal(bson.D{{Key: "_id", Value: "n"}, {Key: "weight", Value: 1.5}})
	require.NoError(t, err)
	require.NoError(t, e.Insert(t.Context(), "notes", "n", doc))
	err = e.Define(t.Context(), store.Kind{Name: "notes", Indexes: []store.Index{{Name: "weight", Order: "weight"}}})
	require.Equal(t, fault.Internal, fault.CodeOf(err))
}
