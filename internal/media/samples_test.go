package media

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"strings"
	"testing"
)

// whisper stands in every piece of metadata that the samples carry: it must come out nowhere.
const whisper = "20.8578N 106.6810E <script>whisper</script>"

// quarters is a picture of four colours: red, green, blue, white, in reading order.
func quarters(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{A: 255}
			switch {
			case y < h/2 && x < w/2:
				c.R = 255
			case y < h/2:
				c.G = 255
			case x < w/2:
				c.B = 255
			default:
				c.R, c.G, c.B = 255, 255, 255
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

// tiff is an Exif block with an orientation, a GPS directory with the whisper as its area, and a trailing whisper.
func tiff(order binary.AppendByteOrder, orientation uint16) []byte {
	b := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		b = []byte("MM\x00*")
	}
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 2)
	b = order.AppendUint16(b, orientationTag)
	b = order.AppendUint16(b, 3) // SHORT
	b = order.AppendUint32(b, 1)
	b = order.AppendUint16(b, orientation)
	b = order.AppendUint16(b, 0)
	b = order.AppendUint16(b, 0x8825) // GPS directory
	b = order.AppendUint16(b, 4)
	b = order.AppendUint32(b, 1)
	b = order.AppendUint32(b, 38)
	b = order.AppendUint32(b, 0)      // no further directory
	b = order.AppendUint16(b, 1)      // GPS: one entry
	b = order.AppendUint16(b, 0x001c) // area
	b = order.AppendUint16(b, 7)
	b = order.AppendUint32(b, uint32(len(whisper)))
	b = order.AppendUint32(b, 56)
	b = order.AppendUint32(b, 0)
	return append(b, whisper...)
}

// segment is a JPEG marker segment.
func segment(mark byte, body string) string {
	return string([]byte{0xff, mark, byte((len(body) + 2) >> 8), byte(len(body) + 2)}) + body
}

// jpegOf is a JPEG of img with segments behind its start, and what follows its end.
func jpegOf(t testing.TB, img image.Image, segments, tail string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	plain := b.String()
	return []byte(plain[:2] + segments + plain[2:] + tail)
}

// phoneJPEG is a photo as a phone sends it: place, comments, colour profile, and a hidden archive at its end.
func phoneJPEG(t testing.TB, img image.Image, orientation uint16) []byte {
	t.Helper()
	return jpegOf(t, img, segment(markAPP1, "Exif\x00\x00"+string(tiff(binary.BigEndian, orientation)))+
		segment(markAPP1, "http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>"+whisper+"</x:xmpmeta>")+
		segment(0xe2, "ICC_PROFILE\x00\x01\x01"+whisper)+segment(0xed, "Photoshop 3.0\x00"+whisper)+segment(0xfe, whisper),
		"PK\x03\x04"+whisper)
}

func chunk(kind, body string) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(b, kind+body...)
	return string(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(kind+body))))
}

// chattyPNG is a PNG with text, Exif and a tail.
func chattyPNG(t testing.TB, img image.Image, orientation uint16) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	s := b.String()
	head, rest := s[:33], s[33:]
	return []byte(head + chunk("tEXt", "Comment\x00"+whisper) + chunk("iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00"+whisper) +
		chunk("eXIf", string(tiff(binary.LittleEndian, orientation))) + rest + whisper)
}

// pngHead is the start of a PNG that claims a size and brings no pixels.
func pngHead(w, h uint32) []byte {
	ihdr := binary.BigEndian.AppendUint32(nil, w)
	ihdr = binary.BigEndian.AppendUint32(ihdr, h)
	ihdr = append(ihdr, 8, 6, 0, 0, 0)
	return []byte("\x89PNG\r\n\x1a\n" + chunk("IHDR", string(ihdr)) + chunk("IDAT", "\x78\x9c") + chunk("IEND", ""))
}

// jpegClaiming is a small JPEG whose frame header claims another size.
func jpegClaiming(t testing.TB, w, h uint16) []byte {
	t.Helper()
	b := jpegOf(t, quarters(16, 16), "", "")
	at := bytes.Index(b, []byte{0xff, markSOF0, 0, 17})
	binary.BigEndian.PutUint16(b[at+5:], h)
	binary.BigEndian.PutUint16(b[at+7:], w)
	return b
}

// progressiveJPEG is the headers of a progressive JPEG with three components of full size and that many scans.
func progressiveJPEG(w, h uint16, scans int) []byte {
	frame := []byte{8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0}
	return []byte("\xff\xd8" + segment(markSOF2, string(frame)) + strings.Repeat(segment(markSOS, "\x01\x01\x00\x00\x00\x00")+"\x00", scans) + "\xff\xd9")
}

func riffChunk(kind, body string) string {
	b := binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(body)))
	s := string(b) + body
	if len(body)%2 == 1 {
		s += "\x00"
	}
	return s
}

func riff(chunks string) []byte {
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(chunks)+4)), "WEBP"+chunks...)
}

// chattyWebP wraps a sample of 150 by 103 pixels into the extended format with Exif and XMP.
func chattyWebP(t testing.TB, orientation uint16) []byte {
	t.Helper()
	plain := sample(t, "lossy.webp")
	vp8x := "\x0c\x00\x00\x00" + string([]byte{149, 0, 0, 102, 0, 0})
	return riff(riffChunk("VP8X", vp8x) + string(plain[12:]) +
		riffChunk("EXIF", "Exif\x00\x00"+string(tiff(binary.LittleEndian, orientation))) + riffChunk("XMP ", whisper))
}

// sample reads a file of testdata; they come from golang.org/x/image.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mp4Box(kind, body string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(body)+8))) + kind + body
}

// mp4 is a video in outline, of a major brand.
func mp4(brand string) []byte {
	return []byte(mp4Box("ftyp", brand+"\x00\x00\x02\x00isomiso2") + mp4Box("mdat", strings.Repeat("frame", 1000)) + mp4Box("moov", "index"))
}

// ftyp is the first box alone.
func ftyp(major string, compatible ...string) []byte {
	return []byte(mp4Box("ftyp", major+"\x00\x00\x00\x00"+strings.Join(compatible, "")) + mp4Box("meta", "") + mp4Box("mdat", "x") + mp4Box("moov", ""))
}

// webm is a video in outline, of a document type.
func webm(docType string) []byte {
	header := "\x42\x86\x81\x01" + "\x42\x82" + string([]byte{0x80 | byte(len(docType))}) + docType
	body := strings.Repeat("cluster", 20)
	return []byte("\x1a\x45\xdf\xa3" + string([]byte{0x80 | byte(len(header))}) + header + "\x18\x53\x80\x67" + string([]byte{0x40, byte(len(body))}) + body)
}
