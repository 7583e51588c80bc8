package printsheet

import (
	"fmt"
	"strings"

	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// faces are the two faces of the printed type, Liberation Sans: metrics of Arial, all letters of Vietnamese, free to embed (SIL Open Font License).
type faces struct{ regular, bold *sfnt.Font }

func loadFaces() (faces, error) {
	regular, err := sfnt.Parse(liberationsansregular.TTF)
	if err != nil {
		return faces{}, fmt.Errorf("printsheet: regular face: %w", err)
	}
	bold, err := sfnt.Parse(liberationsansbold.TTF)
	if err != nil {
		return faces{}, fmt.Errorf("printsheet: bold face: %w", err)
	}
	return faces{regular, bold}, nil
}

func (f faces) of(bold bool) *sfnt.Font {
	if bold {
		return f.bold
	}
	return f.regular
}

// glyphs calls do with each glyph of a text and where it begins, in font units. It is false for a text with a letter that the face has not.
// Letters are set by their advance alone: the printed files kern nowhere, so both formats look the same.
func (f faces) glyphs(text string, bold bool, do func(g sfnt.GlyphIndex, x fixed.Int26_6)) (width fixed.Int26_6, ok bool) {
	face := f.of(bold)
	var b sfnt.Buffer
	for _, r := range text {
		g, err := face.GlyphIndex(&b, r)
		if err != nil || g == 0 {
			return 0, false
		}
		do(g, width)
		advance, err := face.GlyphAdvance(&b, g, ppem(face), font.HintingNone)
		if err != nil {
			return 0, false
		}
		width += advance
	}
	return width, true
}

// width gives a text's width in ems.
func (f faces) width(text string, bold bool) (ems float64, ok bool) {
	w, ok := f.glyphs(text, bold, func(sfnt.GlyphIndex, fixed.Int26_6) {})
	return float64(w) / float64(ppem(f.of(bold))), ok
}

// ppem is the size at which a font's numbers come out unscaled.
func ppem(f *sfnt.Font) fixed.Int26_6 { return fixed.I(int(f.UnitsPerEm())) }

// oneLine is the width in ems up to which a bold name stays on one line: it fits at four fifths of its size.
const oneLine = 1 / (0.8 * streetSize)

// split gives a name in one line, or in two as even as its words allow, and the width of the wider one.
func (f faces) split(name string) (lines []string, ems float64, ok bool) {
	whole, ok := f.width(name, true)
	lines, ems = []string{name}, whole
	if !ok || whole <= oneLine {
		return lines, ems, ok
	}
	for i, r := range name {
		if r != ' ' {
			continue
		}
		first, _ := f.width(name[:i], true)
		second, _ := f.width(name[i+1:], true)
		if w := max(first, second); w < ems {
			lines, ems = []string{name[:i], name[i+1:]}, w
		}
	}
	return lines, ems, true
}

// outline gives a line of text as the data of an SVG path. The letters are outlines, so that a printer without the font sets the same ones.
func (f faces) outline(l line) string {
	face := f.of(l.bold)
	scale := l.size / float64(ppem(face))
	ems, _ := f.width(l.text, l.bold)
	left := l.middle - ems*l.size/2
	var d strings.Builder
	var b sfnt.Buffer
	f.glyphs(l.text, l.bold, func(g sfnt.GlyphIndex, x fixed.Int26_6) {
		segments, err := face.LoadGlyph(&b, g, ppem(face), nil)
		if err != nil { // the font is part of the program, and each of its glyphs loads
			return
		}
		contours(&d, segments, left+float64(x)*scale, l.baseline, scale)
	})
	return d.String()
}

// contours writes a glyph's outline, which the font gives with y downwards.
func contours(d *strings.Builder, segments sfnt.Segments, x, y, scale float64) {
	open := false
	for _, s := range segments {
		n := 1
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			if open {
				d.WriteByte('Z')
			}
			open = true
			d.WriteByte('M')
		case sfnt.SegmentOpLineTo:
			d.WriteByte('L')
		case sfnt.SegmentOpQuadTo:
			d.WriteByte('Q')
			n = 2
		case sfnt.SegmentOpCubeTo:
			d.WriteByte('C')
			n = 3
		}
		for i, p := range s.Args[:n] {
			if i > 0 {
				d.WriteByte(' ')
			}
			d.WriteString(mm(x+float64(p.X)*scale) + " " + mm(y+float64(p.Y)*scale))
		}
	}
	if open {
		d.WriteByte('Z')
	}
}
