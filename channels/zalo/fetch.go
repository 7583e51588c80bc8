package zalo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/motcua/motcua/channels"
)

// fetch takes a picture from where it is kept.
func (c *Channel) fetch(ctx context.Context, address string) ([]byte, channels.Outcome) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil || c.pictures.CheckRedirect(req, nil) != nil {
		return nil, refused("picture_address")
	}
	res, err := c.pictures.Do(req)
	if errors.Is(err, errPictureAddress) {
		return nil, refused("picture_address")
	}
	if err != nil {
		return nil, later(fmt.Errorf("zalo: picture: %w", bare(err)))
	}
	if res.StatusCode != http.StatusOK {
		_ = res.Body.Close() // nothing was read from it
		return nil, missing(res)
	}
	body, err := limited(res, maxPicture)
	switch {
	case errors.Is(err, errTooLong):
		return nil, refused("picture_too_large")
	case err != nil:
		return nil, later(fmt.Errorf("zalo: picture: %w", err))
	}
	return body, channels.Outcome{}
}

// missing says what it means that a picture did not come.
func missing(res *http.Response) channels.Outcome {
	if s := res.StatusCode; s == http.StatusRequestTimeout || s == http.StatusTooManyRequests || s >= 500 {
		o := later(fmt.Errorf("zalo: picture: HTTP status %d", s))
		o.Retry = retryAfter(res.Header.Get("Retry-After"))
		return o
	}
	return refused("picture_" + strconv.Itoa(res.StatusCode))
}

// errPictureAddress is why a picture is not asked for: where it would come from is not a place of the open Internet.
var errPictureAddress = errors.New("zalo: not an address that pictures may be taken from")

// pictureClient fetches pictures over https from the open Internet and from cfg.PictureHosts. An address may come from a mini-app outside the city, which must
// not make us ask our own network. With a stand-in of Zalo on this machine, this machine is allowed too.
func pictureClient(cfg Config, client *http.Client) *http.Client {
	base, err := url.Parse(cfg.APIBase)
	local := err == nil && loopback(base.Hostname())
	own := &http.Transport{TLSHandshakeTimeout: cfg.Timeout, MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true, Proxy: http.ProxyFromEnvironment}
	if given, ok := client.Transport.(*http.Transport); ok && given != nil {
		own = given.Clone()
	}
	open := &net.Dialer{Timeout: cfg.Timeout}
	guarded := &net.Dialer{Timeout: cfg.Timeout, Control: func(_, address string, _ syscall.RawConn) error { return public(address, local) }}
	own.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if trusted(cfg.PictureHosts, address) {
			return open.DialContext(ctx, network, address)
		}
		return guarded.DialContext(ctx, network, address)
	}
	return &http.Client{Transport: own, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) > 3 || r.URL.Host == "" || r.URL.Scheme != "https" && (r.URL.Scheme != "http" || !local || !loopback(r.URL.Hostname())) {
			return errPictureAddress
		}
		return nil
	}}
}

// public refuses to connect to an address that is not of the open Internet.
func public(address string, local bool) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return errPictureAddress
	}
	ip := ap.Addr().Unmap()
	if local && ip.IsLoopback() {
		return nil
	}
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || slices.ContainsFunc(inner, func(p netip.Prefix) bool { return p.Contains(ip) }) {
		return errPictureAddress
	}
	return nil
}

// inner are further networks that lead nowhere outside: "this network" (RFC 1122), of carriers (RFC 6598), for protocols and measurements (RFC 6890), the
// reserved ones, and of IPv6 those that carry an address of IPv4 or are given out to nobody: all but 2000::/3, and in there Teredo and 6to4.
var inner = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("::/3"), netip.MustParsePrefix("4000::/2"), netip.MustParsePrefix("8000::/1"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2002::/16"),
}

// trusted tells whether the settings name the host of an address: "host", "*.host" or "host:port".
func trusted(hosts []string, address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && slices.ContainsFunc(hosts, func(h string) bool {
		tail, wild := strings.CutPrefix(h, "*")
		return strings.EqualFold(h, host) || strings.EqualFold(h, address) || wild && strings.HasSuffix(strings.ToLower(host), strings.ToLower(tail))
	})
}
