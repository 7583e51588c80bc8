package storetest

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/internal/store/sqlite"
)

// OnEngines runs a test on the engine in memory and on the one that writes files, at the same time.
func OnEngines(t *testing.T, test func(*testing.T, store.Engine)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) { t.Parallel(); test(t, memory.New()) })
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); test(t, OnFiles(t)) })
}

// OnFiles opens the engine that writes files, in a new folder, until the test is over. They need not survive a power cut.
func OnFiles(t testing.TB) store.Engine {
	t.Helper()
	return OnFilesIn(t, t.TempDir())
}

// OnFilesIn is OnFiles in a folder that the test knows.
func OnFilesIn(t testing.TB, dir string) store.Engine {
	t.Helper()
	e, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Synchronous: "normal"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return e
}

// Bubble runs a test in a synctest bubble with an engine in memory that lives as long: time passes only when everything waits.
func Bubble(t *testing.T, test func(*testing.T, store.Engine)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, memory.New()) })
}

// BubbleOnFiles is a Bubble with the engine that writes files.
func BubbleOnFiles(t *testing.T, test func(*testing.T, store.Engine)) {
	t.Helper()
	dir := t.TempDir() // which outlives the bubble
	synctest.Test(t, func(t *testing.T) { test(t, OnFilesIn(t, dir)) })
}
