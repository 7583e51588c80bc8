package printsheet

import (
	"math"

	"github.com/motcua/motcua/internal/fault"
)

// Page is a size of paper. It is turned whichever way takes more plates.
type Page string

// The pages. The zero value is Single.
const (
	Single Page = "" // as large as the plate, without crop marks
	A4     Page = "A4"
	A3     Page = "A3"
)

// Millimetres.
const (
	markLength = 4.0
	markGap    = 1.0               // between a crop mark and the plate, so that a slanted cut leaves no ink
	markWidth  = 0.1               // a hairline that every printer shows
	gutter     = 2 * markGap       // least room between plates beside the marks' own
	edge       = 5.0 + markGap + 4 // 5 mm that printers cannot reach, and a mark
)

// plan says where plates go on a page.
type plan struct {
	width, height  float64 // of the page
	labelW, labelH float64
	columns, rows  int
	left, top      float64 // of the first plate
	stepX, stepY   float64
	marks          bool
}

func (p plan) perPage() int { return p.columns * p.rows }

// at gives the upper left corner of a page's plate.
func (p plan) at(i int) (x, y float64) {
	return p.left + float64(i%p.columns)*p.stepX, p.top + float64(i/p.columns)*p.stepY
}

// alone is the plan of a page that is one plate.
func alone(l label) plan {
	return plan{width: l.width, height: l.height, labelW: l.width, labelH: l.height, columns: 1, rows: 1}
}

// lay plans pages for labels like l.
func lay(page Page, l label) (plan, error) {
	short, long := 0.0, 0.0
	switch page { // ISO 216
	case Single:
		return alone(l), nil
	case A4:
		short, long = 210, 297
	case A3:
		short, long = 297, 420
	default:
		return plan{}, fault.InvalidField("printsheet.page", "page")
	}
	best := grid(short, long, l)
	if turned := grid(long, short, l); turned.perPage() > best.perPage() {
		best = turned
	}
	if best.perPage() == 0 {
		return plan{}, fault.InvalidField("printsheet.too_large", "page").With("width", math.Ceil(l.width)).With("height", math.Ceil(l.height))
	}
	return best, nil
}

// grid fills a page with labels, in its middle.
func grid(width, height float64, l label) plan {
	const between = 2*markLength + gutter
	p := plan{width: width, height: height, labelW: l.width, labelH: l.height, stepX: l.width + between, stepY: l.height + between, marks: true}
	p.columns = max(0, int((width-2*edge+between)/p.stepX))
	p.rows = max(0, int((height-2*edge+between)/p.stepY))
	p.left = (width - float64(p.columns)*p.stepX + between) / 2
	p.top = (height - float64(p.rows)*p.stepY + between) / 2
	return p
}

// drawer is a format of files. Lengths are millimetres from the page's upper left corner.
type drawer interface {
	page(width, height float64)
	begin(name string) // a plate
	squares(x, y, module float64, rows [][]bool)
	text(l line)
	bar(x, y, width, height float64) // a black one
	end()
}

// draw puts a page of labels into a file.
func draw(d drawer, p plan, labels []label) {
	d.page(p.width, p.height)
	for i, l := range labels {
		x, y := p.at(i)
		d.begin(l.name)
		d.squares(x+l.qrX, y+l.qrY, l.module, l.squares)
		for _, t := range l.lines {
			t.middle += x
			t.baseline += y
			d.text(t)
		}
		if p.marks {
			crop(d, x, y, p.labelW, p.labelH)
		}
		d.end()
	}
}

// crop draws the marks at a plate's four corners, outside of it.
func crop(d drawer, x, y, width, height float64) {
	const half = markWidth / 2
	for _, cx := range []float64{x, x + width} {
		d.bar(cx-half, y-markGap-markLength, markWidth, markLength)
		d.bar(cx-half, y+height+markGap, markWidth, markLength)
	}
	for _, cy := range []float64{y, y + height} {
		d.bar(x-markGap-markLength, cy-half, markLength, markWidth)
		d.bar(x+width+markGap, cy-half, markLength, markWidth)
	}
}
