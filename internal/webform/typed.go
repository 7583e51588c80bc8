package webform

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"

	declared "github.com/motcua/motcua/internal/field"
	"github.com/motcua/motcua/internal/message"
)

// How typed values are understood. What is not understood stays as it was typed, so that the check of the input says what is wrong with it.

// clean makes a typed text one that can be kept, on one line or several; its length is counted with the line ends of Unix.
func clean(s string, lines bool) string { return declared.Clean(s, lines) }

// read gives the value that a text stands for; nil for none.
func (n *node) read(text string, lang message.Lang, zone *time.Location) any {
	text = clean(text, n.kind == kindLong)
	if text == "" {
		return nil
	}
	switch n.kind {
	case kindNumber, kindInteger:
		return number(text, lang, n.kind == kindInteger)
	case kindBool:
		return boolean(text)
	case kindChoice:
		return n.listed(text)
	case kindRemote:
		return n.remote(text)
	case kindAny:
		return n.plain(text, lang)
	case kindPlace:
		return map[string]any{"address": text}
	case kindDate:
		return date(text)
	case kindMoment:
		return moment(text, zone)
	case kindTime:
		return clock(text, zone)
	}
	return text
}

func boolean(text string) any {
	switch text {
	case "true":
		return true
	case "false":
		return false
	}
	return text
}

// listed gives the value of a choice.
func (n *node) listed(text string) any {
	for _, c := range n.choices {
		if token(c.Value) == text {
			return c.Value
		}
	}
	return text
}

// remote gives the value of an option that a service named.
func (n *node) remote(text string) any {
	if v := json.Number(text); !n.valid(text) && numberRE.MatchString(text) && n.valid(v) {
		return v
	}
	return text
}

// plain gives the first of several plain types that fits.
func (n *node) plain(text string, lang message.Lang) any {
	for _, v := range []any{text, number(text, lang, false), boolean(text)} {
		if n.valid(v) {
			return v
		}
	}
	return text
}

var (
	numberRE  = regexp.MustCompile(`^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$`)
	digitsRE  = regexp.MustCompile(`^[0-9]+$`)
	groupedRE = regexp.MustCompile(`^[0-9]{1,3}(?:[.,][0-9]{3})+$`)
)

// maxDigits bounds a number that a person types.
const maxDigits = 30

// number reads a number as people write it: 1.000,5 and 1,000.5 and 1 000. One separator before exactly three digits parts thousands when the language writes
// them so, or when whole numbers are wanted; otherwise it begins the decimals.
func number(text string, lang message.Lang, whole bool) any {
	s := strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "").Replace(text)
	sign, rest := "", s
	if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+") {
		sign, rest = strings.TrimPrefix(s[:1], "+"), s[1:]
	}
	units, fraction := rest, ""
	if at := decimals(rest, lang, whole); at >= 0 {
		units, fraction = rest[:at], rest[at+1:]
		if !digitsRE.MatchString(fraction) {
			return text
		}
		fraction = "." + fraction
	}
	if len(s) > maxDigits || !digitsRE.MatchString(units) && !groupedRE.MatchString(units) {
		return text
	}
	units = strings.TrimLeft(strings.NewReplacer(".", "", ",", "").Replace(units), "0")
	if units == "" {
		units = "0"
	}
	return json.Number(sign + units + fraction)
}

// decimals finds the separator that begins the decimals; -1 when there is none.
func decimals(s string, lang message.Lang, whole bool) int {
	last := strings.LastIndexAny(s, ".,")
	if last < 0 || whole && groupedRE.MatchString(s) {
		return -1
	}
	mark := "."
	if lang == message.English {
		mark = ","
	}
	if groupedRE.MatchString(s) && (s[last:last+1] == mark || strings.Count(s, s[last:last+1]) > 1) {
		return -1
	}
	return last
}

var dayFirstRE = regexp.MustCompile(`^(\d{1,2})[/. -](\d{1,2})[/. -](\d{4})$`)

// date reads a day as browsers send it, or as people write it where a browser has no calendar: the day before the month.
func date(text string) any {
	if m := dayFirstRE.FindStringSubmatch(text); m != nil {
		if at, err := time.Parse("2/1/2006", m[1]+"/"+m[2]+"/"+m[3]); err == nil {
			return at.Format(time.DateOnly)
		}
	}
	return text
}

// moment reads a day and a time of the city as browsers send them.
func moment(text string, zone *time.Location) any {
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", "2/1/2006 15:04"} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at.Format(time.RFC3339)
		}
	}
	return text
}

// clock reads a time of the city.
func clock(text string, zone *time.Location) any {
	for _, layout := range []string{"15:04", "15:04:05", "15h04", "15h"} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return time.Date(2000, 1, 1, at.Hour(), at.Minute(), at.Second(), 0, zone).Format("15:04:05Z07:00")
		}
	}
	return text
}
