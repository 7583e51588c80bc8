package printsheet

import (
	"image"
	"strconv"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/qrcode"
)

const dpi = 300

// conditions are ways in which people hold a phone before a plate at the distance it is made for.
func conditions(distance float64) map[string]camera {
	at := preview(distance)
	return map[string]camera{
		"straight":                     {mmPerPixel: at},
		"slightly turned":              {mmPerPixel: at, turn: 7, blur: 0.8, noise: 6},
		"turned":                       {mmPerPixel: at, turn: 33, blur: 0.8, noise: 6},
		"lying":                        {mmPerPixel: at, turn: 90, blur: 0.8, noise: 6},
		"upside down":                  {mmPerPixel: at, turn: 187, blur: 0.8, noise: 6},
		"out of focus":                 {mmPerPixel: at, turn: 7, blur: 1.5, noise: 6},
		"from the side":                {mmPerPixel: at, slant: 35, blur: 0.8, noise: 6},
		"from the side, turned, faded": {mmPerPixel: at, turn: 20, slant: 25, blur: 0.8, noise: 6, fade: 0.5},
		"stained":                      {mmPerPixel: at, turn: 7, blur: 0.8, noise: 6, stain: 0.2},
		"from half as far again":       {mmPerPixel: 1.5 * at, turn: 7, blur: 0.6, noise: 4},
	}
}

// TestScanFromSVG reads the code out of the file that goes to the printer: printed at 300 dpi in its printed size, and seen through a phone's camera.
func TestScanFromSVG(t *testing.T) {
	t.Parallel()
	for _, distance := range []float64{0.5, 1} {
		s := words
		s.DistanceMetres = distance
		print := rasterSVG(t, svgOf(t, sheet(t, s), plate), dpi)
		if got, level, err := decode(print); err != nil || got != address || level != "H" {
			t.Errorf("for %v m, the print itself: got %q, level %q, %v", distance, got, level, err)
		}
		for name, c := range conditions(distance) {
			if distance == 1 && c.noise != 0 && c.stain == 0 { // looks as from half as far, where it was tried
				continue
			}
			got, level, err := decode(c.shoot(print, dpi))
			if err != nil || got != address || level != "H" {
				t.Errorf("from %v m, %s: got %q, level %q, %v", distance, name, got, level, err)
			}
		}
	}
}

// TestScanFromPDF does so for each plate of an n-up page and for one on a page of its own.
func TestScanFromPDF(t *testing.T) {
	t.Parallel()
	s := small(t)
	plates := []Plate{plate, {Number: "HP-00001-3", URL: strings.Replace(address, "938", "000", 1), Street: "Phố Lãn Ông"}, {Number: "HP-00002-6", URL: address + "?", Street: "Phố"}}
	plates[2].URL = strings.Replace(address, "938", "111", 1)
	pages, _ := inflated(t, pdfOf(t, s, A4, plates...))
	if len(pages) != 2 {
		t.Fatalf("got %d pages, want 2", len(pages))
	}
	print := rasterPDF(t, pages[0], 297, 210, dpi)
	for i, half := range []image.Rectangle{image.Rect(0, 0, print.Bounds().Dx()/2, print.Bounds().Dy()), image.Rect(print.Bounds().Dx()/2, 0, print.Bounds().Dx(), print.Bounds().Dy())} {
		one := cropped(print, half)
		for _, c := range []camera{{mmPerPixel: preview(DistanceFor(80, 33)), turn: 7, blur: 0.8, noise: 6}, {mmPerPixel: preview(DistanceFor(80, 33)), turn: 33, slant: 25, blur: 0.8}} {
			if got, level, err := decode(c.shoot(one, dpi)); err != nil || got != plates[i].URL || level != "H" {
				t.Errorf("plate %d, %+v: got %q, level %q, %v", i, c, got, level, err)
			}
		}
	}
	_, w, h, err := s.PerPage(Single, plates[2])
	if err != nil {
		t.Fatal(err)
	}
	pages, _ = inflated(t, pdfOf(t, s, Single, plates[2]))
	single := rasterPDF(t, pages[0], w, h, dpi)
	if got, level, err := decode(camera{mmPerPixel: 0.4, turn: 90, blur: 1}.shoot(single, dpi)); err != nil || got != plates[2].URL || level != "H" {
		t.Errorf("on its own page: got %q, level %q, %v", got, level, err)
	}
}

// TestPrintedSize measures the print: the code is as wide as was asked for, with four white modules around it, in both formats.
func TestPrintedSize(t *testing.T) {
	t.Parallel()
	squares, err := qrcode.Squares(address)
	if err != nil {
		t.Fatal(err)
	}
	s := small(t)
	pages, _ := inflated(t, pdfOf(t, s, Single, plate))
	_, w, h, err := s.PerPage(Single, plate)
	if err != nil {
		t.Fatal(err)
	}
	for name, print := range map[string]*image.Gray{"SVG": rasterSVG(t, svgOf(t, s, plate), dpi), "PDF": rasterPDF(t, pages[0], w, h, dpi)} {
		dots := 80.0 * dpi / inch
		module := dots / float64(len(squares))
		left := int(4 * module)
		top := topOfCode(print, left)
		for y := range len(squares) {
			for x := range len(squares) {
				px, py := float64(left)+(float64(x)+0.5)*module, float64(top)+(float64(y)+0.5)*module
				if dark := print.GrayAt(int(px), int(py)).Y < 128; dark != squares[y][x] {
					t.Fatalf("%s: module %d, %d is wrong", name, x, y)
				}
			}
		}
		for i := -4.0; i < float64(len(squares))+4; i += 0.25 {
			for _, off := range []float64{-3.9, -2, -0.3, float64(len(squares)) + 0.3, float64(len(squares)) + 3.9} {
				for _, p := range []image.Point{{int(float64(left) + i*module), int(float64(top) + off*module)}, {int(float64(left) + off*module), int(float64(top) + i*module)}} {
					if p.In(print.Bounds()) && print.GrayAt(p.X, p.Y).Y != 255 {
						t.Fatalf("%s: the white border is not white at %v", name, p)
					}
				}
			}
		}
	}
}

// topOfCode finds the code's upper edge: the first long black run down its left column.
func topOfCode(print *image.Gray, left int) int {
	for y := range print.Bounds().Dy() {
		if print.GrayAt(left+6, y).Y < 128 && print.GrayAt(left+100, y).Y < 128 && print.GrayAt(left+6, y+150).Y < 128 {
			return y
		}
	}
	return 0
}

// TestPDFText shows that the letters of a PDF are embedded and can be searched.
func TestPDFText(t *testing.T) {
	t.Parallel()
	file := pdfOf(t, small(t), A4, plate)
	for _, want := range []string{"/FontFile2", "/ToUnicode", "/MediaBox [0 0 841.89 595.28]"} {
		if !strings.Contains(string(file), want) {
			t.Errorf("there is no %s", want)
		}
	}
	if len(file) > 200_000 {
		t.Errorf("%s bytes: the fonts are embedded whole", strconv.Itoa(len(file)))
	}
}
