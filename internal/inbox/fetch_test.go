package inbox

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
)

// files is a network's file host as TLS server for example.com and its subdomains, and a fetcher whose look-ups lead there.
type files struct {
	*httptest.Server
	fetcher *HTTPFetcher
	hosts   []string
	lookups atomic.Int32
	answer  func(n int32, host string) string // address that a name leads to at its n-th look-up; nil means a public one
	taken   bytes.Buffer
	verdict error // what Take answers
}

// outside stands for the file host's public address.
const outside = "93.184.216.34"

func newFiles(t *testing.T, cfg FetchConfig, handler http.HandlerFunc) *files {
	t.Helper()
	f := &files{Server: httptest.NewTLSServer(handler), hosts: []string{"example.com", "*.files.example.com"}}
	f.fetcher = NewFetcher(cfg, func(string) []string { return f.hosts }, func(_ context.Context, _ Message, _ int, _ string, body io.Reader) (string, error) {
		if _, err := f.taken.ReadFrom(body); err != nil {
			return "", fault.Wrap(fault.Invalid, err) // as media would say of half a picture
		}
		return "m1", f.verdict
	})
	guard := connections()
	guard.Lookup = func(_ context.Context, host string) ([]netip.Addr, error) {
		to := outside
		if n := f.lookups.Add(1); f.answer != nil {
			to = f.answer(n, host)
		}
		return []netip.Addr{netip.MustParseAddr(to)}, nil
	}
	base := transport()
	base.DialContext = func(ctx context.Context, _, to string) (net.Conn, error) {
		if at := netip.MustParseAddrPort(to).Addr(); at.String() != outside && !at.IsLoopback() {
			return nil, fmt.Errorf("a test goes nowhere else: %s", to)
		}
		var d net.Dialer
		return d.DialContext(ctx, "tcp", f.Listener.Addr().String())
	}
	pool := x509.NewCertPool()
	pool.AddCert(f.Certificate())
	base.TLSClientConfig.RootCAs, base.TLSClientConfig.ServerName = pool, "example.com"
	f.fetcher.transport = guard.Transport(base, dialTimeout)
	t.Cleanup(func() {
		f.fetcher.Close()
		f.Close()
	})
	return f
}

func (f *files) get(t *testing.T, a channels.Attachment) (Fetched, error) {
	t.Helper()
	f.taken.Reset()
	return f.fetcher.Fetch(t.Context(), Message{Channel: "zalo", Event: channels.Event{Attachments: []channels.Attachment{a}}}, 0)
}

