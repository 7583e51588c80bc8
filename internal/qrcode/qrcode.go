// Package qrcode draws QR codes: as pictures that a camera reads from a screen, and as squares that somebody else prints.
//
// It does not know what a code says.
package qrcode

import (
	"bytes"
	"image"
	"image/color"
	"image/png"

	"github.com/boombuler/barcode/qr"
)

const (
	scale = 8 // pixels of the smallest square: networks shrink large pictures, and cameras read this from a screen
	quiet = 4 // squares around the code that must stay white, ISO/IEC 18004
)

// PNG draws a code. The error says that the text is too long for one.
func PNG(text string) ([]byte, error) {
	code, err := qr.Encode(text, qr.M, qr.Unicode)
	if err != nil {
		return nil, err
	}
	side := (code.Bounds().Dx() + 2*quiet) * scale
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range side {
		for x := range side {
			if dark(code, x/scale-quiet, y/scale-quiet) {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	var b bytes.Buffer
	err = png.Encode(&b, img)
	return b.Bytes(), err
}

// Quiet is how many squares around a code must stay white, ISO/IEC 18004.
const Quiet = quiet

// Squares gives a code's squares row by row, true for a dark one, without the white border. It is for print: up to 30 % of the code may be worn off or covered
// (error correction H). Text of digits, capital letters and $%*+-./: and spaces gives fewer and so larger squares. The error says that the text is too long.
func Squares(text string) ([][]bool, error) {
	code, err := qr.Encode(text, qr.H, qr.Auto)
	if err != nil {
		return nil, err
	}
	side := code.Bounds().Dx()
	out := make([][]bool, side)
	for y := range out {
		out[y] = make([]bool, side)
		for x := range out[y] {
			out[y][x] = dark(code, x, y)
		}
	}
	return out, nil
}

func dark(code image.Image, x, y int) bool {
	if !image.Pt(x, y).In(code.Bounds()) {
		return false
	}
	r, _, _, _ := code.At(x, y).RGBA()
	return r == 0
}
