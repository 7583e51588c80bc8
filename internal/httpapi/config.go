package httpapi

import (
	"cmp"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/setting"
)

// Config is the section http of the configuration.
type Config struct {
	PublicURL      string        `koanf:"public_url"`      // where citizens reach the public port, without a slash at the end; "" means http://<the address listened on>
	TrustedProxies []string      `koanf:"trusted_proxies"` // addresses or CIDR ranges whose X-Forwarded-For is believed; empty believes none
	AllowedOrigins []string      `koanf:"allowed_origins"` // web origins that may call from a browser, besides our own; empty means none
	HeaderTimeout  time.Duration `koanf:"header_timeout"`  // time to send a request's head and small body
	UploadTimeout  time.Duration `koanf:"upload_timeout"`  // time to send an upload
	UploadPace     int           `koanf:"upload_pace"`     // bytes a second that an upload must come with on average; 0 means 16384
	UploadGrace    time.Duration `koanf:"upload_grace"`    // time before that is looked at; 0 means 10s
	WriteTimeout   time.Duration `koanf:"write_timeout"`   // longest time that a client may take none of our bytes
	IdleTimeout    time.Duration `koanf:"idle_timeout"`    // life of an unused connection
	MaxBody        int           `koanf:"max_body"`        // bytes of a request body, uploads and webhooks (1 MB) excepted
	MaxInFlight    int           `koanf:"max_in_flight"`   // requests worked on at once; the rest get 503 with Retry-After
	MaxWebhooks    int           `koanf:"max_webhooks"`    // calls of networks taken at once, besides; the rest get 503 with Retry-After; 0 means 256
	DrainDelay     time.Duration `koanf:"drain_delay"`     // between "not ready" and closing, so that balancers notice
	DrainTimeout   time.Duration `koanf:"drain_timeout"`   // longest wait for requests under way at the end

	MaxUploads          int `koanf:"max_uploads"`           // announced uploads taken at once, besides; the rest get 503 with Retry-After
	MaxGuestUploads     int `koanf:"max_guest_uploads"`     // the same of web chats, whose visitors nobody knows; 0 means 16
	AddressUploads      int `koanf:"address_uploads"`       // announced uploads of one address at once (IPv6: one /64); 0 means a quarter of max_uploads
	AddressGuestUploads int `koanf:"address_guest_uploads"` // the same of web chats; 0 means a quarter of max_guest_uploads
}

// Validate reports every setting that is out of range.
func (c Config) Validate() error {
	var faults setting.Faults
	for _, d := range []struct {
		key string
		v   time.Duration
	}{{"header_timeout", c.HeaderTimeout}, {"upload_timeout", c.UploadTimeout}, {"write_timeout", c.WriteTimeout}, {"idle_timeout", c.IdleTimeout}, {"drain_timeout", c.DrainTimeout}} {
		faults.Refuse(d.v <= 0, d.key, "must be positive")
	}
	faults.Refuse(c.DrainDelay < 0, "drain_delay", "must not be negative")
	faults.Refuse(c.MaxBody < 1024, "max_body", "must be at least 1024")
	faults.Refuse(c.MaxInFlight < 1, "max_in_flight", "must be at least 1")
	faults.Refuse(c.MaxUploads < 1, "max_uploads", "must be at least 1")
	for _, n := range []struct {
		key string
		v   int
	}{
		{"max_webhooks", c.MaxWebhooks}, {"max_guest_uploads", c.MaxGuestUploads}, {"address_uploads", c.AddressUploads},
		{"address_guest_uploads", c.AddressGuestUploads}, {"upload_pace", c.UploadPace}, {"upload_grace", int(c.UploadGrace)},
	} {
		faults.Refuse(n.v < 0, n.key, "must not be negative")
	}
	faults.Refuse(!c.validURL(), "public_url", "must be scheme://host without a slash at the end")
	if _, err := prefixes(c.TrustedProxies); err != nil {
		faults.Add("trusted_proxies", "%w", err)
	}
	for _, o := range c.AllowedOrigins {
		if u, err := url.Parse(o); err != nil || u.Host == "" || u.Path != "" {
			faults.Add("allowed_origins", "%q is not an origin", o)
		}
	}
	return faults.Err()
}

// ForCitizens reports what must not be so where real citizens are, besides what Validate does.
func (c Config) ForCitizens() error {
	var faults setting.Faults
	faults.Refuse(c.validURL() && !strings.HasPrefix(c.PublicURL, "https://"), "public_url", "must be an https:// address")
	return faults.Err()
}

// validURL tells whether the public address has the form of one, or is not given.
func (c Config) validURL() bool {
	u, err := url.Parse(c.PublicURL)
	return c.PublicURL == "" || err == nil && u.Host != "" && !strings.HasSuffix(c.PublicURL, "/")
}

// What a setting that is zero means.
func (c Config) webhooks() int       { return cmp.Or(c.MaxWebhooks, 256) }
func (c Config) guestUploads() int   { return cmp.Or(c.MaxGuestUploads, 16) }
func (c Config) addressUploads() int { return cmp.Or(c.AddressUploads, max(c.MaxUploads/4, 1)) }
func (c Config) addressGuestUploads() int {
	return cmp.Or(c.AddressGuestUploads, max(c.guestUploads()/4, 1))
}
func (c Config) uploadPace() int            { return cmp.Or(c.UploadPace, 16<<10) }
func (c Config) uploadGrace() time.Duration { return cmp.Or(c.UploadGrace, 10*time.Second) }

// prefixes reads addresses and ranges.
func prefixes(list []string) ([]netip.Prefix, error) {
	out := make([]netip.Prefix, 0, len(list))
	for _, s := range list {
		if a, err := netip.ParseAddr(s); err == nil {
			out = append(out, netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("%q is neither an address nor a range", s)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}
