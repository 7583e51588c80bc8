// Package mongotest runs a MongoDB wire server inside a test, so that the driver's code meets a real wire.
//
// The server is FerretDB over SQLite. Give it one connection (mongo.Config.MaxPool 1): on several it loses concurrent updates. It is slow, because every
// filter but one by id reads the whole collection. It is for tests only.
package mongotest

import (
	"context"
	"log/slog"
	"testing"

	"github.com/FerretDB/FerretDB/ferretdb"
)

// Serve starts the server on a free port, until the test ends, and gives its address.
func Serve(t testing.TB) string {
	t.Helper()
	f, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		Handler:   "sqlite",
		SQLiteURL: "file:" + t.TempDir() + "/",
		Logger:    slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = f.Run(ctx) // ends with ctx; what it says then is of no use
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return f.MongoDBURI()
}
