package scans

import (
	"context"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
)

// Count is how often something was scanned, and by how many visitors: who comes back within ten minutes is one.
type Count struct {
	Scans    int `json:"scans"`
	Visitors int `json:"visitors"`
}

func (c *Count) add(o Count) {
	c.Scans += o.Scans
	c.Visitors += o.Visitors
}

// DayCount is the count of a day.
type DayCount struct {
	Day string `json:"day"` // of the city's calendar, "2026-11-16"
	Count
}

// plateDays is how many days of a plate Counts covers, today included.
const plateDays = 30

// Counts is what is known of the scans of a plate. It lags behind by up to Config.Flush.
type Counts struct {
	Plate    string     `json:"plate"`
	Last24h  Count      `json:"last24h"` // this hour of the clock and the 23 before it
	Month    Count      `json:"month"`   // today and the 29 days before it
	Days     []DayCount `json:"days"`    // those days, oldest first, each there
	Hours    [24]Count  `json:"hours"`   // those days by hour of the day
	Revoked  int        `json:"revoked"` // scans of the plate's old codes on those days
	LastScan time.Time  `json:"lastScan,omitzero"`
}

// Plate gives the counts of a plate. All are zero for one that was never scanned, or that there is none of.
func (s *Scans) Plate(ctx context.Context, id string) (Counts, error) {
	out := Counts{Plate: id, Days: make([]DayCount, 0, plateDays)}
	today, hour := slotOf(s.now().UnixMilli())
	keys := make([]dayKey, plateDays)
	for i := range keys {
		keys[i] = dayKey{plate: numberOf(id), day: today - plateDays + 1 + date(i)}
	}
	if keys[0].plate == 0 {
		keys = nil
	}
	found, err := s.records.daysOf(ctx, keys)
	if err != nil {
		return Counts{}, fmt.Errorf("signs: counts of a plate: %w", err)
	}
	for i := range plateDays {
		day := today - plateDays + 1 + date(i)
		t := found[dayKey{plate: numberOf(id), day: day}]
		out.take(day, &t, today, hour)
	}
	last, err := s.records.lastScans(ctx, []string{id})
	if err != nil {
		return Counts{}, fmt.Errorf("signs: counts of a plate: %w", err)
	}
	if at := last[id].At; at.After(out.LastScan) {
		out.LastScan = at
	}
	return out, nil
}

// take adds a day.
func (c *Counts) take(day date, t *tally, today date, hour int) {
	sum := DayCount{Day: day.text()}
	for h, n := range t.hours() {
		sum.add(n)
		c.Hours[h].add(n)
		if day == today && h <= hour || day == today-1 && h > hour {
			c.Last24h.add(n)
		}
	}
	c.Month.add(sum.Count)
	c.Days = append(c.Days, sum)
	c.Revoked += t.Revoked
	if t.Last.After(c.LastScan) {
		c.LastScan = t.Last
	}
}

// MaxHeatDays is how many days one heat covers at most.
const MaxHeatDays = 92

// Heat is how often the plates of a ward, or of the whole city, were scanned in each hour of a day, or of several days together.
type Heat struct {
	Ward  string    `json:"ward,omitempty"` // code; "" for the whole city
	Day   string    `json:"day,omitempty"`  // of the city's calendar, "2026-11-16"; "" for several days together
	Hours [24]Count `json:"hours"`
	Total Count     `json:"total"`
}

func (h *Heat) add(t *tally) {
	for i, n := range t.hours() {
		h.Hours[i].add(n)
		h.Total.add(n)
	}
}

// Heat gives the heat of a ward, or of the whole city for "", on each day from one to another, both included: the oldest first, and a day without scans as well.
// INVALID for more than MaxHeatDays, or none.
func (s *Scans) Heat(ctx context.Context, ward string, from, to time.Time) ([]Heat, error) {
	first, n, err := span(from, to)
	if err != nil {
		return nil, err
	}
	keys := make([]dayKey, n)
	for i := range keys {
		keys[i] = dayKey{ward: ward, day: first + date(i)}
	}
	found, err := s.records.daysOf(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("signs: heat: %w", err)
	}
	out := make([]Heat, n)
	for i, k := range keys {
		t := found[k]
		out[i] = Heat{Ward: ward, Day: k.day.text()}
		out[i].add(&t)
	}
	return out, nil
}

// HeatOfWards gives the heat of each of the wards over all days from one to another, both included, in the order of wards, and one without scans as well. Then
// comes that of the whole city. INVALID as for Heat.
func (s *Scans) HeatOfWards(ctx context.Context, wards []string, from, to time.Time) ([]Heat, error) {
	first, n, err := span(from, to)
	if err != nil {
		return nil, err
	}
	out := make([]Heat, len(wards)+1)
	at := map[string]int{"": len(wards)}
	for i, w := range wards {
		out[i].Ward = w
		at[w] = i
	}
	for t, err := range s.records.between(ctx, first, first+date(n)-1) {
		if err != nil {
			return nil, fmt.Errorf("signs: heat: %w", err)
		}
		if i, ok := at[wardOf(t.ID)]; ok {
			out[i].add(&t)
		}
	}
	return out, nil
}

// wardOf reads the ward out of the id of a roll-up of a day.
func wardOf(id string) string {
	const begin = len("d/2026-11-16/")
	if len(id) <= begin {
		return ""
	}
	return id[begin:]
}

// span gives the first day of a range and how many there are.
func span(from, to time.Time) (date, int, error) {
	first, last := dateOf(from), dateOf(to)
	if n := int(last-first) + 1; n >= 1 && n <= MaxHeatDays {
		return first, n, nil
	}
	return 0, 0, fault.InvalidField("signscans.days", "to").With("max", MaxHeatDays)
}
