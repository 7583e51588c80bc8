package zns

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/motcua/motcua/channels"
)

// Config is the section channels.zns of the configuration. A zero duration, number or address means its default.
type Config struct {
	APIBase   string                       `koanf:"api_base"`   // https://business.openapi.zalo.me
	Templates map[string]channels.Approved `koanf:"templates"`  // approved texts by the name of the notice, "account.code" for one-time codes. none leaves the channel off
	Mode      string                       `koanf:"mode"`       // "development" sends to administrators of the account only, for nothing. ""
	Timeout   time.Duration                `koanf:"timeout"`    // of one request. 10s
	PerMinute int                          `koanf:"per_minute"` // requests that the application may make. 4000
	QuietFrom time.Duration                `koanf:"quiet_from"` // after midnight in Vietnam: from then nothing but one-time codes leaves. 22h
	QuietTo   time.Duration                `koanf:"quiet_to"`   // after midnight in Vietnam: until then; the same as quiet_from means no such hours. 6h
}

// development is the mode in which messages reach administrators only.
const development = "development"

// Enabled tells whether there is anything to send.
func (c Config) Enabled() bool { return len(c.Templates) > 0 }

func (c Config) withDefaults() Config {
	c.APIBase = cmp.Or(c.APIBase, "https://business.openapi.zalo.me")
	c.Timeout = cmp.Or(c.Timeout, 10*time.Second)
	c.PerMinute = cmp.Or(c.PerMinute, 4000)
	c.QuietFrom = cmp.Or(c.QuietFrom, 22*time.Hour)
	c.QuietTo = cmp.Or(c.QuietTo, 6*time.Hour)
	return c
}

// Validate reports every setting that cannot work.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf(key+": "+format, args...))
	}
	if why := baseFault(c.APIBase); why != "" {
		bad("api_base", "%s", why)
	}
	if c.Mode != "" && c.Mode != development {
		bad("mode", `must be "" or %q`, development)
	}
	if c.Timeout < 0 || c.Timeout > time.Minute {
		bad("timeout", "must be positive and at most 1m")
	}
	if c.PerMinute < 0 {
		bad("per_minute", "must not be negative")
	}
	const day = 24 * time.Hour
	if c.QuietFrom < 0 || c.QuietFrom >= day {
		bad("quiet_from", "must be less than 24h")
	}
	if c.QuietTo < 0 || c.QuietTo >= day {
		bad("quiet_to", "must be less than 24h")
	}
	for _, name := range channels.Names(c.Templates) {
		if err := c.Templates[name].Validate(); err != nil {
			bad("templates."+name, "%w", err)
		}
	}
	return errors.Join(errs...)
}

// baseFault says what is wrong with an address; "" when nothing is. Tokens and texts must not travel in the clear: http is for this machine only.
func baseFault(base string) string {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || strings.HasSuffix(base, "/") || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "must be https://host/path without a slash at the end"
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return "must be https, or http on this machine"
	}
	return ""
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
