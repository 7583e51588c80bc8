package miniapps_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/miniapptest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// stub is the sample app's manifest with another Do.
type stub struct {
	manifest miniapps.Manifest
	do       func(context.Context, miniapps.Call) (miniapps.Result, error)
}

func (s *stub) Manifest() miniapps.Manifest { return s.manifest }
func (s *stub) Do(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	return s.do(ctx, c)
}

func newStub(t *testing.T, id string, do func(context.Context, miniapps.Call) (miniapps.Result, error)) *stub {
	t.Helper()
	m := sample(t)
	m.AppID = id
	return &stub{manifest: m, do: do}
}

var parsed = sync.OnceValues(func() (miniapps.Manifest, error) { return miniapps.ParseManifest(miniapptest.NotesManifest()) })

// sample gives the sample app's manifest, whose actions a test may change.
func sample(t testing.TB) miniapps.Manifest {
	t.Helper()
	m, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	m.Actions = slices.Clone(m.Actions)
	return m
}

// answers gives an app that always says the same.
func answers(t *testing.T, res miniapps.Result, err error) *stub {
	t.Helper()
	return newStub(t, "notes", func(context.Context, miniapps.Call) (miniapps.Result, error) { return res, err })
}

// recorder gives an app that keeps its calls.
type recorder struct {
	mu    sync.Mutex
	calls []miniapps.Call
}

func (r *recorder) do(_ context.Context, c miniapps.Call) (miniapps.Result, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, c)
	return miniapps.Result{Case: c.Case}, nil
}

func (r *recorder) last(t *testing.T) miniapps.Call {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.calls) == 0 {
		t.Fatal("the app was not called")
	}
	return r.calls[len(r.calls)-1]
}

// limits of the tests: those of the shipped configuration.
func limits() miniapps.Limits {
	return miniapps.Limits{Timeout: 4 * time.Second, Concurrent: 64, Wait: 250 * time.Millisecond, Failures: 5, Rest: 30 * time.Second}
}

// rig is a runner and what can be seen of it.
type rig struct {
	*miniapps.Runner
	reg *prometheus.Registry
	log *bytes.Buffer // JSON lines; read it when no call runs
}

func newRig(t *testing.T, l miniapps.Limits, change func(*miniapps.Deps), apps ...miniapps.App) *rig {
	t.Helper()
	g := &rig{reg: prometheus.NewRegistry(), log: &bytes.Buffer{}}
	deps := miniapps.Deps{Apps: apps, Now: time.Now, Log: slog.New(slog.NewJSONHandler(g.log, nil)), Reg: g.reg, Tracer: noop.NewTracerProvider()}
	if change != nil {
		change(&deps)
	}
	r, err := miniapps.NewRunner(miniapps.RunnerConfig{Limits: l}, deps)
	if err != nil {
		t.Fatal(err)
	}
	g.Runner = r
	return g
}

// value adds up the samples of a metric whose labels hold all of want.
func (g *rig) value(t *testing.T, name string, want map[string]string) float64 {
	t.Helper()
	families, err := g.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var sum float64
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			match := 0
			for _, l := range m.GetLabel() {
				if want[l.GetName()] == l.GetValue() {
					match++
				}
			}
			if match == len(want) {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

const goodInput = `{"text": "mua vé xe buýt"}`

// write is a good request of a citizen.
func write(key string) miniapps.Request {
	return miniapps.Request{App: "notes", Action: "write", Input: json.RawMessage(goodInput), Viewer: citizen(), Key: key}
}

func citizen() account.Viewer {
	v := miniapptest.Citizen()
	v.Assurance = account.Phone
	return v
}

func depsOf(apps ...miniapps.App) miniapps.Deps {
	return miniapps.Deps{Apps: apps, Now: time.Now, Log: slog.New(slog.DiscardHandler), Reg: prometheus.NewRegistry(), Tracer: noop.NewTracerProvider()}
}

// answersFor gives an app that accepts everything that is valid and can be read as a Go value.
func answersFor(t testing.TB) *stub {
	t.Helper()
	return &stub{manifest: sample(t), do: func(_ context.Context, c miniapps.Call) (miniapps.Result, error) {
		var in struct {
			Text   string
			Photos []string
			Place  *struct{ Lat, Lon *float64 }
			Times  *int
		}
		if err := json.Unmarshal(c.Input, &in); err != nil {
			return miniapps.Result{}, err
		}
		return miniapps.Result{}, nil
	}}
}
