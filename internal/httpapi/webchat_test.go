package httpapi_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/web"
	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/httpapi"
	"github.com/motcua/motcua/internal/inbox"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/live"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/secret"
	"github.com/motcua/motcua/internal/secret/secrettest"
	stores "github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/internal/webchat"
)

// chatCity is a city with nothing but a web chat, whose bot repeats what it hears.
type chatCity struct {
	t       *testing.T
	cfg     webchat.Config
	engine  stores.Engine
	box     *secret.Box
	files   files
	media   httpapi.WebMedia // nil: files
	devices devices
	mute    bool  // nobody works on what comes in
	maxFile int64 // bytes; 0 means 2
	reg     *prometheus.Registry
	seen    *prometheus.Registry // of the replica that runs

	url     string
	server  *httpapi.Server
	network *web.Channel
	log     *webchat.Log
}

func newChatCity(t *testing.T, change func(*chatCity)) *chatCity {
	t.Helper()
	c := &chatCity{t: t, engine: memory.New(), box: secrettest.NewBox(t), reg: prometheus.NewRegistry()}
	many := limit.Rule{Max: 100_000, Per: time.Minute}
	c.cfg.Limits = webchat.Limits{Sessions: many, Messages: many, AddressMessages: many, Uploads: many, AddressUploads: many, Reads: many, AddressReads: many}
	if change != nil {
		change(c)
	}
	c.open()
	return c
}

// open starts a replica over the city's store. The one before it, if any, must be dead.
func (c *chatCity) open() {
	t, log := c.t, slog.New(slog.DiscardHandler)
	hub := live.New(nil, log)
	var err error
	c.log, err = webchat.New(t.Context(), c.engine, c.cfg, c.box, hub, time.Now)
	require.NoError(t, err)
	c.network = web.New(c.box, c.log, web.Config{MaxText: c.cfg.Filled().MaxText, SessionMax: time.Hour}, time.Now)
	in, err := inbox.New(t.Context(), c.engine, inbox.Config{Lease: time.Second, Poll: 20 * time.Millisecond}, inbox.Deps{
		Box: c.box, Fetch: nobody{}, Park: func(context.Context, string, string, error) error { return nil }, Signals: hub, Now: time.Now, Log: log, Reg: prometheus.NewRegistry(),
	})
	require.NoError(t, err)
	part := c.part(in, log)
	s, err := httpapi.New(config(), httpapi.Deps{City: message.Text{"vi": "Hải Phòng"}, Texts: configstest.Texts(t), Ready: func(context.Context) error { return nil },
		Parts: []httpapi.Mounter{part}, Drains: []httpapi.Drainer{part}, Log: log, Reg: prometheus.NewRegistry(), Tracer: noop.NewTracerProvider()})
	require.NoError(t, err)
	p := listen(t, s)
	c.url, c.server = p.url, s
	if c.mute {
		return
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- in.Run(ctx, turns{c.network}.answer) }()
	t.Cleanup(func() { stop(); <-done })
}

func (c *chatCity) part(in *inbox.Inbox, log *slog.Logger) *httpapi.WebChat {
	if c.media == nil {
		c.media = &c.files
	}
	part, err := httpapi.NewWebChat(c.cfg, httpapi.WebChatDeps{
		Network: c.network, Taker: in, Log: c.log, Media: c.media, Limiter: limit.New(nil, time.Now, log), Texts: configstest.Texts(c.t), Devices: &c.devices,
		Origin: func(address string) string { return "origin of " + address },
		Guest: func(_ context.Context, v webchat.Visitor) (account.Viewer, error) {
			return account.Viewer{Subject: "subject of " + v.ID, Lang: v.Lang}, nil
		},
		Link: lives, Form: lives,
		City: message.Text{"vi": "Hải Phòng", "en": "Hai Phong"}, Wards: []byte(`{"type":"FeatureCollection","features":[]}`), VapidKey: "key", MaxPhoto: 1, MaxVideo: cmp.Or(c.maxFile, 2),
		Pages: httpapi.WebPages{
			Page: []byte("<!doctype html>"), Widget: []byte("widget"), Worker: []byte("worker"), Policy: "default-src 'none'; script-src 'self'",
			File: func(name string) ([]byte, string, bool) {
				return bytes.Repeat([]byte("a"), 1000), "text/javascript; charset=utf-8", name == "chat-1234.js"
			},
		},
		ClientIP: func(c *fiber.Ctx) string { return c.IP() }, Logger: log, Reg: c.reg,
	})
	require.NoError(c.t, err)
	c.seen, c.reg = c.reg, prometheus.NewRegistry()
	return part
}

