package mongo_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/mongo"
	"github.com/motcua/motcua/internal/store/mongo/mongotest"
	"github.com/motcua/motcua/internal/store/storetest"
)

// TestConformance runs on a wire server inside the test and, when MOTCUA_TEST_MONGODB_URI names one, on a real MongoDB too. The server
// inside gets one connection, because it loses concurrent updates on several; a real one gets as many as it takes.
func TestConformance(t *testing.T) {
	servers := map[string]mongo.Config{"wire server": {URI: mongotest.Serve(t), MaxPool: 1, Timeout: 30 * time.Second, SelectionTimeout: 30 * time.Second}}
	if uri := os.Getenv("MOTCUA_TEST_MONGODB_URI"); uri != "" {
		servers["MongoDB"] = mongo.Config{URI: uri}
	}
	for name, cfg := range servers {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) func() store.Engine {
				cfg := cfg // the tests run side by side, each in a database of its own
				cfg.Database = "motcua_test_" + strings.ToLower(bson.NewObjectID().Hex())
				return opener(t, cfg)
			})
		})
	}
}

func opener(t *testing.T, cfg mongo.Config) func() store.Engine {
	t.Helper()
	t.Cleanup(func() { mongo.Drop(t, cfg) })
	return func() store.Engine {
		e, err := mongo.Open(t.Context(), cfg)
		require.NoError(t, err)
		return e
	}
}
