package device

import (
	"cmp"
	"errors"
	"time"
)

// Config is the section devices of the configuration. Zero means the default named at each field.
type Config struct {
	// Retention is after what time a device that was not seen is forgotten; 0 means 6480h (270 days), when networks forget it too.
	Retention time.Duration `koanf:"retention"`
	// PerOwner is how many devices one subject may have; 0 means 20. Beyond it the one that was not seen for longest is forgotten.
	PerOwner int `koanf:"per_owner"`
	// LetterRetention is how long it is remembered which devices have taken a letter; 0 means 168h (7 days). It must be longer than a letter is tried for.
	LetterRetention time.Duration `koanf:"letter_retention"`
	// BackoffMin is the wait after the first failed change of topics; 0 means 5s. It doubles with each further one.
	BackoffMin time.Duration `koanf:"backoff_min"`
	// BackoffMax is the longest wait between attempts at a change of topics; 0 means 1h.
	BackoffMax time.Duration `koanf:"backoff_max"`
}

// Validate reports every setting that cannot work.
func (c Config) Validate() error {
	var errs []error
	span := func(key string, d, least, most time.Duration) {
		if d != 0 && (d < least || d > most) {
			errs = append(errs, errors.New(key+": must be between "+least.String()+" and "+most.String()))
		}
	}
	day := 24 * time.Hour
	span("retention", c.Retention, 2*day, 730*day)
	span("letter_retention", c.LetterRetention, time.Hour, 90*day)
	span("backoff_min", c.BackoffMin, time.Millisecond, time.Hour)
	span("backoff_max", c.BackoffMax, time.Millisecond, day)
	if c.PerOwner < 0 || c.PerOwner > 50 {
		errs = append(errs, errors.New("per_owner: must be between 0 and 50"))
	}
	if f := c.filled(); f.BackoffMin > f.BackoffMax {
		errs = append(errs, errors.New("backoff_max: must not be below backoff_min"))
	}
	return errors.Join(errs...)
}

func (c Config) filled() Config {
	c.Retention = cmp.Or(c.Retention, 6480*time.Hour)
	c.PerOwner = cmp.Or(c.PerOwner, 20)
	c.LetterRetention = cmp.Or(c.LetterRetention, 168*time.Hour)
	c.BackoffMin = cmp.Or(c.BackoffMin, 5*time.Second)
	c.BackoffMax = cmp.Or(c.BackoffMax, time.Hour)
	return c
}
