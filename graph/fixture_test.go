package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/configs"
	"github.com/motcua/motcua/graph"
	"github.com/motcua/motcua/graph/guard"
	"github.com/motcua/motcua/graph/transport"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/audit"
	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/chat"
	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/device"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/live"
	"github.com/motcua/motcua/internal/locale"
	"github.com/motcua/motcua/internal/logtest"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/internal/outbox"
	"github.com/motcua/motcua/internal/secret"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/internal/store/storetest"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/feedback"
)

// shared holds what is read-only and slow to make.
type shared struct {
	city  *city.City
	texts *locale.Catalogue
	keys  []byte
}

var load = sync.OnceValues(func() (shared, error) {
	cityFiles, err := fs.Sub(configs.Files, "cities/haiphong")
	if err != nil {
		return shared{}, err
	}
	c, err := city.Load(cityFiles)
	if err != nil {
		return shared{}, err
	}
	localeFiles, err := fs.Sub(configs.Files, "locales")
	if err != nil {
		return shared{}, err
	}
	texts, err := locale.Load(localeFiles)
	if err != nil {
		return shared{}, err
	}
	keys, err := secret.Generate(true)
	return shared{c, texts, keys}, err
})

// world is a small city behind a real GraphQL handler on a real port.
type world struct {
	t        testing.TB
	url      string
	deps     graph.Deps
	handler  *graph.Handler
	engine   *storetest.Watched
	gets     storetest.Tally // of engine, by id
	accounts *account.Accounts
	reports  *feedback.App
	runner   *miniapps.Runner
	hub      *live.Hub
	notices  *notify.Notices
	sender   *notify.Sender
	devices  *device.Devices
	chats    *chat.Chats
	signs    *street
	reg      *prometheus.Registry
	log      logtest.Buffer
	sms      *fakeSMS
	close    func() // stops listening; may be called early
}

// settings are those of production where they bound anything, and of development where they open something.
func settings() graph.Settings {
	return graph.Settings{
		Introspection: graph.IntrospectionOn,
		Explorer:      true,
		Limits:        guard.Limits{Tokens: 1000, Depth: 10, Aliases: 15, RootFields: 10, Repeats: 20, Directives: 20, Cost: 1000, Errors: 10},
		Transport: transport.Config{
			MaxBody: 64 << 10, Get: transport.GetAny, Timeout: 5 * time.Second, InitTimeout: 5 * time.Second, PingEvery: 5 * time.Second,
			WriteTimeout: 5 * time.Second, RecheckEvery: time.Minute, Streams: 100, Subscriptions: 5, Operations: 50,
		},
	}
}

// newWorld starts a city. Options change its settings.
func newWorld(t testing.TB, options ...func(*graph.Settings)) *world {
	t.Helper()
	return newWorldOn(t, memory.New(), options...)
}

// newWorldOn starts a city on a store.
func newWorldOn(t testing.TB, db store.Engine, options ...func(*graph.Settings)) *world {
	t.Helper()
	s, err := load()
	require.NoError(t, err)
	ctx := t.Context()
	w := &world{t: t, reg: prometheus.NewRegistry(), sms: &fakeSMS{texts: map[string][]string{}}}
	log := slog.New(slog.NewJSONHandler(&w.log, nil))
	w.engine = &storetest.Watched{Engine: db, Before: func(c storetest.Call) error {
		if c.Op != storetest.Get {
			return nil
		}
		return w.gets.Note(c)
	}}
	w.hub = live.New(nil, log)
	cfg := settings()
	for _, o := range options {
		o(&cfg)
	}
	w.deps = w.services(ctx, s, log)
	w.handler, err = graph.New(cfg, w.deps)
	require.NoError(t, err)
	w.listen()
	return w
}

