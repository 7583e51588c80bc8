package city

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/worktime"
)

// maxServiceHours is the longest service level, in working hours: about half a year. More is a slip of the pen.
const maxServiceHours = 1000

var code = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// isCode tells whether s is of lower-case letters, digits and single hyphens, and begins with a letter.
func isCode(s string) bool { return len(s) <= 64 && code.MatchString(s) }

// checkText wants a text in both languages.
func checkText(file, of string, t message.Text) []error {
	var problems []error
	for _, lang := range []message.Lang{message.Vietnamese, message.English} {
		if t[lang] == "" {
			problems = append(problems, fmt.Errorf("%s: %s: no text in %s", file, of, lang))
		}
	}
	return problems
}

func checkCity(y cityYAML) []error {
	problems := checkText(cityFile, "name", y.Name)
	if !isCode(y.ID) {
		problems = append(problems, fmt.Errorf("%s: id %q is not of lower-case letters, digits and hyphens", cityFile, y.ID))
	}
	return problems
}

// checkBounds wants all wards inside the city's box.
func (c *City) checkBounds(b bounds) []error {
	minLat, minLon, maxLat, maxLon := c.index.Bound()
	if minLat >= b.MinLat && minLon >= b.MinLon && maxLat <= b.MaxLat && maxLon <= b.MaxLon {
		return nil
	}
	return []error{fmt.Errorf("%s: the wards reach from %.4f, %.4f to %.4f, %.4f, beyond the bounds of %s", wardsFile, minLat, minLon, maxLat, maxLon, cityFile)}
}

// checkMergers wants every row to lead to a ward that exists, by the name that it has, and every ward to have come from somewhere.
func (c *City) checkMergers(mergers []merger) []error {
	var problems []error
	reached := map[string]bool{}
	rows := map[string]int{} // by former unit: how many units it went into
	for _, m := range mergers {
		rows[m.former()]++
	}
	for i, m := range mergers {
		w, ok := c.Ward(m.newCode)
		switch {
		case !ok:
			problems = append(problems, fmt.Errorf("%s: row %d: ward %s does not exist", mergersFile, i+2, m.newCode))
		case fold.Spelling(w.FullName) != fold.Spelling(m.newName):
			problems = append(problems, fmt.Errorf("%s: row %d: ward %s is called %q, not %q", mergersFile, i+2, m.newCode, w.FullName, m.newName))
		case m.divided != (rows[m.former()] > 1):
			problems = append(problems, fmt.Errorf("%s: row %d: divided is %v, but %s has %d rows", mergersFile, i+2, m.divided, m.former(), rows[m.former()]))
		}
		reached[m.newCode] = true
	}
	for _, w := range c.wards {
		if !reached[w.Code] {
			problems = append(problems, fmt.Errorf("%s: no row leads to ward %s", mergersFile, w.Code))
		}
	}
	return problems
}

// date reads a date and wants it in one of the years that the file covers.
func (h holidaysYAML) date(s string) (worktime.Date, error) {
	d, err := worktime.ParseDate(s)
	if err != nil {
		return worktime.Date{}, err
	}
	if !slices.Contains(h.Years, d.Year) {
		return worktime.Date{}, fmt.Errorf("%s is in none of the years that the file covers", s)
	}
	return d, nil
}
