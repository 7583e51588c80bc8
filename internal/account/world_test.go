package account_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.uber.org/goleak"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/locale"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/outbox"
	"github.com/motcua/motcua/internal/secret"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	phone  = "0912 345 678"
	phone2 = "0987 654 321"
	phone3 = "0333 222 111"
)

// clock is a clock that stands still until it is moved.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// errKilled is what everything answers once the program is "dead".
var errKilled = fault.Wrap(fault.Unavailable, errors.New("killed"))

// killer ends the program at its n-th write, after it happened and before anybody learns of it. (Ending it before the next write leaves the same store.)
type killer struct {
	mu     sync.Mutex
	at     int // 0 never
	writes int
	dead   bool
	ops    int // all calls, to compare what two requests cost
}

// write runs one write under the killer's eye.
func (k *killer) write(do func() error) error {
	k.mu.Lock()
	k.ops++
	if k.dead {
		k.mu.Unlock()
		return errKilled
	}
	k.writes++
	hit := k.at > 0 && k.writes == k.at
	k.dead = k.dead || hit
	k.mu.Unlock()
	err := do()
	if hit {
		return errKilled
	}
	return err
}

func (k *killer) read() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ops++
	if k.dead {
		return errKilled
	}
	return nil
}

func (k *killer) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ops
}

// engine is a store that can be killed.
type engine struct {
	store.Engine
	*killer
}

func (e engine) Insert(ctx context.Context, kind, id string, doc bson.Raw) error {
	return e.write(func() error { return e.Engine.Insert(ctx, kind, id, doc) })
}

func (e engine) Replace(ctx context.Context, kind, id string, v int64, doc bson.Raw) (ok bool, err error) {
	err = e.write(func() error { ok, err = e.Engine.Replace(ctx, kind, id, v, doc); return err })
	return ok, err
}

func (e engine) Delete(ctx context.Context, kind, id string) (ok bool, err error) {
	err = e.write(func() error { ok, err = e.Engine.Delete(ctx, kind, id); return err })
	return ok, err
}

func (e engine) Get(ctx context.Context, kind string, ids ...string) ([]store.Row, error) {
	if err := e.read(); err != nil {
		return nil, err
	}
	return e.Engine.Get(ctx, kind, ids...)
}

// mailbag is an outbox that keeps intents, each id once.
type mailbag struct {
	mu      sync.Mutex
	kill    *killer
	intents []outbox.Intent
}

func (m *mailbag) Put(_ context.Context, in outbox.Intent) error {
	return m.kill.write(func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		if !slices.ContainsFunc(m.intents, func(x outbox.Intent) bool { return x.ID == in.ID }) {
			m.intents = append(m.intents, in)
		}
		return nil
	})
}

// phones is a channel that keeps what was sent.
type phones struct {
	outcome channels.Outcome
	got     []string // "<to> <text>"
}

func (p *phones) Profile() channels.Profile { return channels.Profile{Name: "sms"} }
func (p *phones) Parse(channels.Request) (channels.Batch, error) {
	return channels.Batch{}, fault.New(fault.NotFound, "")
}
func (p *phones) Send(_ context.Context, to channels.Address, m channels.Outbound) channels.Outcome {
	for _, b := range m.Blocks {
		if w, ok := b.(message.Words); ok {
			p.got = append(p.got, string(to)+" "+w.Text)
		}
	}
	return p.outcome
}

// looks is an access log that may fail.
type looks struct {
	mu  sync.Mutex
	all []account.Access
	err error
}

func (l *looks) Record(_ context.Context, a account.Access) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.all = append(l.all, a)
	}
	return l.err
}

// alerts keeps what owners were told, each id once.
type alerts struct {
	mu  sync.Mutex
	all []account.Alert
}

func (w *world) tell(_ context.Context, n account.Alert) error {
	return w.mail.kill.write(func() error {
		w.alerts.mu.Lock()
		defer w.alerts.mu.Unlock()
		if !slices.ContainsFunc(w.alerts.all, func(x account.Alert) bool { return x.ID == n.ID }) {
			w.alerts.all = append(w.alerts.all, n)
		}
		return nil
	})
}

// told gives which notices an account's owner got, in order.
func (w *world) told(id string) []account.Notice {
	w.alerts.mu.Lock()
	defer w.alerts.mu.Unlock()
	var out []account.Notice
	for _, n := range w.alerts.all {
		if n.Account == id {
			out = append(out, n.Notice)
		}
	}
	return out
}

// syncBuffer is a log that a test reads.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// texts are the shipped catalogues, read once for all tests.
var texts = sync.OnceValues(func() (*locale.Catalogue, error) { return locale.Load(os.DirFS("../../configs/locales")) })

// world is one city: a store, keys, a clock, and replicas of the service on them.
type world struct {
	*account.Accounts
	t      testing.TB
	cfg    account.Config
	store  store.Engine
	kill   *killer
	keys   []byte // keyset file
	box    *secret.Box
	clock  *clock
	mail   *mailbag
	looks  *looks
	alerts *alerts
	log    *syncBuffer
	texts  *locale.Catalogue
	limits *limit.Limiter
}

