package device

import (
	"cmp"
	"time"

	"github.com/motcua/motcua/internal/setting"
)

// Config is the section devices of the configuration. Zero means the default named at each field.
type Config struct {
	// Retention is after what time a device that was not seen is forgotten; 0 means 6480h (270 days), when networks forget it too.
	Retention time.Duration `koanf:"retention"`
	// PerOwner is how many devices one account may have, all its subjects together; 0 means 20. Beyond it the one that was not seen for longest is forgotten.
	PerOwner int `koanf:"per_owner"`
	// PerGuest is how many a guest may have, somebody with no account; 0 means 5.
	PerGuest int `koanf:"per_guest"`
	// Registrations is how many devices one account or guest may register within an hour; 0 means 30. Those that are theirs already do not count.
	Registrations int `koanf:"registrations"`
	// Failing is after what time a browser is forgotten that took nothing at any attempt since; 0 means 24h. One that never took anything is forgotten after a
	// quarter of it.
	Failing time.Duration `koanf:"failing"`
	// LetterRetention is how long it is remembered which devices have taken a letter; 0 means 168h (7 days). It must be longer than a letter is tried for.
	LetterRetention time.Duration `koanf:"letter_retention"`
	// TopicTrust is how lately a device must have been there for a topic that it follows to count as having told its owner; 0 means 720h (30 days). Nothing says
	// that an app has been removed when it is told by a topic, so whose device was away for longer gets a letter as well, which can go another way.
	TopicTrust time.Duration `koanf:"topic_trust"`
	// BackoffMin is the wait after the first failed change of topics; 0 means 5s. It doubles with each further one.
	BackoffMin time.Duration `koanf:"backoff_min"`
	// BackoffMax is the longest wait between attempts at a change of topics; 0 means 1h.
	BackoffMax time.Duration `koanf:"backoff_max"`
}

// Validate reports every setting that cannot work.
func (c Config) Validate() error {
	var faults setting.Faults
	day := 24 * time.Hour
	faults.Span("retention", c.Retention, 2*day, 730*day)
	faults.Span("failing", c.Failing, time.Hour, 30*day)
	faults.Span("letter_retention", c.LetterRetention, time.Hour, 90*day)
	faults.Span("topic_trust", c.TopicTrust, 2*day, 730*day)
	faults.Span("backoff_min", c.BackoffMin, time.Millisecond, time.Hour)
	faults.Span("backoff_max", c.BackoffMax, time.Millisecond, day)
	faults.Number("per_owner", c.PerOwner, 1, 50)
	faults.Number("per_guest", c.PerGuest, 1, 50)
	faults.Number("registrations", c.Registrations, 1, 10_000)
	if f := c.filled(); f.BackoffMin > f.BackoffMax {
		faults.Add("backoff_max", "must not be below backoff_min")
	}
	return faults.Err()
}

func (c Config) filled() Config {
	c.Retention = cmp.Or(c.Retention, 6480*time.Hour)
	c.PerOwner = cmp.Or(c.PerOwner, 20)
	c.PerGuest = cmp.Or(c.PerGuest, 5)
	c.Registrations = cmp.Or(c.Registrations, 30)
	c.Failing = cmp.Or(c.Failing, 24*time.Hour)
	c.LetterRetention = cmp.Or(c.LetterRetention, 168*time.Hour)
	c.TopicTrust = cmp.Or(c.TopicTrust, 720*time.Hour)
	c.BackoffMin = cmp.Or(c.BackoffMin, 5*time.Second)
	c.BackoffMax = cmp.Or(c.BackoffMax, time.Hour)
	return c
}
