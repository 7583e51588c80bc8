package main

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/redisx"
)

func TestNewDocumentsAreBounded(t *testing.T) {
	t.Parallel()
	redis, err := redisx.Open(t.Context(), redisx.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer redis.Close()
	d := documents{redis, limit.New(nil, time.Now, slog.New(slog.DiscardHandler))}
	for i := range newDocuments {
		d.Remember(t.Context(), fmt.Sprint(i), "{ me { id } }")
		d.Remember(t.Context(), "0", "{ me { id } }") // what is known costs nothing
	}
	if q, ok := d.Document(t.Context(), fmt.Sprint(newDocuments-1)); !ok || q != "{ me { id } }" {
		t.Errorf("a document within the bound: %q, %v", q, ok)
	}
	d.Remember(t.Context(), "one more", "{ me { id } }")
	if _, ok := d.Document(t.Context(), "one more"); ok {
		t.Error("a document beyond the bound was kept")
	}
}
