package httpapi

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Config is the section http of the configuration.
type Config struct {
	PublicURL      string        `koanf:"public_url"`      // where citizens reach the public port, without a slash at the end; "" means http://<the address listened on>
	TrustedProxies []string      `koanf:"trusted_proxies"` // addresses or CIDR ranges whose X-Forwarded-For is believed; empty believes none
	AllowedOrigins []string      `koanf:"allowed_origins"` // web origins that may call from a browser, besides our own; empty means none
	HeaderTimeout  time.Duration `koanf:"header_timeout"`  // time to send a request's head and small body
	UploadTimeout  time.Duration `koanf:"upload_timeout"`  // time to send an upload
	WriteTimeout   time.Duration `koanf:"write_timeout"`   // longest time that a client may take none of our bytes
	IdleTimeout    time.Duration `koanf:"idle_timeout"`    // life of an unused connection
	MaxBody        int           `koanf:"max_body"`        // bytes of a request body, uploads and webhooks (1 MB) excepted
	MaxInFlight    int           `koanf:"max_in_flight"`   // requests worked on at once; the rest get 503 with Retry-After
	MaxUploads     int           `koanf:"max_uploads"`     // uploads taken at once, besides; the rest get 503 with Retry-After
	MaxWebhooks    int           `koanf:"max_webhooks"`    // calls of networks taken at once, besides; the rest get 503 with Retry-After; 0 means 256
	DrainDelay     time.Duration `koanf:"drain_delay"`     // between "not ready" and closing, so that balancers notice
	DrainTimeout   time.Duration `koanf:"drain_timeout"`   // longest wait for requests under way at the end
}

// Validate reports every setting that is out of range.
func (c Config) Validate() error {
	var errs []error
	for _, d := range []struct {
		key string
		v   time.Duration
	}{{"header_timeout", c.HeaderTimeout}, {"upload_timeout", c.UploadTimeout}, {"write_timeout", c.WriteTimeout}, {"idle_timeout", c.IdleTimeout}, {"drain_timeout", c.DrainTimeout}} {
		if d.v <= 0 {
			errs = append(errs, fmt.Errorf("%s: must be positive", d.key))
		}
	}
	if c.DrainDelay < 0 {
		errs = append(errs, errors.New("drain_delay: must not be negative"))
	}
	if c.MaxBody < 1024 {
		errs = append(errs, errors.New("max_body: must be at least 1024"))
	}
	if c.MaxInFlight < 1 {
		errs = append(errs, errors.New("max_in_flight: must be at least 1"))
	}
	if c.MaxUploads < 1 {
		errs = append(errs, errors.New("max_uploads: must be at least 1"))
	}
	if c.MaxWebhooks < 0 {
		errs = append(errs, errors.New("max_webhooks: must not be negative"))
	}
	if u, err := url.Parse(c.PublicURL); c.PublicURL != "" && (err != nil || u.Host == "" || strings.HasSuffix(c.PublicURL, "/")) {
		errs = append(errs, errors.New("public_url: must be scheme://host without a slash at the end"))
	}
	if _, err := prefixes(c.TrustedProxies); err != nil {
		errs = append(errs, fmt.Errorf("trusted_proxies: %w", err))
	}
	for _, o := range c.AllowedOrigins {
		if u, err := url.Parse(o); err != nil || u.Host == "" || u.Path != "" {
			errs = append(errs, fmt.Errorf("allowed_origins: %q is not an origin", o))
		}
	}
	return errors.Join(errs...)
}

// webhooks gives the places for calls of networks.
func (c Config) webhooks() int {
	if c.MaxWebhooks == 0 {
		return 256
	}
	return c.MaxWebhooks
}

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