func (w *world) services(ctx context.Context, s shared, log *slog.Logger) graph.Deps {
	t, now := w.t, time.Now
	box, err := secret.Open(s.keys)
	require.NoError(t, err)
	limiter := limit.New(nil, now, log)
	trail, err := audit.New(ctx, w.engine, audit.Config{Retention: 24 * time.Hour}, now)
	require.NoError(t, err)
	w.accounts, err = account.New(ctx, w.engine, accountConfig(), account.Deps{
		Box: box, Limiter: limiter, Outbox: w.sms, Texts: s.texts, Accesses: trail, Now: now, Log: log, Reg: w.reg,
	})
	require.NoError(t, err)
	w.sms.deliver = w.accounts.SMSHandler(w.sms)
	bucket, err := media.OpenFolder(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { _ = bucket.Close() })
	files, err := media.New(ctx, w.engine, bucket, box, mediaConfig(), now)
	require.NoError(t, err)
	codes, err := casework.NewCodes(ctx, w.engine, casework.Config{CodeReservation: time.Hour}, now)
	require.NoError(t, err)
	change := func(ctx context.Context, ref miniapps.CaseRef) { w.hub.Signal(ctx, topic(ref)) }
	var notices *notify.Notices
	w.reports, err = feedback.New(ctx, w.engine, feedback.Deps{
		City: s.city, Media: files, Codes: codes, Texts: s.texts, Names: w.accounts, Signal: change,
		Deliver: func(ctx context.Context, n casework.Notice) error {
			return notices.Deliver(ctx, notify.Notice{ID: n.ID, To: n.To, App: feedback.ID, Notice: n.Notice, Params: n.Values(), CaseApp: feedback.ID, CaseID: n.Case, At: n.At})
		},
	}, feedback.Config{Retention: 31 * 24 * time.Hour, UnsureHours: 40}, now)
	require.NoError(t, err)
	w.runner, err = miniapps.NewRunner(miniapps.RunnerConfig{Limits: miniapps.Limits{
		Timeout: 4 * time.Second, Concurrent: 64, Wait: 250 * time.Millisecond, Failures: 5, Rest: 30 * time.Second,
	}}, miniapps.Deps{Apps: []miniapps.App{w.reports, flaky{}}, OnChange: change, Now: now, Log: log, Reg: w.reg, Tracer: noop.NewTracerProvider()})
	require.NoError(t, err)
	notices, err = notify.New(ctx, w.engine, notify.Config{}, w.runner.Catalogue(), w.hub, now)
	require.NoError(t, err)
	w.notices = notices
	return graph.Deps{
		Dispatches: w.dispatches(ctx, s, box, log), Devices: w.devices, Desk: w.desk(ctx, s, box, trail, log),
		WatchConversation: func(ctx context.Context, id string) <-chan struct{} { return w.hub.Watch(ctx, "conversation:"+id) },
		Firebase:          firebase, ZaloMiniApp: miniApp, Signs: w.streetSigns(ctx, s, box),
		Accounts: w.accounts, Accesses: trail, City: s.city, Media: files, Notices: notices, Reports: w.reports, Runner: w.runner, Limiter: limiter,
		WatchCase: func(ctx context.Context, ref miniapps.CaseRef) <-chan struct{} { return w.hub.Watch(ctx, topic(ref)) },
		ClientIP:  func(c *fiber.Ctx) string { return c.IP() },
		Texts:     s.texts, Now: now, Log: log, Reg: w.reg,
	}
}

func topic(ref miniapps.CaseRef) string { return "case:" + ref.App + ":" + ref.ID }

func accountConfig() account.Config {
	many := limit.Rule{Max: 10_000, Per: time.Hour}
	return account.Config{
		Issuer: "motcua", Audience: "motcua", AccessTTL: 15 * time.Minute, SessionIdle: time.Hour, SessionMax: 2 * time.Hour, StaffSessionMax: time.Hour,
		MaxSessions: 10, KeyPeriod: time.Hour,
		Code:   account.CodeConfig{TTL: 5 * time.Minute, Attempts: 5, SendsPerHour: 50, SendsPerDay: 100, ChecksPerDay: 1000},
		Limits: account.LimitConfig{SendAddress: many, SendDevice: many, CheckAddress: many, CheckDevice: many, RefreshAddress: many},
	}
}

