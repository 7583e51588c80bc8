package storetest

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

func oneDocument(t *testing.T, open func() store.Engine) {
	b := start(t, open)
	ctx := t.Context()
	_, err := b.Get(ctx, "r1")
	wantCode(t, fault.NotFound, err)
	wantCode(t, fault.NotFound, b.Delete(ctx, "r1"))

	want := report{ID: "r1", Unit: "u1", Tags: []string{"đèn"}, Due: at(1), N: 7}
	require.NoError(t, b.Insert(ctx, want))
	wantCode(t, fault.Conflict, b.Insert(ctx, report{ID: "r1"}))
	got, err := b.Get(ctx, "r1")
	require.NoError(t, err)
	require.Equal(t, want, got)

	b.fill(t, report{ID: "r2"})
	many, err := b.GetMany(ctx, []string{"r2", "r1", "none", "r1"})
	require.NoError(t, err)
	require.Len(t, many, 2)
	require.Equal(t, want, many["r1"])
	rows, err := b.engine.Get(ctx, "reports")
	require.NoError(t, err)
	require.Empty(t, rows)

	require.NoError(t, b.Delete(ctx, "r1"))
	wantCode(t, fault.NotFound, b.Delete(ctx, "r1"))
	_, err = b.Get(ctx, "r1")
	wantCode(t, fault.NotFound, err)
	require.NoError(t, b.Insert(ctx, report{ID: "r1"}), "a removed id is free again")
}

func updates(t *testing.T, open func() store.Engine) {
	b := start(t, open)
	ctx := t.Context()
	_, err := b.Update(ctx, "r1", func(*report) error { return nil })
	wantCode(t, fault.NotFound, err)
	b.fill(t, report{ID: "r1", N: 1})

	got, err := b.Update(ctx, "r1", func(r *report) error { r.N++; return nil })
	require.NoError(t, err)
	require.Equal(t, 2, got.N)

	refused := errors.New("refused")
	_, err = b.Update(ctx, "r1", func(r *report) error { r.N = 99; return refused })
	require.ErrorIs(t, err, refused)
	got, err = b.Update(ctx, "r1", func(r *report) error { r.N = 98; return store.ErrUnchanged })
	require.NoError(t, err)
	require.Equal(t, 2, got.N, "the document as it is")
	_, err = b.Update(ctx, "r1", func(r *report) error { r.ID = "r2"; return nil })
	wantCode(t, fault.Internal, err)

	rows, err := b.engine.Get(ctx, "reports", "r1")
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.EqualValues(t, 2, rows[0].Version, "one insert and one update that wrote")
}

func staleReplace(t *testing.T, open func() store.Engine) {
	b := start(t, open)
	ctx := t.Context()
	replace := func(version int64, n int) bool {
		done, err := b.engine.Replace(ctx, "reports", "r1", version, raw(t, report{ID: "r1", N: n}))
		require.NoError(t, err)
		return done
	}
	require.False(t, replace(1, 1), "nothing there to replace")
	b.fill(t, report{ID: "r1"})
	require.False(t, replace(0, 1))
	require.False(t, replace(2, 2))
	require.True(t, replace(1, 3))
	require.False(t, replace(1, 4), "the version has moved on")
	require.True(t, replace(2, 3), "the same content is a write too")
	rows, err := b.engine.Get(ctx, "reports", "r1")
	require.NoError(t, err)
	require.EqualValues(t, 3, rows[0].Version)
	require.Equal(t, raw(t, report{ID: "r1", N: 3}), rows[0].Doc)

	require.NoError(t, b.Delete(ctx, "r1"))
	require.False(t, replace(3, 5))
	b.fill(t, report{ID: "r1"})
	require.True(t, replace(1, 6), "a new document begins at version 1")
}

func fidelity(t *testing.T, open func() store.Engine) {
	b := start(t, open)
	doc := bson.D{
		{Key: "_id", Value: "r1"},
		{Key: "text", Value: "Ổ gà trước số 12 Lạch Tray, phường Gia Viên 🕳️ \u0000 \u202e"},
		{Key: "decomposed", Value: "Lạch"}, // the same letters put together: not the same text
		{Key: "int32", Value: int32(math.MinInt32)},
		{Key: "int64", Value: int64(math.MaxInt64)},
		{Key: "small int64", Value: int64(1)},
		{Key: "double", Value: 20.8578},
		{Key: "yes", Value: true},
		{Key: "nothing", Value: nil},
		{Key: "time", Value: time.Date(1954, 10, 10, 1, 2, 3, 4_000_000, time.UTC)},
		{Key: "bytes", Value: bson.Binary{Data: []byte{0, 1, 0xff}}},
		{Key: "empty", Value: bson.D{}},
		{Key: "list", Value: bson.A{"a", int32(1), bson.D{{Key: "deep", Value: bson.A{}}}}},
		{Key: "", Value: "a field without a name"},
	}
	want := raw(t, doc)
	ctx := t.Context()
	require.NoError(t, b.engine.Insert(ctx, "reports", "r1", want))
	rows, err := b.engine.Get(ctx, "reports", "r1")
	require.NoError(t, err)
	require.Equal(t, want.String(), rows[0].Doc.String())
	require.Equal(t, want, rows[0].Doc)

	last := append(bson.D{{Key: "n", Value: int32(1)}}, bson.E{Key: "_id", Value: "r2"}, bson.E{Key: "z", Value: "z"})
	require.NoError(t, b.engine.Insert(ctx, "reports", "r2", raw(t, last)))
	rows, err = b.engine.Get(ctx, "reports", "r2")
	require.NoError(t, err)
	require.Equal(t, raw(t, bson.D{last[1], last[0], last[2]}), rows[0].Doc, "the id comes first")
}

