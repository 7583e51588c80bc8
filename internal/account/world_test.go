package account_test

import (
	"context"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/clocktest"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/locale"
	"github.com/motcua/motcua/internal/logtest"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/outbox"
	"github.com/motcua/motcua/internal/secret"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/internal/store/storetest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

const (
	phone  = "0912 345 678"
	phone2 = "0987 654 321"
	phone3 = "0333 222 111"
)

// mailbag is an outbox that keeps intents, each id once.
type mailbag struct {
	mu      sync.Mutex
	life    *storetest.Life
	intents []outbox.Intent
}

func (m *mailbag) Put(_ context.Context, in outbox.Intent) error {
	return m.life.Write(func() error {
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
	return w.mail.life.Write(func() error {
		w.alerts.mu.Lock()
		defer w.alerts.mu.Unlock()
		if !slices.ContainsFunc(w.alerts.all, func(x account.Alert) bool { return x.ID == n.ID }) {
			w.alerts.all = append(w.alerts.all, n)
		}
		return nil
	})
}

// leave is what takes devices away; it ends with the program.
func (w *world) leave(ctx context.Context, by string) error {
	return w.mail.life.Write(func() error { return w.left.tell(ctx, by) })
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

// over gives the alert that the account's last one ends, "" for none, as its notice.
func (w *world) over(id string) account.Notice {
	w.alerts.mu.Lock()
	defer w.alerts.mu.Unlock()
	ends := ""
	for _, n := range slices.Backward(w.alerts.all) {
		switch {
		case n.Account != id:
		case ends == "":
			if ends = n.Ends; ends == "" {
				return ""
			}
		case n.ID == ends:
			return n.Notice
		}
	}
	return ""
}

// world is one city: a store, keys, a clock, and replicas of the service on them.
type world struct {
	*account.Accounts
	t      testing.TB
	cfg    account.Config
	store  store.Engine
	life   *storetest.Life
	keys   []byte // keyset file
	box    *secret.Box
	clock  *clocktest.Clock
	mail   *mailbag
	looks  *looks
	alerts *alerts
	left   *left
	log    *logtest.Buffer
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
	w := &world{t: t, cfg: config(), store: engine, log: &logtest.Buffer{}, looks: &looks{}, alerts: &alerts{}, left: &left{}}
	for _, f := range change {
		f(&w.cfg)
	}
	w.clock = clocktest.At(time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC))
	var err error
	if w.keys, err = secret.Generate(true); err != nil {
		t.Fatal(err)
	}
	w.unlock()
	w.texts = configstest.Texts(t)
	w.limits = limit.New(nil, w.clock.Now, slog.New(slog.NewTextHandler(io.Discard, nil)))
	w.mail = &mailbag{}
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
	w.life = &storetest.Life{}
	w.mail.life = w.life
	w.Accounts = w.replica()
}

// replica starts one more process on the same store.
func (w *world) replica() *account.Accounts {
	w.t.Helper()
	a, err := account.New(w.t.Context(), storetest.Mortal{Engine: w.store, Life: w.life}, w.cfg, w.deps(w.box))
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) deps(box account.Box) account.Deps {
	return account.Deps{
		Box: box, Limiter: w.limits, Outbox: w.mail, Texts: w.texts, Accesses: w.looks, Tell: w.tell, Left: w.leave, Now: w.clock.Now,
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

// lastTo gives the last text that a phone in E.164 would get; "" for none.
func (w *world) lastTo(phone string) string {
	w.t.Helper()
	for _, text := range slices.Backward(w.sent()) {
		if strings.HasPrefix(text, phone+" ") {
			return text
		}
	}
	return ""
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
