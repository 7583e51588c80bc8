package account

import (
	"time"

	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/setting"
)

// Config is the section account of the configuration.
type Config struct {
	Issuer          string        `koanf:"issuer"`            // iss of access tokens; the city's public address or a name. "motcua"
	Audience        string        `koanf:"audience"`          // aud of access tokens: who they are for. "motcua"
	AccessTTL       time.Duration `koanf:"access_ttl"`        // life of an access token; short, because it is renewed silently. 15m
	SessionIdle     time.Duration `koanf:"session_idle"`      // a session that asks for no new tokens for this long ends. 720h
	SessionMax      time.Duration `koanf:"session_max"`       // a session ends this long after the sign-in, whatever it does. 4320h
	StaffSessionMax time.Duration `koanf:"staff_session_max"` // the same for members of staff: one working day. 12h
	MaxSessions     int           `koanf:"max_sessions"`      // sessions of one account at once; one more ends the oldest. 10
	RefreshRetry    time.Duration `koanf:"refresh_retry"`     // how long a refresh whose answer was lost may be repeated with the same idempotency key; 0 never. 1m
	KeyPeriod       time.Duration `koanf:"key_period"`        // each signing key signs for this long. 720h
	GuestRetention  time.Duration `koanf:"guest_retention"`   // somebody known only to a network is forgotten after not writing for this long, give or take a month; at least 1440h; 0 means 43800h: as long as what they reported is kept
	// WebGuestRetention is how long a visitor of the city's own pages is kept who only looked around; also what guests tried in vain to join. Visitors who did
	// something there are kept for guest_retention. At least 48h; 0 means 168h.
	WebGuestRetention time.Duration `koanf:"web_guest_retention"`

	Code   CodeConfig  `koanf:"code"`
	Limits LimitConfig `koanf:"limits"`
	Link   LinkConfig  `koanf:"link"`
}

// CodeConfig is about one-time codes. Codes always have six digits.
type CodeConfig struct {
	TTL          time.Duration `koanf:"ttl"`            // a code ends after this. 5m
	Attempts     int           `koanf:"attempts"`       // wrong or right, at one code. 5
	ResendAfter  time.Duration `koanf:"resend_after"`   // least time between two codes to one phone. 1m
	SendsPerHour int           `koanf:"sends_per_hour"` // codes to one phone in an hour; each costs the city money. 5
	SendsPerDay  int           `koanf:"sends_per_day"`  // codes to one phone in 24 hours: with attempts, it bounds what guessing can reach. 12
	ChecksPerDay int           `koanf:"checks_per_day"` // codes tried for one phone in 24 hours, right or wrong. 40
}

// LimitConfig bounds what one address or one device may ask. Many citizens share an address behind the networks' translation, so addresses get more.
type LimitConfig struct {
	SendAddress    limit.Rule `koanf:"send_address"`    // codes asked for from one address (IPv6: one /64). 60 per 1h
	SendDevice     limit.Rule `koanf:"send_device"`     // codes asked for by one device. 10 per 1h
	CheckAddress   limit.Rule `koanf:"check_address"`   // codes tried from one address. 120 per 1h
	CheckDevice    limit.Rule `koanf:"check_device"`    // codes tried by one device, or for a change of phone by one account. 30 per 1h
	RefreshAddress limit.Rule `koanf:"refresh_address"` // refresh tokens shown from one address. 600 per 10m

	// What all people of one network may do together, and all apps and pages together. Identities cost nothing on some networks, so that counts by person
	// bound neither what the city pays for messages nor what can be guessed at with many of them. Max 0 means the default.
	SendNetwork  limit.Rule `koanf:"send_network"`  // codes asked for. 6000 per 1h
	SendWeb      limit.Rule `koanf:"send_web"`      // codes asked for in the chat on the city's own pages, where whoever asks is nobody yet. 1200 per 1h
	TypedNetwork limit.Rule `koanf:"typed_network"` // link codes typed. 20000 per 1h
}

