package main

import (
	"archive/zip"
	"bytes"
	"image"
	"image/color"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/miniapps/signs/platecode"
)

// TestSignsPrint prints a batch of the sample in each format and reads the codes back.
func TestSignsPrint(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	b.must("import", signSample)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }

	out := b.must("print", "--batch", "HP-2022-01", "--width", "80", "--page", "A4", "--out", at("a.pdf"))
	pdf, err := os.ReadFile(at("a.pdf"))
	if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		t.Fatalf("got %d bytes, %v", len(pdf), err)
	}
	var batch admin.Page[admin.PlateLine]
	b.mustJSON(&batch, "list", "--batch", "HP-2022-01", "--first", "0")
	plates, pages := len(batch.Items), (len(batch.Items)+1)/2
	if n := bytes.Count(pdf, []byte("/Type /Page\n")); n != pages {
		t.Errorf("got %d pages, want %d", n, pages)
	}
	for _, want := range []string{
		strconv.Itoa(plates) + " plates on " + strconv.Itoa(pages) + " pages", "QR code 80.0 mm wide", "0.61 m without zoom", "https://motcua.haiphong.gov.vn/s/…",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in %s", want, out)
		}
	}

	b.must("print", "--batch", "HP-2022-01", "--distance", "0.5", "--out", at("a.zip"))
	files := unzipped(t, at("a.zip"))
	if len(files) != plates {
		t.Errorf("%d files for %d plates", len(files), plates)
	}
	for _, p := range batch.Items {
		read := readCode(t, files[p.Number+".svg"])
		found, ok := b.codes.FromText(read, b.base)
		if !ok || read != strings.ToUpper(read) || !strings.HasPrefix(read, "HTTPS://MOTCUA.HAIPHONG.GOV.VN/S/") {
			t.Fatalf("%s: got %q", p.Number, read)
		}
		if c, err := b.registry.PlateByCode(t.Context(), string(found.Code)); err != nil || b.number(c.Plate.Number) != p.Number {
			t.Errorf("%s: its code opens %d, %v", p.Number, c.Plate.Number, err)
		}
	}

	b.must("print", "--numbers", "1-2", "--page", "A4", "--width", "80", "--out", at("two.svg"), "--base", "https://other.gov.vn")
	two, err := os.ReadFile(at("two.svg"))
	if err != nil || strings.Count(string(two), "<title>") != 2 {
		t.Errorf("got %.200s, %v", two, err)
	}
	b.refused("an SVG file is one page, and these are 3", "print", "--numbers", "1-3", "--out", at("three.svg"))
	b.must("print", "--numbers", "1-5", "--page", "A4", "--width", "80", "--format", "zip", "--out", at("five"))
	if files := unzipped(t, at("five")); len(files) != 3 || files["page-0003.svg"] == "" {
		t.Errorf("got %d files", len(files))
	}
	b.refused("exists: --force", "print", "--numbers", "1", "--out", at("a.pdf"))
	b.must("print", "--numbers", "1", "--out", at("a.pdf"), "--force")
	if again, err := os.ReadFile(at("a.pdf")); err != nil || len(again) >= len(pdf) {
		t.Errorf("the file was not replaced: %v", err)
	}
}

// TestSignsPrintNames prints a work under its own name, and a street under its name.
func TestSignsPrintNames(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	b.must("import", signSample)
	seen := map[string]bool{}
	for plate, err := range b.registry.AllPlates(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if plate.Story != "nha-hat-lon" && plate.Number != 1 {
			continue
		}
		out := filepath.Join(t.TempDir(), "x.svg")
		b.must("print", "--numbers", b.number(plate.Number), "--out", out)
		svg, err := os.ReadFile(out)
		want := plate.Street
		if plate.Number != 1 {
			want = "Nhà hát lớn Hải Phòng"
		}
		seen[want] = true
		if err != nil || !strings.Contains(strings.ToLower(string(svg)), strings.ToLower(b.number(plate.Number)+" "+want)) {
			t.Errorf("%d: %q is not in %.600s, %v", plate.Number, want, svg, err)
		}
	}
	if len(seen) != 2 {
		t.Errorf("printed %v", seen)
	}
}