func mediaConfig() media.Config {
	return media.Config{
		BaseURL: "http://media.test", UploadTTL: time.Hour, LinkTTL: time.Hour, MaxPhoto: 12 << 20, MaxVideo: 50 << 20, MaxPixels: 40_000_000,
		DecodeMemory: 384 << 20, MaxDecodes: 2, DecodeWait: 20 * time.Second, BlobTimeout: time.Minute, MaxLoose: 30, OrphanAfter: 24 * time.Hour, Retention: 24 * time.Hour,
	}
}

func (w *world) listen() {
	app := fiber.New(fiber.Config{DisableStartupMessage: true, StreamRequestBody: true, BodyLimit: 1 << 20, ReadBufferSize: 16 << 10})
	w.handler.Mount(app)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(w.t, err)
	done := make(chan struct{})
	go func() { defer close(done); _ = app.Listener(ln) }()
	w.url = "http://" + ln.Addr().String() + "/graphql"
	w.close = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		w.handler.Drain(ctx)
		_ = app.ShutdownWithContext(ctx)
		_ = ln.Close() // where a short test ends before the server began
		<-done
	})
	w.t.Cleanup(w.close)
}

// carry carries out what reports have still to tell.
func (w *world) carry() {
	w.t.Helper()
	for _, r := range w.reports.Relays() {
		ids, err := r.Due(w.t.Context(), 100)
		require.NoError(w.t, err)
		for _, id := range ids {
			require.NoError(w.t, r.Carry(w.t.Context(), id))
		}
	}
}

// person is somebody with an access token; the zero token is a guest.
type person struct {
	w     *world
	token string
}

func (w *world) guest() person { return person{w: w} }

// citizen signs a phone in.
func (w *world) citizen(phone string) person {
	w.t.Helper()
	ctx := w.t.Context()
	c, err := w.accounts.RequestOTP(ctx, account.OTPRequest{Phone: phone, Device: "device-of-" + phone, Address: "127.0.0.1", Lang: message.Vietnamese})
	require.NoError(w.t, err)
	g, err := w.accounts.VerifyOTP(ctx, account.VerifyRequest{ChallengeID: c.ID, Code: w.sms.code(w.t, phone), Device: "device-of-" + phone, Address: "127.0.0.1"})
	require.NoError(w.t, err)
	return person{w: w, token: g.AccessToken}
}

// staff signs a member of staff in.
func (w *world) staff(phone string, role account.Role, unit string) person {
	w.t.Helper()
	_, err := w.accounts.AddStaff(w.t.Context(), phone, []account.Role{role}, unit)
	require.NoError(w.t, err)
	return w.citizen(phone)
}

// answer is the answer to an operation.
type answer struct {
	Status int
	Header http.Header
	Raw    string
	Data   map[string]any
	Errors []struct {
		Message    string
		Path       []any
		Extensions map[string]any
	}
}

// code gives the code of the first error.
func (a answer) code() string {
	if len(a.Errors) == 0 {
		return ""
	}
	s, _ := a.Errors[0].Extensions["code"].(string)
	return s
}

// at walks into the data.
func (a answer) at(path ...string) any {
	var v any = a.Data
	for _, p := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[p]
	}
	return v
}

func (a answer) text(path ...string) string {
	s, _ := a.at(path...).(string)
	return s
}

// ask sends an operation.
func (p person) ask(query string, vars map[string]any) answer {
	p.w.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	require.NoError(p.w.t, err)
	return p.post(body, nil)
}

// post sends a body as it is.
func (p person) post(body []byte, header map[string]string) answer {
	p.w.t.Helper()
	return p.send(http.MethodPost, p.w.url, body, header)
}

