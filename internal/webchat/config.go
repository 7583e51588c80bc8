package webchat

import (
	"cmp"
	"net/url"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/setting"
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
	// AddressStreams is how many of them one network address may have on one replica, IPv6 by /64; 0 means 200: offices and phones share addresses.
	AddressStreams int `koanf:"address_streams"`
	// SessionMax is how long a visitor is known who does not come back: each visit begins it anew. 0 means 8760h (365 days).
	SessionMax time.Duration `koanf:"session_max"`
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
	AddressReads    limit.Rule `koanf:"address_reads"`    // the same of all visitors of one address; default 1200 in 1m

	UploadBytes        limit.Rule `koanf:"upload_bytes"`         // bytes of files of one visitor; default 209715200 (200 MB) in 24h
	AddressUploadBytes limit.Rule `koanf:"address_upload_bytes"` // bytes of files of all visitors of one address; default 524288000 (500 MB) in 1h
}

// Validate reports every setting that cannot work.
func (c Config) Validate() error {
	var faults setting.Faults
	faults.Refuse(c.Retention != 0 && c.Retention < time.Hour, "retention", "must be at least 1h, or 0")
	faults.Span("heartbeat", c.Heartbeat, 10*time.Millisecond, time.Minute)
	faults.Number("max_text", c.MaxText, 1, maxText)
	faults.Refuse(c.Streams < 0 || c.VisitorStreams < 0 || c.AddressStreams < 0, "streams, visitor_streams, address_streams", "must not be negative")
	faults.Refuse(c.SessionMax != 0 && c.SessionMax < 24*time.Hour, "session_max", "must be at least 24h, or 0")
	faults.Refuse(!tilesOK(c.Tiles), "tiles", "must be an https address with {z}, {x} and {y}")
	for _, o := range c.EmbedOrigins {
		if u, err := url.Parse(o); o != "*" && (err != nil || u.Host == "" || u.Scheme+"://"+u.Host != o || strings.ContainsAny(o, " ;,'\"")) {
			faults.Add("embed_origins", "%q is no origin, such as https://example.vn", o)
		}
	}
	faults.Under("limits", c.Limits.validate())
	return faults.Err()
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
	var faults setting.Faults
	for _, r := range []struct {
		key  string
		rule limit.Rule
	}{
		{"sessions", l.Sessions}, {"messages", l.Messages}, {"address_messages", l.AddressMessages}, {"uploads", l.Uploads},
		{"address_uploads", l.AddressUploads}, {"reads", l.Reads}, {"address_reads", l.AddressReads},
		{"upload_bytes", l.UploadBytes}, {"address_upload_bytes", l.AddressUploadBytes},
	} {
		if r.rule != (limit.Rule{}) {
			faults.Under(r.key, r.rule.Validate())
		}
	}
	return faults.Err()
}

// Filled gives the configuration with the defaults where it says nothing.
func (c Config) Filled() Config {
	c.Retention = cmp.Or(c.Retention, 90*24*time.Hour)
	c.MaxText = cmp.Or(c.MaxText, 2000)
	c.Streams = cmp.Or(c.Streams, 10_000)
	c.VisitorStreams = cmp.Or(c.VisitorStreams, 5)
	c.AddressStreams = cmp.Or(c.AddressStreams, 200)
	c.SessionMax = cmp.Or(c.SessionMax, 365*24*time.Hour)
	c.Heartbeat = cmp.Or(c.Heartbeat, 20*time.Second)
	l := &c.Limits
	l.Sessions = cmp.Or(l.Sessions, limit.Rule{Max: 60, Per: 10 * time.Minute})
	l.Messages = cmp.Or(l.Messages, limit.Rule{Max: 30, Per: time.Minute})
	l.AddressMessages = cmp.Or(l.AddressMessages, limit.Rule{Max: 600, Per: time.Minute})
	l.Uploads = cmp.Or(l.Uploads, limit.Rule{Max: 30, Per: time.Hour})
	l.AddressUploads = cmp.Or(l.AddressUploads, limit.Rule{Max: 300, Per: time.Hour})
	l.Reads = cmp.Or(l.Reads, limit.Rule{Max: 120, Per: time.Minute})
	l.AddressReads = cmp.Or(l.AddressReads, limit.Rule{Max: 1200, Per: time.Minute})
	l.UploadBytes = cmp.Or(l.UploadBytes, limit.Rule{Max: 200 << 20, Per: 24 * time.Hour})
	l.AddressUploadBytes = cmp.Or(l.AddressUploadBytes, limit.Rule{Max: 500 << 20, Per: time.Hour})
	return c
}
