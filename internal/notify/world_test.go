package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/live"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
	"github.com/motcua/motcua/miniapps"
)

const day = 24 * time.Hour

// urgencies of the notices in declared, by their id; others are normal.
func urgencyOf(_, notice string) miniapps.Urgency {
	switch notice {
	case "storm":
		return miniapps.Urgent
	case "closed", "news":
		return miniapps.Bulk
	}
	return ""
}

// sentLetter is one that a network took.
type sentLetter struct {
	Channel, Target, Subject, ID, Title, Text string
	Ground                                    Ground
	At                                        time.Time
	Topics                                    string
}

// city is the people and the networks of a test. Networks take what they are given unless told otherwise.
type city struct {
	mu    sync.Mutex
	chats map[string]map[string]time.Time // subject → channel → last message of the person
	push  map[string][]string             // subject → devices, "fcm:1" or "webpush:2"
	phone map[string]bool                 // subject → has a phone, so zns and sms are open
	who   map[string]Person               // accounts by subject; others are guests of their own

	answer  func(w Way, l Letter) Fate // nil: sent
	fate    func(w Way, letter string) Fate
	waysErr map[string]error // by channel
	sent    []sentLetter
	tries   map[string][]time.Time // by channel
	flying  int
	peak    int
	latency time.Duration
}

func newCity() *city {
	return &city{chats: map[string]map[string]time.Time{}, push: map[string][]string{}, phone: map[string]bool{}, who: map[string]Person{},
		waysErr: map[string]error{}, tries: map[string][]time.Time{}}
}

func (c *city) Person(_ context.Context, subject string) (Person, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := c.who[subject]; ok {
		p.Subject = subject
		return p, nil
	}
	if strings.HasPrefix(subject, "gone") {
		return Person{}, fault.New(fault.NotFound, "")
	}
	return Person{Subject: subject, Subjects: []string{subject}, Lang: "vi"}, nil
}

func (c *city) talked(subject, channel string, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.chats[subject] == nil {
		c.chats[subject] = map[string]time.Time{}
	}
	c.chats[subject][channel] = at
}

// network is one channel of the city, with the windows that it has in life.
type network struct {
	*city
	name string
}

func (c *city) carriers(names ...string) map[string]Carrier {
	out := map[string]Carrier{}
	for _, n := range names {
		out[n] = &network{c, n}
	}
	return out
}

var allChannels = []string{"fcm", "webpush", "zalo", "messenger", "web", "zns", "sms"}

func (n *network) Ways(_ context.Context, to Person, _ Letter) ([]Way, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.waysErr[n.name]; err != nil {
		return nil, err
	}
	switch n.name {
	case "fcm", "webpush":
		var out []Way
		for _, d := range n.push[to.Subject] {
			if kind, id, _ := strings.Cut(d, ":"); kind == n.name {
				out = append(out, Way{Channel: n.name, Target: id, Ground: Free})
			}
		}
		return out, nil
	case "zns", "sms":
		if !n.phone[to.Subject] {
			return nil, nil
		}
		return []Way{{Channel: n.name, Ground: map[string]Ground{"zns": Approved, "sms": Paid}[n.name]}}, nil
	}
	last, ok := n.chats[to.Subject][n.name]
	if !ok {
		return nil, nil
	}
	w := Way{Channel: n.name, Target: n.name + "/" + to.Subject, Ground: Free}
	switch age := time.Since(last); {
	case n.name == "zalo" && age > 7*day, n.name == "messenger" && age > day:
		w.Closed = "window_closed"
	case n.name == "zalo" && age > 48*time.Hour:
		w.Ground = Paid
	}
	return []Way{w}, nil
}

func (n *network) Send(ctx context.Context, w Way, to Person, l Letter) (Fate, error) {
	n.mu.Lock()
	n.flying++
	n.peak = max(n.peak, n.flying)
	n.tries[n.name] = append(n.tries[n.name], time.Now())
	answer, latency := n.answer, n.latency
	n.mu.Unlock()
	if latency > 0 {
		select {
		case <-time.After(latency):
		case <-ctx.Done():
		}
	}
	f := Fate{State: Sent}
	if answer != nil {
		f = answer(w, l)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.flying--
	if rank[f.State] >= rank[Sent] || f.Taken || f.Unsure {
		n.sent = append(n.sent, sentLetter{w.Channel, w.Target, to.Subject, l.ID, l.Title, l.Text, w.Ground, time.Now(), strings.Join(l.Topics, ",")})
	}
	return f, f.cause
}

func (n *network) Fate(_ context.Context, w Way, letter string) (Fate, error) {
	if n.fate == nil {
		return Fate{State: Pending}, nil
	}
	return n.fate(w, letter), nil
}

func (c *city) answers(f func(w Way, l Letter) Fate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = f
}

// took gives what left as "channel title", in order.
func (c *city) took() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := []string{}
	for _, s := range c.sent {
		out = append(out, s.Channel+" "+s.Title)
	}
	return out
}

