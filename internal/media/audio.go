package media

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"

	"github.com/motcua/motcua/internal/fault"
)

// ownKindOf is kindOf for files of the city's own: photos and recordings of sound.
func ownKindOf(contentType string) (k Kind, refused string) {
	switch kind, key := kindOf(contentType); {
	case kind == Photo:
		return Photo, ""
	case contentType == typeMP3 || contentType == typeM4A:
		return Audio, ""
	case key == "media.heic":
		return "", key
	}
	return "", "media.not_kept"
}

// sound gives what is to be stored of a recording: the sound alone, without what players show beside it.
func (m *Media) sound(ctx context.Context, format string, s *spool) (form, error) {
	free, err := m.reserve(ctx, min(s.size, m.cfg.DecodeMemory))
	if err != nil {
		return form{}, err
	}
	defer free()
	data, err := readAll(s)
	if err != nil {
		return form{}, err
	}
	if format == typeMP3 {
		data, err = bareMP3(data)
	} else if err = checkBoxes(bytes.NewReader(data), s.size); err == nil {
		err = bareBoxes(data, 0)
	}
	if err != nil {
		return form{}, fault.New(fault.Invalid, "media.unreadable").Because(err)
	}
	sum := sha256.Sum256(data)
	return form{Rendition{Name: Original, ContentType: format, Size: int64(len(data)), Hash: hex.EncodeToString(sum[:])}, bytes.NewReader(data)}, nil
}

var errNoSound = errors.New("media: not enough frames of sound")

// bareMP3 gives the frames of an MPEG audio stream of layer III (ISO/IEC 11172-3 §2.4.1) and leaves out the tags around them (id3.org: ID3v2 before; ID3v1, APE and
// others behind). What is no frame may be less than what is.
func bareMP3(b []byte) ([]byte, error) {
	for len(b) >= 10 && string(b[:3]) == "ID3" { // version, flags, then the length in four times seven bits
		n := 10 + int(b[6]&0x7f)<<21 + int(b[7]&0x7f)<<14 + int(b[8]&0x7f)<<7 + int(b[9]&0x7f)
		if b[5]&0x10 != 0 { // a footer
			n += 10
		}
		if n > len(b) {
			return nil, errNoSound
		}
		b = b[n:]
	}
	b = bytes.TrimLeft(b, "\x00") // some programs leave room for longer tags
	end, frames := 0, 0
	for {
		n := frameLength(b[end:])
		if n == 0 || n > len(b)-end {
			break
		}
		end, frames = end+n, frames+1
	}
	if frames < 3 || end < len(b)-end {
		return nil, errNoSound
	}
	return b[:end], nil
}

// Bit rates of layer III in 1000 bits a second, for MPEG 1 and for MPEG 2 and 2.5, and rates of samples a second of MPEG 1.
var (
	rates1  = [16]int{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0}
	rates2  = [16]int{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0}
	samples = [4]int{44_100, 48_000, 32_000, 0}
)

// frameLength gives the bytes of the frame that begins here; 0 when none does.
func frameLength(b []byte) int {
	if len(b) < 4 || !soundFrame(b) {
		return 0
	}
	version := b[1] >> 3 & 3 // 3 is MPEG 1, 2 is MPEG 2, 0 is MPEG 2.5
	rate, hertz, scale := rates1[b[2]>>4], samples[b[2]>>2&3], 144
	if version != 3 {
		rate, hertz, scale = rates2[b[2]>>4], hertz>>1, 72
	}
	if version == 0 {
		hertz >>= 1
	}
	if rate == 0 || hertz == 0 {
		return 0
	}
	return scale*rate*1000/hertz + int(b[2]>>1&1)
}

// soundFrame tells whether bytes begin as a frame of layer III does.
func soundFrame(b []byte) bool {
	return len(b) >= 2 && b[0] == 0xff && b[1]&0xe0 == 0xe0 && b[1]>>3&3 != 1 && b[1]>>1&3 == 1
}

// maxDeep is how deep the boxes lie in which a recording can carry words beside the sound: moov, trak.
const maxDeep = 2

// bareBoxes turns the boxes in which programs leave words, places and covers (ISO/IEC 14496-12 §8.10, §8.11: udta, meta; uuid) into free space, in place: nothing
// else moves. The boxes must have been checked on the top level.
func bareBoxes(b []byte, deep int) error {
	r := bytes.NewReader(b)
	for at := int64(0); at < int64(len(b)); {
		kind, n, err := box(r, at, int64(len(b)))
		if err != nil {
			return err
		}
		whole := b[at : at+n]
		head := 8
		if be32(whole) == 1 {
			head = 16
		}
		switch {
		case slices.Contains([]string{"udta", "meta", "uuid"}, kind):
			copy(whole[4:], "free")
			clear(whole[head:])
		case deep < maxDeep && (kind == "moov" || kind == "trak"):
			if err := bareBoxes(whole[head:], deep+1); err != nil {
				return err
			}
		}
		at += n
	}
	return nil
}
