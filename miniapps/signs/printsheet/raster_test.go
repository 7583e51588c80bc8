package printsheet

import (
	"bytes"
	"compress/zlib"
	"encoding/xml"
	"fmt"
	"image"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/image/vector"
)

// The functions here make pictures out of printed files: they read the files' own rectangles and paths and share nothing with what wrote them.

// Pictures of paper have millions of dots. What only computes on them is not looked into for races: that took most of these tests' time.

// pen draws shapes in a file's units into a picture.
type pen struct {
	r            *vector.Rasterizer
	covered      *image.Alpha
	sx, sy       float64 // pixels per unit
	ox, oy       float64 // pixels
	x, y, mx, my float64
}

func newPen(width, height, scale float64) *pen {
	w, h := int(width*scale+0.5), int(height*scale+0.5)
	return &pen{r: vector.NewRasterizer(w, h), covered: image.NewAlpha(image.Rect(0, 0, w, h)), sx: scale, sy: scale}
}

func (p *pen) at(x, y float64) (float32, float32) {
	return float32(p.ox + x*p.sx), float32(p.oy + y*p.sy)
}

func (p *pen) move(x, y float64) {
	p.x, p.y, p.mx, p.my = x, y, x, y
	p.r.MoveTo(p.at(x, y))
}

func (p *pen) line(x, y float64) {
	p.x, p.y = x, y
	p.r.LineTo(p.at(x, y))
}

func (p *pen) shut() {
	p.x, p.y = p.mx, p.my
	p.r.ClosePath()
}

// ink gives the picture: everything that was drawn, black on white.
func (p *pen) ink() *image.Gray {
	p.r.Draw(p.covered, p.covered.Bounds(), image.Opaque, image.Point{})
	return onWhite(p.covered)
}

//go:norace
func onWhite(covered *image.Alpha) *image.Gray {
	out := image.NewGray(covered.Bounds())
	for i, a := range covered.Pix {
		out.Pix[i] = 255 - a
	}
	return out
}

// cropped copies a part of a picture.
func cropped(pic *image.Gray, part image.Rectangle) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, part.Dx(), part.Dy()))
	for y := range part.Dy() {
		copy(out.Pix[y*out.Stride:(y+1)*out.Stride], pic.Pix[pic.PixOffset(part.Min.X, part.Min.Y+y):])
	}
	return out
}

func (p *pen) rect(x, y, w, h float64) {
	p.move(x, y)
	p.line(x+w, y)
	p.line(x+w, y+h)
	p.line(x, y+h)
	p.shut()
}

const inch = 25.4 // mm

