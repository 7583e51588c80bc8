package inbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"
)

const (
	dialTimeout = 3 * time.Second // for each address
	maxDials    = 4               // addresses of one host that are tried
)

// guard connects only where it may: it looks up a name itself, checks each address, and connects to the address that it checked, so that a name that
// leads elsewhere a moment later gains nothing.
type guard struct {
	lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	dial   func(ctx context.Context, to netip.AddrPort) (net.Conn, error)
	closed []netip.Prefix
}

func newGuard() *guard {
	d := &net.Dialer{Timeout: dialTimeout}
	return &guard{
		lookup: func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		},
		dial: func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			return d.DialContext(ctx, "tcp", to.String())
		},
		closed: closed(),
	}
}

// connect is a DialContext of net/http. permit has allowed the host.
func (g *guard) connect(ctx context.Context, _, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, errRefused
	}
	allowed, err := g.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, a := range allowed[:min(len(allowed), maxDials)] {
		to, err := netip.ParseAddrPort(net.JoinHostPort(a.String(), port))
		if err != nil {
			return nil, errRefused
		}
		conn, err := g.dial(ctx, to)
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// resolve gives the addresses of a host that may be called, IPv4 first. errRefused when it has only others.
func (g *guard) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	found, err := g.addresses(ctx, host)
	if err != nil {
		return nil, err
	}
	local := isLocal(host)
	allowed := slices.DeleteFunc(found, func(a netip.Addr) bool {
		if local {
			return !a.Unmap().IsLoopback()
		}
		return !public(a, g.closed)
	})
	if len(allowed) == 0 {
		return nil, fmt.Errorf("%w: the host leads into a closed network", errRefused)
	}
	slices.SortStableFunc(allowed, func(a, b netip.Addr) int { return a.Unmap().BitLen() - b.Unmap().BitLen() })
	return allowed, nil
}

func (g *guard) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	found, err := g.lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	return slices.Clone(found), nil
}