// lives knows one link.
func lives(_ context.Context, token string) error {
	if token != "good" {
		return fault.New(fault.NotFound, "account.link_gone")
	}
	return nil
}

// turns is the city's dialogue.
type turns struct{ network *web.Channel }

// answer is a turn as cmd wires it: the line first, then the answer.
func (c turns) answer(ctx context.Context, m inbox.Message) error {
	if _, err := c.network.Heard(ctx, m.Event); err != nil {
		return err
	}
	text := "bot: " + m.Event.Text + m.Event.Ref
	for _, f := range m.Media {
		text += " " + f.Media + f.Reason
	}
	o := c.network.Send(ctx, m.Event.From, channels.Outbound{ID: m.ID + "/1", Kind: channels.Reply, Blocks: message.Blocks{message.Words{Text: text}}})
	if o.Status != channels.Sent {
		return fault.Wrap(fault.Unavailable, errors.New("not sent"))
	}
	return nil
}

type nobody struct{}

func (nobody) Fetch(context.Context, inbox.Message, int) (inbox.Fetched, error) {
	return inbox.Fetched{}, errors.New("nothing is fetched here")
}

// files is the city's media.
type files struct {
	mu      sync.Mutex
	got     map[string]int // bytes by "<subject> <key>"
	fail    error
	unread  bool // the body is not looked at
	strange bool // the last file came from a stranger
}

func (f *files) Take(_ context.Context, v account.Viewer, key, contentType string, body io.Reader) (media.Item, error) {
	if f.unread {
		return media.Item{}, f.fail
	}
	data, err := io.ReadAll(body)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil || f.fail != nil {
		return media.Item{}, errors.Join(f.fail, err)
	}
	if f.got == nil {
		f.got = map[string]int{}
	}
	f.got[v.Subject+" "+key] = len(data)
	kind := media.Photo
	if strings.HasPrefix(contentType, "video/") {
		kind = media.Video
	}
	return media.Item{ID: "item-" + key[len(key)-4:], Kind: kind}, nil
}

func (f *files) TakeFromStranger(ctx context.Context, v account.Viewer, key, contentType string, body io.Reader) (media.Item, error) {
	f.mu.Lock()
	f.strange = true
	f.mu.Unlock()
	return f.Take(ctx, v, key, contentType, body)
}

func (f *files) URL(id, rendition string) string { return "/media/" + id + "?r=" + rendition }

func (f *files) Renew(address string) string { return address }

// devices are the browsers that are sent notices.
type devices struct {
	mu  sync.Mutex
	all map[string][]httpapi.WebSubscription
}

func (d *devices) Register(_ context.Context, v account.Viewer, s httpapi.WebSubscription) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all == nil {
		d.all = map[string][]httpapi.WebSubscription{}
	}
	d.all[v.Subject] = append(d.all[v.Subject], s)
	return nil
}

func (d *devices) Remove(_ context.Context, v account.Viewer, _ string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.all, v.Subject)
	return nil
}

func (d *devices) of(subject string) []httpapi.WebSubscription {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.all[subject]
}

// page is an open page of a visitor.
type page struct {
	c     *chatCity
	token string
}

func (c *chatCity) visitor(lang string) *page {
	c.t.Helper()
	res, body := do(c.t, http.MethodPost, c.url+"/chat/v1/session", strings.NewReader(`{"lang":"`+lang+`"}`))
	require.Equal(c.t, 200, res.StatusCode, body)
	var out struct{ Token string }
	require.NoError(c.t, json.Unmarshal([]byte(body), &out))
	return &page{c, out.Token}
}

func (p *page) id() string {
	v, err := p.c.network.Visitor(http.Header{"Authorization": {"Chat " + p.token}})
	require.NoError(p.c.t, err)
	return v.ID
}

