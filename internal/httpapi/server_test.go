package httpapi_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/httpapi"
	"github.com/motcua/motcua/internal/message"
)

type part func(fiber.Router)

func (p part) Mount(r fiber.Router) { p(r) }

type port struct {
	url    string
	addr   string
	server *httpapi.Server
	reg    *prometheus.Registry
}

func config() httpapi.Config {
	return httpapi.Config{HeaderTimeout: 2 * time.Second, UploadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second, IdleTimeout: 5 * time.Second,
		MaxBody: 64 << 10, MaxInFlight: 8, MaxUploads: 2, DrainTimeout: 30 * time.Second}
}

func serve(t *testing.T, cfg httpapi.Config, ready func(context.Context) error, parts ...httpapi.Mounter) port {
	t.Helper()
	texts := configstest.Texts(t)
	if ready == nil {
		ready = func(context.Context) error { return nil }
	}
	reg := prometheus.NewRegistry()
	s, err := httpapi.New(cfg, httpapi.Deps{City: message.Text{"vi": "Hải Phòng", "en": "Hai Phong"}, Texts: texts, Ready: ready, Parts: parts, Links: []httpapi.Link{{Path: "/healthz", Key: "http.link_health"}},
		Log: slog.New(slog.DiscardHandler), Reg: reg, Tracer: noop.NewTracerProvider(), Secure: true})
	if err != nil {
		t.Fatal(err)
	}
	p := listen(t, s)
	p.reg = reg
	return p
}

// listen opens a server on a free port until the test ends.
func listen(t *testing.T, s *httpapi.Server) port {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(ln) }()
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-done; !errors.Is(err, httpapi.ErrClosed) {
			t.Errorf("serve: %v", err)
		}
	})
	return port{url: "http://" + ln.Addr().String(), addr: ln.Addr().String(), server: s}
}

func do(t *testing.T, method, url string, body io.Reader, headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(out)
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	p := serve(t, config(), nil, part(func(r fiber.Router) {
		r.Get("/boom", func(*fiber.Ctx) error { panic("secret in a panic") })
		r.Get("/driver", func(*fiber.Ctx) error { return errors.New("dial tcp 10.0.0.3:27017: refused") })
		r.Get("/limited", func(*fiber.Ctx) error { return fault.New(fault.RateLimited, "").After(1500 * time.Millisecond) })
		r.Post("/echo", func(c *fiber.Ctx) error { return c.Send(c.Body()) })
		httpapi.MountIcons(r, map[string]string{"feedback": "<svg/>"})
	}))
	tests := []struct {
		name, method, path, lang, body string
		status                         int
		has, lacks, header             string
	}{
		{name: "health", method: "GET", path: "/healthz", status: 200, has: "ok"},
		{name: "ready", method: "GET", path: "/readyz", status: 200, has: "ok"},
		{name: "first page speaks Vietnamese", method: "GET", path: "/", status: 200, has: "Một cửa Hải Phòng"},
		{name: "first page speaks English", method: "GET", path: "/", lang: "en", status: 200, has: "Motcua Hai Phong</h1>"},
		{name: "icon", method: "GET", path: "/icons/feedback.svg", status: 200, has: "<svg", header: "Content-Type: image/svg+xml"},
		{name: "icon of a page that names none", method: "GET", path: "/favicon.ico", status: 204, header: "Cache-Control: public, max-age=86400"},
		{name: "unknown icon", method: "GET", path: "/icons/none.svg", status: 404, has: "NOT_FOUND"},
		{name: "icon by a way around", method: "GET", path: "/icons/..%2ficons%2ffeedback.svg", status: 404, has: "NOT_FOUND"},
		{name: "something else than an icon", method: "GET", path: "/icons/README.md", status: 404, has: "NOT_FOUND"},
		{name: "unknown path", method: "GET", path: "/nothing", status: 404, has: "NOT_FOUND"},
		{name: "unknown path in English", method: "GET", path: "/nothing", lang: "en-GB,en;q=0.9", status: 404, has: "could not be found"},
		{name: "panic hides its words", method: "GET", path: "/boom", status: 500, has: "INTERNAL", lacks: "secret"},
		{name: "driver error hides addresses", method: "GET", path: "/driver", status: 500, has: "INTERNAL", lacks: "10.0.0.3"},
		{name: "rate limited says when", method: "GET", path: "/limited", status: 429, header: "Retry-After: 2"},
		{name: "TRACE is refused", method: "TRACE", path: "/", status: 405},
		{name: "DELETE is refused", method: "DELETE", path: "/", status: 405, header: "Allow: GET, HEAD, POST, PUT, OPTIONS"},
		{name: "body is read", method: "POST", path: "/echo", body: "chào", status: 200, has: "chào"},
		{name: "body at the limit", method: "POST", path: "/echo", body: strings.Repeat("x", 64<<10), status: 200},
		{name: "body over the limit", method: "POST", path: "/echo", body: strings.Repeat("x", 64<<10+1), status: 413},
		{name: "sniffing is off", method: "GET", path: "/nothing", status: 404, header: "X-Content-Type-Options: nosniff"},
		{name: "TLS is remembered", method: "GET", path: "/", status: 200, header: "Strict-Transport-Security: max-age=31536000; includeSubDomains"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res, body := do(t, tt.method, p.url+tt.path, strings.NewReader(tt.body), "Accept-Language", tt.lang)
			if res.StatusCode != tt.status || !strings.Contains(body, tt.has) {
				t.Errorf("got %d %q, want %d with %q", res.StatusCode, body, tt.status, tt.has)
			}
			if tt.lacks != "" && strings.Contains(body, tt.lacks) {
				t.Errorf("%q shows %q", body, tt.lacks)
			}
			if name, value, ok := strings.Cut(tt.header, ": "); ok && res.Header.Get(name) != value {
				t.Errorf("%s: got %q, want %q", name, res.Header.Get(name), value)
			}
			if res.Header.Get("X-Request-Id") == "" {
				t.Error("no request id")
			}
		})
	}
}

