package media

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"
)

// traits are what is known of a photo before it is decoded.
type traits struct {
	width, height int
	orientation   int   // as in Exif, 1 to 8
	memory        int64 // bytes that decoding takes at most, about
}

// maxScans is how many passes a JPEG may take to paint its picture. Encoders make about ten; a file of a few MB can ask for so many
// thousands that decoding takes hours.
const maxScans = 64

var (
	errTooManyScans = errors.New("media: too many scans")
	errMalformed    = errors.New("media: malformed picture")
)

// inspect reads the traits of a photo from its headers. It decodes no pixels and takes memory in no relation to what the headers claim.
func inspect(format string, data []byte) (traits, error) {
	switch format {
	case typeJPEG:
		return inspectJPEG(data)
	case typePNG:
		return inspectPNG(data)
	case typeWebP:
		return inspectWebP(data)
	}
	return traits{}, errMalformed
}

// decode decodes a photo whose traits were found acceptable.
func decode(format string, data []byte) (image.Image, error) {
	switch format {
	case typeJPEG:
		return jpeg.Decode(bytes.NewReader(data))
	case typePNG:
		return png.Decode(bytes.NewReader(data))
	case typeWebP:
		return webp.Decode(bytes.NewReader(data))
	}
	return nil, errMalformed
}

// JPEG markers (ITU-T T.81 table B.1).
const (
	markSOF0  = 0xc0 // baseline; C1 to CF are other codings, save C4, C8 and CC
	markSOF2  = 0xc2 // progressive
	markDHT   = 0xc4
	markJPG   = 0xc8
	markDAC   = 0xcc
	markSOF15 = 0xcf
	markRST0  = 0xd0
	markRST7  = 0xd7
	markSOI   = 0xd8
	markEOI   = 0xd9
	markSOS   = 0xda
	markAPP1  = 0xe1
	markAPP14 = 0xee
	markTEM   = 0x01
)

// jpegWalk gathers what the segments of a JPEG say.
type jpegWalk struct {
	orientation int
	scans       int
	progressive bool
	components  int
	samples     float64 // of all components together, per pixel
	converts    bool    // may need a second copy in other colours
}

func inspectJPEG(data []byte) (traits, error) {
	c, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return traits{}, err
	}
	w := jpegWalk{orientation: upright}
	if err := w.walk(data); err != nil {
		return traits{}, err
	}
	perPixel := w.samples
	if w.progressive { // coefficients of 4 bytes are kept beside the samples until the last scan
		perPixel *= 5
	}
	if w.converts || w.components == 4 {
		perPixel += 4
	}
	return traits{c.Width, c.Height, w.orientation, int64(perPixel * float64(c.Width) * float64(c.Height))}, nil
}

// walk goes from marker to marker up to the end of the picture.
func (w *jpegWalk) walk(data []byte) error {
	at := 2 // behind SOI
	for {
		next := bytes.IndexByte(data[at:], 0xff)
		if next < 0 || at+next+1 >= len(data) {
			return nil // no end marker: the decoder decides whether the picture is whole
		}
		mark := data[at+next+1]
		at += next + 1
		if mark == 0xff {
			continue // fill byte
		}
		at++
		switch {
		case mark == markEOI:
			return nil
		case mark == 0, mark == markTEM, mark == markSOI, mark >= markRST0 && mark <= markRST7:
			continue // has no length
		}
		if at+2 > len(data) {
			return nil
		}
		n := int(be16(data[at:]))
		if n < 2 || at+n > len(data) {
			return errMalformed
		}
		if err := w.segment(mark, data[at+2:at+n]); err != nil {
			return err
		}
		at += n
	}
}

func (w *jpegWalk) segment(mark byte, body []byte) error {
	switch {
	case mark == markSOS:
		if w.scans++; w.scans > maxScans {
			return errTooManyScans
		}
	case mark == markAPP1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")):
		if w.orientation == upright {
			w.orientation = exifOrientation(body[6:])
		}
	case mark == markAPP14 && bytes.HasPrefix(body, []byte("Adobe")):
		w.converts = true
	case mark >= markSOF0 && mark <= markSOF15 && mark != markDHT && mark != markJPG && mark != markDAC:
		return w.frame(mark, body)
	}
	return nil
}

// frame reads a frame header (T.81 §B.2.2).
func (w *jpegWalk) frame(mark byte, body []byte) error {
	if len(body) < 6 || len(body) < 6+3*int(body[5]) || body[5] == 0 {
		return errMalformed
	}
	w.progressive = w.progressive || mark == markSOF2
	w.components = int(body[5])
	sum, widest, highest := 0, 1, 1
	var ids []byte
	for i := range w.components {
		c := body[6+3*i:]
		h, v := int(c[1]>>4), int(c[1]&15)
		sum += h * v
		widest, highest = max(widest, h), max(highest, v)
		ids = append(ids, c[0])
	}
	w.samples = float64(sum) / float64(widest*highest)
	w.converts = w.converts || string(ids) == "RGB"
	return nil
}

func inspectPNG(data []byte) (traits, error) {
	c, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return traits{}, err
	}
	if len(data) < 33 {
		return traits{}, errMalformed
	}
	perPixel := int64(4)
	if data[24] == 16 { // bits per sample, IHDR
		perPixel = 8
	}
	if data[28] != 0 { // interlaced: passes are decoded one by one and merged
		perPixel += perPixel / 2
	}
	t := traits{c.Width, c.Height, upright, perPixel * int64(c.Width) * int64(c.Height)}
	for at := 8; at+12 <= len(data); {
		n := uint64(be32(data[at:]))
		if uint64(at)+12+n > uint64(len(data)) {
			break
		}
		if string(data[at+4:at+8]) == "eXIf" {
			t.orientation = exifOrientation(data[at+8 : at+8+int(n)])
			break
		}
		at += 12 + int(n)
	}
	return t, nil
}

// losslessExtra is what the code tables of a lossless WebP may take whatever its size, in bytes.
const losslessExtra = 48 << 20

func inspectWebP(data []byte) (traits, error) {
	c, err := webp.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return traits{}, err
	}
	t := traits{c.Width, c.Height, upright, 8 * int64(c.Width) * int64(c.Height)}
	for at := 12; at+8 <= len(data); {
		n := uint64(le32(data[at+4:]))
		if uint64(at)+8+n > uint64(len(data)) {
			break
		}
		switch string(data[at : at+4]) {
		case "VP8L", "ALPH":
			t.memory += losslessExtra
		case "EXIF":
			body := bytes.TrimPrefix(data[at+8:at+8+int(n)], []byte("Exif\x00\x00")) // some writers put it there
			t.orientation = exifOrientation(body)
		}
		at += 8 + int(n+n&1)
	}
	return t, nil
}
