package openweb

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestPublic(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"8.8.8.8": true, "103.21.148.1": true, "2606:4700::1111": true, "::ffff:8.8.8.8": true,
		"127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "0.0.0.0": false, "100.64.0.1": false,
		"192.0.2.1": false, "198.19.0.1": false, "224.0.0.1": false, "240.0.0.1": false, "255.255.255.255": false, "::1": false, "::": false,
		"fe80::1": false, "fe80::1%eth0": false, "fc00::1": false, "ff02::1": false, "::ffff:10.0.0.1": false, "64:ff9b::a00:1": false,
		"2001::1": false, "2001:db8::1": false, "2002:a00:1::": false, "3fff::1": false, "4000::1": false, "8000::1": false,
		"0.1.2.3": false, "::ffff:169.254.169.254": false, "::127.0.0.1": false, "64:ff9b:1::a00:1": false, "fec0::1": false, "2606::1%zone": false, "fd12::1": false,
	} {
		if got := Public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: got %v", address, got)
		}
	}
	if Public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	tests := []struct {
		guard Guard
		url   string
		open  bool
	}{
		{Guard{}, "https://push.example.vn/x", true},
		{Guard{}, "https://push.example.vn:8443/x", true},
		{Guard{}, "https://8.8.8.8/x", true},
		{Guard{}, "https://[2606:4700::1111]/x", true},
		{Guard{}, "http://push.example.vn/x", false},
		{Guard{}, "https://user@push.example.vn/x", false},
		{Guard{}, "https://intranet/x", false},
		{Guard{}, "https://127.0.0.1/x", false},
		{Guard{}, "https://localhost/x", false},
		{Guard{}, "https://a.localhost./x", false},
		{Guard{}, "https://10.0.0.1/x", false},
		{Guard{}, "https://[::ffff:10.0.0.1]/x", false},
		{Guard{}, "file:///etc/passwd", false},
		{Guard{}, "https:push.example.vn", false},
		{Guard{Local: true}, "http://127.0.0.1:8090/x", true},
		{Guard{Local: true}, "http://localhost:8090/x", true},
		{Guard{Local: true}, "http://10.0.0.1/x", false},
		{Guard{Local: true}, "gopher://127.0.0.1/x", false},
		{Guard{Local: true}, "http://push.example.vn/x", false},
		{Guard{Only: true}, "https://push.example.vn/x", false},
		{Guard{Only: true, Hosts: Hosts{"127.0.0.1:8090"}}, "http://127.0.0.1:8090/x", true},
		{Guard{Only: true, Hosts: Hosts{"127.0.0.1:8090"}}, "http://127.0.0.1:8091/x", false},
		{Guard{Only: true, Hosts: Hosts{"127.0.0.1"}}, "https://127.0.0.1/x", false},
		{Guard{Only: true, Hosts: Hosts{"*.0.0.1"}}, "https://127.0.0.1/x", false},
		{Guard{Only: true, Hosts: Hosts{"10.0.0.1"}}, "https://10.0.0.1/x", false},
		{Guard{Inside: Hosts{"10.0.0.1", "media.internal"}}, "https://10.0.0.1/x", true},
		{Guard{Inside: Hosts{"10.0.0.1", "media.internal"}}, "https://MEDIA.internal./x", true},
		{Guard{Inside: Hosts{"media.internal"}}, "http://media.internal/x", false},
		{Guard{Inside: Hosts{"media.internal"}, Hosts: Hosts{"a.vn"}}, "https://b.vn/x", false},
		{Guard{Through: Hosts{"proxy.internal"}}, "https://proxy.internal/x", false},
		{Guard{Hosts: Hosts{"*.push.example"}}, "https://a.push.example/x", true},
		{Guard{Hosts: Hosts{"*.push.example"}}, "https://push.example/x", false},
		{Guard{Hosts: Hosts{"*.push.example"}}, "https://a.push.example:8443/x", false},
		{Guard{Hosts: Hosts{"push.example"}}, "https://PUSH.example.:443/x", true},
	}
	for _, tt := range tests {
		u, err := url.Parse(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		if err := tt.guard.Check(u); (err == nil) != tt.open || err != nil && !errors.Is(err, ErrClosed) {
			t.Errorf("%s with %+v: got %v", tt.url, tt.guard, err)
		}
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	l := Hosts{"a.vn", "*.b.vn", "c.vn:8443", "127.0.0.1:8090", "[::1]:8090", "localhost:80", "d.vn:443"}
	if err := l.Check(); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]bool{
		"a.vn|": true, "a.vn|443": true, "a.vn|8443": false, "x.a.vn|": false, "x.b.vn|": true, "y.x.b.vn|": true, "b.vn|": false, "xb.vn|": false,
		"c.vn|8443": true, "c.vn|": false, "127.0.0.1|8090": true, "127.0.0.1|": false, "::1|8090": true, "d.vn|": true,
	} {
		host, port, _ := strings.Cut(at, "|")
		if got := l.Match(host, port); got != want {
			t.Errorf("%s: got %v", at, got)
		}
	}
	for _, bad := range []string{"", "*.vn", "*", "*.", "A.vn", "https://a.vn", "a.vn/x", "a b", "a.vn:x", "*.b.vn:1", "*.*.vn", "a.*.vn", "u@a.vn"} {
		if (Hosts{bad}).Check() == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// TestTransport shows that what counts is where a connection goes, whatever its name says.
func TestTransport(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "inside") }))
	t.Cleanup(srv.Close)
	byName := strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)
	for name, tt := range map[string]struct {
		guard Guard
		url   string
		open  bool
	}{
		"this machine":                {Guard{}, srv.URL, false},
		"this machine by name":        {Guard{}, byName, false},
		"this machine for a stand-in": {Guard{Local: true}, srv.URL, true},
		"a proxy":                     {Guard{Through: Hosts{"127.0.0.1"}}, srv.URL, true},
		"a host of the city's own":    {Guard{Inside: Hosts{"127.0.0.1"}}, srv.URL, true},
		"a listed stand-in":           {Guard{Hosts: Hosts{strings.TrimPrefix(srv.URL, "http://")}}, srv.URL, true},
		"another proxy":               {Guard{Through: Hosts{"127.0.0.2"}}, srv.URL, false},
	} {
		tr := tt.guard.Transport(&http.Transport{}, 5*time.Second)
		res, err := (&http.Client{Transport: tr}).Get(tt.url)
		if err == nil {
			_ = res.Body.Close()
		}
		tr.CloseIdleConnections()
		if (err == nil) != tt.open || err != nil && !errors.Is(err, ErrClosed) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	own := Guard{}.Transport(nil, time.Second)
	if own.Proxy == nil || own.DialContext == nil {
		t.Error("a transport without a base lacks something")
	}
}

