package outbox

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/store/sqlite"
)

// BenchmarkFanOut puts b.N bulk intents from 8 callers and waits until all are carried out, on SQLite as a city runs it.
func BenchmarkFanOut(b *testing.B) {
	engine, err := sqlite.Open(b.Context(), sqlite.Config{Dir: b.TempDir()})
	require.NoError(b, err)
	defer engine.Close()
	o, err := New(b.Context(), engine, Config{}, time.Now, slog.New(slog.NewTextHandler(io.Discard, nil)), prometheus.NewRegistry())
	require.NoError(b, err)
	var left sync.WaitGroup
	require.NoError(b, o.Handle("alert", func(context.Context, Intent) error {
		left.Done()
		return nil
	}))
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- o.Run(ctx) }()
	b.ResetTimer()
	left.Add(b.N)
	var callers sync.WaitGroup
	for c := range 8 {
		callers.Go(func() {
			for i := c; i < b.N; i += 8 {
				if err := o.Put(b.Context(), Intent{ID: fmt.Sprint("i", i), Lane: Bulk, Kind: "alert", Payload: []byte("p")}); err != nil {
					b.Error(err)
					left.Done()
				}
			}
		})
	}
	callers.Wait()
	left.Wait()
	b.StopTimer()
	cancel()
	require.NoError(b, <-done)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "intents/s")
}
