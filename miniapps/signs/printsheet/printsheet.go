// Package printsheet draws what a printer makes plates of street signs from: SVG and PDF with the QR code, the plate's number, the street and a line that says
// what scanning is good for.
//
// It owns measures, type and file formats. It does not know which plates exist or what their codes mean; all words come from the caller. The same input gives
// the same bytes, so a sheet can be compared with the one that was ordered.
package printsheet

import (
	"io"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/motcua/motcua/internal/fault"
)

// Plate is one plate to print. The texts are printed as they are, each in one spelling of Unicode.
type Plate struct {
	Number string // as people read it out: "HP-00123-7"
	URL    string // what the QR code says; in capitals it needs fewer modules, see platecode.Base.URL
	Street string // or the public work's name; broken into two lines when it is long
}

// Settings are what all plates of a sheet share. The zero value prints plates to be read from one metre, without a city and an invitation.
type Settings struct {
	City           string   // the city's name, above the code; "" prints none
	Invitation     []string // lines below the street, "Quét để biết …"; at most 2
	DistanceMetres float64  // from which the code must be readable without zoom, 0.2 to 10; 0 means 1
	WidthMM        float64  // width of the QR code without its white border, 20 to 2,000; 0 means by distance
}

// Sheet draws plates. It is safe for concurrent use.
type Sheet struct {
	settings Settings
	faces    faces
}

// maxPlates is how many plates a file may hold: a batch of the largest cities, and still a file that printers open.
const maxPlates = 5000

// New takes settings. fault.Invalid names the one that is wrong.
func New(s Settings) (*Sheet, error) {
	if s.DistanceMetres == 0 {
		s.DistanceMetres = 1
	}
	switch {
	case s.DistanceMetres < 0.2 || s.DistanceMetres > 10:
		return nil, fault.InvalidField("printsheet.distance", "distanceMetres")
	case s.WidthMM != 0 && (s.WidthMM < 20 || s.WidthMM > 2000):
		return nil, fault.InvalidField("printsheet.width", "widthMM")
	case len(s.Invitation) > 2:
		return nil, fault.InvalidField("printsheet.invitation", "invitation")
	}
	faces, err := loadFaces()
	if err != nil {
		return nil, err
	}
	s.City = tidy(s.City)
	lines := make([]string, len(s.Invitation))
	for i, line := range s.Invitation {
		lines[i] = tidy(line)
	}
	s.Invitation = lines
	return &Sheet{s, faces}, nil
}

// SVG writes one plate as a file of its own, as large as the plate.
func (s *Sheet) SVG(w io.Writer, p Plate) error {
	labels, err := s.labels([]Plate{p})
	if err != nil {
		return err
	}
	d := newSVG(w, s.faces)
	draw(d, alone(labels[0]), labels)
	return d.close()
}

// PageSVG writes one page of plates side by side with crop marks, at most as many as PerPage says.
func (s *Sheet) PageSVG(w io.Writer, page Page, plates []Plate) error {
	labels, err := s.labels(plates)
	if err != nil {
		return err
	}
	plan, err := lay(page, labels[0])
	if err != nil {
		return err
	}
	if len(labels) > plan.perPage() {
		return fault.InvalidField("printsheet.too_many", "plates").With("max", plan.perPage())
	}
	d := newSVG(w, s.faces)
	draw(d, plan, labels)
	return d.close()
}

// PDF writes plates side by side with crop marks on as many pages as they need; with page Single each on a page as large as the plate.
func (s *Sheet) PDF(w io.Writer, page Page, plates []Plate) error {
	labels, err := s.labels(plates)
	if err != nil {
		return err
	}
	plan, err := lay(page, labels[0])
	if err != nil {
		return err
	}
	d := newPDF(s.faces)
	for len(labels) > 0 {
		n := min(plan.perPage(), len(labels))
		draw(d, plan, labels[:n])
		labels = labels[n:]
	}
	return d.write(w)
}

// PerPage tells how many plates like p fit a page, and how large each is in millimetres. fault.Invalid when not even one does.
func (s *Sheet) PerPage(page Page, p Plate) (n int, widthMM, heightMM float64, err error) {
	labels, err := s.labels([]Plate{p})
	if err != nil {
		return 0, 0, 0, err
	}
	plan, err := lay(page, labels[0])
	return plan.perPage(), labels[0].width, labels[0].height, err
}

// tidy gives a text in one spelling on one line.
func tidy(s string) string { return strings.Join(strings.Fields(norm.NFC.String(s)), " ") }
