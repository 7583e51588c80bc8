package sqlite_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/sqlite"
)

type note struct {
	ID   string   `bson:"_id"`
	Text string   `bson:"text"`
	N    int      `bson:"n"`
	Tags []string `bson:"tags,omitempty"`
}

func notes() store.Kind {
	return store.Kind{Name: "notes", Indexes: []store.Index{{Name: "n", Order: "n"}, {Name: "tags", Equal: []string{"tags"}, Many: "tags", Order: "n"}}}
}

func open(t *testing.T, dir string) (*sqlite.Engine, *store.Collection[note]) {
	t.Helper()
	e, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	c, err := store.Define[note](t.Context(), e, notes())
	require.NoError(t, err)
	return e, c
}

func TestConfigNamesEveryMistake(t *testing.T) {
	t.Parallel()
	err := sqlite.Config{File: "../x", Synchronous: "off", Readers: -1, CacheKB: -1}.Validate()
	for _, key := range []string{"dir:", "file:", "synchronous:", "readers:", "cache_kb:"} {
		require.ErrorContains(t, err, key)
	}
	require.NoError(t, sqlite.Config{Dir: "data"}.Validate())
	_, err = sqlite.Open(t.Context(), sqlite.Config{})
	require.ErrorContains(t, err, "dir:")
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	text := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(text, "motcua.db"), []byte(strings.Repeat("no database ", 1000)), 0o600))
	other := t.TempDir()
	change(t, other, "CREATE TABLE shopping (item)")
	newer := t.TempDir()
	change(t, newer, "PRAGMA application_id = 0x4d544355; PRAGMA user_version = 99; CREATE TABLE t (x)")

	tests := []struct{ name, dir, want string }{
		{"a file where the folder should be", file, "data folder " + file},
		{"a folder that cannot be made", "/proc/motcua", "data folder /proc/motcua cannot be made"},
		{"not a database", text, "not a database"},
		{"a database of somebody else", other, "belongs to another program"},
		{"a newer version's file", newer, "written by a newer version"},
	}
	for _, tt := range tests {
		_, err := sqlite.Open(t.Context(), sqlite.Config{Dir: tt.dir})
		require.ErrorContains(t, err, tt.want, tt.name)
		require.NotContains(t, err.Error(), "\n", tt.name)
	}
}

func change(t *testing.T, dir, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "motcua.db"))
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), statements)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}

func TestOneProcessAtATime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
	require.NoError(t, err)
	_, err = sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
	require.ErrorContains(t, err, "is in use: another process has it open")
	require.NoError(t, first.Close())
	second, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
	require.NoError(t, err)
	require.NoError(t, second.Close())
}

func TestFilesBelongToTheirOwner(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "thư mục", "a b?c#d%41&e=f")
	_, c := open(t, dir)
	require.NoError(t, c.Insert(t.Context(), note{ID: "a"}))
	for _, name := range []string{".", "motcua.db", "motcua.db-wal", "motcua.db.lock"} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, name)
	}
}

func TestSnapshotIsWhole(t *testing.T) {
	t.Parallel()
	dir, copied := t.TempDir(), t.TempDir()
	e, c := open(t, dir)
	for i := range 50 {
		require.NoError(t, c.Insert(t.Context(), note{ID: fmt.Sprint(i), N: i, Tags: []string{"x"}}))
	}
	require.NoError(t, e.Snapshot(t.Context(), copied))
	require.Error(t, e.Snapshot(t.Context(), copied), "never over another")
	require.NoError(t, c.Insert(t.Context(), note{ID: "later", Tags: []string{"x"}}))

	info, err := os.Stat(filepath.Join(copied, "motcua.db"))
	require.NoError(t, err)
	require.Zero(t, info.Mode().Perm()&0o077)
	_, there := open(t, copied)
	q, err := there.Query("tags")
	require.NoError(t, err)
	n, err := there.Count(t.Context(), q.Where("x"), 100)
	require.NoError(t, err)
	require.Equal(t, 50, n)
}

// TestFilesStopGrowing writes, removes and sweeps the same amount again and again: the folder's size must settle.
func TestFilesStopGrowing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Synchronous: "normal"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	c, err := store.Define[bson.M](t.Context(), e, store.Kind{Name: "marks", ExpiresAt: "at", Indexes: []store.Index{{Name: "tags", Equal: []string{"tags"}, Many: "tags"}}})
	require.NoError(t, err)
	var sizes []int64
	for round := range 5 {
		for i := range 150 {
			now := when(round)
			require.NoError(t, c.Insert(t.Context(), bson.M{"_id": fmt.Sprintf("%d/%d", round, i), "at": now, "tags": []string{"a", fmt.Sprint(i)}, "text": strings.Repeat("x", 8000)}))
		}
		n, err := store.SweepAll(t.Context(), e, when(round+1))
		require.NoError(t, err)
		require.Equal(t, 150, n)
		sizes = append(sizes, size(t, dir))
	}
	require.LessOrEqual(t, sizes[4], sizes[1]+64<<10, "%v", sizes)
	require.Less(t, sizes[4], int64(3<<20), "%v: what is free was given back", sizes)
}

func size(t *testing.T, dir string) (total int64) {
	t.Helper()
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, f := range files {
		info, err := f.Info()
		require.NoError(t, err)
		total += info.Size()
	}
	return total
}
