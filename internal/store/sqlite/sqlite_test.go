package sqlite_test

import (
	"os"
	"testing"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/sqlite"
	"github.com/motcua/motcua/internal/store/storetest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		child(dir)
	}
	leaktest.Main(m)
}

func TestConformance(t *testing.T) { storetest.Run(t, fresh) }

func TestModel(t *testing.T) {
	for seed := range uint64(3) {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			storetest.Model(t, fresh(t), 2+seed, 500)
		})
	}
}

func fresh(t *testing.T) func() store.Engine {
	t.Helper()
	dir := t.TempDir()
	return func() store.Engine {
		e, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
		require.NoError(t, err)
		return e
	}
}
