package scans

import "time"

// zone is the city's time: Asia/Ho_Chi_Minh, which has had no summer time since 1975, in milliseconds before UTC.
const zone = 7 * 60 * 60 * 1000

const (
	hourMilli = 60 * 60 * 1000
	dayMilli  = 24 * hourMilli
)

// date is a day of the city's calendar, counted from 1970-01-01.
type date int32

// slotOf gives the day and the hour of day (0 to 23) of a time in Unix milliseconds, which is not negative.
func slotOf(at int64) (date, int) {
	local := at + zone
	return date(local / dayMilli), int(local % dayMilli / hourMilli)
}

func dateOf(t time.Time) date {
	d, _ := slotOf(max(t.UnixMilli(), 0))
	return d
}

// text gives the day as "2026-11-16".
func (d date) text() string { return time.UnixMilli(int64(d) * dayMilli).UTC().Format(time.DateOnly) }

// end gives the moment at which the day ends.
func (d date) end() time.Time { return instant((int64(d)+1)*dayMilli - zone) }

// instant gives a time as it is stored.
func instant(milli int64) time.Time { return time.UnixMilli(milli).UTC() }