func TestFetchOverTheWire(t *testing.T) {
	small := FetchConfig{MaxPhoto: 1000, MaxVideo: 5000, Timeout: 2 * time.Second}
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/end" {
				_, _ = io.WriteString(w, "picture")
				return
			}
			http.Redirect(w, r, to, http.StatusFound)
		}
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	bytesOf := func(n int, announce bool) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if announce {
				w.Header().Set("Content-Length", fmt.Sprint(n))
			}
			for range n / 100 {
				_, _ = w.Write(make([]byte, 100))
				w.(http.Flusher).Flush()
			}
		}
	}
	const u = "https://example.com/a?token=secret"
	tests := []struct {
		name    string
		url     string // "" means u
		kind    channels.AttachmentKind
		size    int64
		serve   http.HandlerFunc
		answer  func(n int32, host string) string
		verdict error
		reason  string     // "" means taken, unless code is set
		code    fault.Code // "" means no error
	}{
		{name: "taken", serve: bytesOf(900, false)},
		{name: "exactly the limit", serve: bytesOf(1000, false)},
		{name: "a name below a listed one", url: "https://s3.files.example.com/a", serve: bytesOf(100, true)},
		{name: "too large, announced", serve: bytesOf(1100, true), reason: TooLarge},
		{name: "too large, found while reading", serve: bytesOf(1100, false), reason: TooLarge},
		{name: "too large by the network's word", size: 1001, serve: bytesOf(100, true), reason: TooLarge},
		{name: "a video may have more", kind: channels.Video, serve: bytesOf(4000, false)},
		{name: "too large for media", serve: bytesOf(100, true), verdict: fault.InvalidField("media.too_large_photo", "size"), reason: TooLarge},
		{name: "no picture", serve: bytesOf(100, true), verdict: fault.New(fault.Invalid, "media.unreadable"), reason: Unreadable},
		{name: "media is down", serve: bytesOf(100, true), verdict: fault.New(fault.Unavailable, ""), code: fault.Unavailable},
		{name: "a citizen with too many pictures", serve: bytesOf(100, true), verdict: fault.New(fault.RateLimited, ""), code: fault.RateLimited},
		{name: "gone", serve: status(http.StatusGone), reason: Unreachable},
		{name: "not found", serve: status(http.StatusNotFound), reason: Unreachable},
		{name: "the address has expired", serve: status(http.StatusForbidden), reason: Unreachable},
		{name: "a part nobody asked for", serve: status(http.StatusPartialContent), reason: Unreachable},
		{name: "the host is busy", serve: status(http.StatusTooManyRequests), code: fault.Unavailable},
		{name: "the host fails", serve: status(http.StatusBadGateway), code: fault.Unavailable},
		{name: "the answer ends early", serve: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "500")
			_, _ = w.Write(make([]byte, 100))
		}, code: fault.Unavailable},
		{name: "the host hangs", serve: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, code: fault.Unavailable},
		{name: "foreign host", url: "https://evil.example/a", reason: Unreachable},
		{name: "looks like a listed one", url: "https://evilfiles.example.com/a", reason: Unreachable},
		{name: "no encryption", url: "http://example.com/a", reason: Unreachable},
		{name: "another port", url: "https://example.com:8443/a", reason: Unreachable},
		{name: "no address", url: "%", reason: Unreachable},
		{name: "a file", url: "file:///etc/passwd", reason: Unreachable},
		{name: "redirect within the list", serve: redirect("https://a.files.example.com/end")},
		{name: "redirect to this machine", serve: redirect("https://127.0.0.1/end"), reason: Unreachable},
		{name: "redirect to plain http", serve: redirect("http://example.com/end"), reason: Unreachable},
		{name: "redirect to a foreign host", serve: redirect("https://evil.example/end"), reason: Unreachable},
		{name: "redirects without end", serve: redirect("https://example.com/again"), reason: Unreachable},
		{name: "the name leads to this machine", answer: func(int32, string) string { return "127.0.0.1" }, reason: Unreachable},
		{name: "the name leads to the neighbours", answer: func(int32, string) string { return "::ffff:10.0.0.1" }, reason: Unreachable},
		{name: "a redirect's name leads to this machine", serve: redirect("https://a.files.example.com/end"), answer: func(_ int32, host string) string {
			if host == "example.com" {
				return outside
			}
			return "127.0.0.1"
		}, reason: Unreachable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := small
			if tt.name == "the host hangs" {
				cfg.Timeout = 100 * time.Millisecond
			}
			if tt.serve == nil {
				tt.serve = func(http.ResponseWriter, *http.Request) { t.Error("must not be called") }
			}
			f := newFiles(t, cfg, tt.serve)
			f.answer, f.verdict = tt.answer, tt.verdict
			a := channels.Attachment{Kind: channels.Photo, URL: u, Size: tt.size}
			if tt.kind != "" {
				a.Kind = tt.kind
			}
			if tt.url != "" {
				a.URL = tt.url
			}
			got, err := f.get(t, a)
			require.Equal(t, tt.code, fault.CodeOf(err))
			require.Equal(t, tt.reason, got.Reason)
			if err != nil {
				require.NotContains(t, err.Error(), "secret", "addresses hold tokens")
				return
			}
			require.Equal(t, a.Kind, got.Kind)
			require.Equal(t, tt.reason == "", got.Media == "m1")
		})
	}
}

