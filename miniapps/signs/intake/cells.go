package intake

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/motcua/motcua/miniapps/signs/platecode"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

var (
	numberRE = regexp.MustCompile(`^([0-9]{1,6})([.,]0{1,2})?$`) // three zeros would be thousands where the country writes them
	wardRE   = regexp.MustCompile(`^([0-9]+)[.,]0{1,2}$`)
	metreRE  = regexp.MustCompile(`^-?[0-9]{3,9}([.,][0-9]{1,15})?$`)
	degreeRE = regexp.MustCompile(`^-?[0-9]{1,3}([.,][0-9]{1,15})?$`)
	serialRE = regexp.MustCompile(`^[0-9]{5}([.,][0-9]{1,15})?$`) // days since 1899-12-30, from 1927 to 2173
)

// plate adds a plate by the values of its columns.
func (c *checking) plate(row Row, values map[string]string) {
	for name, s := range values {
		values[name] = lineBreaks.Replace(s)
	}
	r := checked{Row: row, cells: values}
	p := registry.PlateRow{
		Story: values["story"], Street: values["street"], Address: values["address"], Side: registry.Side(c.in.words.sides.read(values["side"])),
		Ward: ward(values["ward"]), Unit: values["unit"], Batch: values["batch"], Condition: registry.Condition(c.in.words.conditions.read(values["condition"])),
	}
	r.Plate = &p
	p.Number = r.number(c.in.numbers)
	p.Lat, p.Lon = r.degrees("lat"), r.degrees("lon")
	p.Installed = r.day("installed")
	p = c.in.registry.Clean(p)
	r.formulas(p)
	c.rows = append(c.rows, r)
}

// lineBreaks makes one line of a cell: where a spreadsheet wraps a long address by hand, no column has several.
var lineBreaks = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ")

// number reads a plate's number: plain, perhaps as a database exports it ("5017.0"), or just as it is printed, where the check digit has to be right. 0 for any
// other.
func (r *checked) number(printed platecode.Numbers) int {
	s := strings.TrimSpace(r.cells["number"])
	if plain := numberRE.FindStringSubmatch(s); plain != nil {
		n, _ := strconv.Atoi(plain[1])
		return n
	}
	if printed.Prefix() == "" {
		return 0
	}
	if n, ok := printed.Parse(s); ok && strings.EqualFold(s, printed.Format(n)) {
		return n
	}
	if printed.Resembles(s) {
		r.fault("number", "number_printed", map[string]any{"example": printed.Format(exampleNumber)})
	}
	return 0
}

// exampleNumber is the plate by which reasons show how numbers are printed.
const exampleNumber = 572

// ward gives a ward's code as text, which databases may keep as a number: "11311.0".
func ward(cell string) string {
	s := strings.TrimSpace(cell)
	if whole := wardRE.FindStringSubmatch(s); whole != nil {
		return whole[1]
	}
	return s
}

// degrees reads a coordinate. A comma for the point is what a spreadsheet in Vietnamese writes.
func (r *checked) degrees(column string) float64 {
	s := strings.TrimSpace(r.cells[column])
	if s == "" {
		r.fault(column, "needed", nil)
		return math.NaN()
	}
	x, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	switch {
	case err == nil && math.Abs(x) > 180 && metreRE.MatchString(s):
		r.fault(column, "metres", nil)
		return math.NaN()
	case err != nil || !degreeRE.MatchString(s):
		r.fault(column, "coordinate", nil)
		return math.NaN()
	}
	return x
}

func hundredThousandths(x float64) int64 { return int64(math.Round(x * 1e5)) }

// dayForms are how lists write a day. None has the month first, so no day can be read in two ways.
var dayForms = [...]string{time.DateOnly, "2006/1/2", "2/1/2006", "2-1-2006"}

// day reads a day, the zero time for an empty cell.
func (r *checked) day(column string) time.Time {
	s := strings.TrimSpace(r.cells[column])
	if s == "" {
		return time.Time{}
	}
	for _, form := range dayForms {
		if day, err := time.Parse(form, s); err == nil && !day.IsZero() { // the zero time would pass for an empty cell
			return day
		}
	}
	key := "day_form"
	if serialRE.MatchString(s) {
		key = "day_serial"
	}
	r.fault(column, key, nil)
	return time.Time{}
}

// formulas refuses texts that would run as formulas where the list is opened in a spreadsheet again.
func (r *checked) formulas(p registry.PlateRow) {
	for _, cell := range [...]struct{ column, text string }{
		{"story", p.Story}, {"street", p.Street}, {"address", p.Address}, {"side", string(p.Side)},
		{"ward", p.Ward}, {"unit", p.Unit}, {"batch", p.Batch}, {"condition", string(p.Condition)},
	} {
		if formula(cell.text) {
			r.fault(cell.column, "formula", map[string]any{"char": cell.text[:1]})
		}
	}
}

// formula tells whether a spreadsheet takes a clean text for a formula: it begins with an equals sign, or with another sign of formulas before a letter. A dash
// before a blank or a digit is a list's or a number's.
func formula(s string) bool {
	if s == "" || !strings.ContainsRune("=+-@", rune(s[0])) {
		return false
	}
	next, _ := utf8.DecodeRuneInString(s[1:])
	return s[0] == '=' || unicode.IsLetter(next)
}
