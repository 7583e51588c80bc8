// Package qrscan reads QR codes from photos that people send.
//
// It owns what it costs to look: pixels, time, and how many photos are looked at side by side. It does not know what a code means, and trusts none: its text is
// what somebody printed. It is for pictures that the city has made anew from what was sent; see package media.
package qrscan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // the formats of photos
	_ "image/png"
	"io"

	_ "golang.org/x/image/webp"
)

// Why a picture is not looked at.
var (
	ErrTooLarge = errors.New("qrscan: too large")  // more bytes or pixels than are looked at
	ErrNoPhoto  = errors.New("qrscan: no picture") // cannot be decoded
)

const (
	maxBytes = 16 << 20 // of a file; media keeps no larger photos
	maxTexts = 8        // of one picture
	maxText  = 3000     // bytes of one text: ISO/IEC 18004 table 7 allows 2,953
)

// Texts gives what the QR codes in a picture say, the easiest to read first, each once; none is no error. maxPixels bounds width times height, which is looked at
// before anything is decoded. It stops between two attempts when ctx ends, with what was found by then. It never panics.
func Texts(ctx context.Context, r io.Reader, maxPixels int) (texts []string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: decoder panicked: %T", ErrNoPhoto, p)
		}
	}()
	data, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("qrscan: read: %w", err)
	}
	if len(data) > maxBytes {
		return nil, ErrTooLarge
	}
	c, _, err := image.DecodeConfig(bytes.NewReader(data))
	switch {
	case err != nil || c.Width < 1 || c.Height < 1:
		return nil, ErrNoPhoto
	case c.Width > maxPixels/c.Height:
		return nil, ErrTooLarge
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	pic, _, err := image.Decode(bytes.NewReader(data))
	if err != nil || pic.Bounds().Dx() != c.Width || pic.Bounds().Dy() != c.Height {
		return nil, ErrNoPhoto
	}
	return look(ctx, greyOf(pic)), nil
}