// topics gives the topics that letters said had told the same.
func (c *city) topics() []string {
	var out []string
	for _, s := range c.sent {
		if s.Topics != "" {
			out = append(out, s.Topics)
		}
	}
	return sorted(out)
}

func (c *city) count() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]int{}
	for _, s := range c.sent {
		out[s.Subject+" "+s.ID]++
	}
	return out
}

// world is a sender with its city.
type world struct {
	*Sender
	t      testing.TB
	city   *city
	engine store.Engine
	texts  Texts
}

// inCity gives a test a city on a fresh store, at noon of a working day, with the bubble's clock.
func inCity(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		at(12, 0)
		f(t, replica(t, engine, newCity(), configstest.Texts(t), Config{}))
	})
}

// inCityOnFiles is a city on the store that writes files.
func inCityOnFiles(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	storetest.BubbleOnFiles(t, func(t *testing.T, engine store.Engine) {
		at(12, 0)
		f(t, replica(t, engine, newCity(), configstest.Texts(t), Config{}))
	})
}

// at sleeps until the city's clocks show that time next.
func at(hour, minute int) { time.Sleep(time.Until(next(time.Now(), hour*60+minute))) }

func replica(t testing.TB, engine store.Engine, c *city, words Texts, cfg Config) *world {
	return replicaOn(t, engine, c, words, cfg, c.carriers(allChannels...))
}

func replicaOn(t testing.TB, engine store.Engine, c *city, words Texts, cfg Config, carriers map[string]Carrier) *world {
	t.Helper()
	hub := live.New(nil, slog.New(slog.DiscardHandler))
	n, err := New(t.Context(), engine, cfg, declared, hub, time.Now)
	require.NoError(t, err)
	s, err := NewSender(t.Context(), engine, cfg, Deps{
		Inbox: n, Urgency: urgencyOf, People: c, Carriers: carriers, Texts: words, Now: time.Now,
		Log: slog.New(slog.DiscardHandler), Reg: prometheus.NewRegistry(),
	})
	require.NoError(t, err)
	return &world{Sender: s, t: t, city: c, engine: engine, texts: words}
}

// sweep does what relays do until nothing is due.
func (w *world) sweep() {
	w.t.Helper()
	require.NoError(w.t, w.try(w.t.Context()))
}

// try is sweep until an error.
func (w *world) try(ctx context.Context) error {
	sources := w.Sources()
	for range 1000 {
		done := 0
		names, err := w.busy(ctx)
		if err != nil {
			return err
		}
		for _, name := range names {
			ids, err := sources[name].Due(ctx, 64)
			if err != nil {
				return err
			}
			for _, id := range ids {
				before := w.version(name, id)
				if err := sources[name].Carry(ctx, id); err != nil {
					return err
				}
				if w.version(name, id) != before {
					done++
				}
			}
		}
		if done == 0 {
			return nil
		}
	}
	return errors.New("relays do not come to an end")
}

// busy names the sources that may have something, which is faster than to ask all of them.
func (w *world) busy(ctx context.Context) ([]string, error) {
	out := []string{relayName(announceLane), relayName(batchLane), relayName(topicLane)}
	for d, err := range w.letters.Find(ctx, w.letters.ByID().First(10_000)) {
		if err != nil {
			return nil, err
		}
		if d.ready(time.Now()) {
			out = append(out, relayName(d.Lane))
		}
	}
	return sorted(out), nil
}

// version changes with every write to what a source carries.
func (w *world) version(source, id string) string {
	kind := "dispatches"
	switch source {
	case relayName(announceLane):
		kind = "bulletins"
	case relayName(batchLane):
		kind = "bulletin_batches"
	case relayName(topicLane):
		kind = "notice_preferences"
	}
	rows, err := w.engine.Get(w.t.Context(), kind, id)
	if err != nil || len(rows) == 0 {
		return ""
	}
	return fmt.Sprint(rows[0].Version)
}

// pass lets time go by in steps, with relays at work.
func (w *world) pass(d, step time.Duration) {
	w.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); {
		time.Sleep(min(step, time.Until(end)))
		w.sweep()
	}
}

func note(id, to, notice string) Notice {
	return Notice{ID: id, To: to, App: "feedback", Notice: notice, Params: map[string]any{"n": id, "code": id}, CaseApp: "feedback", CaseID: "c-" + to}
}

func (w *world) post(id, to, notice string) {
	w.t.Helper()
	require.NoError(w.t, w.Post(w.t.Context(), note(id, to, notice)))
}

func (w *world) letter(id, to string) dispatch {
	w.t.Helper()
	d, err := w.letters.Get(w.t.Context(), letterID(Notice{ID: id, To: to}))
	require.NoError(w.t, err)
	return d
}

func (w *world) want(v account.Viewer, p Patch) {
	w.t.Helper()
	_, err := w.inbox.SetPreferences(w.t.Context(), v, p, "")
	require.NoError(w.t, err)
}

func guest(subject string) account.Viewer {
	return account.Viewer{Subject: subject, Subjects: []string{subject}, Lang: "vi"}
}