func (p person) send(method, url string, body []byte, header map[string]string) answer {
	p.w.t.Helper()
	req, err := http.NewRequestWithContext(p.w.t.Context(), method, url, bytes.NewReader(body))
	require.NoError(p.w.t, err)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/graphql-response+json")
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(p.w.t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(p.w.t, err)
	a := answer{Status: res.StatusCode, Header: res.Header, Raw: string(raw)}
	_ = json.Unmarshal(raw, &a)
	return a
}

// ok sends an operation that must succeed.
func (p person) ok(query string, vars map[string]any) answer {
	p.w.t.Helper()
	a := p.ask(query, vars)
	require.Empty(p.w.t, a.Errors, a.Raw)
	require.Equal(p.w.t, http.StatusOK, a.Status)
	return a
}

const submitMutation = `mutation($in: SubmitFeedbackInput!) { submitFeedback(input: $in) { feedback { id code status unit { code } ward { name } } errors { code message path } } }`

// submission is an input of submitFeedback at the city's theatre.
func submission(key string) map[string]any {
	return map[string]any{"in": map[string]any{
		"description": "Đèn đường hỏng trước nhà hát thành phố", "place": map[string]any{"lat": 20.8578, "lon": 106.6810}, "idempotencyKey": key,
	}}
}

// submit sends a report and gives its id, its code and its unit.
func (p person) submit(key string) (id, code, unit string) {
	p.w.t.Helper()
	a := p.ok(submitMutation, submission(key))
	require.Empty(p.w.t, a.at("submitFeedback", "errors"), a.Raw)
	return a.text("submitFeedback", "feedback", "id"), a.text("submitFeedback", "feedback", "code"), a.text("submitFeedback", "feedback", "unit", "code")
}

// fakeSMS is an outbox that sends at once and the network that it sends to.
type fakeSMS struct {
	deliver outbox.Handler
	mu      sync.Mutex
	texts   map[string][]string
}

var _ channels.Channel = (*fakeSMS)(nil)

func (f *fakeSMS) Put(ctx context.Context, in outbox.Intent) error { return f.deliver(ctx, in) }

func (f *fakeSMS) Profile() channels.Profile { return channels.Profile{} }

func (f *fakeSMS) Parse(channels.Request) (channels.Batch, error) { return channels.Batch{}, nil }

func (f *fakeSMS) Send(_ context.Context, to channels.Address, m channels.Outbound) channels.Outcome {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, b := range m.Blocks {
		if words, ok := b.(message.Words); ok {
			f.texts[national(string(to))] = append(f.texts[national(string(to))], words.Text)
		}
	}
	return channels.Outcome{Status: channels.Sent}
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

func (f *fakeSMS) code(t testing.TB, phone string) string {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.texts[national(phone)]
	require.NotEmpty(t, list, "no message for the phone")
	return sixDigits.FindString(list[len(list)-1])
}

func national(phone string) string {
	return "0" + strings.TrimPrefix(strings.TrimPrefix(phone, "+84"), "0")
}

// flaky is a mini-app that breaks on demand.
type flaky struct{}

func (flaky) Manifest() miniapps.Manifest {
	m, err := miniapps.ParseManifest([]byte(flakyManifest))
	if err != nil {
		panic(fmt.Sprint("the test's own manifest: ", err))
	}
	return m
}

func (flaky) Do(_ context.Context, c miniapps.Call) (miniapps.Result, error) {
	if strings.Contains(string(c.Input), "panic") {
		panic("secret: 0912345678")
	}
	if strings.Contains(string(c.Input), "break") {
		return miniapps.Result{}, fmt.Errorf("dial tcp 10.0.0.7:27017: connection refused")
	}
	next := []miniapps.Suggestion{{Action: "say"}, {App: "feedback", Action: "submit", Input: map[string]any{"description": "Ổ gà"}}}
	return miniapps.Result{Data: map[string]any{"said": "ok"}, Blocks: message.Blocks{message.Words{Text: "Xong"}}, Next: next}, nil
}

const flakyManifest = `{
  "app_id": "flaky", "name": {"vi": "Hay hỏng", "en": "Flaky"}, "short_name": {"vi": "Hỏng", "en": "Flaky"},
  "description": {"vi": "Để thử.", "en": "For tests."}, "icons": [{"src": "/icons/flaky.svg"}],
  "version_name": "1.0.0", "version_code": 1, "owner": "test", "category": "test",
  "actions": [{"id": "say", "title": {"vi": "Nói", "en": "Say"}, "audience": "citizen", "assurance": "guest", "read_only": true,
    "input": {"type": "object", "additionalProperties": false, "properties": {"what": {"type": "string"}}, "$schema": "https://json-schema.org/draft/2020-12/schema"}}]
}`