func TestChunkedBodyOverTheLimit(t *testing.T) {
	t.Parallel()
	p := serve(t, config(), nil, part(func(r fiber.Router) {
		r.Post("/echo", func(c *fiber.Ctx) error { return c.Send(c.Body()) })
	}))
	// An io.Reader of unknown length is sent in chunks, without Content-Length.
	req, err := http.NewRequestWithContext(t.Context(), "POST", p.url+"/echo", io.LimitReader(zeros{}, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return // the connection was closed before the whole body was taken, which is as good
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("got %d, want 413", res.StatusCode)
	}
}

func TestPackedBodyIsRefused(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	if _, err := io.Copy(zip, io.LimitReader(zeros{}, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	var unpacked atomic.Int64
	p := serve(t, config(), nil, part(func(r fiber.Router) {
		r.Post("/echo", func(c *fiber.Ctx) error { unpacked.Add(int64(len(c.Body()))); return nil })
	}))
	for _, encoding := range []string{"gzip", "br", "deflate", "gzip, gzip", "identity", "x"} {
		req, err := http.NewRequestWithContext(t.Context(), "POST", p.url+"/echo", bytes.NewReader(packed.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Encoding", encoding)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusUnsupportedMediaType {
			t.Errorf("%s: got %d, want 415", encoding, res.StatusCode)
		}
	}
	if n := unpacked.Load(); n != 0 {
		t.Errorf("%d bytes reached a part", n)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestClientAddress(t *testing.T) {
	t.Parallel()
	var p port
	show := part(func(r fiber.Router) {
		r.Get("/ip", func(c *fiber.Ctx) error { return c.SendString(p.server.ClientIP(c)) })
	})
	tests := []struct {
		name    string
		trusted []string
		xff     string
		want    string
	}{
		{"nobody is trusted", nil, "203.0.113.9", "127.0.0.1"},
		{"one proxy", []string{"127.0.0.1"}, "203.0.113.9", "203.0.113.9"},
		{"what the client wrote is not believed", []string{"127.0.0.0/8"}, "1.1.1.1, 203.0.113.9", "203.0.113.9"},
		{"two proxies", []string{"127.0.0.1", "10.0.0.0/8"}, "203.0.113.9, 10.1.2.3", "203.0.113.9"},
		{"no header", []string{"127.0.0.1"}, "", "127.0.0.1"},
		{"rubbish", []string{"127.0.0.1"}, "<script>", "127.0.0.1"},
		{"IPv6", []string{"127.0.0.1"}, "2001:db8::7", "2001:db8::7"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := config()
			cfg.TrustedProxies = tt.trusted
			p = serve(t, cfg, nil, show)
			if _, got := do(t, "GET", p.url+"/ip", nil, "X-Forwarded-For", tt.xff); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestOverloadIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	started, release := make(chan struct{}), make(chan struct{})
	cfg := config()
	cfg.MaxInFlight = 2
	p := serve(t, cfg, nil, part(func(r fiber.Router) {
		r.Get("/slow", func(c *fiber.Ctx) error { started <- struct{}{}; <-release; return c.SendString("done") })
	}))
	results := make(chan int, 2)
	for range 2 {
		go func() {
			res, err := http.Get(p.url + "/slow")
			if err != nil {
				results <- 0
				return
			}
			res.Body.Close()
			results <- res.StatusCode
		}()
		<-started
	}
	res, body := do(t, "GET", p.url+"/", nil)
	if res.StatusCode != 503 || res.Header.Get("Retry-After") == "" || !strings.Contains(body, "UNAVAILABLE") {
		t.Errorf("got %d %q, want 503 with Retry-After", res.StatusCode, body)
	}
	if res, _ := do(t, "GET", p.url+"/healthz", nil); res.StatusCode != 200 {
		t.Errorf("health under overload: got %d", res.StatusCode)
	}
	close(release)
	for range 2 {
		if got := <-results; got != 200 {
			t.Errorf("an accepted request got %d", got)
		}
	}
	if n, err := testutil.GatherAndCount(p.reg, "motcua_http_rejected_total"); err != nil || n != 1 {
		t.Errorf("rejected series: got %d, %v", n, err)
	}
}

func TestNotReady(t *testing.T) {
	t.Parallel()
	p := serve(t, config(), func(context.Context) error { return errors.New("mongodb://user:pw@db is away") })
	if res, body := do(t, "GET", p.url+"/readyz", nil); res.StatusCode != 503 || strings.Contains(body, "mongodb") {
		t.Errorf("got %d %q", res.StatusCode, body)
	}
	if res, _ := do(t, "GET", p.url+"/healthz", nil); res.StatusCode != 200 {
		t.Errorf("health: got %d", res.StatusCode)
	}
}

func TestSlowHeadIsCutOff(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.HeaderTimeout = 200 * time.Millisecond
	p := serve(t, cfg, nil)
	conn, err := net.Dial("tcp", p.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
	if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	status, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && !strings.Contains(status, "408") {
		t.Errorf("got %q", status)
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		t.Error("the connection was still open after half a minute")
	}
}

func TestShutdownLetsRequestsFinish(t *testing.T) {
	t.Parallel()
	started, release := make(chan struct{}), make(chan struct{})
	cfg := config()
	p := serve(t, cfg, nil, part(func(r fiber.Router) {
		r.Get("/slow", func(c *fiber.Ctx) error { close(started); <-release; return c.JSON("done") })
	}))
	got := make(chan string, 1)
	go func() {
		res, err := http.Get(p.url + "/slow")
		if err != nil {
			got <- err.Error()
			return
		}
		defer res.Body.Close()
		var s string
		if err := json.NewDecoder(res.Body).Decode(&s); err != nil {
			s = err.Error()
		}
		got <- s
	}()
	<-started
	down := make(chan error, 1)
	go func() { down <- p.server.Shutdown(context.Background()) }()
	for { // until the port refuses
		conn, err := net.Dial("tcp", p.addr)
		if err != nil {
			break
		}
		conn.Close()
	}
	close(release)
	if s := <-got; s != "done" {
		t.Errorf("the request under way got %q", s)
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
}

// TestShutdownBeforeServe is a stop signal that comes while the program starts.
func TestShutdownBeforeServe(t *testing.T) {
	t.Parallel()
	for range 20 {
		p := serve(t, config(), nil) // its goroutine may or may not serve yet
		if err := p.server.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestConfigNamesEveryProblem(t *testing.T) {
	t.Parallel()
	bad := httpapi.Config{PublicURL: "city/", TrustedProxies: []string{"x"}, AllowedOrigins: []string{"nonsense"}, DrainDelay: -1, MaxWebhooks: -1,
		MaxGuestUploads: -1, AddressUploads: -1, AddressGuestUploads: -1, UploadPace: -1, UploadGrace: -1}
	err := bad.Validate()
	for _, key := range []string{"public_url", "trusted_proxies", "allowed_origins", "header_timeout", "upload_timeout", "write_timeout", "idle_timeout", "drain_delay", "drain_timeout", "max_body", "max_in_flight", "max_uploads", "max_webhooks", "max_guest_uploads", "address_uploads", "address_guest_uploads", "upload_pace", "upload_grace"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s is not reported in %v", key, err)
		}
	}
	if err := config().Validate(); err != nil {
		t.Error(err)
	}
}
