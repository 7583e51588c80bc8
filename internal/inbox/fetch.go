package inbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/netcall"
	"github.com/motcua/motcua/internal/openweb"
)

// Take puts the bytes of attachment i of m into the city's media and gives the id of the item. It must give the same for a repeat. INVALID when they are no picture or
// video that the city can read; UNAVAILABLE and RATE_LIMITED when the same may work later.
type Take func(ctx context.Context, m Message, i int, contentType string, body io.Reader) (mediaID string, err error)

const (
	userAgent    = "Motcua-Fetch/1"
	maxRedirects = 3
	dialTimeout  = 3 * time.Second // for each address of a host
)

// HTTPFetcher fetches attachments from the networks' file hosts. The addresses come from outside, so it calls only hosts that the channel lists, over
// https, and never into a closed network, whatever a name or a redirect says. It sends no cookies and no referrer, and keeps no credentials.
type HTTPFetcher struct {
	cfg       FetchConfig
	hosts     func(channel string) []string
	take      Take
	transport *http.Transport
}

var _ Fetcher = (*HTTPFetcher)(nil)

// NewFetcher makes a fetcher. hosts gives what a channel lists as channels.Profile.MediaHosts. Close it at the end.
func NewFetcher(cfg FetchConfig, hosts func(channel string) []string, take Take) *HTTPFetcher {
	return &HTTPFetcher{cfg: cfg.filled(), hosts: hosts, take: take, transport: connections().Transport(transport(), dialTimeout)}
}

// connections guards where connections lead, whatever a name says; which hosts are called at all, permitted says. One of this machine is listed with its port.
func connections() openweb.Guard { return openweb.Guard{Local: true} }

func transport() *http.Transport {
	return &http.Transport{
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    5 * time.Second,
		ResponseHeaderTimeout:  10 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true, // files are packed already, and a small answer must not unpack to a large one
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        30 * time.Second,
	}
}

// permitted lets a fetch go to listed hosts alone.
func permitted(hosts []string) openweb.Guard { return openweb.Guard{Hosts: hosts, Only: true} }

// Close ends idle connections.
func (f *HTTPFetcher) Close() { f.transport.CloseIdleConnections() }

// Fetch gets one attachment and hands it to Take. What cannot be had at all comes back as a reason; UNAVAILABLE means that a later try may succeed.
func (f *HTTPFetcher) Fetch(ctx context.Context, m Message, i int) (Fetched, error) {
	a := m.Event.Attachments[i]
	without := func(reason string) (Fetched, error) { return Fetched{Kind: a.Kind, Reason: reason}, nil }
	limit := f.cfg.limit(a.Kind)
	if a.Size > limit {
		return without(TooLarge)
	}
	ctx, cancel := context.WithTimeout(ctx, f.cfg.Timeout)
	defer cancel()
	res, err := f.get(ctx, a.URL, f.hosts(m.Channel))
	if errors.Is(err, openweb.ErrClosed) {
		return without(Unreachable)
	}
	if err != nil {
		return Fetched{}, unavailable(0, publicCause(err))
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		if !passing(res.StatusCode) {
			return without(Unreachable)
		}
		return Fetched{}, unavailable(netcall.RetryAfter(res.Header), fmt.Errorf("status %d", res.StatusCode))
	}
	if res.ContentLength > limit {
		return without(TooLarge)
	}
	body := &capped{from: res.Body, left: limit}
	id, err := f.take(ctx, m, i, res.Header.Get("Content-Type"), body)
	reason, err := outcome(body, err)
	if reason != "" || err != nil {
		return Fetched{Kind: a.Kind, Reason: reason}, err
	}
	return Fetched{Kind: a.Kind, Media: id}, nil
}

// get calls an address and the redirects behind it, each of which must be permitted.
func (f *HTTPFetcher) get(ctx context.Context, address string, hosts []string) (*http.Response, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, openweb.ErrClosed
	}
	guard := permitted(hosts)
	if err := guard.Check(u); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, openweb.ErrClosed
	}
	req.Header.Set("User-Agent", userAgent)
	client := http.Client{Transport: f.transport, CheckRedirect: guard.Redirects(maxRedirects)}
	return client.Do(req)
}

// outcome says what the taking of a body led to. How the body ended counts before what was made of it: half a picture is not the sender's mistake.
func outcome(body *capped, err error) (reason string, _ error) {
	switch code := fault.CodeOf(err); {
	case body.over:
		return TooLarge, nil
	case body.err != nil:
		return "", unavailable(0, publicCause(body.err))
	case code == fault.Invalid && tooLarge(err):
		return TooLarge, nil
	case code == fault.Invalid:
		return Unreadable, nil
	}
	return "", err
}

// tooLarge tells whether media refused a file because of its size.
func tooLarge(err error) bool {
	f := fault.Of(err)
	keys := f.Key
	for _, x := range f.Fields {
		keys += " " + x.Key
	}
	return strings.Contains(keys, "too_large")
}

// passing tells whether a status may be another one later.
func passing(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

func unavailable(after time.Duration, cause error) error {
	return &fault.Error{Code: fault.Unavailable, RetryAfter: after, Cause: fmt.Errorf("fetch: %w", cause)}
}

// publicCause keeps what may be logged of an error of net/http: never the address, which holds tokens.
func publicCause(err error) error {
	var dns *net.DNSError
	var op *net.OpError
	var network net.Error
	switch {
	case errors.As(err, &dns):
		return errors.New("the host is not known")
	case errors.As(err, &network) && network.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return errors.New("too slow")
	case errors.As(err, &op):
		return fmt.Errorf("no connection: %s", op.Op)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("the answer ended early")
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return fmt.Errorf("%T", err)
}

var errOver = errors.New("inbox: more bytes than are taken")

// capped reads up to a number of bytes and remembers how the reading ended.
type capped struct {
	from io.Reader
	left int64
	over bool  // there was more
	err  error // other than the end
}

// Read is of io.Reader.
func (c *capped) Read(p []byte) (int, error) {
	if c.over {
		return 0, errOver
	}
	if int64(len(p)) > c.left+1 { // one more tells whether there is more
		p = p[:c.left+1]
	}
	n, err := c.from.Read(p)
	if int64(n) > c.left {
		c.over = true
		return int(c.left), errOver
	}
	c.left -= int64(n)
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}
