package outbox

import (
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.uber.org/goleak"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/internal/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bubble runs a test in a synctest bubble with a store that lives as long: time passes only when everything waits.
func bubble(t *testing.T, f func(t *testing.T, engine store.Engine)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, memory.New()) })
}

// bubbleOnFiles is a bubble with the store that writes files.
func bubbleOnFiles(t *testing.T, f func(t *testing.T, engine store.Engine)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		engine, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Synchronous: "normal"})
		require.NoError(t, err)
		defer func() { require.NoError(t, engine.Close()) }()
		f(t, engine)
	})
}

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

// errKilled is what a dead process sees of the store.
var errKilled = &fault.Error{Code: fault.Unavailable, Cause: errors.New("killed")}

// mortal is an engine whose process dies around one of its writes: that write is lost, or done and its answer lost, and nothing goes through afterwards.
type mortal struct {
	store.Engine
	mu       sync.Mutex
	left     int // writes until death; below zero means immortal
	answered bool
	dead     bool
	onDeath  func()
}

func (m *mortal) write(do func() error) error {
	m.mu.Lock()
	if m.dead {
		m.mu.Unlock()
		return errKilled
	}
	dies := m.left == 0
	m.left--
	m.dead = dies
	m.mu.Unlock()
	if !dies {
		return do()
	}
	if m.answered {
		_ = do()
	}
	m.onDeath()
	return errKilled
}

func (m *mortal) alive() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return errKilled
	}
	return nil
}

func (m *mortal) Insert(ctx context.Context, kind, id string, doc bson.Raw) error {
	return m.write(func() error { return m.Engine.Insert(ctx, kind, id, doc) })
}

func (m *mortal) Replace(ctx context.Context, kind, id string, version int64, doc bson.Raw) (ok bool, err error) {
	err = m.write(func() error {
		ok, err = m.Engine.Replace(ctx, kind, id, version, doc)
		return err
	})
	return ok, err
}

func (m *mortal) Get(ctx context.Context, kind string, ids ...string) ([]store.Row, error) {
	if err := m.alive(); err != nil {
		return nil, err
	}
	return m.Engine.Get(ctx, kind, ids...)
}

func (m *mortal) Find(ctx context.Context, kind string, q store.Query) iter.Seq2[store.Row, error] {
	if err := m.alive(); err != nil {
		return func(yield func(store.Row, error) bool) { yield(store.Row{}, err) }
	}
	return m.Engine.Find(ctx, kind, q)
}
