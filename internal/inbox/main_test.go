package inbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/secret"
	"github.com/motcua/motcua/internal/secret/secrettest"
	"github.com/motcua/motcua/internal/store"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// settle is the rest of events in most tests, as a city has it.
const settle = 150 * time.Millisecond

var zalo = channels.Profile{Name: "zalo", Account: "oa", MaxAge: 3 * time.Hour}

// world is what surrounds the replicas of a test.
type world struct {
	engine store.Engine
	box    *secret.Box
	fetch  fetchFunc
	desk   desk
}

func newWorld(t testing.TB, engine store.Engine) *world {
	return &world{engine: engine, box: secrettest.NewBox(t)}
}

// fetchFunc is a Fetcher.
type fetchFunc func(ctx context.Context, m Message, i int) (Fetched, error)

func (f fetchFunc) Fetch(ctx context.Context, m Message, i int) (Fetched, error) {
	if f == nil {
		return Fetched{}, errors.New("nothing to fetch here")
	}
	return f(ctx, m, i)
}

// desk is the operator's.
type desk struct {
	mu     sync.Mutex
	err    error
	causes map[string]error
}

func (d *desk) park(_ context.Context, id, _ string, cause error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return d.err
	}
	if d.causes == nil {
		d.causes = map[string]error{}
	}
	d.causes[id] = cause
	return nil
}

func (d *desk) cause(id string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.causes[id]
}

// open makes a replica. Change may be nil.
func (w *world) open(t testing.TB, cfg Config, change func(*Deps)) *Inbox {
	t.Helper()
	deps := Deps{
		Box: w.box, Fetch: w.fetch, Park: w.desk.park, Now: time.Now,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Reg: prometheus.NewRegistry(),
	}
	if change != nil {
		change(&deps)
	}
	in, err := New(t.Context(), w.engine, cfg, deps)
	require.NoError(t, err)
	return in
}

// start runs a replica and gives what stops it.
func start(t testing.TB, in *Inbox, h Handler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- in.Run(ctx, h) }()
	return func() {
		cancel()
		require.NoError(t, <-done)
	}
}

var epoch = time.UnixMilli(1_790_000_000_000)

// said is an event of a person, n milliseconds after the epoch by the network's clock.
func said(who string, n int, more ...channels.Attachment) channels.Event {
	return channels.Event{
		ID: fmt.Sprintf("%s-%d", who, n), Kind: channels.Said, Account: "oa", From: channels.Address(who),
		At: epoch.Add(time.Duration(n) * time.Millisecond), Text: fmt.Sprint("tin ", n), Attachments: more,
	}
}

func take(t testing.TB, in *Inbox, events ...channels.Event) {
	t.Helper()
	require.NoError(t, in.Take(t.Context(), zalo, events))
}

// idOf gives the id under which an event is kept.
func idOf(t testing.TB, in *Inbox, e channels.Event) string {
	t.Helper()
	r, err := in.record(zalo, e, time.Now())
	require.NoError(t, err)
	return r.ID
}

func stored(t testing.TB, in *Inbox, e channels.Event) record {
	t.Helper()
	r, err := in.records.Get(context.WithoutCancel(t.Context()), idOf(t, in, e))
	require.NoError(t, err)
	return r
}

// witness is a handler that sees what is handed over.
type witness struct {
	mu     sync.Mutex
	order  map[channels.Address][]string // event ids by person, as begun
	media  map[string][]Fetched
	tries  map[string]int
	busy   map[string]int // calls under way by conversation
	clash  bool           // two calls of one conversation at once
	answer func(m Message) error
	during func(ctx context.Context, m Message)
}

func (w *witness) see(ctx context.Context, m Message) error {
	w.enter(m)
	defer w.exit(m)
	if w.during != nil {
		w.during(ctx, m)
	}
	if w.answer != nil {
		return w.answer(m)
	}
	return nil
}

func (w *witness) enter(m Message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.order == nil {
		w.order, w.media, w.tries, w.busy = map[channels.Address][]string{}, map[string][]Fetched{}, map[string]int{}, map[string]int{}
	}
	w.busy[m.Conversation]++
	w.clash = w.clash || w.busy[m.Conversation] > 1
	w.order[m.Event.From] = append(w.order[m.Event.From], m.Event.ID)
	w.media[m.Event.ID] = m.Media
	w.tries[m.Event.ID]++
}

func (w *witness) exit(m Message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy[m.Conversation]--
}

func (w *witness) of(who string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string{}, w.order[channels.Address(who)]...)
}

func (w *witness) tried(id string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tries[id]
}

func (w *witness) mediaOf(id string) []Fetched {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.media[id]
}

func (w *witness) clashed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clash
}

// names gives the event ids of a person from..to.
func names(who string, from, to int) []string {
	out := []string{}
	for n := from; n <= to; n++ {
		out = append(out, fmt.Sprintf("%s-%d", who, n))
	}
	return out
}
