package webchat

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/limit"
)

// Config is the section webchat of the configuration. Zero means the default named at each field.
type Config struct {
	// Retention is how long a line is kept after it was said, and the latest ones after the last of them; 0 means 2160h (90 days).
	Retention time.Duration `koanf:"retention"`
	// EmbedOrigins are the web origins whose pages may show the chat in a frame, as the widget does: "https://haiphong.gov.vn", or "*" for any. Empty means our own only.
	EmbedOrigins []string `koanf:"embed_origins"`
	// Tiles is the address of map tiles with {z}, {x} and {y}; "" shows the outlines of the wards alone, and asks nobody else.
	Tiles string `koanf:"tiles"`
	// MaxText is how many runes a visitor's message may have; 0 means 2000.
	MaxText int `koanf:"max_text"`
	// Streams is how many open event streams one replica holds; 0 means 10000.
	Streams int `koanf:"streams"`
	// VisitorStreams is how many of them one visitor may have, open pages that is; a further one ends the oldest. 0 means 5.
	VisitorStreams int `koanf:"visitor_streams"`
	// Heartbeat is how often a silent stream gives a sign of life; 0 means 20s, less than proxies allow.
	Heartbeat time.Duration `koanf:"heartbeat"`
	// Limits say how often somebody may ask.
	Limits Limits `koanf:"limits"`
}

// Limits say how often somebody may ask. A rule that is zero is the default named at its field.
type Limits struct {
	Sessions        limit.Rule `koanf:"sessions"`         // new visitors of one address; default 60 in 10m: many phones share an address
	Messages        limit.Rule `koanf:"messages"`         // of one visitor; default 30 in 1m
	AddressMessages limit.Rule `koanf:"address_messages"` // of all visitors of one address; default 600 in 1m
	Uploads         limit.Rule `koanf:"uploads"`          // of one visitor; default 30 in 1h
	AddressUploads  limit.Rule `koanf:"address_uploads"`  // of all visitors of one address; default 300 in 1h
	Reads           limit.Rule `koanf:"reads"`            // streams opened and older lines asked for by one visitor; default 120 in 1m
}

// Validate reports every setting that cannot work.
func (c Config) Validate() error {
	var errs []error
	bad := func(key, format string, args ...any) { errs = append(errs, fmt.Errorf(key+": "+format, args...)) }
	if c.Retention != 0 && c.Retention < time.Hour {
		bad("retention", "must be at least 1h, or 0")
	}
	if c.Heartbeat != 0 && (c.Heartbeat < 10*time.Millisecond || c.Heartbeat > time.Minute) {
		bad("heartbeat", "must be between 10ms and 1m, or 0")
	}
	if c.MaxText < 0 || c.MaxText > maxText {
		bad("max_text", "must be between 0 and %d", maxText)
	}
	if c.Streams < 0 || c.VisitorStreams < 0 {
		bad("streams, visitor_streams", "must not be negative")
	}
	if !tilesOK(c.Tiles) {
		bad("tiles", "must be an https address with {z}, {x} and {y}")
	}
	for _, o := range c.EmbedOrigins {
		if u, err := url.Parse(o); o != "*" && (err != nil || u.Host == "" || u.Scheme+"://"+u.Host != o || strings.ContainsAny(o, " ;,'\"")) {
			bad("embed_origins", "%q is no origin, such as https://example.vn", o)
		}
	}
	return errors.Join(append(errs, c.Limits.validate())...)
}

// maxText bounds the setting of the same name, so that a message stays within what a request and a line hold.
const maxText = 4000

func tilesOK(t string) bool {
	if t == "" {
		return true
	}
	u, err := url.Parse(strings.NewReplacer("{z}", "1", "{x}", "1", "{y}", "1", "{s}", "a").Replace(t))
	named := strings.Contains(t, "{z}") && strings.Contains(t, "{x}") && strings.Contains(t, "{y}")
	return err == nil && named && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && u.Hostname() == "127.0.0.1") && !strings.ContainsAny(t, " ;,'\"")
}

func (l Limits) validate() error {
	var errs []error
	for _, r := range []struct {
		key  string
		rule limit.Rule
	}{
		{"sessions", l.Sessions}, {"messages", l.Messages}, {"address_messages", l.AddressMessages}, {"uploads", l.Uploads},
		{"address_uploads", l.AddressUploads}, {"reads", l.Reads},
	} {
		if r.rule != (limit.Rule{}) {
			if err := r.rule.Validate(); err != nil {
				errs = append(errs, fmt.Errorf("limits.%s: %w", r.key, err))
			}
		}
	}
	return errors.Join(errs...)
}

// Filled gives the configuration with the defaults where it says nothing.
func (c Config) Filled() Config {
	c.Retention = cmp.Or(c.Retention, 90*24*time.Hour)
	c.MaxText = cmp.Or(c.MaxText, 2000)
	c.Streams = cmp.Or(c.Streams, 10_000)
	c.VisitorStreams = cmp.Or(c.VisitorStreams, 5)
	c.Heartbeat = cmp.Or(c.Heartbeat, 20*time.Second)
	l := &c.Limits
	l.Sessions = cmp.Or(l.Sessions, limit.Rule{Max: 60, Per: 10 * time.Minute})
	l.Messages = cmp.Or(l.Messages, limit.Rule{Max: 30, Per: time.Minute})
	l.AddressMessages = cmp.Or(l.AddressMessages, limit.Rule{Max: 600, Per: time.Minute})
	l.Uploads = cmp.Or(l.Uploads, limit.Rule{Max: 30, Per: time.Hour})
	l.AddressUploads = cmp.Or(l.AddressUploads, limit.Rule{Max: 300, Per: time.Hour})
	l.Reads = cmp.Or(l.Reads, limit.Rule{Max: 120, Per: time.Minute})
	return c
}
