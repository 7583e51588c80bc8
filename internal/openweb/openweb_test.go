package openweb

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPublic(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"8.8.8.8": true, "103.21.148.1": true, "2606:4700::1111": true, "::ffff:8.8.8.8": true,
		"127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "0.0.0.0": false, "100.64.0.1": false,
		"192.0.2.1": false, "198.19.0.1": false, "224.0.0.1": false, "240.0.0.1": false, "255.255.255.255": false, "::1": false, "::": false,
		"fe80::1": false, "fe80::1%eth0": false, "fc00::1": false, "ff02::1": false, "::ffff:10.0.0.1": false, "64:ff9b::a00:1": false,
		"2001::1": false, "2001:db8::1": false, "2002:a00:1::": false, "3fff::1": false, "4000::1": false, "8000::1": false,
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
	l, err := ParseHosts([]string{"a.vn", "*.b.vn", "c.vn:8443", "127.0.0.1:8090", "[::1]:8090", "d.vn:443"})
	if err != nil {
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
	for _, bad := range []string{"", "*.vn", "*", "A.vn", "a.vn/x", "a b", "a.vn:x", "*.b.vn:1", "*.*.vn", "u@a.vn"} {
		if _, err := ParseHosts([]string{bad}); err == nil {
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
		"a trusted host":              {Guard{Trusted: Hosts{"127.0.0.1"}}, srv.URL, true},
		"another trusted host":        {Guard{Trusted: Hosts{"127.0.0.2"}}, srv.URL, false},
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
