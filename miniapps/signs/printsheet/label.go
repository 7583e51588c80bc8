package printsheet

import (
	"fmt"
	"math"
	"strconv"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/qrcode"
)

// label is a plate with everything in its place. Lengths are millimetres from its upper left corner.
type label struct {
	name          string // for readers of the file, not printed
	width, height float64
	squares       [][]bool
	qrX, qrY      float64 // of the code without its white border
	module        float64
	lines         []line
}

// line is one line of text, centred.
type line struct {
	text     string
	bold     bool
	size     float64 // height of the font's em
	middle   float64 // x
	baseline float64 // y
}

// Sizes of type as shares of the QR code's width, so that the number is read from where the code is. In 132 mm the number's digits are 16 mm high: large print
// from 1 m by any rule.
const (
	citySize       = 0.075
	numberSize     = 0.165
	streetSize     = 0.1
	streetLeast    = 0.06 // smaller than this a name is refused
	invitationSize = 0.06
	leastShare     = 0.6  // to which other lines may shrink before they are refused
	leading        = 1.25 // of lines, in ems
	ascent         = 0.95 // of the baseline below a line's top, in ems: Vietnamese capitals carry two marks
	padding        = 0.05
	longest        = 300 // bytes of a line, so that its width can be counted
)

// labels lays the plates out, all of one size: the size that the densest code needs.
func (s *Sheet) labels(plates []Plate) ([]label, error) {
	if len(plates) == 0 || len(plates) > maxPlates {
		return nil, fault.InvalidField("printsheet.plates", "plates").With("max", maxPlates)
	}
	codes := make([][][]bool, len(plates))
	densest, sparsest := 0, math.MaxInt
	for i, p := range plates {
		code, err := qrcode.Squares(p.URL)
		if err != nil || p.URL == "" {
			return nil, fault.InvalidField("printsheet.url", "plates", strconv.Itoa(i), "url").With("number", p.Number)
		}
		codes[i], densest, sparsest = code, max(densest, len(code)), min(sparsest, len(code))
	}
	width := s.settings.WidthMM
	if width == 0 {
		width = SizeFor(s.settings.DistanceMetres, densest)
	}
	border := qrcode.Quiet * width / float64(sparsest) // its squares are the largest
	out := make([]label, len(plates))
	for i, p := range plates {
		l, err := s.label(p, codes[i], width, border)
		if err != nil {
			return nil, err.With("number", p.Number)
		}
		out[i] = l
	}
	return out, nil
}

// label lays one plate out around a code of the given width with its white border.
func (s *Sheet) label(p Plate, squares [][]bool, width, border float64) (label, *fault.Error) {
	number, street := tidy(p.Number), tidy(p.Street)
	b := block{faces: s.faces, code: width, label: label{
		name: number + " " + street, squares: squares, module: width / float64(len(squares)), width: width + 2*border, qrX: border,
	}}
	b.space(padding)
	if s.settings.City != "" {
		b.line(s.settings.City, false, citySize, "city")
	}
	b.label.qrY = b.y + border
	b.y += width + 2*border
	b.line(number, true, numberSize, "number")
	b.name(street)
	b.space(padding / 2)
	for _, text := range s.settings.Invitation {
		b.line(text, false, invitationSize, "invitation")
	}
	b.space(padding)
	b.label.height = b.y
	return b.label, b.err
}

// block is a label while it grows downwards.
type block struct {
	faces faces
	label label
	code  float64 // width of the QR code, which no text is wider than
	y     float64
	err   *fault.Error // the first
}

func (b *block) space(share float64) { b.y += share * b.code }

// line adds a line of text that shrinks to fit.
func (b *block) line(text string, bold bool, share float64, field string) {
	if len(text) > longest {
		b.fail("printsheet.too_long", field)
		return
	}
	ems, ok := b.faces.width(text, bold)
	if !ok || text == "" {
		b.fail("printsheet.letters", field)
		return
	}
	size := min(share*b.code, b.code/ems)
	if size < leastShare*share*b.code {
		b.fail("printsheet.too_long", field)
		return
	}
	b.put(text, bold, size, b.y+ascent*share*b.code)
	b.y += leading * share * b.code
}

// name adds the street's name in one line or two, in the room of two.
func (b *block) name(street string) {
	if len(street) > longest {
		b.fail("printsheet.too_long", "street")
		return
	}
	lines, ems, ok := b.faces.split(street)
	if !ok || street == "" {
		b.fail("printsheet.letters", "street")
		return
	}
	size := min(streetSize*b.code, b.code/ems)
	if size < streetLeast*b.code {
		b.fail("printsheet.too_long", "street")
		return
	}
	room := 2 * leading * streetSize * b.code
	top := b.y + (room-leading*size*float64(len(lines)))/2
	for i, text := range lines {
		b.put(text, true, size, top+(ascent+leading*float64(i))*size)
	}
	b.y += room
}

func (b *block) put(text string, bold bool, size, baseline float64) {
	b.label.lines = append(b.label.lines, line{text, bold, size, b.label.width / 2, baseline})
}

func (b *block) fail(key, field string) {
	if b.err == nil {
		b.err = fault.InvalidField(key, field).Because(fmt.Errorf("printsheet: %s does not fit", field))
	}
}
