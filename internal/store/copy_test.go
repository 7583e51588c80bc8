package store_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

func TestCopyBringsEverything(t *testing.T) {
	t.Parallel()
	from, to := storetest.OnFiles(t), storetest.OnFiles(t)
	fill(t, define(t, from), 320)
	kinds := []store.Kind{lamps(), {Name: "empty"}}
	var last [2]int
	report, err := store.Copy(t.Context(), from, to, kinds, func(kind string, done, total int) {
		if kind == "lamps" {
			require.GreaterOrEqual(t, done, last[0])
			last = [2]int{done, total}
		}
	})
	require.NoError(t, err)
	require.Equal(t, [2]int{320, 320}, last)
	require.Equal(t, 320, report.Documents())
	require.Len(t, report.Kinds, 2)
	require.Len(t, report.Kinds[0].Hash, 64)

	c := define(t, to)
	q, err := c.Query("tags")
	require.NoError(t, err)
	n, err := c.Count(t.Context(), q.Where("0"), 1000)
	require.NoError(t, err)
	require.Equal(t, 107, n, "indexed there")

	again, err := store.Copy(t.Context(), from, to, kinds, nil)
	require.NoError(t, err, "a copy can be repeated")
	require.Equal(t, report, again)
}

func TestCopyRefusesADifferentTarget(t *testing.T) {
	t.Parallel()
	from, to := storetest.OnFiles(t), storetest.OnFiles(t)
	fill(t, define(t, from), 3)
	c := define(t, to)
	require.NoError(t, c.Insert(t.Context(), lamp{ID: "l00001", N: 77}))
	_, err := store.Copy(t.Context(), from, to, []store.Kind{lamps()}, nil)
	require.Equal(t, fault.Conflict, fault.CodeOf(err), "%v", err)

	require.NoError(t, c.Delete(t.Context(), "l00001"))
	require.NoError(t, c.Insert(t.Context(), lamp{ID: "one more"}))
	_, err = store.Copy(t.Context(), from, to, []store.Kind{lamps()}, nil)
	require.ErrorContains(t, err, "3 documents")
}

func dumped(t *testing.T, n int) (store.Report, []byte) {
	t.Helper()
	e := storetest.OnFiles(t)
	fill(t, define(t, e), n)
	var out bytes.Buffer
	report, err := store.Dump(t.Context(), e, []store.Kind{lamps(), {Name: "empty"}}, &out, now(), nil)
	require.NoError(t, err)
	return report, out.Bytes()
}

func TestDumpIsRestored(t *testing.T) {
	t.Parallel()
	report, data := dumped(t, 310)
	checked, err := store.CheckDump(bytes.NewReader(data))
	require.NoError(t, err)
	require.Equal(t, report, checked)

	e := storetest.OnFiles(t)
	for range 2 { // a restore that was broken off can be repeated
		restored, err := store.Restore(t.Context(), e, bytes.NewReader(data), nil)
		require.NoError(t, err)
		require.Equal(t, report, restored)
	}
	got, err := store.Digest(t.Context(), e, "lamps")
	require.NoError(t, err)
	require.Equal(t, report.Kinds[0], got)
	c := define(t, e)
	q, err := c.Query("street")
	require.NoError(t, err)
	n, err := c.Count(t.Context(), q.Where("Lạch Tray"), 1000)
	require.NoError(t, err)
	require.Equal(t, 310, n)
	_, err = c.Update(t.Context(), "l00001", func(l *lamp) error { l.N = -1; return nil })
	require.NoError(t, err)
	_, err = store.Restore(t.Context(), e, bytes.NewReader(data), nil)
	require.Equal(t, fault.Conflict, fault.CodeOf(err), "%v", err)
}

func TestDamagedDumpIsNoticed(t *testing.T) {
	t.Parallel()
	_, data := dumped(t, 4)
	for n := range data {
		_, err := store.CheckDump(bytes.NewReader(data[:n]))
		require.Error(t, err, "cut after %d bytes", n)
	}
	for n := range data {
		bad := bytes.Clone(data)
		bad[n] ^= 0x10
		_, err := store.CheckDump(bytes.NewReader(bad))
		require.Error(t, err, "a bit of byte %d is wrong", n)
	}
	_, err := store.CheckDump(bytes.NewReader(append(bytes.Clone(data), 'x')))
	require.Error(t, err, "something behind the end")
	_, err = store.Restore(t.Context(), storetest.OnFiles(t), bytes.NewReader(data[:len(data)-1]), nil)
	require.Error(t, err)
}

var errFull = errors.New("no space left")

type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestDumpSaysWhenItCannotBeWritten(t *testing.T) {
	t.Parallel()
	e := storetest.OnFiles(t)
	fill(t, define(t, e), 50)
	for _, left := range []int{0, 500} {
		_, err := store.Dump(t.Context(), e, []store.Kind{lamps()}, &full{left: left}, now(), nil)
		require.ErrorIs(t, err, errFull)
	}
	var _ io.Writer = (*full)(nil)
}

func FuzzDump(f *testing.F) {
	header, err := bson.Marshal(bson.D{{Key: "format", Value: 1}, {Key: "kinds", Value: bson.A{bson.D{{Key: "name", Value: "a"}}}}})
	if err != nil {
		f.Fatal(err)
	}
	row, err := bson.Marshal(bson.D{{Key: "k", Value: int32(0)}, {Key: "d", Value: bson.D{{Key: "_id", Value: "x"}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("motcua dump 1\n"))
	f.Add(append([]byte("motcua dump 1\n"), header...))
	f.Add(append(append([]byte("motcua dump 1\n"), header...), row...))
	f.Fuzz(func(t *testing.T, data []byte) {
		report, err := store.CheckDump(bytes.NewReader(data))
		if err == nil && report.Documents() > len(data) {
			t.Fatalf("%d documents out of %d bytes", report.Documents(), len(data))
		}
	})
}
