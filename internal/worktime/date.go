package worktime

import (
	"cmp"
	"fmt"
	"time"
)

// Date is a day of the calendar, in no zone. It is comparable, so it can be a map's key.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf gives the day of t in t's own zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{Year: y, Month: m, Day: d}
}

// ParseDate reads "2026-09-02".
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("worktime: %q is no date like 2026-09-02", s)
	}
	return DateOf(t), nil
}

// String writes the date as "2026-09-02".
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// Weekday gives the day of the week.
func (d Date) Weekday() time.Weekday { return d.At(0, time.UTC).Weekday() }

// Next gives the day after.
func (d Date) Next() Date {
	if d.Day < 28 {
		return Date{Year: d.Year, Month: d.Month, Day: d.Day + 1}
	}
	return DateOf(time.Date(d.Year, d.Month, d.Day+1, 0, 0, 0, 0, time.UTC))
}

// At gives the moment at which the clock in zone shows sinceMidnight on that day. 24 h is the next midnight.
func (d Date) At(sinceMidnight time.Duration, zone *time.Location) time.Time {
	h, rest := sinceMidnight/time.Hour, sinceMidnight%time.Hour
	m, rest := rest/time.Minute, rest%time.Minute
	s, ns := rest/time.Second, rest%time.Second
	return time.Date(d.Year, d.Month, d.Day, int(h), int(m), int(s), int(ns), zone)
}

// Compare is negative when d comes before other, 0 when they are the same day.
func (d Date) Compare(other Date) int {
	return cmp.Or(cmp.Compare(d.Year, other.Year), cmp.Compare(d.Month, other.Month), cmp.Compare(d.Day, other.Day))
}
