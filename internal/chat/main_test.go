package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/conversation"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/inbox"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/secret/secrettest"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/miniapps"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// dialogue is a scripted Stepper: the first word of a text says what to do. It appends what it hears to State.Event, so that an event that took effect
// twice shows.
type dialogue struct{}

func (dialogue) Leaves(h conversation.Heard, talking bool) bool {
	return h.Text == "menu" || !talking && h.Text == "cancel"
}

func (dialogue) AsksPerson(h conversation.Heard) bool { return h.Text == "officer" }

func (dialogue) Kept(_ conversation.State, h conversation.Heard) string {
	if h.Text == "panic" {
		panic("secret words")
	}
	return strings.ReplaceAll(h.Text, "362684", conversation.Masked)
}

func (dialogue) Step(s conversation.State, in conversation.Input) (conversation.State, []conversation.Effect) {
	if r, ok := in.(conversation.Returned); ok {
		return returned(s, r)
	}
	if _, ok := in.(conversation.HandedBack); ok {
		return s, []conversation.Effect{conversation.Say{Blocks: words("menu")}}
	}
	h := in.(conversation.Heard)
	s.Event, s.At = s.Event+"|"+h.ID, h.At
	if h.Ref == "read.en" { // its language is learnt with it
		s.Lang, s.Call = message.English, &conversation.Call{App: "a", Action: "read", Input: json.RawMessage(`{}`)}
		return s, []conversation.Effect{*s.Call}
	}
	if h.Ref != "" || h.Contact != nil {
		return s, []conversation.Effect{conversation.Say{Blocks: words(fmt.Sprintf("ref %s %v", h.Ref, h.Contact))}}
	}
	verb, rest, _ := strings.Cut(h.Text, " ")
	say := func(text string) conversation.Effect { return conversation.Say{Blocks: words(text)} }
	switch verb {
	case "many":
		return s, []conversation.Effect{say(rest + "1"), say(rest + "2"), say(rest + "3")}
	case "change", "two":
		s.Call = &conversation.Call{App: "a", Action: verb, Input: json.RawMessage(`{"x":"` + rest + `"}`), Key: h.ID + "/1"}
		return s, []conversation.Effect{say("wait " + rest), *s.Call}
	case "read", "endless":
		s.Call = &conversation.Call{App: "a", Action: verb, Input: json.RawMessage(`{}`)}
		return s, []conversation.Effect{*s.Call}
	case "officer":
		return s, []conversation.Effect{say("one moment"), conversation.HandOver{Case: miniapps.CaseRef{App: "a", ID: rest}}}
	case "signin": // something waits for it
		s.Aside = &conversation.Draft{}
		s.Call = &conversation.Call{App: "me", Action: "signin", Input: json.RawMessage(`{}`), Key: h.ID + "/1"}
		return s, []conversation.Effect{*s.Call}
	case "secret":
		return s, []conversation.Effect{conversation.Say{Blocks: message.Blocks{message.Words{Text: "T367-HWG7", Secret: true}, message.Choices{Text: "what else?"}}}}
	case "panic":
		panic("secret words")
	case "mute":
		return s, nil
	}
	return s, []conversation.Effect{say("re " + h.Text)}
}

func returned(s conversation.State, r conversation.Returned) (conversation.State, []conversation.Effect) {
	call := *s.Call
	s.Call = nil
	s.Event += "+" + call.Key
	text := "done " + call.Action
	if s.Aside != nil {
		s.Aside, text = nil, text+" as "+string(r.Assurance)
	}
	if r.Err != nil {
		text = "failed " + string(fault.CodeOf(r.Err))
	}
	say := conversation.Say{Blocks: append(words(text), r.Result.Blocks...)}
	if event, ok := strings.CutSuffix(call.Key, "/1"); ok && call.Action == "two" {
		s.Call = &conversation.Call{App: "a", Action: "two", Input: call.Input, Key: event + "/2"}
		return s, []conversation.Effect{say, *s.Call}
	}
	if call.Action == "endless" {
		s.Call = &conversation.Call{App: "a", Action: "endless"}
	}
	return s, []conversation.Effect{say}
}

func words(text string) message.Blocks { return message.Blocks{message.Words{Text: text}} }

// services is a Runner that counts effects by key.
type services struct {
	mu     sync.Mutex
	calls  []miniapps.Request
	effect map[string]string                       // input by key
	refuse func(n int, req miniapps.Request) error // n counts from 1; nil refuses nothing
	slow   time.Duration                           // from the call to its answer
}

func (s *services) Run(ctx context.Context, req miniapps.Request) (miniapps.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return miniapps.Result{}, fault.Wrap(fault.Unavailable, err)
	}
	s.calls = append(s.calls, req)
	if s.refuse != nil {
		if err := s.refuse(len(s.calls), req); err != nil {
			return miniapps.Result{}, err
		}
	}
	if req.Key != "" {
		if was, ok := s.effect[req.Key]; ok && was != string(req.Input) {
			return miniapps.Result{}, fault.New(fault.Conflict, "")
		}
		s.effect[req.Key] = string(req.Input)
		asOf := time.Now()
		time.Sleep(s.slow)
		return miniapps.Result{Case: miniapps.CaseRef{App: req.App, ID: "case of " + req.Key}, AsOf: asOf}, nil
	}
	return miniapps.Result{}, nil
}

