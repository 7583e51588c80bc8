package zns

import (
	"time"

	"github.com/motcua/motcua/channels/zaloapi"
)

// Quiet gives how long it is until messages that are no one-time codes may leave; 0 when they may now.
func (c Config) Quiet(now time.Time) time.Duration {
	since := zaloapi.SinceMidnight(now)
	inside := since >= c.QuietFrom && since < c.QuietTo
	if c.QuietFrom > c.QuietTo {
		inside = since >= c.QuietFrom || since < c.QuietTo
	}
	if !inside {
		return 0
	}
	return zaloapi.Until(c.QuietTo, now)
}

// skew is how far the network's clock may be from ours when the two disagree on whether it is night.
const skew = 10 * time.Minute

// refusedAtNight gives how long to wait when the network says that it is night. Where it is night for us too, until it ends. Just after that the network's clock
// is behind ours and a little patience is enough; at any other time its hours are not ours, and the next morning is a good time by both.
func (c Config) refusedAtNight(now time.Time) time.Duration {
	rest := zaloapi.Until(c.QuietTo, now)
	if 24*time.Hour-rest < skew {
		return skew
	}
	return rest
}