func config() account.Config {
	many := limit.Rule{Max: 1000, Per: time.Hour}
	return account.Config{
		Issuer: "motcua", Audience: "motcua", AccessTTL: 15 * time.Minute, SessionIdle: 720 * time.Hour, SessionMax: 4320 * time.Hour,
		StaffSessionMax: 12 * time.Hour, MaxSessions: 10, RefreshRetry: time.Minute, KeyPeriod: 720 * time.Hour,
		Code:   account.CodeConfig{TTL: 5 * time.Minute, Attempts: 5, SendsPerHour: 100, SendsPerDay: 100, ChecksPerDay: 1000},
		Limits: account.LimitConfig{SendAddress: many, SendDevice: many, CheckAddress: many, CheckDevice: many, RefreshAddress: many},
	}
}

// newWorld opens a city; change adapts its configuration.
func newWorld(t testing.TB, change ...func(*account.Config)) *world {
	t.Helper()
	return newWorldOn(t, memory.New(), change...)
}

// newWorldOn opens a city on a store.
func newWorldOn(t testing.TB, engine store.Engine, change ...func(*account.Config)) *world {
	t.Helper()
	w := &world{t: t, cfg: config(), store: engine, log: &syncBuffer{}, looks: &looks{}, alerts: &alerts{}}
	for _, f := range change {
		f(&w.cfg)
	}
	w.clock = &clock{t: time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)}
	var err error
	if w.keys, err = secret.Generate(true); err != nil {
		t.Fatal(err)
	}
	w.unlock()
	if w.texts, err = texts(); err != nil {
		t.Fatal(err)
	}
	w.limits = limit.New(nil, w.clock.now, slog.New(slog.NewTextHandler(io.Discard, nil)))
	w.mail = &mailbag{kill: &killer{}}
	w.restart()
	return w
}

// unlock opens the keyset file.
func (w *world) unlock() {
	w.t.Helper()
	var err error
	if w.box, err = secret.Open(w.keys); err != nil {
		w.t.Fatal(err)
	}
}

// on gives the same world to another test.
func (w *world) on(t testing.TB) *world {
	c := *w
	c.t = t
	return &c
}

// restart puts a new process in the place of the old one.
func (w *world) restart() {
	w.t.Helper()
	w.kill = &killer{}
	w.mail.kill = w.kill
	w.Accounts = w.replica()
	w.kill.writes, w.kill.ops = 0, 0
}

// replica starts one more process on the same store.
func (w *world) replica() *account.Accounts {
	w.t.Helper()
	a, err := account.New(w.t.Context(), engine{w.store, w.kill}, w.cfg, w.deps(w.box))
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) deps(box account.Box) account.Deps {
	return account.Deps{
		Box: box, Limiter: w.limits, Outbox: w.mail, Texts: w.texts, Accesses: w.looks, Tell: w.tell, Now: w.clock.now,
		Log: slog.New(slog.NewJSONHandler(w.log, nil)), Reg: prometheus.NewRegistry(),
	}
}

// sent gives what the outbox would send, in order.
func (w *world) sent() []string {
	w.t.Helper()
	w.mail.mu.Lock()
	defer w.mail.mu.Unlock()
	p := &phones{outcome: channels.Outcome{Status: channels.Sent, MessageID: "1"}}
	handle := w.SMSHandler(p)
	for _, in := range w.mail.intents {
		if err := handle(w.t.Context(), in); err != nil {
			p.got = append(p.got, err.Error())
		}
	}
	return p.got
}

var codeRE = regexp.MustCompile(`\b\d{6}\b`)

// code gives the code that was sent last.
func (w *world) code() string {
	w.t.Helper()
	all := w.sent()
	if len(all) == 0 {
		w.t.Fatal("no message was sent")
	}
	return codeRE.FindString(all[len(all)-1])
}

// ask requests a code and gives the challenge and the code.
func (w *world) ask(number string) (account.Challenge, string) {
	w.t.Helper()
	c, err := w.RequestOTP(w.t.Context(), account.OTPRequest{Phone: number, Device: "device-1", Address: "203.0.113.7"})
	if err != nil {
		w.t.Fatal(err)
	}
	return c, w.code()
}

// signIn signs in with a phone.
func (w *world) signIn(number string) account.Grant {
	w.t.Helper()
	c, code := w.ask(number)
	g, err := w.VerifyOTP(w.t.Context(), account.VerifyRequest{ChallengeID: c.ID, Code: code, Device: "device-1", Address: "203.0.113.7"})
	if err != nil {
		w.t.Fatal(err)
	}
	return g
}

// other gives a code that is not the right one, a different one for each n below 999,999.
func other(code string, n int) string {
	v, _ := strconv.Atoi(code)
	s := strconv.Itoa(1_000_000 + (v+1+n)%1_000_000)
	return s[1:]
}

// key gives the catalogue key of an error: its own, or that of its first field.
func key(err error) string {
	f := fault.Of(err)
	if f == nil {
		return ""
	}
	if len(f.Fields) > 0 {
		return f.Fields[0].Key
	}
	return f.Key
}

// parallel runs f n times at once.
func parallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	wg.Wait()
}
