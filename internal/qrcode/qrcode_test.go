package qrcode

import (
	"bytes"
	"image/png"
	"strings"
	"testing"
)

func TestPNG(t *testing.T) {
	t.Parallel()
	raw, err := PNG("https://motcua.example/t/1")
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	side := img.Bounds().Dx()
	if side != img.Bounds().Dy() || side%scale != 0 || side/scale < 21+2*quiet {
		t.Errorf("got %v", img.Bounds())
	}
	black := func(x, y int) bool {
		r, _, _, _ := img.At(x, y).RGBA()
		return r == 0
	}
	border := quiet * scale
	for i := range side {
		if black(i, border-1) || black(border-1, i) || black(i, side-border) || black(side-border, i) {
			t.Fatalf("the border is not white at %d", i)
		}
	}
	if !black(border, border) || !black(side-border-1, border) || !black(border, side-border-1) || black(side-border-1, side-border-1) && black(border+scale, border+scale) {
		t.Error("no finder patterns in three corners")
	}
	if _, err := PNG(strings.Repeat("x", 5000)); err == nil {
		t.Error("too long a text is drawn")
	}
}

func TestSquares(t *testing.T) {
	t.Parallel()
	tests := map[string]int{ // ISO/IEC 18004, table 7: what fits at error correction H
		"HTTPS://HAIPHONG.VN/S/0123456789ABC":                29, // 35 signs
		"HTTPS://MOTCUA.HAIPHONG.GOV.VN/S/0123456789ABC":     33, // 46
		"HTTPS://MOTCUA.HAI-PHONG.GOV.VN/S/0123456789ABCDEF": 33, // 50
		"HTTPS://HAIPHONG.VN/S/0123456789ABc":                37, // one small letter, so bytes, of which 34 fit 33
	}
	for text, want := range tests {
		got, err := Squares(text)
		if err != nil || len(got) != want || len(got[want-1]) != want {
			t.Errorf("%q: got %d squares, %v, want %d", text, len(got), err, want)
			continue
		}
		if !got[0][0] || !got[want-1][0] || !got[0][want-1] || got[1][1] {
			t.Errorf("%q: no finder patterns in three corners", text)
		}
	}
	if _, err := Squares(strings.Repeat("x", 5000)); err == nil {
		t.Error("too long a text is drawn")
	}
}
