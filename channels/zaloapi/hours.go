package zaloapi

import "time"

const day = 24 * time.Hour

// zone is the network's: it has had no summer time since 1975.
var zone = time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60)

// SinceMidnight gives the time of day in Vietnam.
func SinceMidnight(now time.Time) time.Duration {
	local := now.In(zone)
	return local.Sub(time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone))
}

// Until gives how long it is until a time of day in Vietnam comes next: more than 0 and at most a day.
func Until(clock time.Duration, now time.Time) time.Duration {
	if rest := clock - SinceMidnight(now); rest > 0 {
		return rest
	}
	return clock - SinceMidnight(now) + day
}
