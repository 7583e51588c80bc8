// Package fcm sends messages to the lock screens of phones through Firebase Cloud Messaging, and reads the proof of a phone number that Firebase
// Authentication gives.
//
// It owns the wire of both, as far as Google's own library leaves it to us: sizes, what an error means, one attempt at a time. It keeps no registration
// token and does not know whose they are. Nothing comes in this way.
package fcm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"

	firebase "firebase.google.com/go/v4"
	"firebase.google.com/go/v4/messaging"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
	"google.golang.org/api/option"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
)

// Channel pushes to phones. Its addresses are registration tokens, or "/topics/<name>,<name>" for all who follow any of these topics. It is safe for
// concurrent use.
type Channel struct {
	cfg    Config
	client *messaging.Client
	http   *http.Client
	now    func() time.Time
}

var _ channels.Channel = (*Channel)(nil)

// scope is what the service account needs for messages and topics.
const scope = "https://www.googleapis.com/auth/firebase.messaging"

// New makes the channel. It reads the credentials and asks nobody. Of the client only the transport is used.
func New(ctx context.Context, cfg Config, client *http.Client, now func() time.Time) (*Channel, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("fcm: configuration: %w", err)
	}
	if !cfg.Enabled() {
		return nil, errors.New("fcm: configuration: project_id is not set")
	}
	cfg = cfg.withDefaults()
	own, err := authorised(cfg, client)
	if err != nil {
		return nil, err
	}
	app, err := firebase.NewApp(ctx, &firebase.Config{ProjectID: cfg.ProjectID}, option.WithHTTPClient(own))
	if err != nil {
		return nil, fmt.Errorf("fcm: open: %w", err)
	}
	m, err := app.Messaging(ctx)
	if err != nil {
		return nil, fmt.Errorf("fcm: open: %w", err)
	}
	return &Channel{cfg: cfg, client: m, http: own, now: now}, nil
}

// authorised gives a client that signs requests with the service account, makes one attempt at each, and takes them to cfg.APIBase.
func authorised(cfg Config, client *http.Client) (*http.Client, error) {
	base := client.Transport
	if base == nil {
		base = roomy()
	}
	var to http.RoundTripper = redirected(cfg.APIBase, base)
	if cfg.CredentialsFile != "" {
		key, err := os.ReadFile(cfg.CredentialsFile)
		if err != nil {
			return nil, fmt.Errorf("fcm: credentials_file: %w", err)
		}
		account, err := google.JWTConfigFromJSON(key, scope)
		if err != nil {
			return nil, errors.New("fcm: credentials_file: is no key of a service account") // the cause might quote it
		}
		// Tokens outlive the request that first needs one.
		ctx := context.WithValue(context.Background(), oauth2.HTTPClient, &http.Client{Transport: base, Timeout: cfg.Timeout})
		to = &oauth2.Transport{Source: account.TokenSource(ctx), Base: to}
	}
	return &http.Client{
		Transport:     once{to},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

const idlePerHost = 100 // connections: more than notices are under way at once

// roomy gives a transport that keeps the connections of many requests at once: the usual one keeps two to a host, and dials anew for each further request where
// the other side does not speak HTTP/2.
func roomy() http.RoundTripper {
	usual, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t := usual.Clone()
	t.MaxIdleConnsPerHost = idlePerHost
	return t
}

// Profile gives the limits of a push. Its text is shortened to what the network takes, so there is no limit of its own.
func (c *Channel) Profile() channels.Profile {
	return channels.Profile{Name: "fcm", Account: c.cfg.ProjectID, PerMinute: c.cfg.PerMinute}
}

// Parse refuses everything with NOT_FOUND: the network sends nothing to us.
func (c *Channel) Parse(channels.Request) (channels.Batch, error) {
	return channels.Batch{}, fault.New(fault.NotFound, "")
}

// tokenRE is what a registration token is made of. Google promises neither its letters nor its length; those seen have 140 to 200 of these.
var tokenRE = regexp.MustCompile(`^[A-Za-z0-9_:.%~-]+$`)

const maxToken = 2048 // bytes

func isToken(s string) bool { return len(s) <= maxToken && tokenRE.MatchString(s) }

// Check reads a registration token and gives it as an address, and what it is known by: itself. INVALID when it is none.
func (c *Channel) Check(raw string) (to channels.Address, known string, err error) {
	raw = strings.TrimSpace(raw)
	if !isToken(raw) {
		return "", "", fault.New(fault.Invalid, "")
	}
	return channels.Address(raw), raw, nil
}

// Send makes one attempt. Reasons of never: bad_address, unsupported_block, too_big, bad_data, token_dead when the registration is over, wrong_sender with an
// alarm when it belongs to another project, bad_topic, bad_request, refused_<class of the status>: "refused_4xx". Reasons of alarms that are later: credentials, forbidden, no_such_project,
// third_party_auth.
func (c *Channel) Send(ctx context.Context, to channels.Address, m channels.Outbound) channels.Outcome {
	target, ok := aim(to)
	if !ok {
		return never("bad_address", nil)
	}
	p, ok := m.AsPush()
	if !ok {
		return never("unsupported_block", nil)
	}
	out, reason := c.render(target, m.ID, p)
	if reason != "" {
		return never(reason, nil)
	}
	return c.send(ctx, out)
}

// send makes the request.
func (c *Channel) send(ctx context.Context, m *messaging.Message) channels.Outcome {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	ctx, try := begin(ctx)
	defer try.end()
	id, err := c.client.Send(ctx, m)
	o := outcome(id, err, try.result())
	if m.Token == "" && o.Reason == "token_dead" {
		o.Reason = "bad_topic"
	}
	return o
}
