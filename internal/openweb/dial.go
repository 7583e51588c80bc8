package openweb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"
)

// maxDials is how many addresses of one host are tried.
const maxDials = 4

// dialer connects only where its guard allows: it looks up a name itself, checks each address, and connects to the address that it checked, so that a name
// that leads elsewhere a moment later gains nothing.
type dialer struct {
	guard   Guard
	connect func(ctx context.Context, network, address string) (net.Conn, error)
	timeout time.Duration // for each address
}

func newDialer(g Guard, connect func(context.Context, string, string) (net.Conn, error), timeout time.Duration) dialer {
	if connect == nil {
		connect = (&net.Dialer{}).DialContext
	}
	if g.Lookup == nil {
		g.Lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	return dialer{g, connect, timeout}
}

// dial is a DialContext of net/http.
func (d dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, ErrClosed
	}
	host = plain(host)
	if d.guard.Inside.matchAny(host, port) || d.guard.Through.matchAny(host, port) {
		return d.to(ctx, network, address)
	}
	allowed, err := d.resolve(ctx, host, port)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, a := range allowed[:min(len(allowed), maxDials)] {
		conn, err := d.to(ctx, network, net.JoinHostPort(a.String(), port))
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

func (d dialer) to(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	return d.connect(ctx, network, address)
}

// resolve gives the addresses of a host that may be called, IPv4 first; ErrClosed when it has only others. A name of this machine must lead to this machine.
func (d dialer) resolve(ctx context.Context, host, port string) ([]netip.Addr, error) {
	found, err := d.addresses(ctx, host)
	if err != nil {
		return nil, err
	}
	open := Public
	if isLocal(host) {
		local := d.guard.Local || d.guard.Hosts.Match(host, port)
		open = func(a netip.Addr) bool { return local && a.Unmap().IsLoopback() }
	}
	allowed := slices.DeleteFunc(found, func(a netip.Addr) bool { return !open(a) })
	if len(allowed) == 0 {
		return nil, fmt.Errorf("%w: the host leads into a closed network", ErrClosed)
	}
	slices.SortStableFunc(allowed, func(a, b netip.Addr) int { return a.Unmap().BitLen() - b.Unmap().BitLen() })
	return allowed, nil
}

func (d dialer) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	found, err := d.guard.Lookup(ctx, host)
	return slices.Clone(found), err
}
