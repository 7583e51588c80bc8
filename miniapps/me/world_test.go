package me_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/clocktest"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/outbox"
	"github.com/motcua/motcua/internal/secret/secrettest"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/me"
	"github.com/motcua/motcua/miniapps/miniapptest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

const (
	phone  = "0912345678"
	phone2 = "0987654321"
	phone3 = "0333222111"
)

// world is the app over real accounts.
type world struct {
	t        testing.TB
	engine   store.Engine
	accounts *account.Accounts
	app      *me.App
	runner   func() *miniapps.Runner // made when it is first used

	clock   *clocktest.Clock
	mu      sync.Mutex
	intents []outbox.Intent
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, engine: memory.New(), clock: clocktest.At(time.Date(2026, 11, 16, 5, 0, 0, 0, time.UTC))}
	words := configstest.Texts(t)
	log := slog.New(slog.DiscardHandler)
	var err error
	w.accounts, err = account.New(t.Context(), w.engine, config(), account.Deps{
		Box: secrettest.NewBox(t), Limiter: limit.New(nil, w.clock.Now, log), Outbox: w, Texts: words, Accesses: looks{}, Now: w.clock.Now, Log: log, Reg: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.app, err = me.New(me.Deps{
		Accounts: w.accounts, Texts: words, Zone: time.FixedZone("", 7*3600),
		LinkURL: func(token string) string { return "https://city/chat/link/" + token },
		FormURL: func(token string) string { return "https://city/chat/form/" + token },
	})
	if err != nil {
		t.Fatal(err)
	}
	w.runner = sync.OnceValue(func() *miniapps.Runner { return miniapptest.NewRunner(t, w.clock.Now, w.app) })
	return w
}

func config() account.Config {
	many := limit.Rule{Max: 1000, Per: time.Hour}
	return account.Config{
		Issuer: "motcua", Audience: "motcua", AccessTTL: 15 * time.Minute, SessionIdle: 720 * time.Hour, SessionMax: 4320 * time.Hour,
		StaffSessionMax: 12 * time.Hour, MaxSessions: 10, KeyPeriod: 720 * time.Hour,
		Code:   account.CodeConfig{TTL: 5 * time.Minute, Attempts: 5, SendsPerHour: 100, SendsPerDay: 100, ChecksPerDay: 1000},
		Limits: account.LimitConfig{SendAddress: many, SendDevice: many, CheckAddress: many, CheckDevice: many, RefreshAddress: many},
	}
}

type looks struct{}

func (looks) Record(context.Context, account.Access) error { return nil }

// Put keeps what is to be sent.
func (w *world) Put(ctx context.Context, in outbox.Intent) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.ContainsFunc(w.intents, func(x outbox.Intent) bool { return x.ID == in.ID }) {
		w.intents = append(w.intents, in)
	}
	return ctx.Err()
}

// sms is a channel that keeps the last text.
type sms struct {
	channels.Channel
	last string
}

func (s *sms) Send(_ context.Context, _ channels.Address, m channels.Outbound) channels.Outcome {
	s.last = m.Blocks[0].(message.Words).Text
	return channels.Outcome{Status: channels.Sent}
}

// code gives the one-time code that was sent last.
func (w *world) code() string {
	w.t.Helper()
	w.mu.Lock()
	in := w.intents[len(w.intents)-1]
	w.mu.Unlock()
	s := &sms{}
	if err := w.accounts.SMSHandler(s)(w.t.Context(), in); err != nil {
		w.t.Fatal(err)
	}
	return regexp.MustCompile(`\b\d{6}\b`).FindString(s.last)
}

func (w *world) each(ctx context.Context, f func(kind, id string, version int64)) error {
	for _, k := range w.engine.(store.Lister).Kinds() {
		for r, err := range store.Rows(ctx, w.engine, k.Name, "") {
			if err != nil {
				return err
			}
			f(k.Name, r.ID, r.Version)
		}
	}
	return nil
}

// chat gives the viewer of a chat on a network.
func (w *world) chat(network, user string) account.Viewer {
	w.t.Helper()
	v, err := w.accounts.Guest(w.t.Context(), account.Identity{Network: network, User: user}, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func (w *world) guest() account.Viewer { return w.chat("zalo", "1") }

// linked gives a chat that is linked with an account.
func (w *world) linked() account.Viewer {
	w.t.Helper()
	if v := w.chat("messenger", "2"); v.SignedIn() {
		return v
	}
	id, code := w.ask(w.chat("messenger", "2"), phone)
	if _, err := w.accounts.SignInChat(w.t.Context(), w.chat("messenger", "2"), id, code, ""); err != nil {
		w.t.Fatal(err)
	}
	return w.chat("messenger", "2")
}

// second gives another chat that is linked with the account of linked.
func (w *world) second() account.Viewer {
	w.t.Helper()
	c, err := w.accounts.OfferCode(w.t.Context(), w.linked(), "")
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.accounts.TakeCode(w.t.Context(), w.guest(), c.Code, ""); err != nil {
		w.t.Fatal(err)
	}
	return w.guest()
}

// ask has a code sent from a chat.
func (w *world) ask(v account.Viewer, number string) (id, code string) {
	w.t.Helper()
	c, err := w.accounts.RequestChatCode(w.t.Context(), v, number, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return c.ID, w.code()
}

// signIn opens a session.
func (w *world) signIn(number string) account.Viewer {
	w.t.Helper()
	c, err := w.accounts.RequestOTP(w.t.Context(), account.OTPRequest{Phone: number})
	if err != nil {
		w.t.Fatal(err)
	}
	g, err := w.accounts.VerifyOTP(w.t.Context(), account.VerifyRequest{ChallengeID: c.ID, Code: w.code()})
	if err != nil {
		w.t.Fatal(err)
	}
	return g.Viewer
}

// offer gives a typed code of another account.
func (w *world) offer() string {
	w.t.Helper()
	c, err := w.accounts.OfferCode(w.t.Context(), w.signIn(phone3), "")
	if err != nil {
		w.t.Fatal(err)
	}
	return c.Code
}

// entry gives the first entry of a citizen's list.
func (w *world) entry(v account.Viewer) string {
	w.t.Helper()
	all, err := w.accounts.Identities(w.t.Context(), v)
	if err != nil || len(all) == 0 {
		w.t.Fatalf("%v, %v", all, err)
	}
	return "link:" + all[0].ID
}

// recovery begins one.
func (w *world) recovery() {
	w.t.Helper()
	id, code := w.ask(w.linked(), phone2)
	if _, err := w.accounts.StartRecovery(w.t.Context(), w.linked(), id, code, ""); err != nil {
		w.t.Fatal(err)
	}
}

// run carries out an action.
func (w *world) run(v account.Viewer, action, key string, input map[string]any) (miniapps.Result, error) {
	w.t.Helper()
	raw, err := json.Marshal(input)
	if err != nil {
		w.t.Fatal(err)
	}
	if input == nil {
		raw = nil
	}
	return w.runner().Run(w.t.Context(), miniapps.Request{App: me.ID, Action: action, Viewer: v, Key: key, Input: raw})
}

func (w *world) must(v account.Viewer, action, key string, input map[string]any) miniapps.Result {
	w.t.Helper()
	res, err := w.run(v, action, key, input)
	if err != nil {
		w.t.Fatalf("%s: %v", action, err)
	}
	return res
}
