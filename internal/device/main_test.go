package device

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/clocktest"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/secret"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// network is a network of devices and topics in memory. A token says how it answers: "dead-…", "slow-…", "big-…"; any other takes what it is sent.
type network struct {
	name string

	mu       sync.Mutex
	sent     []sent
	topics   map[string][]string // by token
	calls    int
	asked    int             // to send
	slow     map[string]bool // devices that put everything off for now
	retry    time.Duration   // of slow ones
	unsigned bool            // it takes our signature no more
	fail     error           // of topics
	reason   string          // likewise, of the device
	during   func()          // runs within a change of topics
}

type sent struct {
	to channels.Address
	m  channels.Outbound
}

func (n *network) Profile() channels.Profile { return channels.Profile{Name: n.name, PerMinute: 7} }

func (n *network) Parse(channels.Request) (channels.Batch, error) {
	return channels.Batch{}, fault.New(fault.NotFound, "")
}

func (n *network) Check(raw string) (channels.Address, string, error) {
	if raw == "" || strings.Contains(raw, " ") {
		return "", "", fault.New(fault.Invalid, "")
	}
	known, _, _ := strings.Cut(raw, "#") // what follows may change, as keys of a browser do
	return channels.Address(raw), known, nil
}

func (n *network) Send(_ context.Context, to channels.Address, m channels.Outbound) channels.Outcome {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked++
	kind, _, _ := strings.Cut(path.Base(string(to)), "-")
	switch kind {
	case "dead":
		return channels.Outcome{Status: channels.Never, Reason: "token_dead", Cause: errors.New("dead")}
	case "big":
		return channels.Outcome{Status: channels.Never, Reason: "too_big", Cause: errors.New("big")}
	case "wrong":
		return channels.Outcome{Status: channels.Never, Reason: "wrong_sender", Alarm: true, Cause: errors.New("wrong")}
	case "odd":
		return channels.Outcome{Status: channels.Never, Reason: "status 599", Cause: errors.New("odd")}
	case "unsigned":
		return channels.Outcome{Status: channels.Never, Reason: "vapid_refused", Alarm: true, Cause: errors.New("unsigned")}
	case "slow":
		return channels.Outcome{Status: channels.Later, Retry: time.Minute, Unsure: true, Cause: errors.New("slow")}
	case "alarm":
		return channels.Outcome{Status: channels.Later, Retry: 15 * time.Minute, Alarm: true, Reason: "credentials", Cause: errors.New("alarm")}
	}
	if n.slow[string(to)] {
		return channels.Outcome{Status: channels.Later, Retry: n.retry, Cause: errors.New("slow")}
	}
	if n.unsigned {
		return channels.Outcome{Status: channels.Never, Reason: "vapid_refused", Alarm: true, Cause: errors.New("unsigned")}
	}
	n.sent = append(n.sent, sent{to, m})
	return channels.Outcome{Status: channels.Sent, MessageID: fmt.Sprint("net-", len(n.sent))}
}

func (n *network) Subscribe(_ context.Context, topic string, to []channels.Address) ([]string, error) {
	return n.change(topic, to, true)
}

func (n *network) Unsubscribe(_ context.Context, topic string, to []channels.Address) ([]string, error) {
	return n.change(topic, to, false)
}

func (n *network) Address(topics []string) channels.Address {
	return channels.Address("topics:" + strings.Join(topics, ","))
}

func (n *network) change(topic string, to []channels.Address, join bool) ([]string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.calls++
	if n.during != nil {
		during := n.during
		n.during = nil
		during()
	}
	if n.fail != nil {
		return nil, n.fail
	}
	if slices.ContainsFunc(to, func(a channels.Address) bool { return strings.HasPrefix(string(a), "poison") }) {
		return nil, fault.New(fault.Invalid, "")
	}
	out := make([]string, len(to))
	for i, a := range to {
		t := string(a)
		if out[i] = n.reason; n.reason != "" {
			continue
		}
		n.topics[t] = slices.DeleteFunc(n.topics[t], func(s string) bool { return s == topic })
		if join {
			n.topics[t] = append(n.topics[t], topic)
			slices.Sort(n.topics[t])
		}
	}
	return out, nil
}