func TestSignsPrintRefusals(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	b.must("import", signSample)
	b.must("revoke", "2", "--reason", "giả")
	b.must("reissue", "3", "--reason", "gãy", "--batch", "HP-2026-01")
	b.must("reissue", "4", "--reason", "gãy", "--batch", "HP-2026-01")
	b.must("revoke", "4", "--reason", "giả")
	dir := t.TempDir()
	out := filepath.Join(dir, "x.pdf")
	for _, tt := range []struct {
		words string
		args  []string
	}{
		{"at least one of the flags", nil},
		{"none of the others can be", []string{"--batch", "a", "--unordered"}},
		{"none of the others can be", []string{"--numbers", "1", "--width", "80", "--distance", "1"}},
		{"no plate of that kind", []string{"--batch", "no-such"}},
		{"no plate of that kind", []string{"--unordered"}},
		{"1 plates have no code that is good (HP-00002-", []string{"--numbers", "1-3"}},
		{"900 plates do not exist: 5001, 5002", []string{"--numbers", "5001-5900"}},
		{"more than 5000 plates", []string{"--numbers", "1-999999"}},
		{"no plate's number", []string{"--numbers", "1,,2"}},
		{"no paper \"A5\"", []string{"--numbers", "1", "--page", "A5"}},
		{"no format \"png\"", []string{"--numbers", "1", "--format", "png"}},
		{"from 20 to 2,000 mm", []string{"--numbers", "1", "--width", "5"}},
		{"from 0.2 to 10 metres", []string{"--numbers", "1", "--distance", "11"}},
		{"does not fit this paper", []string{"--numbers", "1", "--distance", "5", "--page", "A4"}},
		{"a scheme and a host", []string{"--numbers", "1", "--base", "https://city.example/signs"}},
	} {
		b.refused(tt.words, append([]string{"print", "--out", out}, tt.args...)...)
	}
	b.refused("no such file", "print", "--numbers", "1", "--out", filepath.Join(dir, "no", "x.pdf"))
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("refusals left %v, %v", left, err)
	}
	if said := b.must("print", "--batch", "HP-2026-01", "--out", out); !strings.Contains(said, "1 plate on 1 page") || !strings.Contains(said, "1 plate left out, which have no code that is good: HP-00004-") {
		t.Errorf("got %s", said)
	}
}

// TestSignsPrintAddress keeps addresses of development off the plates of a real city.
func TestSignsPrintAddress(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	for _, tt := range []struct {
		address string
		lasts   bool
	}{
		{"https://motcua.haiphong.gov.vn", true}, {"https://hp.vn", true}, {"https://motcua.haiphong.gov.vn:8443", true}, {"http://motcua.haiphong.gov.vn", false},
		{"https://localhost", false}, {"https://127.0.0.1:8080", false}, {"https://192.168.1.5", false}, {"https://gateway", false},
		{"https://motcua.example", false}, {"https://motcua.haiphong.test", false}, {"https://pc.local", false},
	} {
		base, err := platecode.NewBase(tt.address)
		if err != nil {
			t.Fatal(err)
		}
		b.base = base
		for _, real := range []bool{true, false} {
			b.lasting = real
			if _, err := b.baseFor(""); (err == nil) != (tt.lasts || !real) || lasts(base) != tt.lasts {
				t.Errorf("%s, real city %v: %v", tt.address, real, err)
			}
		}
		b.lasting = true
		if _, err := b.baseFor(tt.address); err != nil {
			t.Errorf("%s, by --base: %v", tt.address, err)
		}
	}
	b.base = platecode.Base{}
	if _, err := b.baseFor(""); err == nil || !strings.Contains(err.Error(), "http.public_url") {
		t.Errorf("without an address: %v", err)
	}
	b.must("import", signSample)
	b.must("print", "--numbers", "1", "--base", "http://192.168.1.5:8080", "--out", filepath.Join(t.TempDir(), "x.pdf"))
	if said := b.errs.String(); !strings.Contains(said, "trying out") {
		t.Errorf("got %q", said)
	}
}

func TestSignsNumbersIn(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	for said, want := range map[string][]int{
		"5": {5}, "1-4,3, 2 ,HP-00572-4": {1, 2, 3, 4, 572}, "hp 572 4": {572}, "00572-4": {572}, "007": {7}, "3-3": {3}, "999999": {999_999},
		"": nil, "0": nil, "0-3": nil, "4-1": nil, "-3": nil, "+3": nil, "1-": nil, "HP-00572-5": nil, "1000000": nil, "1,a": nil, "1-2-3": nil,
	} {
		if got, err := b.numbersIn(said); !slices.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("%q: got %v, %v, want %v", said, got, err, want)
		}
	}
}

func unzipped(t *testing.T, path string) map[string]string {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(data)
	}
	return out
}

var (
	codePath = regexp.MustCompile(`shape-rendering="crispEdges" d="([^"]+)"`)
	codeRun  = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-\d+z`)
)

// readCode decodes the QR code of an SVG with one plate, from the squares that the file draws.
func readCode(t *testing.T, svg string) string {
	t.Helper()
	path := codePath.FindStringSubmatch(svg)
	if path == nil {
		t.Fatalf("there is no code in %.200s", svg)
	}
	const module, side = 4, 60 * 4
	pic := image.NewGray(image.Rect(0, 0, side, side))
	for i := range pic.Pix {
		pic.Pix[i] = 255
	}
	for _, run := range codeRun.FindAllStringSubmatch(path[1], -1) {
		var n [3]int
		for i := range n {
			n[i], _ = strconv.Atoi(run[i+1]) // digits, by the pattern
		}
		for x := (n[0] + 4) * module; x < (n[0]+n[2]+4)*module; x++ {
			for y := (n[1] + 4) * module; y < (n[1]+5)*module; y++ {
				pic.SetGray(x, y, color.Gray{})
			}
		}
	}
	bits, err := gozxing.NewBinaryBitmapFromImage(pic)
	if err != nil {
		t.Fatal(err)
	}
	read, err := qrcode.NewQRCodeReader().Decode(bits, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true})
	if err != nil {
		t.Fatal(err)
	}
	return read.GetText()
}
