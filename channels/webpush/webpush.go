// Package webpush sends messages to the lock screens of browsers, through whatever push service a browser has subscribed with.
//
// It owns the wire of push services (RFC 8030), the encryption of what goes through them (RFC 8291), the city's signature (RFC 8292), and the payload that
// the city's own page reads. It keeps no subscription and does not know whose they are. Nothing comes in this way.
package webpush

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	library "github.com/SherClockHolmes/webpush-go"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/openweb"
)

// Channel pushes to browsers. Its addresses are subscriptions in JSON. It is safe for concurrent use.
type Channel struct {
	cfg    Config
	guard  openweb.Guard
	client *http.Client
	now    func() time.Time
}

var _ channels.Channel = (*Channel)(nil)

// New makes the channel. An endpoint is whatever a stranger's browser says, so connections leave only towards Config.Hosts on the open Internet, whatever
// transport the client has, and redirects are not followed. Without a client it has settings of its own.
func New(cfg Config, client *http.Client, now func() time.Time) (*Channel, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("webpush: configuration: %w", err)
	}
	if !cfg.Enabled() {
		return nil, errors.New("webpush: configuration: vapid_public_key and vapid_private_key are not set")
	}
	cfg = cfg.withDefaults()
	g := openweb.Guard{Hosts: cfg.Hosts, Only: true, Through: cfg.TrustedHosts, Local: cfg.AllowPrivate}
	var base *http.Transport
	if client != nil {
		base, _ = client.Transport.(*http.Transport) // nil when it has none, or one of another kind
	}
	own := &http.Client{
		Transport:     g.Transport(base, cfg.Timeout),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Channel{cfg: cfg, guard: g, client: own, now: now}, nil
}

// GenerateKeys makes a pair of keys for the settings. The public one goes to the pages too, as applicationServerKey.
func GenerateKeys() (public, private string, err error) {
	private, public, err = library.GenerateVAPIDKeys()
	return public, private, err
}

// Profile gives the limits of a push. Its text is shortened to what a push service takes, so there is no limit of its own.
func (c *Channel) Profile() channels.Profile { return channels.Profile{Name: "webpush"} }

// Parse refuses everything with NOT_FOUND: push services send nothing to us.
func (c *Channel) Parse(channels.Request) (channels.Batch, error) {
	return channels.Batch{}, fault.New(fault.NotFound, "")
}

// Close lets go of connections that are kept for later.
func (c *Channel) Close() { c.client.CloseIdleConnections() }

// Host names where a subscription leads, with its port unless that is the usual one; "" for what is none.
func (c *Channel) Host(to channels.Address) string {
	s, ok := parse(string(to), c.guard)
	if !ok {
		return ""
	}
	u, err := url.Parse(s.Endpoint)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(strings.ToLower(u.Host), ":443")
}

// Send makes one attempt. Reasons of never: bad_address, unsupported_block, too_big, token_dead when the subscription is over, vapid_refused with an alarm,
// refused_<class of the status>: "refused_4xx".
func (c *Channel) Send(ctx context.Context, to channels.Address, m channels.Outbound) channels.Outcome {
	s, ok := parse(string(to), c.guard)
	if !ok {
		return never("bad_address", nil)
	}
	p, ok := m.AsPush()
	if !ok {
		return never("unsupported_block", nil)
	}
	body, ok := c.payload(m.ID, p)
	if !ok {
		return never("too_big", nil)
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	return c.post(ctx, s, body, p)
}
