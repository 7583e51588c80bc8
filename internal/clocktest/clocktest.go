// Package clocktest gives tests a clock that stands still until they move it.
package clocktest

import (
	"sync/atomic"
	"time"
)

// Clock is such a clock. It may be used by many at once.
type Clock struct{ at atomic.Pointer[time.Time] }

// At gives a clock that stands at a time.
func At(t time.Time) *Clock {
	c := &Clock{}
	c.Set(t)
	return c
}

// Now is the time at which the clock stands.
func (c *Clock) Now() time.Time { return *c.at.Load() }

// Set moves the clock to a time.
func (c *Clock) Set(t time.Time) { c.at.Store(&t) }

// Add moves the clock forward, or back when d is negative.
func (c *Clock) Add(d time.Duration) {
	for {
		was := c.at.Load()
		next := was.Add(d)
		if c.at.CompareAndSwap(was, &next) {
			return
		}
	}
}
