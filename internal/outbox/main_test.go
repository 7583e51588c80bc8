package outbox

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/store"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func open(t *testing.T, engine store.Engine, cfg Config) *Outbox {
	t.Helper()
	o, err := New(t.Context(), engine, cfg, time.Now, slog.New(slog.NewTextHandler(io.Discard, nil)), prometheus.NewRegistry())
	require.NoError(t, err)
	return o
}

// start runs the outbox and gives what stops it.
func start(t *testing.T, o *Outbox) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- o.Run(ctx) }()
	return func() {
		cancel()
		require.NoError(t, <-done)
	}
}

// effects counts what handlers did, by intent.
type effects struct {
	mu    sync.Mutex
	times map[string]int
	order []string
}

func (e *effects) add(id string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.times == nil {
		e.times = map[string]int{}
	}
	e.times[id]++
	e.order = append(e.order, id)
	return e.times[id]
}

func (e *effects) of(id string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.times[id]
}

func (e *effects) count(_ context.Context, in Intent) error {
	e.add(in.ID)
	return nil
}

func stateOf(t *testing.T, o *Outbox, id string) record {
	t.Helper()
	r, err := o.records.Get(context.WithoutCancel(t.Context()), id)
	require.NoError(t, err)
	return r
}
