package media

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"time"

	"github.com/motcua/motcua/internal/fault"
)

// quality of the JPEGs made, of 100: above it files grow faster than pictures get better.
const quality = 82

// minDecode is the least that decoding any photo is taken to need, in bytes; scaled copies included.
const minDecode = 32 << 20

// bound is a rendition of a photo and the most pixels that its longer side may have.
type bound struct {
	name string
	side int
}

// bounds are the renditions of a photo, smallest first.
func bounds() []bound { return []bound{{Thumb, 320}, {Medium, 1280}, {Large, 2560}} }

// picture is a finished rendition of a photo.
type picture struct {
	Rendition
	data []byte
}

// render makes the renditions of a photo, smallest first. INVALID when it is too large in pixels or cannot be decoded,
// UNAVAILABLE when other photos keep the memory for too long.
func (m *Media) render(ctx context.Context, format string, s *spool) ([]picture, error) {
	var pictures []picture
	err := m.decoding(ctx, format, s, func(data []byte, t traits) (err error) {
		pictures, err = paint(format, data, t)
		return err
	})
	return pictures, err
}

// decoding reads a photo into memory that others do not use and has something done with it, whose error means that it cannot be decoded.
func (m *Media) decoding(ctx context.Context, format string, s *spool, do func(data []byte, t traits) error) error {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.DecodeWait)
	defer cancel()
	t, err := m.measure(ctx, format, s)
	if err != nil {
		return err
	}
	need := s.size + t.memory + minDecode
	if pixels := int64(t.width) * int64(t.height); pixels > m.cfg.MaxPixels || need > m.cfg.DecodeMemory {
		return fault.New(fault.Invalid, "media.too_many_pixels").With("max", m.cfg.MaxPixels/1_000_000)
	}
	free, err := m.reserve(ctx, max(need, m.cfg.DecodeMemory/int64(m.cfg.MaxDecodes)))
	if err != nil {
		return err
	}
	defer free()
	data, err := readAll(s)
	if err != nil {
		return err
	}
	if err := do(data, t); err != nil {
		return fault.New(fault.Invalid, "media.unreadable").Because(err)
	}
	return nil
}

// measure reads a photo's traits. It gives the memory back before more is asked for, so that waiting photos hold none.
func (m *Media) measure(ctx context.Context, format string, s *spool) (traits, error) {
	free, err := m.reserve(ctx, min(s.size, m.cfg.DecodeMemory))
	if err != nil {
		return traits{}, err
	}
	defer free()
	data, err := readAll(s)
	if err != nil {
		return traits{}, err
	}
	t, err := inspect(format, data)
	if err == nil && (t.width < 1 || t.height < 1) {
		err = errMalformed
	}
	if err != nil {
		return traits{}, fault.New(fault.Invalid, "media.unreadable").Because(err)
	}
	return t, nil
}

// reserve waits for memory and gives the way to free it.
func (m *Media) reserve(ctx context.Context, bytes int64) (free func(), err error) {
	if err := m.memory.Acquire(ctx, bytes); err != nil {
		return nil, fault.New(fault.Unavailable, "").After(5 * time.Second).Because(fmt.Errorf("media: wait for memory to decode: %w", err))
	}
	return func() { m.memory.Release(bytes) }, nil
}

func readAll(s *spool) ([]byte, error) {
	data := make([]byte, s.size)
	if _, err := io.ReadFull(io.NewSectionReader(s, 0, s.size), data); err != nil {
		return nil, fault.Wrap(fault.Unavailable, err)
	}
	return data, nil
}

// paint decodes a photo and encodes its renditions from nothing but the pixels. A panic of a decoder, which only a hostile file can cause, is an error.
func paint(format string, data []byte, t traits) (pictures []picture, err error) {
	defer recovered(&err)
	src, err := decodeAs(format, data, t)
	if err != nil {
		return nil, err
	}
	all := bounds()
	pictures = make([]picture, len(all))
	for i := len(all) - 1; i >= 0; i-- { // each is made from the next larger one
		w, h := fit(src.Bounds().Dx(), src.Bounds().Dy(), all[i].side)
		small := shrink(src, w, h)
		if i == len(all)-1 {
			small = turn(small, t.orientation)
		}
		if pictures[i], err = encode(all[i].name, small); err != nil {
			return nil, err
		}
		src = small
	}
	return pictures, nil
}

// decodeAs decodes a photo that must be as large as its traits say.
func decodeAs(format string, data []byte, t traits) (image.Image, error) {
	src, err := decode(format, data)
	if err != nil {
		return nil, err
	}
	if b := src.Bounds(); b.Dx() != t.width || b.Dy() != t.height {
		return nil, errMalformed
	}
	return src, nil
}

// recovered turns a panic of a decoder into an error.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("media: decoder panicked: %v", r)
	}
}

func encode(name string, img *image.RGBA) (picture, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
		return picture{}, err
	}
	sum := sha256.Sum256(b.Bytes())
	return picture{Rendition{
		Name: name, ContentType: typeJPEG, Size: int64(b.Len()),
		Width: img.Rect.Dx(), Height: img.Rect.Dy(), Hash: hex.EncodeToString(sum[:]),
	}, b.Bytes()}, nil
}