func limits(t *testing.T, open func() store.Engine) {
	b := start(t, open)
	ctx := t.Context()
	fill := store.MaxDocument - len(raw(t, bson.D{{Key: "_id", Value: "big"}, {Key: "s", Value: ""}}))
	big := func(more int) error {
		return b.engine.Insert(ctx, "reports", "big", raw(t, bson.D{{Key: "_id", Value: "big"}, {Key: "s", Value: strings.Repeat("x", fill+more)}}))
	}
	wantCode(t, fault.Invalid, big(1))
	require.NoError(t, big(0))
	rows, err := b.engine.Get(ctx, "reports", "big")
	require.NoError(t, err)
	require.Len(t, rows[0].Doc, store.MaxDocument)

	long := strings.Repeat("i", store.MaxID)
	b.fill(t, report{ID: long})
	require.Equal(t, []string{"big", long}, b.walk(t, b.ByID(), 1), "a cursor holds the longest id")

	refused := []struct {
		name, id string
		doc      any
	}{
		{"a long id", long + "i", report{ID: long + "i"}},
		{"an id with a zero byte", "a\x00b", bson.D{{Key: "_id", Value: "a\x00b"}}},
		{"an id that is no text", "a\xff", bson.D{{Key: "_id", Value: "a\xff"}}},
		{"another id inside", "a", report{ID: "b"}},
		{"no id inside", "a", bson.D{{Key: "n", Value: 1}}},
		{"an id that is a number", "a", bson.D{{Key: "_id", Value: 1}}},
		{"the engine's version", "a", bson.D{{Key: "_id", Value: "a"}, {Key: "_v", Value: 1}}},
		{"the engine's token", "a", bson.D{{Key: "_id", Value: "a"}, {Key: "_w", Value: 1}}},
		{"a double in an index", "a", bson.D{{Key: "_id", Value: "a"}, {Key: "n", Value: 1.5}}},
		{"an array in a plain index", "a", bson.D{{Key: "_id", Value: "a"}, {Key: "unit", Value: bson.A{"x"}}}},
		{"a text in an index over arrays", "a", bson.D{{Key: "_id", Value: "a"}, {Key: "tags", Value: "x"}}},
		{"a document in an index over arrays", "a", bson.D{{Key: "_id", Value: "a"}, {Key: "tags", Value: bson.A{bson.D{}}}}},
		{"an indexed path through an array", "a", bson.D{{Key: "_id", Value: "a"}, {Key: "place", Value: bson.A{bson.D{{Key: "ward", Value: "w"}}}}}},
		{"a long indexed text", "a", report{ID: "a", Unit: strings.Repeat("u", store.MaxIndexed+1)}},
		{"an expiry that is no time", "a", bson.D{{Key: "_id", Value: "a"}, {Key: "expires", Value: "soon"}}},
		{"an expiry that nobody set", "a", bson.D{{Key: "_id", Value: "a"}, {Key: "expires", Value: time.Time{}}}},
	}
	for _, tt := range refused {
		err := b.engine.Insert(ctx, "reports", tt.id, raw(t, tt.doc))
		require.Error(t, err, tt.name)
		require.Equal(t, fault.Internal, fault.CodeOf(err), "%s: %v", tt.name, err)
	}
	require.Equal(t, 2, count(t, b), "nothing of what was refused is there")
}

func count(t *testing.T, b bench) int {
	t.Helper()
	n, err := store.Size(t.Context(), b.engine, "reports")
	require.NoError(t, err)
	return n
}

func ids(t *testing.T, open func() store.Engine) {
	b := start(t, open)
	// In the order of their bytes: how both engines compare text.
	want := []string{" ", "$where", ".", "0", "A", "\"quote\"", "'; DROP TABLE k_reports; --", "a", "a/b/c", "ab", "{\"$gt\": \"\"}", "đường", "Đường", "ổ gà", "中", "🕳"}
	for _, id := range want {
		b.fill(t, report{ID: id, Unit: id, Tags: []string{id}})
	}
	got := b.walk(t, b.ByID(), 3)
	require.ElementsMatch(t, want, got)
	require.IsIncreasing(t, got)
	for _, id := range want {
		doc, err := b.Get(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, id, doc.ID)
		require.Equal(t, []string{id}, b.found(t, b.query(t, "unit_tag", id, id)))
	}
	many, err := b.GetMany(t.Context(), want)
	require.NoError(t, err)
	require.Len(t, many, len(want))
}
