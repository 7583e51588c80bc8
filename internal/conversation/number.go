package conversation

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/message"
)

var (
	numberRE = regexp.MustCompile(`^([+-]?(?:[0-9]{1,3}(?: [0-9]{3})+(?:[.,][0-9]+)?|[0-9]+(?:[.,][0-9]+)*))(?: ?(%|₫|\p{L}+(?: \p{L}+)?))?$`)
	groupsRE = regexp.MustCompile(`^(?:[0-9]+|[0-9]{1,3}(?:[.,][0-9]{3})+)$`)
)

// maxDigits bounds a number that a person types.
const maxDigits = 30

// readNumber reads a number as people write it: 1.000,5 and 1,000.5 and 1 000. A single separator before exactly three digits parts thousands when the
// language writes them so, or when whole numbers are wanted; otherwise it begins the decimals. A unit may follow: "3 người".
func (w words) readNumber(text string, lang message.Lang, whole bool) (json.Number, bool) {
	m := numberRE.FindStringSubmatch(strings.TrimSpace(strings.ReplaceAll(text, "\u00a0", " ")))
	if m == nil || len(m[1]) > maxDigits || w.multiplies(m[2]) {
		return "", false
	}
	text = m[1]
	sign := ""
	if text[0] == '-' || text[0] == '+' {
		sign, text = strings.TrimPrefix(text[:1], "+"), text[1:]
	}
	text = strings.ReplaceAll(text, " ", "")
	at := decimals(text, lang, whole)
	units, fraction := text, ""
	if at >= 0 {
		units, fraction = text[:at], text[at+1:]
	}
	if !groupsRE.MatchString(units) {
		return "", false
	}
	units = strings.TrimLeft(strings.NewReplacer(".", "", ",", "").Replace(units), "0")
	if units == "" {
		units = "0"
	}
	if fraction != "" {
		units += "." + fraction
	}
	return json.Number(sign + units), true
}

// multiplies tells whether a unit changes the number: "2 triệu" is not two.
func (w words) multiplies(unit string) bool {
	return slices.ContainsFunc(strings.Fields(unit), w.times.has)
}

// decimals finds the separator that begins the decimals; -1 when there is none.
func decimals(text string, lang message.Lang, whole bool) int {
	last := strings.LastIndexAny(text, ".,")
	if last < 0 {
		return -1
	}
	mark := text[last : last+1]
	other := strings.Trim(".,", mark)
	if strings.Contains(text, other) {
		if strings.Count(text, mark) > 1 {
			return -1
		}
		return last
	}
	if strings.Count(text, mark) > 1 {
		return -1
	}
	thousands := len(text)-last-1 == 3 && text[0] != '0'
	if thousands && (whole || mark == thousandsMark(lang)) {
		return -1
	}
	return last
}

func thousandsMark(lang message.Lang) string {
	if lang == message.English {
		return ","
	}
	return "."
}

// showNumber writes a number as the language does.
func showNumber(n json.Number, lang message.Lang) string {
	s := n.String()
	if strings.ContainsAny(s, "eE") {
		return s
	}
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	units, fraction, has := strings.Cut(s, ".")
	mark, point := thousandsMark(lang), ","
	if lang == message.English {
		point = "."
	}
	if len(units) > 4 || has {
		for i := len(units) - 3; i > 0; i -= 3 {
			units = units[:i] + mark + units[i:]
		}
	}
	if has {
		units += point + fraction
	}
	return sign + units
}
