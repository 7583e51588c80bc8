package zalo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"image"
	"image/color"
	"image/png"
	"net/http"

	"github.com/boombuler/barcode/qr"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/message"
)

// maxPicture is what the network takes, in bytes.
const maxPicture = 1 << 20

// picture is a file that the network takes.
type picture struct {
	bytes       []byte
	contentType string // image/jpeg or image/png
	hash        [sha256.Size]byte
}

func newPicture(b []byte) (picture, bool) {
	t := http.DetectContentType(b)
	return picture{bytes: b, contentType: t, hash: sha256.Sum256(b)}, t == "image/jpeg" || t == "image/png"
}

// picture gives the file of a block. An outcome with a status says why not. Reasons of never: picture_too_large, picture_kind, picture_address, picture_<HTTP
// status>, qr_too_long.
func (c *Channel) picture(ctx context.Context, b message.Block) (picture, channels.Outcome) {
	if q, ok := b.(message.QR); ok {
		raw, err := drawQR(q.Payload)
		if err != nil {
			return picture{}, refused("qr_too_long")
		}
		p, _ := newPicture(raw)
		return p, channels.Outcome{}
	}
	raw, o := c.fetch(ctx, b.(message.Image).URL) // draw lets nothing else through
	if o.Status != "" {
		return picture{}, o
	}
	p, ok := newPicture(raw)
	if !ok {
		return picture{}, refused("picture_kind")
	}
	return p, channels.Outcome{}
}

const (
	qrScale = 8 // pixels of the smallest square: the network shrinks large pictures, and cameras read this from a screen
	qrQuiet = 4 // squares around the code that must stay white, ISO/IEC 18004
)

// drawQR draws a code as PNG.
func drawQR(payload string) ([]byte, error) {
	code, err := qr.Encode(payload, qr.M, qr.Unicode)
	if err != nil {
		return nil, err
	}
	side := (code.Bounds().Dx() + 2*qrQuiet) * qrScale
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range side {
		for x := range side {
			if dark(code, x/qrScale-qrQuiet, y/qrScale-qrQuiet) {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	var b bytes.Buffer
	err = png.Encode(&b, img)
	return b.Bytes(), err
}

func dark(code image.Image, x, y int) bool {
	if !image.Pt(x, y).In(code.Bounds()) {
		return false
	}
	r, _, _, _ := code.At(x, y).RGBA()
	return r == 0
}