// TestNameThatChangesItsMind: the address that was checked is the one that is called, at each connection anew.
func TestNameThatChangesItsMind(t *testing.T) {
	f := newFiles(t, FetchConfig{}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		_, _ = io.WriteString(w, "picture")
	})
	f.fetcher.transport.DisableKeepAlives = true
	f.answer = func(n int32, _ string) string {
		if n == 1 {
			return outside
		}
		return "127.0.0.1"
	}
	got, err := f.get(t, photo("https://example.com/a"))
	require.NoError(t, err)
	require.Equal(t, "m1", got.Media)
	require.EqualValues(t, 1, f.lookups.Load(), "looked up once for check and call")
	got, err = f.get(t, photo("https://example.com/a"))
	require.NoError(t, err)
	require.Equal(t, Unreachable, got.Reason)
}

func TestFetchSaysLittle(t *testing.T) {
	f := newFiles(t, FetchConfig{}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/a" {
			http.SetCookie(w, &http.Cookie{Name: "tracks", Value: "us", Domain: "example.com", Path: "/"})
			http.Redirect(w, r, "https://example.com/b", http.StatusFound)
			return
		}
		if r.Header.Get("Cookie") != "" || r.Header.Get("Referer") != "" || r.Header.Get("Authorization") != "" || r.Header.Get("Accept-Encoding") != "" ||
			r.UserAgent() != userAgent {
			t.Errorf("headers: %v", r.Header)
		}
	})
	got, err := f.get(t, photo("https://example.com/a?token=secret"))
	require.NoError(t, err)
	require.Equal(t, "m1", got.Media)
}

func TestStandInOnThisMachine(t *testing.T) {
	stand := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "picture") }))
	defer stand.Close()
	address := strings.TrimPrefix(stand.URL, "http://")
	for list, reason := range map[string]string{address: "", "127.0.0.1": Unreachable, "127.0.0.1:1": Unreachable, "*.0.0.1": Unreachable} {
		f := NewFetcher(FetchConfig{}, func(string) []string { return []string{list} }, func(_ context.Context, _ Message, _ int, _ string, body io.Reader) (string, error) {
			_, err := io.Copy(io.Discard, body)
			return "m", err
		})
		m := Message{Event: channels.Event{Attachments: []channels.Attachment{photo(stand.URL + "/a")}}}
		got, err := f.Fetch(t.Context(), m, 0)
		f.Close()
		require.NoError(t, err)
		require.Equal(t, reason, got.Reason, list)
	}
}

// FuzzPermit: whatever an address looks like, only listed hosts are called, and plainly only on this machine.
func FuzzPermit(f *testing.F) {
	for _, s := range []string{
		"https://example.vn/a", "https://a.zadn.vn/x?token=1", "https://example.vn.evil.com/", "https://evil.com\\@example.vn/", "https://example.vn@evil.com/",
		"http://127.0.0.1:8090/files/1", "http://[::ffff:127.0.0.1]:8090/", "https://EXAMPLE.VN./a", "https://example.vn:443/", "//example.vn/a", "https:example.vn",
		"http://0x7f.1:8090/", "https://zadn.vn/", "https://.zadn.vn/",
	} {
		f.Add(s)
	}
	hosts := []string{"example.vn", "*.zadn.vn", "127.0.0.1:8090"}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := url.Parse(s)
		if err != nil || permitted(hosts).Check(u) != nil {
			return
		}
		host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
		switch {
		case u.User != nil:
			t.Errorf("%q is permitted with a user", s)
		case host == "127.0.0.1" && u.Port() == "8090":
		case u.Scheme != "https", u.Port() != "" && u.Port() != "443":
			t.Errorf("%q is permitted", s)
		case host != "example.vn" && !strings.HasSuffix(host, ".zadn.vn"):
			t.Errorf("%q is permitted: host %q", s, host)
		}
	})
}