// orDefaults gives the limits with every rule that may be left out.
func (c LimitConfig) orDefaults() LimitConfig {
	or(&c.SendNetwork, limit.Rule{Max: 6000, Per: time.Hour})
	or(&c.SendWeb, limit.Rule{Max: 1200, Per: time.Hour})
	or(&c.TypedNetwork, limit.Rule{Max: 20000, Per: time.Hour})
	return c
}

// Validate reports every setting that is out of range.
func (c Config) Validate() error {
	limits := c.Limits.orDefaults()
	var faults setting.Faults
	faults.Refuse(c.Issuer == "", "issuer", "must be set")
	faults.Refuse(c.Audience == "", "audience", "must be set")
	faults.Refuse(c.AccessTTL <= 0 || c.AccessTTL > time.Hour, "access_ttl", "must be positive and at most 1h")
	faults.Refuse(c.SessionIdle <= 0 || c.SessionIdle < c.AccessTTL, "session_idle", "must be at least access_ttl")
	faults.Refuse(c.SessionMax < c.SessionIdle, "session_max", "must be at least session_idle")
	faults.Refuse(c.StaffSessionMax <= 0 || c.StaffSessionMax < c.AccessTTL, "staff_session_max", "must be at least access_ttl")
	faults.Refuse(c.MaxSessions < 1 || c.MaxSessions > 100, "max_sessions", "must be from 1 to 100")
	faults.Refuse(c.RefreshRetry < 0 || c.RefreshRetry > 10*time.Minute, "refresh_retry", "must be from 0 to 10m")
	faults.Refuse(c.KeyPeriod < time.Second, "key_period", "must be at least 1s")
	faults.Refuse(c.GuestRetention != 0 && c.GuestRetention < 2*seenStep, "guest_retention", "must be at least 1440h")
	faults.Refuse(c.WebGuestRetention != 0 && c.WebGuestRetention < 2*day, "web_guest_retention", "must be at least 48h")
	faults.Refuse(c.Code.TTL <= 0 || c.Code.TTL > 10*time.Minute, "code.ttl", "must be positive and at most 10m")
	faults.Refuse(c.Code.Attempts < 1 || c.Code.Attempts > 10, "code.attempts", "must be from 1 to 10")
	faults.Refuse(c.Code.ResendAfter < 0, "code.resend_after", "must not be negative")
	faults.Refuse(c.Code.SendsPerHour < 1, "code.sends_per_hour", "must be positive")
	faults.Refuse(c.Code.SendsPerDay < c.Code.SendsPerHour || c.Code.SendsPerDay > 100, "code.sends_per_day", "must be from sends_per_hour to 100")
	faults.Refuse(c.Code.ChecksPerDay < c.Code.Attempts || c.Code.ChecksPerDay > 1000, "code.checks_per_day", "must be from attempts to 1000")
	for _, r := range []struct {
		key  string
		rule limit.Rule
	}{
		{"send_address", limits.SendAddress}, {"send_device", limits.SendDevice}, {"check_address", limits.CheckAddress},
		{"check_device", limits.CheckDevice}, {"refresh_address", limits.RefreshAddress}, {"send_network", limits.SendNetwork}, {"send_web", limits.SendWeb},
		{"typed_network", limits.TypedNetwork},
	} {
		faults.Under("limits."+r.key, r.rule.Validate())
	}
	faults.Also(c.Link.Validate())
	return faults.Err()
}

// webNetwork is the city's own pages: a visitor there is a token in a browser, which costs nothing and proves nothing.
const webNetwork = "web"

// sendsOn gives how many codes all people of a network may ask for together.
func (c Config) sendsOn(network string) limit.Rule {
	if network == webNetwork {
		return c.Limits.SendWeb
	}
	return c.Limits.SendNetwork
}

// webGuestRetention gives how long a visitor is kept who did nothing, and what guests tried in vain.
func (c Config) webGuestRetention() time.Duration {
	if c.WebGuestRetention == 0 {
		return 7 * day
	}
	return c.WebGuestRetention
}

// guestRetention gives how long a network identity is kept after it was seen.
func (c Config) guestRetention() time.Duration {
	if c.GuestRetention == 0 {
		return 5 * 365 * day
	}
	return c.GuestRetention
}
