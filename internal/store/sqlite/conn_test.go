package sqlite

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/store"
)

// TestStatementsAreKept prepares more statements than a connection keeps, and changes the tables below those it has.
func TestStatementsAreKept(t *testing.T) {
	t.Parallel()
	lamps := store.Kind{Name: "lamps", Indexes: []store.Index{{Name: "street", Equal: []string{"street"}}}}
	e, lampsOf := begin(t, lamps)
	require.NoError(t, lampsOf.Insert(t.Context(), bson.M{"_id": "a", "street": "s", "n": 1}))
	c, err := openConn(t.Context(), dsn(e.cfg, readerWait, "query_only(on)"))
	require.NoError(t, err)
	first := func(query string, args ...any) row {
		for r, err := range c.rows(query, args...) {
			require.NoError(t, err)
			return append(row(nil), r...) // and leaves before the end
		}
		return nil
	}
	get := (*e.tables.Load())["lamps"].get
	for range 3 {
		require.Equal(t, "a", first(get, "a").text(0))
	}
	require.Nil(t, first(get, "b"), "no argument stays behind")
	require.Equal(t, 1, c.kept.Len())

	lamps.Indexes = append(lamps.Indexes, store.Index{Name: "n", Order: "n"})
	lampsOf, err = store.Define[bson.M](t.Context(), e, lamps)
	require.NoError(t, err)
	require.NoError(t, lampsOf.Insert(t.Context(), bson.M{"_id": "b", "street": "s", "n": 2}))
	require.Equal(t, "b", first(get, "b").text(0), "with a column more")

	for i := range keptStatements + 10 {
		require.Equal(t, int64(i), first(fmt.Sprintf("SELECT %d + ?", i), 0).int(0))
	}
	require.Equal(t, keptStatements, c.kept.Len())
	require.Equal(t, "a", first(get, "a").text(0), "prepared again")
	for _, err := range c.rows("SELECT x FROM nowhere") {
		require.ErrorContains(t, err, "nowhere")
	}
	require.NoError(t, c.close())
	require.Zero(t, c.kept.Len())
}