// TestDialsWhatWasChecked: a name that leads elsewhere at the next look-up gains nothing.
func TestDialsWhatWasChecked(t *testing.T) {
	t.Parallel()
	nobody := errors.New("nobody there")
	var tried []string
	dial := func(g Guard, address string) error {
		tried = nil
		connect := func(_ context.Context, _, to string) (net.Conn, error) {
			tried = append(tried, to)
			return nil, nobody
		}
		_, err := newDialer(g, connect, time.Second).dial(t.Context(), "tcp", address)
		return err
	}
	lookups := 0
	g := Guard{Lookup: func(context.Context, string) ([]netip.Addr, error) {
		lookups++
		var out []netip.Addr
		for _, a := range []string{"10.0.0.1", "2606:2800::1", "8.8.8.8", "127.0.0.1", "8.8.4.4", "1.1.1.1", "9.9.9.9"} {
			out = append(out, netip.MustParseAddr(a))
		}
		return out, nil
	}}
	if err := dial(g, "example.com:443"); !errors.Is(err, nobody) || lookups != 1 {
		t.Errorf("got %v after %d look-ups", err, lookups)
	}
	if want := []string{"8.8.8.8:443", "8.8.4.4:443", "1.1.1.1:443", "9.9.9.9:443"}; !slices.Equal(tried, want) {
		t.Errorf("got %v", tried)
	}
	g.Lookup = func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("8.8.8.8"), netip.MustParseAddr("::ffff:10.0.0.1")}, nil
	}
	g.Local = true
	if err := dial(g, "localhost:443"); !errors.Is(err, ErrClosed) || len(tried) > 0 {
		t.Errorf("this machine's name must lead to this machine: got %v, %v", err, tried)
	}
	g.Lookup = func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}
	if err := dial(g, "example.com:443"); !errors.Is(err, ErrClosed) || len(tried) > 0 {
		t.Errorf("another's name must not: got %v, %v", err, tried)
	}
	if err := dial(Guard{}, "nothing"); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	step := func(address string) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Referer", "https://a.vn/?token=secret")
		return r
	}
	check := Guard{}.Redirects(2)
	for address, want := range map[string]bool{"https://b.vn/": true, "https://10.0.0.1/": false, "http://b.vn/": false} {
		r := step(address)
		if err := check(r, make([]*http.Request, 2)); (err == nil) != want || r.Header.Get("Referer") != "" {
			t.Errorf("%s: got %v, %v", address, err, r.Header)
		}
	}
	if check(step("https://b.vn/"), make([]*http.Request, 3)) == nil {
		t.Error("redirects without end")
	}
}

func FuzzCheck(f *testing.F) {
	for _, s := range []string{"https://a.vn/x", "https://[::ffff:127.0.0.1]:1/", "https://0x7f.1/", "https://127.1", "//a", "https://a..vn."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := url.Parse(s)
		if err != nil || (Guard{}).Check(u) != nil {
			return
		}
		if u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
			t.Errorf("%q is taken", s)
		}
		if ip, err := netip.ParseAddr(u.Hostname()); err == nil && !Public(ip) {
			t.Errorf("%q is taken", s)
		}
	})
}