// network is a channel that keeps what it was given.
type network struct {
	profile channels.Profile
	mu      sync.Mutex
	tried   int
	taken   []channels.Outbound
	answer  func(n int, m channels.Outbound) *channels.Outcome // n counts tries from 1; nil, or a nil outcome, takes the message
}

func (n *network) Profile() channels.Profile { return n.profile }

func (n *network) Parse(channels.Request) (channels.Batch, error) {
	return channels.Batch{}, fault.New(fault.NotFound, "")
}

func (n *network) Send(ctx context.Context, _ channels.Address, m channels.Outbound) channels.Outcome {
	n.mu.Lock()
	defer n.mu.Unlock()
	if ctx.Err() != nil {
		return channels.Outcome{Status: channels.Later, Cause: ctx.Err()}
	}
	n.tried++
	if n.answer != nil {
		if o := n.answer(n.tried, m); o != nil {
			return *o
		}
	}
	n.taken = append(n.taken, m)
	return channels.Outcome{Status: channels.Sent, MessageID: fmt.Sprint("net-", len(n.taken))}
}

// texts gives what was taken.
func (n *network) texts() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := []string{}
	for _, m := range n.taken {
		out = append(out, wordsOf(m.Blocks))
	}
	return out
}

type people struct{ err error }

func (p people) Guest(_ context.Context, who account.Identity, lang message.Lang) (account.Viewer, error) {
	subject := "subject of " + who.User
	return account.Viewer{Subject: subject, Subjects: []string{subject}, Lang: lang}, p.err
}

// world is one replica with what surrounds it.
type world struct {
	*Chats
	net  *network
	apps *services
	deps Deps
}

var zalo = channels.Profile{Name: "zalo", MaxText: 200, MaxChoices: 5, FreeWindow: 48 * time.Hour, PaidWindow: 7 * 24 * time.Hour}

func newWorld(t testing.TB, engine store.Engine, cfg Config, change ...func(*Deps)) *world {
	t.Helper()
	w := &world{net: &network{profile: zalo}, apps: &services{effect: map[string]string{}}}
	w.deps = Deps{
		Steps: dialogue{}, Runner: w.apps, People: people{}, Box: secrettest.NewBox(t), Channels: map[string]channels.Channel{"zalo": w.net}, Texts: configstest.Texts(t),
		Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	for _, f := range change {
		f(&w.deps)
	}
	w.Chats = w.replica(t, engine, cfg)
	return w
}

// replica makes another one in the same world.
func (w *world) replica(t testing.TB, engine store.Engine, cfg Config) *Chats {
	t.Helper()
	deps := w.deps
	deps.Reg = prometheus.NewRegistry()
	c, err := New(t.Context(), engine, cfg, deps)
	require.NoError(t, err)
	return c
}

// convo is the conversation that all tests use.
var convo = channels.ConversationID("zalo", "oa", "person")

func event(id string, e channels.Event) inbox.Message {
	e.Account, e.From = "oa", "person"
	if e.At.IsZero() {
		e.At = time.Now()
	}
	return inbox.Message{ID: id, Channel: "zalo", Conversation: convo, Event: e, Received: time.Now()}
}

func said(id, text string) inbox.Message {
	return event(id, channels.Event{Kind: channels.Said, Text: text})
}

func (w *world) say(t testing.TB, id, text string) {
	t.Helper()
	require.NoError(t, w.Turn(t.Context(), said(id, text)))
}

func (w *world) chat(t testing.TB) chat {
	t.Helper()
	x, err := w.get(t.Context(), convo)
	require.NoError(t, err)
	return x
}

// sweep does what the outbox does with a relay, until nothing is due.
func sweep(t testing.TB, c *Chats) {
	t.Helper()
	for range 100 {
		ids, err := c.Due(t.Context(), 10)
		require.NoError(t, err)
		if len(ids) == 0 {
			return
		}
		for _, id := range ids {
			require.NoError(t, c.Carry(t.Context(), id))
		}
	}
	t.Fatal("the relay does not come to an end")
}

// pass lets time go by, with the relay looking every second, or less often over a long time.
func pass(t testing.TB, c *Chats, d time.Duration) {
	t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); {
		time.Sleep(max(time.Second, d/100))
		sweep(t, c)
	}
}

// ids gives those of what was taken, each once, in the order in which they first came.
func (n *network) ids() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []string
	for _, m := range n.taken {
		if !slices.Contains(out, m.ID) {
			out = append(out, m.ID)
		}
	}
	return out
}

func contextOf(t testing.TB) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

func (r *reentrant) Send(ctx context.Context, to channels.Address, m channels.Outbound) channels.Outcome {
	o := r.network.Send(ctx, to, m)
	r.first()
	return o
}
