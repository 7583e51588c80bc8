package inbox

import (
	"context"
	"errors"
	"fmt"
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

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/secret"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/internal/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// settle is the rest of events in most tests, as a city has it.
const settle = 150 * time.Millisecond

var zalo = channels.Profile{Name: "zalo", Account: "oa", MaxAge: 3 * time.Hour}

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

// newBox makes the keys that all replicas of a test share.
func newBox(t testing.TB) *secret.Box {
	t.Helper()
	file, err := secret.Generate(true)
	require.NoError(t, err)
	box, err := secret.Open(file)
	require.NoError(t, err)
	return box
}

// world is what surrounds the replicas of a test.
type world struct {
	engine store.Engine
	box    *secret.Box
	fetch  fetchFunc
	desk   desk
}

func newWorld(t testing.TB, engine store.Engine) *world {
	return &world{engine: engine, box: newBox(t)}
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

// errKilled is what a dead process sees of the store.
var errKilled = &fault.Error{Code: fault.Unavailable, Cause: errors.New("killed")}

// mortal is an engine whose process can be killed, at once or around one of its writes: that write is lost, or done and its answer lost, and nothing
// goes through afterwards.
type mortal struct {
	store.Engine
	mu       sync.Mutex
	left     int // writes until death; below zero means that only kill ends it
	answered bool
	dead     bool
	onDeath  func()
	inserts  int
	writes   int
}

func (m *mortal) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = true
}

// count gives how often documents were inserted and replaced.
func (m *mortal) count() [2]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return [2]int{m.inserts, m.writes}
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
	m.mu.Lock()
	m.inserts++
	m.mu.Unlock()
	return m.write(func() error { return m.Engine.Insert(ctx, kind, id, doc) })
}

func (m *mortal) Replace(ctx context.Context, kind, id string, version int64, doc bson.Raw) (ok bool, err error) {
	m.mu.Lock()
	m.writes++
	m.mu.Unlock()
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