func (p *page) call(method, path, body string, headers ...string) (*http.Response, string) {
	p.c.t.Helper()
	return do(p.c.t, method, p.c.url+path, strings.NewReader(body), append([]string{"Authorization", "Chat " + p.token}, headers...)...)
}

// say sends a message and gives its place.
func (p *page) say(id, text string) int64 {
	p.c.t.Helper()
	res, body := p.call(http.MethodPost, "/chat/v1/messages", fmt.Sprintf(`{"id":%q,"text":%q}`, id, text))
	require.Equal(p.c.t, 202, res.StatusCode, body)
	var out struct{ Seq int64 }
	require.NoError(p.c.t, json.Unmarshal([]byte(body), &out))
	return out.Seq
}

// seen is a line as a page has it.
type seen struct {
	Seq     int64
	ID      string
	From    string
	Text    string
	Uploads []struct{ ID, URL, Kind string }
	Blocks  message.Blocks
}

func (s seen) words() string {
	for _, b := range s.Blocks {
		return b.(message.Words).Text
	}
	return s.Text
}

// event is one of a stream.
type event struct{ name, id, data string }

// stream is an open event stream.
type stream struct {
	t    *testing.T
	res  *http.Response
	read *bufio.Reader
	stop context.CancelFunc
}

func (p *page) listen(after int64, headers ...string) *stream {
	p.c.t.Helper()
	s, status, err := p.connect(after, headers...)
	require.NoError(p.c.t, err)
	require.Equal(p.c.t, 200, status)
	return s
}

func (p *page) connect(after int64, headers ...string) (*stream, int, error) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(p.c.t.Context()), 20*time.Second)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/chat/v1/events?after=%d", p.c.url, after), nil)
	require.NoError(p.c.t, err)
	req.Header.Set("Authorization", "Chat "+p.token)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		stop()
		return nil, 0, err
	}
	s := &stream{p.c.t, res, bufio.NewReader(res.Body), stop}
	p.c.t.Cleanup(s.cut)
	return s, res.StatusCode, nil
}

func (s *stream) cut() {
	s.stop()
	_ = s.res.Body.Close()
}

// next gives the next event; io.EOF when the stream has ended. Signs of life are named "".
func (s *stream) next() (event, error) {
	var e event
	for {
		line, err := s.read.ReadString('\n')
		if err != nil {
			return e, err
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		switch value = strings.TrimPrefix(value, " "); {
		case line == "\n":
			return e, nil
		case name == "event":
			e.name = value
		case name == "id":
			e.id = value
		case name == "data":
			e.data = value
		}
	}
}

// of gives the next event of a name.
func (s *stream) of(name string) event {
	s.t.Helper()
	for {
		e, err := s.next()
		require.NoError(s.t, err)
		if e.name == name {
			return e
		}
	}
}

// line gives the next line.
func (s *stream) line() seen {
	s.t.Helper()
	e := s.of("message")
	var l seen
	require.NoError(s.t, json.Unmarshal([]byte(e.data), &l))
	require.Equal(s.t, fmt.Sprint(l.Seq), e.id)
	return l
}

func newID() string { return uuid.NewString() }

// dying is an engine whose process dies at one of its writes: that is lost, or done and its answer lost, and nothing goes through afterwards.
type dying struct {
	stores.Engine
	mu       sync.Mutex
	left     int
	answered bool
	dead     bool
}

var errDead = &fault.Error{Code: fault.Unavailable, Cause: errors.New("killed")}

func (d *dying) write(do func() error) error {
	d.mu.Lock()
	if d.dead {
		d.mu.Unlock()
		return errDead
	}
	dies := d.left == 0
	d.left--
	d.dead = dies
	d.mu.Unlock()
	if !dies || d.answered {
		if err := do(); !dies {
			return err
		}
	}
	return errDead
}

func (d *dying) Insert(ctx context.Context, kind, id string, doc bson.Raw) error {
	return d.write(func() error { return d.Engine.Insert(ctx, kind, id, doc) })
}

func (d *dying) Replace(ctx context.Context, kind, id string, version int64, doc bson.Raw) (ok bool, err error) {
	err = d.write(func() error { ok, err = d.Engine.Replace(ctx, kind, id, version, doc); return err })
	return ok, err
}
