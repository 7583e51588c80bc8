package printsheet

import (
	"fmt"
	"io"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansregular"
)

// pdf writes PDF with the letters that are used embedded, so the text can be searched for a plate's number. Black is the one ink black.
type pdf struct {
	faces faces
	f     *fpdf.Fpdf
}

const family = "liberation-sans"

func newPDF(f faces) *pdf {
	d := fpdf.NewCustom(&fpdf.InitType{OrientationStr: "P", UnitStr: "mm"})
	d.SetAutoPageBreak(false, 0)
	d.SetCatalogSort(true) // with fixed dates: the same plates give the same bytes
	d.SetCreationDate(time.Unix(0, 0).UTC())
	d.SetModificationDate(time.Unix(0, 0).UTC())
	d.AddUTF8FontFromBytes(family, "", liberationsansregular.TTF)
	d.AddUTF8FontFromBytes(family, "B", liberationsansbold.TTF)
	return &pdf{f, d}
}

func (p *pdf) page(width, height float64) {
	p.f.AddPageFormat("P", fpdf.SizeType{Wd: width, Ht: height})
	p.f.SetFillColor(0, 0, 0)
	p.f.SetTextColor(0, 0, 0)
}

func (p *pdf) begin(string) {}

// squares draws a code as one path: seams between shapes would show as hairlines.
func (p *pdf) squares(x, y, module float64, rows [][]bool) {
	runs(rows, func(column, row, length int) {
		left, top := x+float64(column)*module, y+float64(row)*module
		right, bottom := x+float64(column+length)*module, y+float64(row+1)*module
		p.f.MoveTo(left, top)
		p.f.LineTo(right, top)
		p.f.LineTo(right, bottom)
		p.f.LineTo(left, bottom)
		p.f.ClosePath()
	})
	p.f.DrawPath("F")
}

func (p *pdf) text(l line) {
	style := ""
	if l.bold {
		style = "B"
	}
	ems, _ := p.faces.width(l.text, l.bold)
	p.f.SetFont(family, style, 0)
	p.f.SetFontUnitSize(l.size)
	p.f.Text(l.middle-ems*l.size/2, l.baseline, l.text)
}

func (p *pdf) bar(x, y, width, height float64) { p.f.Rect(x, y, width, height, "F") }

func (p *pdf) end() {}

func (p *pdf) write(w io.Writer) error {
	if err := p.f.Output(w); err != nil {
		return fmt.Errorf("printsheet: pdf: %w", err)
	}
	return nil
}
