package zns

import (
	"cmp"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/netcall"
	"github.com/motcua/motcua/internal/setting"
)

// Config is the section channels.zns of the configuration. A zero duration, number or address means its default.
type Config struct {
	APIBase   string                       `koanf:"api_base"`   // https://business.openapi.zalo.me
	Templates map[string]channels.Approved `koanf:"templates"`  // approved texts by the name of the notice, "account.code" for one-time codes. none leaves the channel off
	Mode      string                       `koanf:"mode"`       // "development" sends to administrators of the account only, for nothing. ""
	Timeout   time.Duration                `koanf:"timeout"`    // of one request. 10s
	PerMinute int                          `koanf:"per_minute"` // requests that the application may make. 4000
	QuietFrom time.Duration                `koanf:"quiet_from"` // after midnight in Vietnam: from then nothing but one-time codes leaves; both 0 means 22h to 6h
	QuietTo   time.Duration                `koanf:"quiet_to"`   // after midnight in Vietnam: until then; 0 means midnight, the same as quiet_from no such hours
}

// development is the mode in which messages reach administrators only.
const development = "development"

// Enabled tells whether there is anything to send.
func (c Config) Enabled() bool { return len(c.Templates) > 0 }

func (c Config) withDefaults() Config {
	c.APIBase = cmp.Or(c.APIBase, "https://business.openapi.zalo.me")
	c.Timeout = cmp.Or(c.Timeout, 10*time.Second)
	c.PerMinute = cmp.Or(c.PerMinute, 4000)
	if c.QuietFrom == 0 && c.QuietTo == 0 {
		c.QuietFrom, c.QuietTo = 22*time.Hour, 6*time.Hour
	}
	return c
}

// Validate reports every setting that cannot work.
func (c Config) Validate() error {
	c = c.withDefaults()
	var faults setting.Faults
	if why := netcall.BaseFault(c.APIBase); why != "" {
		faults.Add("api_base", "%s", why)
	}
	if c.Mode != "" && c.Mode != development {
		faults.Add("mode", `must be "" or %q`, development)
	}
	faults.Refuse(c.Timeout < 0 || c.Timeout > time.Minute, "timeout", "must be positive and at most 1m")
	faults.Refuse(c.PerMinute < 0, "per_minute", "must not be negative")
	const day = 24 * time.Hour
	faults.Refuse(c.QuietFrom < 0 || c.QuietFrom >= day, "quiet_from", "must be less than 24h")
	faults.Refuse(c.QuietTo < 0 || c.QuietTo >= day, "quiet_to", "must be less than 24h")
	for _, name := range channels.Names(c.Templates) {
		faults.Under("templates."+name, c.Templates[name].Validate())
	}
	return faults.Err()
}
