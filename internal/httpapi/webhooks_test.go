package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/httpapi"
)

// network is a channel whose bodies are lists of texts, signed by the header X-NEvent-Mac. A GET is a handshake when it asks for one.
type network struct {
	mu   sync.Mutex
	seen []channels.Request
}

func (*network) Profile() channels.Profile { return channels.Profile{Name: "net"} }

func (n *network) Parse(r channels.Request) (channels.Batch, error) {
	n.mu.Lock()
	n.seen = append(n.seen, r)
	n.mu.Unlock()
	if r.Method == http.MethodGet {
		if c := r.Query.Get("challenge"); c != "" {
			return channels.Batch{Reply: []byte(c)}, nil
		}
		return channels.Batch{}, fault.New(fault.NotFound, "")
	}
	if r.Header.Get("X-NEvent-Mac") != "good" {
		return channels.Batch{}, fault.Wrap(fault.Unauthorized, errors.New("mac differs"))
	}
	var texts []string
	if err := json.Unmarshal(r.Body, &texts); err != nil {
		return channels.Batch{}, fault.Wrap(fault.Invalid, err)
	}
	var b channels.Batch
	for _, s := range texts {
		b.Events = append(b.Events, channels.Event{Kind: channels.Said, Text: s})
	}
	return b, nil
}

// store keeps events, or does what a test says instead.
type store struct {
	network network
	mu      sync.Mutex
	texts   []string
	take    func(ctx context.Context) error // nil takes
}

func (s *store) Take(ctx context.Context, p channels.Profile, events []channels.Event) error {
	if s.take != nil {
		if err := s.take(ctx); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range events {
		s.texts = append(s.texts, p.Name+":"+e.Text)
	}
	return nil
}

func (s *store) kept() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.texts)
}

// webhooks opens a port with one network.
func webhooks(t *testing.T, cfg httpapi.Config, s *store, parts ...httpapi.Mounter) (port, *prometheus.Registry) {
	t.Helper()
	reg := prometheus.NewRegistry()
	w, err := httpapi.NewWebhooks(map[string]httpapi.Webhook{"net": &s.network}, s, slog.New(slog.DiscardHandler), reg)
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, cfg, nil, append(parts, w)...), reg
}

const signed = "X-NEvent-Mac"

func TestWebhook(t *testing.T) {
	t.Parallel()
	long := `["` + strings.Repeat("x", 1<<20-4) + `"]`
	tests := []struct {
		name, method, path, body, mac string
		fails                         error // of the store
		status                        int
		reply, header                 string
		kept                          []string
	}{
		{name: "one event", method: "POST", body: `["a"]`, mac: "good", status: 200, kept: []string{"net:a"}},
		{name: "two in one keep their order", method: "POST", body: `["a","b"]`, mac: "good", status: 200, kept: []string{"net:a", "net:b"}},
		{name: "nothing in it", method: "POST", body: `[]`, mac: "good", status: 200, fails: errors.New("must not be asked")},
		{name: "wrong signature", method: "POST", body: `["a"]`, mac: "bad", status: 401},
		{name: "unsigned", method: "POST", body: `["a"]`, status: 401},
		{name: "no body", method: "POST", mac: "good", status: 400},
		{name: "not JSON", method: "POST", body: `{`, mac: "good", status: 400},
		{name: "query that cannot be read", method: "POST", path: "?a=%zz", body: `["a"]`, mac: "good", status: 400},
		{name: "handshake", method: "GET", path: "?challenge=%3Cb%3E1", status: 200, reply: "<b>1", header: "Content-Type: text/plain; charset=utf-8"},
		{name: "no handshake", method: "GET", status: 404},
		{name: "another network", method: "POST", path: "x", body: `["a"]`, mac: "good", status: 404},
		{name: "PUT", method: "PUT", body: `["a"]`, mac: "good", status: 405, header: "Allow: GET, POST"},
		{name: "HEAD", method: "HEAD", path: "?challenge=1", status: 405, header: "Allow: GET, POST"},
		{name: "DELETE", method: "DELETE", status: 405},
		{name: "1 MB", method: "POST", body: long, mac: "good", status: 200, kept: []string{"net:" + long[2:len(long)-2]}},
		{name: "over 1 MB", method: "POST", body: long + " ", mac: "good", status: 413},
		{name: "store away", method: "POST", body: `["a"]`, mac: "good", fails: fault.New(fault.Unavailable, ""), status: 503, header: "Retry-After: 5"},
		{name: "store away and says when", method: "POST", body: `["a"]`, mac: "good", fails: fault.New(fault.Unavailable, "").After(7 * time.Second), status: 503, header: "Retry-After: 7"},
		{name: "too much", method: "POST", body: `["a"]`, mac: "good", fails: fault.New(fault.RateLimited, ""), status: 503, header: "Retry-After: 5"},
		{name: "too late", method: "POST", body: `["a"]`, mac: "good", fails: fmt.Errorf("inbox: %w", context.DeadlineExceeded), status: 503, header: "Retry-After: 5"},
		{name: "our mistake", method: "POST", body: `["a"]`, mac: "good", fails: errors.New("disk 10.0.0.3"), status: 500},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &store{}
			if tt.fails != nil {
				s.take = func(context.Context) error { return tt.fails }
			}
			p, _ := webhooks(t, config(), s)
			head := []string{"Content-Encoding", "gzip"} // the bytes count as they are
			if tt.mac != "" {
				head = append(head, signed, tt.mac)
			}
			res, body := do(t, tt.method, p.url+"/webhooks/net"+tt.path, strings.NewReader(tt.body), head...)
			if res.StatusCode != tt.status || tt.status == 200 && body != tt.reply || strings.Contains(body, "10.0.0.3") {
				t.Errorf("got %d %q, want %d %q", res.StatusCode, body, tt.status, tt.reply)
			}
			if name, want, _ := strings.Cut(tt.header, ": "); res.Header.Get(name) != want {
				t.Errorf("%s: got %q, want %q", name, res.Header.Get(name), want)
			}
			if got := s.kept(); !slices.Equal(got, tt.kept) {
				t.Errorf("kept %.80q, want %.80q", got, tt.kept)
			}
		})
	}
}

