// Package worktime counts working time: hours in which the city's offices are open, over weekends, public holidays and the days that are worked in exchange.
//
// It knows no case and no deadline, and reads neither files nor the clock. All results are in UTC; days begin at midnight in the city's zone.
package worktime

import (
	"errors"
	"fmt"
	"slices"
	"time"
	_ "time/tzdata" // so that the zone is known on machines without a zone database

	"github.com/motcua/motcua/internal/message"
)

// Period is one stretch of a working day, counted from midnight: From inclusive, To exclusive.
type Period struct {
	From, To time.Duration
}

// Holiday is a day off that would otherwise be worked, or a public holiday on a weekend.
type Holiday struct {
	Date        Date
	Name        message.Text
	Provisional bool // not yet announced by the government; it counts as a day off all the same, so that no deadline is promised too early
}

// Config is what a calendar is made of.
type Config struct {
	Zone     string         // IANA name, "Asia/Ho_Chi_Minh"
	Week     []time.Weekday // the days that are worked in an ordinary week; at least one
	Hours    []Period       // of each working day, ascending, not overlapping; at least one
	Holidays []Holiday
	Workdays []Date // days worked in exchange for others, usually Saturdays; no holidays
}

// Calendar answers questions about working time. It is immutable and safe for concurrent use.
type Calendar struct {
	zone     *time.Location
	week     [7]bool
	hours    []Period
	perDay   time.Duration
	holidays map[Date]Holiday
	workdays map[Date]bool
}

// New makes a calendar. The error names everything that is wrong.
func New(c Config) (*Calendar, error) {
	zone, err := time.LoadLocation(c.Zone)
	problems := []error{err}
	if c.Zone == "" {
		problems = append(problems, errors.New("zone: is missing"))
	}
	cal := &Calendar{zone: zone, hours: slices.Clone(c.Hours), holidays: make(map[Date]Holiday, len(c.Holidays)), workdays: make(map[Date]bool, len(c.Workdays))}
	if len(c.Week) == 0 {
		problems = append(problems, errors.New("week: no day is worked"))
	}
	for _, d := range c.Week {
		if d < time.Sunday || d > time.Saturday {
			problems = append(problems, fmt.Errorf("week: %d is no day of the week", int(d)))
			continue
		}
		cal.week[d] = true
	}
	problems = append(problems, cal.addHours()...)
	problems = append(problems, cal.addDays(c)...)
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return cal, nil
}

// addHours checks the periods and sums them up.
func (c *Calendar) addHours() []error {
	var problems []error
	if len(c.hours) == 0 {
		problems = append(problems, errors.New("hours: no hour is worked"))
	}
	end := time.Duration(0)
	for i, p := range c.hours {
		if p.From < end || p.To <= p.From || p.To > 24*time.Hour {
			problems = append(problems, fmt.Errorf("hours: period %d (%s to %s) is empty, overlaps the one before, or leaves the day", i+1, p.From, p.To))
		}
		end = p.To
		c.perDay += p.To - p.From
	}
	return problems
}

// addDays takes over the holidays and exchanged days.
func (c *Calendar) addDays(cfg Config) []error {
	var problems []error
	for _, h := range cfg.Holidays {
		if _, twice := c.holidays[h.Date]; twice {
			problems = append(problems, fmt.Errorf("holidays: %s is there twice", h.Date))
		}
		c.holidays[h.Date] = h
	}
	for _, d := range cfg.Workdays {
		if _, off := c.holidays[d]; off {
			problems = append(problems, fmt.Errorf("workdays: %s is also a holiday", d))
		}
		if c.workdays[d] {
			problems = append(problems, fmt.Errorf("workdays: %s is there twice", d))
		}
		c.workdays[d] = true
	}
	return problems
}

// Zone is the city's time zone.
func (c *Calendar) Zone() *time.Location { return c.zone }

// PerDay is the working time of one working day.
func (c *Calendar) PerDay() time.Duration { return c.perDay }

// IsWorkday tells whether the day that t falls on in the city's zone is worked.
func (c *Calendar) IsWorkday(t time.Time) bool {
	return c.works(DateOf(t.In(c.zone)))
}

// Holiday gives the holiday that t falls on in the city's zone, if it is one.
func (c *Calendar) Holiday(t time.Time) (Holiday, bool) {
	h, ok := c.holidays[DateOf(t.In(c.zone))]
	return h, ok
}

// Holidays gives all known holidays, ascending.
func (c *Calendar) Holidays() []Holiday {
	out := make([]Holiday, 0, len(c.holidays))
	for _, h := range c.holidays {
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b Holiday) int { return a.Date.Compare(b.Date) })
	return out
}

// Add gives the moment at which work of working time has passed since t. Time outside the working hours does not count, and work that is done exactly
// at the end of a period ends there, not at the start of the next. With no work, or less, it gives t.
func (c *Calendar) Add(t time.Time, work time.Duration) time.Time {
	if work <= 0 {
		return t.UTC()
	}
	day, at := c.split(t)
	for ; ; day, at = day.Next(), 0 {
		if !c.works(day) {
			continue
		}
		for _, p := range c.hours {
			from := max(p.From, at)
			if from >= p.To {
				continue
			}
			if work <= p.To-from {
				return day.At(from+work, c.zone).UTC()
			}
			work -= p.To - from
		}
	}
}

// Between gives the working time from a to b. It is negative when b comes first.
func (c *Calendar) Between(a, b time.Time) time.Duration {
	if b.Before(a) {
		return -c.Between(b, a)
	}
	day, from := c.split(a)
	last, to := c.split(b)
	if day == last {
		return c.worked(day, from, to)
	}
	sum := c.worked(day, from, 24*time.Hour)
	for day = day.Next(); day.Compare(last) < 0; day = day.Next() {
		if c.works(day) {
			sum += c.perDay
		}
	}
	return sum + c.worked(last, 0, to)
}

// worked gives the working time of one day between two times of day.
func (c *Calendar) worked(day Date, from, to time.Duration) time.Duration {
	if !c.works(day) {
		return 0
	}
	var sum time.Duration
	for _, p := range c.hours {
		if f, t := max(p.From, from), min(p.To, to); t > f {
			sum += t - f
		}
	}
	return sum
}

// works tells whether a day is worked.
func (c *Calendar) works(d Date) bool {
	if c.workdays[d] {
		return true
	}
	if _, off := c.holidays[d]; off {
		return false
	}
	return c.week[d.Weekday()]
}

// split gives the day and the time of day of t in the city's zone.
func (c *Calendar) split(t time.Time) (Date, time.Duration) {
	t = t.In(c.zone)
	day := DateOf(t)
	clock := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
	return day, clock
}
