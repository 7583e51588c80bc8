package printsheet

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/goccy/go-yaml"
	"golang.org/x/text/unicode/norm"

	"github.com/motcua/motcua/internal/fault"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var update = flag.Bool("update", false, "rewrite the golden files")

const address = "HTTPS://MOTCUA.HAIPHONG.EXAMPLE/S/938NM5X4140SV"

var (
	words = Settings{City: "Thành phố Hải Phòng", Invitation: []string{"Quét để biết chuyện tên đường", "Scan for the story of this street"}}
	plate = Plate{Number: "HP-00572-4", URL: address, Street: "Lối mòn lên hải đăng, đảo Hòn Dáu"}
)

func sheet(t testing.TB, s Settings) *Sheet {
	t.Helper()
	out, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func small(t testing.TB) *Sheet {
	t.Helper()
	s := words
	s.WidthMM = 80
	return sheet(t, s)
}

func svgOf(t testing.TB, s *Sheet, p Plate) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.SVG(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pdfOf(t testing.TB, s *Sheet, page Page, plates ...Plate) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.PDF(&b, page, plates); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestGolden keeps what printers have seen. Look at a new golden file before it is kept.
func TestGolden(t *testing.T) {
	t.Parallel()
	var page bytes.Buffer
	if err := small(t).PageSVG(&page, A4, []Plate{plate, {Number: "HP-00001-3", URL: address, Street: "Phố Lãn Ông"}}); err != nil {
		t.Fatal(err)
	}
	_, inside := inflated(t, pdfOf(t, small(t), A3, plate, plate, plate, plate, plate))
	for name, got := range map[string][]byte{
		"plate.svg": svgOf(t, sheet(t, words), plate), "page.svg.sha256": fmt.Appendf(nil, "%x\n", sha256.Sum256(page.Bytes())), "a3.pdf.sha256": fmt.Appendf(nil, "%x\n", sha256.Sum256(inside)),
	} {
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from the golden file", name)
		}
	}
}

func TestSameBytesEachTime(t *testing.T) {
	t.Parallel()
	if !bytes.Equal(pdfOf(t, small(t), A4, plate, plate, plate), pdfOf(t, small(t), A4, plate, plate, plate)) {
		t.Error("two PDFs of the same plates differ")
	}
	decomposed := plate
	decomposed.Street = "  " + norm.NFD.String(plate.Street) + "\n"
	if !bytes.Equal(svgOf(t, small(t), plate), svgOf(t, small(t), decomposed)) {
		t.Error("another spelling of the same letters is drawn differently")
	}
}

func TestSizeFor(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		metres  float64
		modules int
		want    float64
	}{{1, 25, 100}, {1, 33, 132}, {0.5, 29, 58}, {4, 25, 400}, {0, 25, 0}, {-1, 25, 0}, {1, 0, 0}, {math.NaN(), 25, 0}, {math.Inf(1), 25, 0}} {
		got := SizeFor(tt.metres, tt.modules)
		if math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("%v m, %d modules: got %v mm, want %v", tt.metres, tt.modules, got, tt.want)
		}
		if back := DistanceFor(got, tt.modules); tt.want > 0 && math.Abs(back-tt.metres) > 1e-9 || tt.want == 0 && back != 0 {
			t.Errorf("%v mm, %d modules: got %v m", got, tt.modules, back)
		}
	}
}

func TestPerPage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		sheet *Sheet
		page  Page
		want  int
	}{
		{"one metre", sheet(t, words), Single, 1}, {"one metre", sheet(t, words), A4, 1}, {"one metre", sheet(t, words), A3, 2},
		{"80 mm", small(t), A4, 2}, {"80 mm", small(t), A3, 4}, {"20 mm", sheet(t, Settings{WidthMM: 20}), A4, 32},
	}
	for _, tt := range tests {
		n, w, h, err := tt.sheet.PerPage(tt.page, plate)
		if err != nil || n != tt.want || w <= 0 || h <= w {
			t.Errorf("%s on %q: got %d of %v × %v mm, %v, want %d", tt.name, tt.page, n, w, h, err, tt.want)
		}
	}
}

