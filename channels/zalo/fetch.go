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

// inner are further networks that lead nowhere outside: of carriers (RFC 6598), for translation to IPv4 (RFC 6052, RFC 8215), and "this network" (RFC 1122).
var inner = []netip.Prefix{
	netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("0.0.0.0/8"),
}

// trusted tells whether the settings name the host of an address: "host", "*.host" or "host:port".
func trusted(hosts []string, address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && slices.ContainsFunc(hosts, func(h string) bool {
		tail, wild := strings.CutPrefix(h, "*")
		return strings.EqualFold(h, host) || strings.EqualFold(h, address) || wild && strings.HasSuffix(strings.ToLower(host), strings.ToLower(tail))
	})
}
