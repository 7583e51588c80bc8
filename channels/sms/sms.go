// Package sms sends text messages through a provider's HTTP interface.
//
// It owns the wire of that interface and the limits of a text message. It does not know what a message says or why it leaves; nothing comes in this way.
package sms

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/setting"
)

// Config is the section channels.sms of the configuration.
type Config struct {
	APIBase string        `koanf:"api_base"` // address of the provider's interface without a slash at the end; messages go to <api_base>/messages. "" sends none
	Token   string        `koanf:"token"`    // the provider's bearer token; a secret
	Timeout time.Duration `koanf:"timeout"`  // for one attempt. 10s
	MaxText int           `koanf:"max_text"` // runes in one message: 335 is five parts with Vietnamese letters, each part is paid for. 335
}

// Validate reports every setting that is out of range. The token and the texts must not travel in the clear: http is for this machine only.
func (c Config) Validate() error {
	var faults setting.Faults
	if u, err := url.Parse(c.APIBase); err != nil || u.Host == "" || strings.HasSuffix(c.APIBase, "/") || u.RawQuery != "" || u.User != nil {
		faults.Add("api_base", "must be https://host/path without a slash at the end")
	} else if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		faults.Add("api_base", "must be https, or http on this machine")
	}
	faults.Refuse(c.Token == "" || strings.ContainsAny(c.Token, "\r\n"), "token", "must be set, on one line")
	faults.Refuse(c.Timeout <= 0, "timeout", "must be positive")
	faults.Refuse(c.MaxText < 70 || c.MaxText > 1000, "max_text", "must be from 70 to 1000")
	return faults.Err()
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Channel sends text messages. It is safe for concurrent use.
type Channel struct {
	cfg    Config
	client *http.Client
}

var _ channels.Channel = (*Channel)(nil)

// New makes the channel. The client's redirect policy is replaced: a message and its token go where the configuration says, or nowhere.
func New(cfg Config, client *http.Client) (*Channel, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("sms: configuration: %w", err)
	}
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Channel{cfg: cfg, client: &own}, nil
}

// Profile gives the limits of a text message.
func (c *Channel) Profile() channels.Profile {
	return channels.Profile{Name: "sms", MaxText: c.cfg.MaxText}
}

// Parse refuses everything with NOT_FOUND: the provider sends nothing to us.
func (c *Channel) Parse(channels.Request) (channels.Batch, error) {
	return channels.Batch{}, fault.New(fault.NotFound, "")
}

// e164RE is a phone number in international writing (ITU-T E.164).
var e164RE = regexp.MustCompile(`^\+[1-9][0-9]{7,14}$`)

// Send makes one attempt. Reasons of never: bad_address, unsupported_block, too_long, and those of wire.go.
func (c *Channel) Send(ctx context.Context, to channels.Address, m channels.Outbound) channels.Outcome {
	if !e164RE.MatchString(string(to)) {
		return never("bad_address", nil)
	}
	text, ok := plain(m.Blocks)
	if !ok {
		return never("unsupported_block", nil)
	}
	if utf8.RuneCountInString(text) > c.cfg.MaxText {
		return never("too_long", nil)
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	return c.post(ctx, outgoing{ID: m.ID, To: string(to), Text: text})
}

// plain gives blocks as one text: words, and links written out. ok is false when there is nothing, or something that a text message cannot show.
func plain(blocks message.Blocks) (text string, ok bool) {
	var parts []string
	for _, b := range blocks {
		switch b := b.(type) {
		case message.Words:
			parts = append(parts, b.Text)
		case message.Link:
			parts = append(parts, strings.TrimSpace(b.Label+" "+b.URL))
		default:
			return "", false
		}
	}
	text = strings.TrimSpace(strings.Join(parts, "\n"))
	return text, text != ""
}

func never(reason string, cause error) channels.Outcome {
	return channels.Outcome{Status: channels.Never, Reason: reason, Cause: cause}
}

func later(after time.Duration, cause error) channels.Outcome {
	return channels.Outcome{Status: channels.Later, Retry: after, Cause: cause}
}
