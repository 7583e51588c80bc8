package mongo_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/FerretDB/FerretDB/ferretdb"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/mongo"
	"github.com/motcua/motcua/internal/store/storetest"
)

// TestConformance runs on a wire server inside the test. It has one connection, because the server loses concurrent updates on several.
func TestConformance(t *testing.T) {
	uri := serve(t)
	var n atomic.Int64
	storetest.Run(t, func(t *testing.T) func() store.Engine {
		return opener(t, mongo.Config{URI: uri, Database: fmt.Sprintf("test%d", n.Add(1)), MaxPool: 1, Timeout: 20 * time.Second})
	})
}

// TestConformanceOnServer runs on the server that MOTCUA_TEST_MONGODB_URI names, when it names one: a real MongoDB, with as many connections as it takes.
func TestConformanceOnServer(t *testing.T) {
	uri := os.Getenv("MOTCUA_TEST_MONGODB_URI")
	if uri == "" {
		t.Skip("MOTCUA_TEST_MONGODB_URI is not set")
	}
	storetest.Run(t, func(t *testing.T) func() store.Engine {
		return opener(t, mongo.Config{URI: uri, Database: "motcua_test_" + strings.ToLower(bson.NewObjectID().Hex())})
	})
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

// serve starts FerretDB on a free port and gives its address.
func serve(t *testing.T) string {
	t.Helper()
	f, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		Handler:   "sqlite",
		SQLiteURL: "file:" + t.TempDir() + "/",
		Logger:    slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = f.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return f.MongoDBURI()
}
