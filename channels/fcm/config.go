package fcm

import (
	"cmp"
	"errors"
	"regexp"
	"time"

	"github.com/motcua/motcua/internal/netcall"
	"github.com/motcua/motcua/internal/setting"
)

// Config is the section channels.fcm of the configuration. A zero duration or number means its default.
type Config struct {
	ProjectID       string        `koanf:"project_id"`       // of the Firebase project: "motcua-hp". "" leaves the channel off
	CredentialsFile string        `koanf:"credentials_file"` // path of the service account's key, JSON. "" only with api_base on this machine
	APIBase         string        `koanf:"api_base"`         // address of a stand-in without a slash at the end; "" is Google's own
	Timeout         time.Duration `koanf:"timeout"`          // of one request. 10s
	TTL             time.Duration `koanf:"ttl"`              // how long the network keeps a message for a device that is off, at most. 672h (28 days)
	LinkBase        string        `koanf:"link_base"`        // address of the city that paths in messages belong to: "https://motcua.example". "" leaves paths as they are, for the app
	PerMinute       int           `koanf:"per_minute"`       // messages that the project may send. 600000
	AuthMaxAge      time.Duration `koanf:"auth_max_age"`     // how long ago a phone may have signed in to be taken as proved. 5m
	AuthStandIn     string        `koanf:"auth_stand_in"`    // address of a stand-in of Firebase Auth on this machine, whose tokens nobody signs; not where citizens are served. "" is Google's own
}

// maxTTL is how long the network keeps a message at most.
const maxTTL = 28 * 24 * time.Hour

// Enabled tells whether the city has a Firebase project.
func (c Config) Enabled() bool { return c.ProjectID != "" }

func (c Config) withDefaults() Config {
	c.Timeout = cmp.Or(c.Timeout, 10*time.Second)
	c.TTL = cmp.Or(c.TTL, maxTTL)
	c.PerMinute = cmp.Or(c.PerMinute, 600_000)
	c.AuthMaxAge = cmp.Or(c.AuthMaxAge, 5*time.Minute)
	return c
}

var projectRE = regexp.MustCompile(`^[a-z][a-z0-9-]{4,29}$`) // https://cloud.google.com/resource-manager/docs/creating-managing-projects

// Validate reports every setting that cannot work. What the project needs is asked for only when the channel is on.
func (c Config) Validate() error {
	c = c.withDefaults()
	var faults setting.Faults
	if c.Enabled() {
		c.project(&faults)
	}
	for _, b := range []struct{ key, base string }{{"api_base", c.APIBase}, {"link_base", c.LinkBase}, {"auth_stand_in", c.AuthStandIn}} {
		if b.base != "" && netcall.BaseFault(b.base) != "" {
			faults.Add(b.key, "%s", netcall.BaseFault(b.base))
		}
	}
	faults.Refuse(c.AuthStandIn != "" && !netcall.Local(c.AuthStandIn), "auth_stand_in", "must be on this machine")
	for _, d := range []struct {
		key             string
		value, min, max time.Duration
	}{
		{"timeout", c.Timeout, time.Millisecond, time.Minute},
		{"ttl", c.TTL, time.Minute, maxTTL},
		{"auth_max_age", c.AuthMaxAge, time.Second, time.Hour},
	} {
		if d.value < d.min || d.value > d.max {
			faults.Add(d.key, "must be from %v to %v", d.min, d.max)
		}
	}
	faults.Refuse(c.PerMinute < 0, "per_minute", "must not be negative")
	return faults.Err()
}

// ForCitizens reports the settings that only a machine of a developer may have.
func (c Config) ForCitizens() error {
	if c.AuthStandIn != "" {
		return errors.New("auth_stand_in: must be off where citizens are served: nobody signs its tokens")
	}
	return nil
}

func (c Config) project(faults *setting.Faults) {
	faults.Refuse(!projectRE.MatchString(c.ProjectID), "project_id", "must be 5 to 30 characters of a-z 0-9 -")
	faults.Refuse(c.CredentialsFile == "" && !netcall.Local(c.APIBase), "credentials_file", "must be set")
}