// took gives to whom the network brought something, in order.
func (n *network) took() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []string
	for _, s := range n.sent {
		out = append(out, string(s.to))
	}
	slices.Sort(out)
	return out
}

func (n *network) follows(token string) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.topics[token])
}

// hosted is a network whose devices are each at a host of their own choosing: what stands before a slash.
type hosted struct{ *network }

func (hosted) Host(to channels.Address) string { return path.Dir(string(to)) }

// world is devices over a store of their own.
type world struct {
	*Devices
	engine  store.Engine
	phones  *network
	pages   *network
	nudges  int
	clock   *clocktest.Clock
	logged  *strings.Builder
	keyFile []byte
	wanted  map[string][]string // topics, by subject
	asked   func()              // runs when it was asked what an owner wants
}

func newWorld(t *testing.T, cfg Config) *world {
	t.Helper()
	key, err := secret.Generate(true)
	require.NoError(t, err)
	w := &world{
		engine: memory.New(), phones: &network{name: "fcm", topics: map[string][]string{}}, pages: &network{name: "webpush"},
		clock: clocktest.At(time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)), logged: &strings.Builder{}, keyFile: key, wanted: map[string][]string{},
	}
	w.open(t, cfg, key)
	return w
}

// open begins anew over the same store.
func (w *world) open(t *testing.T, cfg Config, key []byte) {
	t.Helper()
	box, err := secret.Open(key)
	require.NoError(t, err)
	w.Devices, err = New(t.Context(), w.engine, cfg, Deps{
		Box: box, Channels: map[string]Channel{"fcm": w.phones, "webpush": hosted{w.pages}}, Topics: map[string]Topics{"fcm": w.phones},
		Wanted: func(_ context.Context, v account.Viewer) ([]string, error) {
			topics := w.wanted[v.Subject]
			if w.asked != nil {
				w.asked()
			}
			return topics, nil
		},
		Nudge: func() { w.nudges++ }, Now: w.clock.Now, Log: slog.New(slog.NewTextHandler(w.logged, nil)), Reg: prometheus.NewRegistry(),
	})
	require.NoError(t, err)
}

func viewer(subjects ...string) account.Viewer {
	return account.Viewer{Account: "acc-" + subjects[0], Subject: subjects[0], Subjects: subjects, Assurance: account.Phone, Lang: message.Vietnamese}
}

func (w *world) register(t *testing.T, v account.Viewer, token string, topics ...string) Device {
	t.Helper()
	d, err := w.Register(t.Context(), v, Registration{Kind: "fcm", Token: token, Platform: "android", Topics: topics}, "")
	require.NoError(t, err)
	return d
}

func (w *world) ids(t *testing.T, v account.Viewer) []string {
	t.Helper()
	all, err := w.List(t.Context(), v)
	require.NoError(t, err)
	out := []string{}
	for _, d := range all {
		out = append(out, d.ID)
	}
	return out
}

// work carries out what is due, as a relay does.
func (w *world) work(t *testing.T) {
	t.Helper()
	ids, err := w.Due(t.Context(), 100)
	require.NoError(t, err)
	for _, id := range ids {
		require.NoError(t, w.Carry(t.Context(), id))
	}
}

func (w *world) waiting(t *testing.T) (int, time.Time) {
	t.Helper()
	n, since, err := w.Waiting(t.Context(), 100)
	require.NoError(t, err)
	return n, since
}

// stored gives all that the store holds of devices, as text.
func (w *world) stored(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	for row, err := range store.Rows(t.Context(), w.engine, "devices", "") {
		require.NoError(t, err)
		out.WriteString(row.ID + " " + row.Doc.String() + "\n")
	}
	return out.String()
}

func raw(s string) json.RawMessage { return json.RawMessage(s) }
