// Package openweb keeps requests to addresses that strangers hand us on the open Internet, away from the city's own network.
//
// It owns which addresses count as open, how a list of hosts is read, and a dialer that looks only at where a connection really goes, after names have
// been resolved. It does not know what is fetched or why.
package openweb

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// ErrClosed says that an address must not be called. A connection that the guard refused has it in its chain.
var ErrClosed = errors.New("openweb: not an address of the open Internet")

// Guard says what may be called. Its zero value lets through the open Internet alone.
type Guard struct {
	Hosts   Hosts // if any, only these may be called. Named with its port, this machine may be called too, and without TLS: a stand-in
	Only    bool  // nothing but Hosts, also when there are none
	Inside  Hosts // inside the city's own network: they may be called too, whatever their address; without a port, on any
	Through Hosts // inside the city's own network, such as its proxy: connections may go there whatever their address, and nobody calls them
	Local   bool  // this machine may be called by its names, on any port, and without TLS: for a stand-in

	// Lookup gives the addresses of a name; nil asks the system.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
}

// Check refuses a URL that should not even be tried: ErrClosed unless it is https, without a user, of a host that is a full name or an open address and that
// Hosts lists. It does no I/O: what a name leads to shows when it is dialled.
func (g Guard) Check(u *url.URL) error {
	host := plain(u.Hostname())
	if host == "" || u.User != nil || u.Opaque != "" {
		return ErrClosed
	}
	if isLocal(host) {
		return g.checkLocal(u, host)
	}
	inside := g.Inside.matchAny(host, u.Port())
	listed := len(g.Hosts) == 0 && !g.Only || g.Hosts.Match(host, u.Port())
	if u.Scheme != "https" || !inside && (!listed || !outside(host) || g.Through.matchAny(host, u.Port())) {
		return ErrClosed
	}
	return nil
}

func (g Guard) checkLocal(u *url.URL, host string) error {
	web := u.Scheme == "http" || u.Scheme == "https"
	named := u.Port() != "" && g.Hosts.Match(host, u.Port())
	inside := u.Scheme == "https" && g.Inside.matchAny(host, u.Port())
	if inside || web && (g.Local || named) {
		return nil
	}
	return ErrClosed
}

// Redirects gives a CheckRedirect for net/http: up to so many redirects, each of which passes Check, and without a referrer, which may hold a secret.
func (g Guard) Redirects(most int) func(*http.Request, []*http.Request) error {
	return func(next *http.Request, via []*http.Request) error {
		next.Header.Del("Referer")
		if len(via) > most {
			return ErrClosed
		}
		return g.Check(next.URL)
	}
}

// Transport gives a transport whose connections pass the guard. base may be nil; otherwise its settings are kept, and its DialContext, if any, connects to the
// addresses that were checked. timeout is for each address. It opens nothing by itself.
func (g Guard) Transport(base *http.Transport, timeout time.Duration) *http.Transport {
	own := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: timeout}
	if base != nil {
		own = base.Clone()
	}
	own.DialTLSContext = nil // it would pass by what follows
	own.DialContext = newDialer(g, own.DialContext, timeout).dial
	return own
}

// plain gives a host as it is compared.
func plain(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }

// outside tells whether a host can be of the Internet by its looks.
func outside(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return Public(ip)
	}
	return strings.Contains(host, ".")
}

// isLocal tells whether a host names this machine.
func isLocal(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && ip.Unmap().IsLoopback()
}
