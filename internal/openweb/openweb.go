// Package openweb keeps requests to addresses that strangers hand us on the open Internet, away from the city's own network.
//
// It owns which addresses count as open, how a list of hosts is read, and a dialer that looks only at where a connection really goes, after names have
// been resolved. It does not know what is fetched or why.
package openweb

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// ErrClosed says that an address must not be called. A connection that the guard refused has it in its chain.
var ErrClosed = errors.New("openweb: not an address of the open Internet")

// Guard says what may be called. Its zero value lets through the open Internet alone.
type Guard struct {
	Hosts   Hosts // if any, only these may be called
	Trusted Hosts // inside the city's own network, such as its proxy: they may be connected to whatever their address
	Local   bool  // this machine may be called too, and without TLS: for a stand-in
}

// Check refuses a URL that should not even be tried: ErrClosed unless it is https (http for this machine with Local), without a user, of a host that is a
// full name or an open address and that Hosts lists. It does no I/O: what a name leads to shows when it is dialled.
func (g Guard) Check(u *url.URL) error {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if host == "" || u.User != nil || u.Opaque != "" {
		return ErrClosed
	}
	if g.Local && isLocal(host) && (u.Scheme == "http" || u.Scheme == "https") {
		return nil
	}
	if u.Scheme != "https" || !outside(host) {
		return ErrClosed
	}
	if len(g.Hosts) > 0 && !g.Hosts.Match(host, u.Port()) {
		return ErrClosed
	}
	return nil
}

// outside tells whether a host can be of the Internet by its looks.
func outside(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return Public(ip)
	}
	return strings.Contains(host, ".") && !isLocal(host)
}

// isLocal tells whether a host names this machine.
func isLocal(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && ip.Unmap().IsLoopback()
}

// Transport gives a transport whose connections pass the guard. base may be nil; otherwise its other settings are kept. It opens nothing by itself.
func (g Guard) Transport(base *http.Transport, timeout time.Duration) *http.Transport {
	own := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: timeout}
	if base != nil {
		own = base.Clone()
	}
	free, guarded := &net.Dialer{Timeout: timeout}, &net.Dialer{Timeout: timeout, Control: g.control}
	own.DialTLSContext = nil // it would pass by what follows
	own.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if host, port, err := net.SplitHostPort(address); err == nil && g.Trusted.matchDialled(strings.ToLower(host), port) {
			return free.DialContext(ctx, network, address)
		}
		return guarded.DialContext(ctx, network, address)
	}
	return own
}

// control sees each address after its name has been resolved, just before it is connected to.
func (g Guard) control(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return ErrClosed
	}
	if g.Local && to.Addr().Unmap().IsLoopback() || Public(to.Addr()) {
		return nil
	}
	return ErrClosed
}
