package zns

import "time"

// zone is the network's: it has had no summer time since 1975.
var zone = time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60)

// Quiet gives how long it is until messages that are no one-time codes may leave; 0 when they may now.
func (c Config) Quiet(now time.Time) time.Duration {
	local := now.In(zone)
	since := local.Sub(midnight(local))
	inside := since >= c.QuietFrom && since < c.QuietTo
	if c.QuietFrom > c.QuietTo {
		inside = since >= c.QuietFrom || since < c.QuietTo
	}
	if !inside {
		return 0
	}
	return c.untilMorning(now)
}

// untilMorning gives how long it is until the quiet hours end next.
func (c Config) untilMorning(now time.Time) time.Duration {
	local := now.In(zone)
	end := midnight(local).Add(c.QuietTo)
	if !end.After(local) {
		end = end.Add(24 * time.Hour)
	}
	return end.Sub(local)
}

// skew is how far the network's clock may be from ours when the two disagree on whether it is night.
const skew = 10 * time.Minute

// refusedAtNight gives how long to wait when the network says that it is night. Where it is night for us too, until it ends. Just after that the network's clock
// is behind ours and a little patience is enough; at any other time its hours are not ours, and the next morning is a good time by both.
func (c Config) refusedAtNight(now time.Time) time.Duration {
	rest := c.untilMorning(now)
	if 24*time.Hour-rest < skew {
		return skew
	}
	return rest
}

func midnight(local time.Time) time.Time {
	return time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
}
