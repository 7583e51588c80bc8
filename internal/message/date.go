package message

import "time"

// Date writes a day as people read it: "26/11/2026", and in English, where the order of day and month differs between countries, "26 Nov 2026".
func Date(t time.Time, lang Lang) string {
	if lang == English {
		return t.Format("2 Jan 2006")
	}
	return t.Format("02/01/2006")
}

// Moment writes the time of a clock with its day; t is in the zone that it is shown in.
func Moment(t time.Time, lang Lang) string { return t.Format("15:04 ") + Date(t, lang) }
