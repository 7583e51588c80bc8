package intake

import (
	"slices"
	"strings"
	"unicode"

	"github.com/motcua/motcua/internal/fault"
)

// checked is a row with its faults.
type checked struct {
	Row
	cells  map[string]string // as they were read; of a story the names of files alone
	faults []Fault
	named  []named // files that a story names
}

// unread notes something of a file of which no row can be made.
func (c *checking) unread(file string, line int, column, key string, params map[string]any) {
	r := checked{Row: Row{File: file, Line: line}}
	r.fault(column, key, params)
	c.rows = append(c.rows, r)
}

// fault notes a reason against a row. A column is told of once.
func (r *checked) fault(column, key string, params map[string]any) {
	r.refuse(column, faults+key, params)
}

// refuse is fault with the whole key of a text.
func (r *checked) refuse(column, key string, params map[string]any) {
	r.faults = append(r.faults, Fault{File: r.File, Line: r.Line, Column: column, Key: key, Params: params, Value: excerpt(r.cells[column])})
	r.Faulty, r.Result = true, ""
}

// take notes what the registry found.
func (r *checked) take(fields []fault.Field) {
	for _, f := range r.Row.faults(fields) {
		if r.has(f.Column) {
			continue
		}
		f.Value = excerpt(r.cells[f.Column])
		r.faults, r.Faulty, r.Result = append(r.faults, f), true, ""
	}
}

// has tells whether a column is known to be wrong.
func (r *checked) has(columns ...string) bool {
	return slices.ContainsFunc(r.faults, func(f Fault) bool { return slices.Contains(columns, f.Column) })
}

// faults makes faults of what the registry found wrong with a row.
func (r Row) faults(fields []fault.Field) []Fault {
	out := make([]Fault, len(fields))
	for i, f := range fields {
		out[i] = Fault{File: r.File, Line: r.Line, Column: strings.Join(f.Path, "."), Key: f.Key, Params: f.Params}
	}
	return out
}

// maxExcerpt is how many characters of a value a report repeats.
const maxExcerpt = 60

func excerpt(s string) string {
	n := 0
	for i := range s {
		if n == maxExcerpt {
			return visible(s[:i])
		}
		n++
	}
	return visible(s)
}

// visible makes what cannot be seen visible.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) && !unicode.Is(unicode.Bidi_Control, r) {
			return r
		}
		return '\ufffd'
	}, s)
}
