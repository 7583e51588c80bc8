package conversation

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/message"
)

var (
	dayFirstRE  = regexp.MustCompile(`^(\d{1,2})[/.\- ](\d{1,2})(?:[/.\- ](\d{4}|\d{2}))?$`)
	yearFirstRE = regexp.MustCompile(`^(\d{4})[/.\-](\d{1,2})[/.\-](\d{1,2})$`)
	clockRE     = regexp.MustCompile(`^(\d{1,2})(?:[:hg](\d{2})?)(?::(\d{2}))?$`)
	dayIn       = regexp.MustCompile(`\b\d{1,2}[/.\-]\d{1,2}[/.\-]\d{4}\b|\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}/\d{1,2}\b`)
)

// isoDate is a full-date of RFC 3339.
const isoDate = time.DateOnly

// readDate reads a day as people write it: 25/12/2026, 25-12 (the next one), 2026-12-25, or a word for a near day. The day stands before the month, as
// it does in Vietnam in both languages.
func (w words) readDate(text string, now time.Time) (string, bool) {
	today := now.In(zone)
	switch {
	case w.today.has(text):
		return today.Format(isoDate), true
	case w.tomorrow.has(text):
		return today.AddDate(0, 0, 1).Format(isoDate), true
	case w.afterTomorrow.has(text):
		return today.AddDate(0, 0, 2).Format(isoDate), true
	}
	text = strings.TrimSpace(text)
	if m := yearFirstRE.FindStringSubmatch(text); m != nil {
		return day(m[1], m[2], m[3])
	}
	m := dayFirstRE.FindStringSubmatch(text)
	switch {
	case m == nil:
		return "", false
	case len(m[3]) == 2:
		return day("20"+m[3], m[2], m[1])
	case m[3] != "":
		return day(m[3], m[2], m[1])
	}
	return nextDay(today, m[2], m[1])
}

// nextDay gives the first such day from today on. The 29th of February may be some years away.
func nextDay(today time.Time, month, d string) (string, bool) {
	from := today.Format(isoDate)
	for year := today.Year(); year < today.Year()+9; year++ {
		if s, ok := day(strconv.Itoa(year), month, d); ok && s >= from {
			return s, true
		}
	}
	return "", false
}

// day gives a full-date, if there is such a day.
func day(year, month, d string) (string, bool) {
	y, _ := strconv.Atoi(year)
	m, _ := strconv.Atoi(month)
	n, _ := strconv.Atoi(d)
	at := time.Date(y, time.Month(m), n, 0, 0, 0, 0, zone)
	if at.Year() != y || int(at.Month()) != m || at.Day() != n || y == 0 {
		return "", false
	}
	return at.Format(isoDate), true
}

// readClock reads 14:30, 14h30, 14h as a full-time of RFC 3339 in the city's zone.
func readClock(text string) (string, bool) {
	m := clockRE.FindStringSubmatch(strings.ToLower(strings.TrimSpace(text)))
	if m == nil {
		return "", false
	}
	var at [3]int
	for i := range at {
		at[i], _ = strconv.Atoi(m[i+1])
	}
	if at[0] > 23 || at[1] > 59 || at[2] > 59 {
		return "", false
	}
	return time.Date(2000, 1, 1, at[0], at[1], at[2], 0, zone).Format("15:04:05Z07:00"), true
}

// readMoment reads a day and a time, in either order, as a date-time of RFC 3339.
func (w words) readMoment(text string, now time.Time) (string, bool) {
	parts := strings.Fields(text)
	for i := 1; i < len(parts); i++ {
		head, tail := strings.Join(parts[:i], " "), strings.Join(parts[i:], " ")
		for _, pair := range [][2]string{{head, tail}, {tail, head}} {
			d, ok1 := w.readDate(strings.TrimSuffix(pair[0], ","), now)
			c, ok2 := readClock(strings.TrimSuffix(pair[1], ","))
			if ok1 && ok2 {
				return d + "T" + c, true
			}
		}
	}
	return "", false
}

// showDate writes a full-date.
func showDate(iso string, lang message.Lang) string {
	at, err := time.Parse(isoDate, iso)
	if err != nil {
		return iso
	}
	return message.Date(at, lang)
}

// showMoment writes a date-time.
func showMoment(iso string, lang message.Lang) string {
	at, err := time.Parse(time.RFC3339, iso)
	if err != nil {
		return iso
	}
	return message.Moment(at.In(zone), lang)
}