// TestLayout looks at every label of the sheet: nothing sticks out, nothing touches the code's white border, lines do not lie on each other.
func TestLayout(t *testing.T) {
	t.Parallel()
	s := sheet(t, words)
	for _, name := range streets(t) {
		labels, err := s.labels([]Plate{{Number: "HP-00572-4", URL: address, Street: name}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		l := labels[0]
		border := 4 * l.module
		top, bottom := l.qrY-border, l.qrY+l.module*float64(len(l.squares))+border
		if l.qrX < border-1e-9 || top < 0 {
			t.Errorf("%s: the white border is cut off", name)
		}
		last := 0.0
		for _, line := range l.lines {
			left, right, above, below := ink(t, s.faces.outline(line))
			if left < l.qrX-0.5 || right > l.width-l.qrX+0.5 || below > l.height || above < last || above < bottom && below > top {
				t.Errorf("%s: %q lies wrong: %+v", name, line.text, line)
			}
			last = below
		}
	}
}

// ink measures an outline.
func ink(t testing.TB, outline string) (left, right, above, below float64) {
	t.Helper()
	left, above = math.MaxFloat64, math.MaxFloat64
	for i, v := range numbers(t, outline) {
		if i%2 == 0 {
			left, right = min(left, v), max(right, v)
		} else {
			above, below = min(above, v), max(below, v)
		}
	}
	return left, right, above, below
}

// streets are all names of the shipped sample: where plates hang, and the stories in both languages.
func streets(t *testing.T) []string {
	t.Helper()
	const folder = "../../../configs/cities/haiphong/signs"
	f, err := os.Open(folder + "/plates.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, row := range rows[1:] {
		out = append(out, row[2])
	}
	files, err := filepath.Glob(folder + "/stories/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var story struct{ Name map[string]string }
		if err := yaml.Unmarshal(raw, &story); err != nil {
			t.Fatal(err)
		}
		out = append(out, story.Name["vi"], story.Name["en"])
	}
	if len(out) < 200 {
		t.Fatalf("found %d names: the walk is broken", len(out))
	}
	slices.Sort(out)
	return append(slices.Compact(out), "ĐƯỜNG CÁCH MẠNG THÁNG TÁM – XÔ VIẾT NGHỆ TĨNH")
}

// TestEveryVietnameseLetterIsPrinted draws the alphabet with its marks in both cases and faces.
func TestEveryVietnameseLetterIsPrinted(t *testing.T) {
	t.Parallel()
	faces, err := loadFaces()
	if err != nil {
		t.Fatal(err)
	}
	var letters strings.Builder
	for _, base := range "aăâeêioôơuưy" {
		for _, tone := range []string{"", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323"} {
			letters.WriteString(norm.NFC.String(string(base) + tone))
		}
	}
	all := letters.String() + "đbcdghklmnpqrstvx"
	all += strings.ToUpper(all) + "0123456789–-…,.()/'“”"
	for _, bold := range []bool{false, true} {
		for _, r := range all {
			if _, ok := faces.width(string(r), bold); !ok || !strings.HasPrefix(faces.outline(line{text: string(r), bold: bold, size: 10}), "M") {
				t.Errorf("%q, bold %v, is not drawn", r, bold)
			}
		}
	}
}

func TestWhatCannotBePrinted(t *testing.T) {
	t.Parallel()
	with := func(change func(*Plate)) Plate {
		p := plate
		change(&p)
		return p
	}
	var out bytes.Buffer
	s := small(t)
	long := strings.Repeat("Nguyễn ", 12)
	tests := map[string]struct {
		do   func() error
		want string
	}{
		"distance":          {func() error { _, err := New(Settings{DistanceMetres: 11}); return err }, "printsheet.distance"},
		"distance, near":    {func() error { _, err := New(Settings{DistanceMetres: -1}); return err }, "printsheet.distance"},
		"width":             {func() error { _, err := New(Settings{WidthMM: 5}); return err }, "printsheet.width"},
		"three invitations": {func() error { _, err := New(Settings{Invitation: make([]string, 3)}); return err }, "printsheet.invitation"},
		"no plates":         {func() error { return s.PDF(&out, A4, nil) }, "printsheet.plates"},
		"too many":          {func() error { return s.PDF(&out, A4, make([]Plate, maxPlates+1)) }, "printsheet.plates"},
		"no page":           {func() error { return s.PDF(&out, "A5", []Plate{plate}) }, "printsheet.page"},
		"a full page":       {func() error { return s.PageSVG(&out, A4, []Plate{plate, plate, plate}) }, "printsheet.too_many"},
		"large":             {func() error { return sheet(t, Settings{DistanceMetres: 4}).PDF(&out, A3, []Plate{plate}) }, "printsheet.too_large"},
		"no address":        {func() error { return s.SVG(&out, with(func(p *Plate) { p.URL = "" })) }, "printsheet.url"},
		"endless address":   {func() error { return s.SVG(&out, with(func(p *Plate) { p.URL = strings.Repeat("X", 5000) })) }, "printsheet.url"},
		"no number":         {func() error { return s.SVG(&out, with(func(p *Plate) { p.Number = " " })) }, "printsheet.letters"},
		"no street":         {func() error { return s.SVG(&out, with(func(p *Plate) { p.Street = "" })) }, "printsheet.letters"},
		"another script":    {func() error { return s.SVG(&out, with(func(p *Plate) { p.Street = "河内" })) }, "printsheet.letters"},
		"long name":         {func() error { return s.SVG(&out, with(func(p *Plate) { p.Street = long })) }, "printsheet.too_long"},
		"endless name":      {func() error { return s.SVG(&out, with(func(p *Plate) { p.Street = strings.Repeat("x", 1<<20) })) }, "printsheet.too_long"},
		"long number":       {func() error { return s.SVG(&out, with(func(p *Plate) { p.Number = long })) }, "printsheet.too_long"},
		"endless number":    {func() error { return s.SVG(&out, with(func(p *Plate) { p.Number = strings.Repeat("x", 1<<20) })) }, "printsheet.too_long"},
		"long city":         {func() error { return sheet(t, Settings{City: long}).SVG(&out, plate) }, "printsheet.too_long"},
	}
	for name, tt := range tests {
		err := tt.do()
		if fault.CodeOf(err) != fault.Invalid || len(fault.Of(err).Fields) != 1 || fault.Of(err).Fields[0].Key != tt.want {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
	}
	if out.Len() != 0 {
		t.Error("something was written all the same")
	}
}

func TestFullDiskIsSaid(t *testing.T) {
	t.Parallel()
	s := small(t)
	if s.SVG(full{}, plate) == nil || s.PageSVG(full{}, A4, []Plate{plate}) == nil || s.PDF(full{}, A4, []Plate{plate}) == nil {
		t.Error("a file that could not be written counts as written")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestNamesAreEscaped(t *testing.T) {
	t.Parallel()
	p := plate
	p.Street = `A & B <script> "x"`
	if got := svgOf(t, small(t), p); bytes.Contains(got, []byte("<script>")) || !bytes.Contains(got, []byte("A &amp; B &lt;script&gt;")) {
		t.Error("a name is taken for markup")
	}
}

func BenchmarkPDF(b *testing.B) {
	s := small(b)
	plates := make([]Plate, 2800)
	for i := range plates {
		plates[i] = Plate{Number: fmt.Sprintf("HP-%05d-0", i), URL: fmt.Sprintf("%s%06d", address[:len(address)-6], i), Street: "Đường Điện Biên Phủ"}
	}
	for b.Loop() {
		b.ReportMetric(float64(len(pdfOf(b, s, A4, plates...)))/1e6, "MB")
	}
}