// rasterSVG prints an SVG of ours at dots per inch.
func rasterSVG(t testing.TB, file []byte, dpi float64) *image.Gray {
	t.Helper()
	var p *pen
	for d := xml.NewDecoder(bytes.NewReader(file)); ; {
		token, err := d.Token()
		if err == io.EOF {
			return p.ink()
		}
		if err != nil {
			t.Fatal(err)
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		a := map[string]string{}
		for _, x := range e.Attr {
			a[x.Name.Local] = x.Value
		}
		switch e.Name.Local {
		case "svg":
			box := numbers(t, a["viewBox"])
			if a["width"] != fmt.Sprint(box[2], "mm") || a["height"] != fmt.Sprint(box[3], "mm") {
				t.Fatalf("a unit of the view box is not a millimetre: %v", a)
			}
			p = newPen(box[2], box[3], dpi/inch)
		case "rect":
			v := numbers(t, strings.Join([]string{"0" + a["x"], "0" + a["y"], a["width"], a["height"]}, " "))
			if a["fill"] == "" { // else the white ground
				p.rect(v[0], v[1], v[2], v[3])
			}
		case "path":
			p.svgPath(t, a, dpi/inch)
		case "g", "title":
		default:
			t.Fatalf("an element of another kind: %s", e.Name.Local)
		}
	}
}

var shift = regexp.MustCompile(`^translate\((\S+) (\S+)\) scale\((\S+)\)$`)

func numbers(t testing.TB, s string) []float64 {
	t.Helper()
	var out []float64
	for {
		var text string
		if text, s = number(s); text == "" {
			return out
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
}

// number gives the first number of a text, "" when there is none, and what follows it.
//
//go:norace
func number(s string) (first, rest string) {
	from := 0
	for from < len(s) && s[from] != '-' && s[from] != '.' && !digit(s[from]) {
		from++
	}
	to, points := from, 0
	for ; to < len(s) && (digit(s[to]) || s[to] == '-' && to == from || s[to] == '.' && points == 0); to++ {
		if s[to] == '.' {
			points++
		}
	}
	return s[from:to], s[to:]
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func letter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

func (p *pen) svgPath(t testing.TB, a map[string]string, scale float64) {
	t.Helper()
	p.sx, p.sy, p.ox, p.oy = scale, scale, 0, 0
	if a["transform"] != "" {
		v := numbers(t, strings.Join(shift.FindStringSubmatch(a["transform"])[1:], " "))
		p.ox, p.oy, p.sx, p.sy = v[0]*scale, v[1]*scale, v[2]*scale, v[2]*scale
	}
	for d := a["d"]; d != ""; {
		end := strings.IndexFunc(d[1:], letter) + 1
		if end == 0 {
			end = len(d)
		}
		v := numbers(t, d[1:end])
		switch d[:1] {
		case "M":
			p.move(v[0], v[1])
		case "L":
			p.line(v[0], v[1])
		case "h":
			p.line(p.x+v[0], p.y)
		case "v":
			p.line(p.x, p.y+v[0])
		case "Q":
			x1, y1 := p.at(v[0], v[1])
			x2, y2 := p.at(v[2], v[3])
			p.r.QuadTo(x1, y1, x2, y2)
			p.x, p.y = v[2], v[3]
		case "Z", "z":
			p.shut()
		default:
			t.Fatalf("a path with %q", d[:1])
		}
		d = d[end:]
	}
	p.sx, p.sy, p.ox, p.oy = scale, scale, 0, 0
}

var stream = regexp.MustCompile(`(?s)/Length (\d+)>>\nstream\n`)

// inflated gives a PDF's page streams and the rest with its streams inflated, so that neither depends on the release of the packer.
func inflated(t testing.TB, file []byte) (pages []string, all []byte) {
	t.Helper()
	from := 0
	for _, at := range stream.FindAllSubmatchIndex(file, -1) {
		n, err := strconv.Atoi(string(file[at[2]:at[3]]))
		if err != nil {
			t.Fatal(err)
		}
		r, err := zlib.NewReader(bytes.NewReader(file[at[1] : at[1]+n]))
		if err != nil {
			continue
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all = append(append(all, file[from:at[2]]...), content...)
		from = at[1] + n
		if bytes.Contains(content, []byte(" Tj ET")) {
			pages = append(pages, string(content))
		}
	}
	return pages, append(all, file[from:]...)
}

// rasterPDF prints the shapes of a page of a PDF of ours, without its text.
func rasterPDF(t testing.TB, page string, widthMM, heightMM, dpi float64) *image.Gray {
	t.Helper()
	const point = inch / 72
	p := newPen(widthMM, heightMM, dpi/inch)
	p.sx, p.sy, p.oy = point*dpi/inch, -point*dpi/inch, heightMM*dpi/inch // y upwards
	var v []float64
	for word := range strings.FieldsSeq(page) {
		if f, err := strconv.ParseFloat(word, 64); err == nil {
			v = append(v, f)
			continue
		}
		switch n := len(v); word {
		case "m":
			p.move(v[n-2], v[n-1])
		case "l":
			p.line(v[n-2], v[n-1])
		case "h":
			p.shut()
		case "re":
			p.rect(v[n-4], v[n-3], v[n-2], v[n-1])
		}
		v = v[:0]
	}
	return p.ink()
}
