package miniapps

import (
	"errors"
	"fmt"
	"time"
)

// RunnerConfig holds the limits that keep one app's trouble away from the others.
type RunnerConfig struct {
	Limits `koanf:",squash"`
	// Apps gives single apps other limits, by app_id. A value of zero means the general one.
	Apps map[string]Limits `koanf:"apps"`
}

// Limits of one app.
type Limits struct {
	// Timeout is how long one call may take. Default 4s: less than the gateway's 5s, so that the citizen gets the clear answer.
	Timeout time.Duration `koanf:"timeout"`
	// Concurrent is how many calls of one app run at once; a call that was given up counts until it really ends. Default 64.
	Concurrent int `koanf:"concurrent"`
	// Wait is how long a call waits for one of those places. Default 250ms: a short burst passes, a stuck app is noticed.
	Wait time.Duration `koanf:"wait"`
	// Failures is after how many failures of our side in a row (UNAVAILABLE, INTERNAL, panic, time-out) an app rests. Default 5.
	Failures int `koanf:"failures"`
	// Rest is how long it rests before one call may try again. Default 30s.
	Rest time.Duration `koanf:"rest"`
}

// Validate reports every value that cannot be worked with, by its key.
func (c RunnerConfig) Validate() error {
	errs := []error{c.Limits.validate("", false)}
	for id, l := range c.Apps {
		errs = append(errs, l.validate("apps."+id+".", true))
	}
	return errors.Join(errs...)
}

// validate checks the limits; with partial, zero is fine and means the general value.
func (l Limits) validate(prefix string, partial bool) error {
	var errs []error
	for _, v := range []struct {
		key   string
		value int64
	}{
		{"timeout", int64(l.Timeout)}, {"concurrent", int64(l.Concurrent)}, {"wait", int64(l.Wait)},
		{"failures", int64(l.Failures)}, {"rest", int64(l.Rest)},
	} {
		if v.value < 0 || v.value == 0 && !partial {
			errs = append(errs, fmt.Errorf("%s%s: must be positive", prefix, v.key))
		}
	}
	if l.Concurrent > maxConcurrent {
		errs = append(errs, fmt.Errorf("%sconcurrent: must be at most %d", prefix, maxConcurrent))
	}
	return errors.Join(errs...)
}

// maxConcurrent bounds the places of one app; each is a goroutine with its own stack.
const maxConcurrent = 10_000

// limits gives the limits of one app.
func (c RunnerConfig) limits(app string) Limits {
	l, own := c.Limits, c.Apps[app]
	if own.Timeout > 0 {
		l.Timeout = own.Timeout
	}
	if own.Concurrent > 0 {
		l.Concurrent = own.Concurrent
	}
	if own.Wait > 0 {
		l.Wait = own.Wait
	}
	if own.Failures > 0 {
		l.Failures = own.Failures
	}
	if own.Rest > 0 {
		l.Rest = own.Rest
	}
	return l
}
