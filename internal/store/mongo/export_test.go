package mongo

import (
	"context"
	"testing"
	"time"
)

// Drop removes the database of a test.
func Drop(t *testing.T, cfg Config) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	e, err := Open(ctx, cfg)
	if err != nil {
		t.Error(err)
		return
	}
	if err := e.db.Drop(ctx); err != nil {
		t.Error(err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}
