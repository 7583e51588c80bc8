package media

import (
	"bytes"
	"fmt"
	"io"

	"github.com/motcua/motcua/internal/fault"
)

// maxBoxes is how many parts on the top level of a video are looked at: a fragmented one of some minutes has a few hundred.
const maxBoxes = 100_000

// checkVideo tells whether a video is whole, as far as its outer structure shows, and is nothing but a video. It does not decode it.
// INVALID when it is broken, UNAVAILABLE when it cannot be read.
func checkVideo(format string, r io.ReaderAt, size int64) error {
	var why error
	if format == typeWebM {
		why = checkWebM(r, size)
	} else {
		why = checkBoxes(r, size)
	}
	if why != nil {
		return fault.New(fault.Invalid, "media.unreadable").Because(why)
	}
	return nil
}

// checkBoxes walks the boxes of an ISO base media file (ISO/IEC 14496-12 §4.2): they must fill the file exactly, with an index and content among them.
func checkBoxes(r io.ReaderAt, size int64) error {
	var index, content bool
	at := int64(0)
	for n := 0; at < size; n++ {
		if n == maxBoxes {
			return fmt.Errorf("media: more than %d boxes", maxBoxes)
		}
		kind, length, err := box(r, at, size)
		if err != nil {
			return err
		}
		switch kind {
		case "moov":
			index = true
		case "mdat":
			content = true
		}
		at += length
	}
	if !index || !content {
		return fmt.Errorf("media: video without index or content")
	}
	return nil
}

// box reads the head of the box at an offset and gives its whole length.
func box(r io.ReaderAt, at, size int64) (kind string, length int64, err error) {
	var head [16]byte
	n, err := r.ReadAt(head[:min(16, size-at)], at)
	if err != nil && n < int(min(16, size-at)) {
		return "", 0, err
	}
	if n < 8 {
		return "", 0, fmt.Errorf("media: %d bytes behind the last box", n)
	}
	kind = string(head[4:8])
	whole, least := uint64(be32(head[:])), uint64(8)
	switch whole {
	case 0: // to the end of the file
		if kind != "mdat" {
			return "", 0, fmt.Errorf("media: box without length")
		}
		return kind, size - at, nil
	case 1: // 64 bits follow
		if n < 16 {
			return "", 0, fmt.Errorf("media: box cut off")
		}
		whole, least = uint64(be32(head[8:]))<<32|uint64(be32(head[12:])), 16
	}
	if whole < least || whole > uint64(size-at) {
		return "", 0, fmt.Errorf("media: box of %d bytes where %d are left", whole, size-at)
	}
	return kind, int64(whole), nil
}

// Element ids of EBML and Matroska (RFC 8794, RFC 9559), with their marker bits.
const (
	ebmlHeader  = 0x1a45dfa3
	ebmlDocType = 0x4282
	ebmlVoid    = 0xec
	mkvSegment  = 0x18538067
)

// unknownSize is what element gives for a length that is left open, as live encoders do.
const unknownSize = -1

// element reads the head of an EBML element: its id, the length of its content and of the head itself.
func element(b []byte) (id uint64, length int64, head int, ok bool) {
	id, n := vint(b, 4, true)
	if n == 0 {
		return 0, 0, 0, false
	}
	v, k := vint(b[n:], 8, false)
	if k == 0 {
		return 0, 0, 0, false
	}
	if v == 1<<(7*k)-1 {
		return id, unknownSize, n + k, true
	}
	return id, int64(v), n + k, true
}

// vint reads a number of 1 to longest bytes whose first bits tell its length; keep leaves the marker in it, as ids have it. It gives 0 bytes when there is none.
func vint(b []byte, longest int, keep bool) (v uint64, n int) {
	if len(b) == 0 {
		return 0, 0
	}
	for n = 1; n <= longest && b[0]&(0x80>>(n-1)) == 0; n++ {
	}
	if n > longest || n > len(b) {
		return 0, 0
	}
	v = uint64(b[0])
	if !keep {
		v &= 0x80>>(n-1) - 1
	}
	for _, c := range b[1:n] {
		v = v<<8 | uint64(c)
	}
	return v, n
}

// sniffEBML tells WebM from the rest of the Matroska family by the DocType in the header.
func sniffEBML(head []byte) string {
	id, length, n, ok := element(head)
	if !ok || id != ebmlHeader || length < 0 {
		return typeUnknown
	}
	body := head[n:]
	body = body[:min(int64(len(body)), length)]
	for len(body) > 0 {
		id, length, n, ok := element(body)
		if !ok || length < 0 || length > int64(len(body)-n) {
			return typeUnknown
		}
		value := body[n : n+int(length)]
		if id == ebmlDocType {
			if string(bytes.TrimRight(value, "\x00")) == "webm" {
				return typeWebM
			}
			return typeUnknown
		}
		body = body[n+int(length):]
	}
	return typeUnknown
}

// checkWebM tells whether header, segment and padding fill the file exactly.
func checkWebM(r io.ReaderAt, size int64) error {
	segment := false
	for at, n := int64(0), 0; at < size; n++ {
		if n == maxBoxes {
			return fmt.Errorf("media: more than %d elements", maxBoxes)
		}
		var buf [12]byte
		got, err := r.ReadAt(buf[:min(12, size-at)], at)
		if err != nil && got < int(min(12, size-at)) {
			return err
		}
		id, length, head, ok := element(buf[:got])
		if !ok {
			return fmt.Errorf("media: bytes behind the last element")
		}
		if id == mkvSegment && length == unknownSize {
			return nil
		}
		if length < 0 || length > size-at-int64(head) {
			return fmt.Errorf("media: element of %d bytes is cut off", length)
		}
		if id != ebmlHeader && id != mkvSegment && id != ebmlVoid {
			return fmt.Errorf("media: element %x on the top level", id)
		}
		segment = segment || id == mkvSegment
		at += int64(head) + length
	}
	if !segment {
		return fmt.Errorf("media: no segment")
	}
	return nil
}