// What is stored must not change when the connection's buffers are used again.
func TestWebhookOutlivesItsRequest(t *testing.T) {
	t.Parallel()
	s := &store{}
	p, reg := webhooks(t, config(), s)
	var wire strings.Builder
	for _, body := range []string{`["first","second"]`, `["AAAAA","BBBBBB"]`} {
		fmt.Fprintf(&wire, "POST /webhooks/net?q=%d HTTP/1.1\r\nHost: x\r\nx-nevent-mac: good\r\nX-Of: %.8q\r\nContent-Length: %d\r\n\r\n%s", len(body), body, len(body), body)
	}
	chunked := "POST /webhooks/net HTTP/1.1\r\nHost: x\r\nX-NEvent-Mac: good\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\n[\"c\r\n2\r\n\"]\r\n0\r\n\r\n"
	if got := p.speak(t, wire.String()+chunked); !slices.Equal(got, []int{200, 200, 200}) {
		t.Errorf("answers %v", got)
	}
	if got, want := s.kept(), []string{"net:first", "net:second", "net:AAAAA", "net:BBBBBB", "net:c"}; !slices.Equal(got, want) {
		t.Errorf("kept %v, want %v", got, want)
	}
	r := s.network.seen[0]
	if string(r.Body) != `["first","second"]` || r.Header.Get("X-Of") != `"[\"first\""` || r.Method != "POST" || r.Query.Get("q") != "18" {
		t.Errorf("the first request became %q %v %s %v", r.Body, r.Header, r.Method, r.Query)
	}
	do(t, "POST", p.url+"/webhooks/net", nil)
	want := `
# HELP motcua_webhooks_total Calls of networks, by network and how they ended: OK or the code of the fault.
# TYPE motcua_webhooks_total counter
motcua_webhooks_total{network="net",outcome="OK"} 3
motcua_webhooks_total{network="net",outcome="UNAUTHORIZED"} 1
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "motcua_webhooks_total"); err != nil {
		t.Error(err)
	}
}

func TestWebhookIsStoredInTime(t *testing.T) {
	t.Parallel()
	left := make(chan time.Duration, 1)
	s := &store{take: func(ctx context.Context) error {
		end, ok := ctx.Deadline()
		if !ok {
			return errors.New("no deadline")
		}
		left <- time.Until(end)
		return nil
	}}
	p, _ := webhooks(t, config(), s)
	if res, _ := do(t, "POST", p.url+"/webhooks/net", strings.NewReader(`["a"]`), signed, "good"); res.StatusCode != 200 {
		t.Fatalf("got %d", res.StatusCode)
	}
	if d := <-left; d > 1800*time.Millisecond {
		t.Errorf("%v to store: the network waits two seconds", d)
	}
}

// A body that does not come is given up, and takes nobody's place until then.
func TestSlowWebhookBody(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.HeaderTimeout, cfg.MaxWebhooks = time.Second, 1
	s := &store{}
	p, _ := webhooks(t, cfg, s)
	slow := dial(t, p, "POST /webhooks/net HTTP/1.1\r\nHost: x\r\nX-NEvent-Mac: good\r\nContent-Length: 500\r\n\r\n[\"a\"")
	if res, _ := do(t, "POST", p.url+"/webhooks/net", strings.NewReader(`["b"]`), signed, "good"); res.StatusCode != 200 {
		t.Errorf("beside a slow one: got %d", res.StatusCode)
	}
	if answer, err := io.ReadAll(slow); err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 408")) {
		t.Errorf("the slow one got %.60q, %v", answer, err)
	}
	if got := s.kept(); !slices.Equal(got, []string{"net:b"}) {
		t.Errorf("kept %v", got)
	}
}

// dial opens a connection and sends what is given.
func dial(t *testing.T, p port, data string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", p.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, data); err != nil {
		t.Fatal(err)
	}
	return c
}

// Citizens and networks do not take each other's places.
func TestWebhooksHaveTheirShare(t *testing.T) {
	t.Parallel()
	started, release := make(chan struct{}), make(chan struct{})
	hold := func() { started <- struct{}{}; <-release }
	cfg := config()
	cfg.MaxInFlight, cfg.MaxWebhooks = 1, 2
	s := &store{take: func(context.Context) error { hold(); return nil }}
	p, _ := webhooks(t, cfg, s, part(func(r fiber.Router) {
		r.Get("/slow", func(c *fiber.Ctx) error { hold(); return nil })
	}))
	ask := func(method, path string) int {
		req, err := http.NewRequestWithContext(t.Context(), method, p.url+path, strings.NewReader(`["a"]`))
		if err != nil {
			return 0
		}
		req.Header.Set(signed, "good")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0
		}
		defer res.Body.Close()
		if res.StatusCode == 503 && res.Header.Get("Retry-After") == "" {
			return 0
		}
		return res.StatusCode
	}
	results := make(chan int, 3)
	for _, path := range []string{"/slow", "/webhooks/net", "/webhooks/net"} { // the citizens' place is taken first
		method := "POST"
		if path == "/slow" {
			method = "GET"
		}
		go func() { results <- ask(method, path) }()
		<-started
	}
	if got := ask("GET", "/"); got != 503 {
		t.Errorf("a citizen too many got %d", got)
	}
	if got := ask("POST", "/webhooks/net"); got != 503 {
		t.Errorf("a webhook too many got %d", got)
	}
	close(release)
	for range 3 {
		if got := <-results; got != 200 {
			t.Errorf("one that was let in got %d", got)
		}
	}
	if got := len(s.kept()); got != 2 {
		t.Errorf("kept %d", got)
	}
}

// Bodies that nobody has signed yet fill no memory, and those of the usual size go on meanwhile.
func TestBulkyWebhooksAreFew(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.HeaderTimeout = 30 * time.Second // the large ones stay
	p, _ := webhooks(t, cfg, &store{})
	for range 16 + 1 {
		dial(t, p, "POST /webhooks/net HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("x", 100_000))
	}
	for end := time.Now().Add(10 * time.Second); ; { // until the server has read them all, and refused one
		if n, err := testutil.GatherAndCount(p.reg, "motcua_http_rejected_total"); err == nil && n == 1 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("one too many was never refused")
		}
		runtime.Gosched()
	}
	if res, _ := do(t, "POST", p.url+"/webhooks/net", strings.NewReader(`["`+strings.Repeat("x", 100_000)+`"]`), signed, "good"); res.StatusCode != 503 {
		t.Errorf("another large one got %d", res.StatusCode)
	}
	if res, _ := do(t, "POST", p.url+"/webhooks/net", strings.NewReader(`["a"]`), signed, "good"); res.StatusCode != 200 {
		t.Errorf("a usual one got %d", res.StatusCode)
	}
}
