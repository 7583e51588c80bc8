package notify

import (
	"hash/fnv"
	"time"
)

// minutes reads a time of day, "15:04", as minutes from midnight.
func minutes(s string) (int, bool) {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return 0, false
	}
	return t.Hour()*60 + t.Minute(), true
}

// end gives when the quiet hours that t falls into end; false when t falls into none.
func (q Quiet) end(t time.Time) (time.Time, bool) {
	from, ok1 := minutes(q.From)
	to, ok2 := minutes(q.To)
	local := t.In(zone)
	now := local.Hour()*60 + local.Minute()
	over := from > to // midnight
	inside := now >= from && now < to || over && (now >= from || now < to)
	if !ok1 || !ok2 || !inside {
		return time.Time{}, false
	}
	return next(t, to), true
}

// next gives the first time after t at which the city's clocks show those minutes from midnight.
func next(t time.Time, minute int) time.Time {
	local := t.In(zone)
	at := time.Date(local.Year(), local.Month(), local.Day(), 0, minute, 0, 0, zone)
	if !at.After(t) {
		at = at.AddDate(0, 0, 1)
	}
	return at.UTC()
}

// spread delays a time by up to d, the same for each person, so that many letters that were held back do not leave at once and those of one person keep
// their order.
func spread(at time.Time, person string, d time.Duration) time.Time {
	h := fnv.New32a()
	_, _ = h.Write([]byte(person))
	return at.Add(d / 1000 * time.Duration(h.Sum32()%1000))
}
