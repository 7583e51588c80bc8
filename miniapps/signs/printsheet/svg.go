package printsheet

import (
	"bufio"
	"encoding/xml"
	"io"
	"strconv"
	"strings"
)

// svg writes SVG 1.1 that every printer's program reads: rectangles and paths only, no fonts, no styles. Lengths of the view box are millimetres.
type svg struct {
	faces faces
	w     *bufio.Writer
}

func newSVG(w io.Writer, f faces) *svg { return &svg{f, bufio.NewWriter(w)} }

func (s *svg) page(width, height float64) {
	w, h := mm(width), mm(height)
	s.put(`<svg xmlns="http://www.w3.org/2000/svg" width="`, w, `mm" height="`, h, `mm" viewBox="0 0 `, w, ` `, h, `">`, "\n")
	s.put(`<rect width="`, w, `" height="`, h, `" fill="#fff"/>`, "\n")
}

func (s *svg) begin(name string) {
	s.put("<g><title>")
	_ = xml.EscapeText(s.w, []byte(name)) // its error comes again at Flush
	s.put("</title>\n")
}

// squares draws a code as one path in whole modules: seams between shapes would show as hairlines.
func (s *svg) squares(x, y, module float64, rows [][]bool) {
	s.put(`<path transform="translate(`, mm(x), ` `, mm(y), `) scale(`, strconv.FormatFloat(module, 'f', 6, 64), `)" shape-rendering="crispEdges" d="`)
	runs(rows, func(column, row, length int) {
		n := strconv.Itoa(length)
		s.put("M", strconv.Itoa(column), " ", strconv.Itoa(row), "h", n, "v1h-", n, "z")
	})
	s.put(`"/>`, "\n")
}

func (s *svg) text(l line) { s.put(`<path d="`, s.faces.outline(l), `"/>`, "\n") }

func (s *svg) bar(x, y, width, height float64) {
	s.put(`<rect x="`, mm(x), `" y="`, mm(y), `" width="`, mm(width), `" height="`, mm(height), `"/>`, "\n")
}

func (s *svg) end() { s.put("</g>\n") }

func (s *svg) close() error {
	s.put("</svg>\n")
	return s.w.Flush()
}

func (s *svg) put(parts ...string) {
	for _, p := range parts {
		_, _ = s.w.WriteString(p) // its error comes again at Flush
	}
}

// runs calls do for each unbroken run of dark squares in a row.
func runs(rows [][]bool, do func(column, row, length int)) {
	for y, row := range rows {
		for x := 0; x < len(row); x++ {
			start := x
			for x < len(row) && row[x] {
				x++
			}
			if x > start {
				do(start, y, x-start)
			}
		}
	}
}

// mm writes a length with a micrometre's precision, as short as it goes.
func mm(v float64) string {
	s := strings.TrimRight(strings.TrimRight(strconv.FormatFloat(v, 'f', 3, 64), "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}
