package qrscan

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/qrcode"
)

const (
	signURL = "HTTPS://MOTCUA.HAIPHONG.EXAMPLE/S/938NM5X4140SV"
	evilURL = "https://evil.example/pay?to=1"
	pixels  = 8_000_000
)

func TestPhotosOfPlates(t *testing.T) {
	t.Parallel()
	tests := map[string]camera{
		"near":                     {width: 800, height: 600, pixels: 11, blur: 1, noise: 5},
		"as large as the picture":  {width: 800, height: 800, pixels: 15, turn: 2, blur: 1.5, noise: 8},
		"far":                      {width: 1280, height: 960, pixels: 3.2, blur: 0.7, noise: 5},
		"slightly turned":          {width: 800, height: 600, pixels: 8, turn: 7, blur: 1, noise: 6},
		"turned":                   {width: 800, height: 600, pixels: 8, turn: 33, blur: 1, noise: 6},
		"turned by half a quarter": {width: 800, height: 600, pixels: 8, turn: 45, blur: 1, noise: 6},
		"lying":                    {width: 600, height: 800, pixels: 8, turn: 90, blur: 1, noise: 6},
		"upside down":              {width: 800, height: 600, pixels: 8, turn: 190, blur: 1, noise: 6},
		"from the side":            {width: 800, height: 600, pixels: 9, slant: 35, turn: 8, blur: 0.8, noise: 5},
		"far from the side":        {width: 800, height: 600, pixels: 10, slant: 45, turn: 3, blur: 0.8, noise: 5},
		"from below":               {width: 600, height: 800, pixels: 10, slant: 45, turn: 90, blur: 0.8, noise: 5},
		"out of focus":             {width: 800, height: 600, pixels: 10, blur: 4, noise: 5},
		"in the dark":              {width: 800, height: 600, pixels: 10, blur: 1, noise: 35},
		"half in the shadow":       {width: 800, height: 600, pixels: 10, blur: 1, noise: 8, shadow: true},
		"faded":                    {width: 800, height: 600, pixels: 10, blur: 1, noise: 8, fade: 0.7},
		"as a network shrinks it":  {width: 640, height: 480, pixels: 6, turn: 5, blur: 0.8, noise: 8, quality: 35},
	}
	p := plateOf(t, signURL)
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Texts(t.Context(), bytes.NewReader(c.shoot(t, p)), pixels)
			if err != nil || !slices.Equal(got, []string{signURL}) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestTwoCodes(t *testing.T) {
	t.Parallel()
	ours, theirs := plateOf(t, signURL), plateOf(t, evilURL)
	ours.left, theirs.left = -26, 22
	got, err := Texts(t.Context(), bytes.NewReader(camera{width: 1000, height: 700, pixels: 8, turn: 6, blur: 1, noise: 6}.shoot(t, ours, theirs)), pixels)
	slices.Sort(got)
	if err != nil || !slices.Equal(got, []string{signURL, evilURL}) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestPhotosWithoutACode(t *testing.T) {
	t.Parallel()
	blank := plate{wide: 40, hi: 40}
	for name, data := range map[string][]byte{
		"a street":      camera{width: 800, height: 600, pixels: 8, blur: 1, noise: 10}.shoot(t),
		"a plate":       camera{width: 800, height: 600, pixels: 8, blur: 1, noise: 10}.shoot(t, blank),
		"one pixel":     pngOf(t, image.NewGray(image.Rect(0, 0, 1, 1))),
		"a line":        pngOf(t, image.NewGray(image.Rect(0, 0, 3000, 1))),
		"another line":  pngOf(t, image.NewGray(image.Rect(0, 0, 2, 3000))),
		"nothing drawn": pngOf(t, image.NewNRGBA(image.Rect(0, 0, 300, 300))),
	} {
		if got, err := Texts(t.Context(), bytes.NewReader(data), pixels); err != nil || len(got) > 0 {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

// TestPictures reads the files that are sent to screens: paletted, with colours, transparent, not at the origin.
func TestPictures(t *testing.T) {
	t.Parallel()
	data, err := qrcode.PNG(evilURL)
	if err != nil {
		t.Fatal(err)
	}
	src, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	b := src.Bounds()
	clear, grey, coloured := image.NewNRGBA(b), image.NewGray(b), image.NewRGBA(b)
	for y := range b.Dy() {
		for x := range b.Dx() {
			dark := color.GrayModel.Convert(src.At(x, y)).(color.Gray).Y < 128
			grey.Set(x, y, src.At(x, y))
			if coloured.Set(x, y, color.RGBA{250, 240, 180, 255}); dark {
				clear.Set(x, y, color.NRGBA{0, 0, 0, 255})
				coloured.Set(x, y, color.RGBA{20, 60, 120, 255})
			}
		}
	}
	for name, file := range map[string][]byte{"paletted": data, "transparent": pngOf(t, clear), "grey": pngOf(t, grey), "coloured": pngOf(t, coloured)} {
		if got, err := Texts(t.Context(), bytes.NewReader(file), pixels); err != nil || !slices.Equal(got, []string{evilURL}) {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	part := coloured.SubImage(image.Rect(8, 8, b.Dx()-8, b.Dy()-8))
	if got := look(t.Context(), greyOf(part)); !slices.Equal(got, []string{evilURL}) {
		t.Errorf("a part: got %q", got)
	}
}

func TestNotLookedAt(t *testing.T) {
	t.Parallel()
	small := pngOf(t, image.NewGray(image.Rect(0, 0, 100, 100)))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name string
		ctx  context.Context
		data []byte
		max  int
		want error
	}{
		{"too many pixels", t.Context(), small, 9_999, ErrTooLarge},
		{"just not too many", t.Context(), small, 10_000, nil},
		{"a header that lies", t.Context(), huge(small), pixels, ErrTooLarge},
		{"too many bytes", t.Context(), make([]byte, maxBytes+1), pixels, ErrTooLarge},
		{"no picture", t.Context(), []byte("%PDF-1.7"), pixels, ErrNoPhoto},
		{"nothing", t.Context(), nil, pixels, ErrNoPhoto},
		{"cut off", t.Context(), small[:len(small)-20], pixels, ErrNoPhoto},
		{"nobody waits", ended, small, pixels, context.Canceled},
	} {
		if got, err := Texts(tt.ctx, bytes.NewReader(tt.data), tt.max); !errors.Is(err, tt.want) || len(got) > 0 {
			t.Errorf("%s: got %q, %v", tt.name, got, err)
		}
	}
}

// TestHostilePictures: a picture that is made of nothing but corners, which a finder would compare three by three.
func TestHostilePictures(t *testing.T) {
	t.Parallel()
	const side = 2560
	for _, pitch := range []int{8, 11, 16, 40} {
		pic := corners(side, pitch)
		start := time.Now()
		got := look(t.Context(), greyOf(pic))
		if took := time.Since(start); took > 20*time.Second || len(got) > 0 { // tenths of a second on an idle machine
			t.Errorf("every %d pixels: got %q after %s", pitch, got, took)
		}
	}
}

// corners draws a picture full of the marks, one every pitch pixels.
//
//go:norace
func corners(side, pitch int) *image.Gray {
	pic := image.NewGray(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			pic.SetGray(x, y, color.Gray{Y: corner(x%pitch*8/pitch, y%pitch*8/pitch)})
		}
	}
	return pic
}

// corner draws the mark at the corners of codes, 7 squares wide and a white one beside it.
func corner(x, y int) uint8 {
	ring := max(max(3-x, x-3), max(3-y, y-3))
	if ring == 2 || ring > 3 {
		return 255
	}
	return 0
}

func FuzzTexts(f *testing.F) {
	data, err := qrcode.PNG(evilURL)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(camera{width: 120, height: 90, pixels: 2}.shoot(f, plateOf(f, evilURL)))
	f.Add([]byte("RIFF\x1a\x00\x00\x00WEBPVP8L"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Texts(t.Context(), bytes.NewReader(data), 200_000)
		if err != nil && len(got) > 0 {
			t.Errorf("%q and %v", got, err)
		}
		for _, s := range got {
			if s == "" || len(s) > maxText {
				t.Errorf("got %q", s)
			}
		}
	})
}

// FuzzLook draws squares at random around a true code: no decoder may panic, and nothing is read twice.
func FuzzLook(f *testing.F) {
	f.Add(uint64(1), uint8(20), uint8(3))
	f.Add(uint64(7), uint8(200), uint8(1))
	p := plateOf(f, evilURL)
	f.Fuzz(func(t *testing.T, seed uint64, wrong, scale uint8) {
		r, s := rand.New(rand.NewPCG(seed, 1)), 1+int(scale%5)
		side := (len(p.code) + 8) * s
		g := grey{bytes.Repeat([]byte{255}, side*side), side, side}
		for y := range len(p.code) * s {
			for x := range len(p.code) * s {
				if p.code[y/s][x/s] != (r.IntN(1000) < int(wrong)) {
					g.pix[(y+4*s)*side+x+4*s] = 0
				}
			}
		}
		if got := look(t.Context(), g); len(got) > 1 && got[0] == got[1] {
			t.Errorf("got %q", got)
		}
	})
}

func pngOf(t testing.TB, pic image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, pic); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
