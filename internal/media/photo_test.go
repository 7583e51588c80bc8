package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"os"
	"runtime"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/motcua/motcua/internal/fault"
)

func TestPhotoLosesItsMetadata(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, tt := range []struct {
		name, contentType string
		body              []byte
		w, h              int // of the large rendition
	}{
		{"jpeg of a phone", typeJPEG, phoneJPEG(t, quarters(3000, 2000), 6), 1707, 2560},
		{"png with text", typePNG, chattyPNG(t, quarters(400, 200), 8), 200, 400},
		{"webp with exif", typeWebP, chattyWebP(t, 3), 150, 103},
		{"webp lossless", typeWebP, sample(t, "lossless.webp"), 75, 100},
		{"webp of some transparency", typeWebP, sample(t, "alpha.webp"), 400, 301},
		{"png announced as jpeg", typeJPEG, chattyPNG(t, quarters(8, 8), 1), 8, 8},
	} {
		t.Run(tt.name, func(t *testing.T) {
			it := d.upload(tt.contentType, tt.body, tt.name)
			if it.Kind != Photo || it.ContentType != typeJPEG || it.Width != tt.w || it.Height != tt.h {
				t.Errorf("got %s %s of %dx%d, want a JPEG photo of %dx%d", it.Kind, it.ContentType, it.Width, it.Height, tt.w, tt.h)
			}
			for i, name := range []string{Thumb, Medium, Large} {
				b := d.read(it.ID, name)
				mustNotHold(t, name, b)
				onlyPicture(t, b)
				r := it.Renditions[i]
				c, err := jpeg.DecodeConfig(bytes.NewReader(b))
				if err != nil || r.Name != name || c.Width != r.Width || c.Height != r.Height || max(r.Width, r.Height) > []int{320, 1280, 2560}[i] {
					t.Errorf("%s is %dx%d, its document says %+v (%v)", name, c.Width, c.Height, r, err)
				}
			}
		})
	}
	for _, f := range d.files() {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		mustNotHold(t, f, b)
	}
	if left := filesIn(t, d.cfg.SpoolDir); len(left) > 0 {
		t.Errorf("uploads left in the spool folder: %v", left)
	}
}

// onlyPicture checks that a JPEG holds no segment but those that paint, and nothing behind its end.
func onlyPicture(t *testing.T, b []byte) {
	t.Helper()
	at := 2
	for b[at+1] != markSOS {
		if m := b[at+1]; m >= 0xe0 {
			t.Errorf("JPEG holds a segment %#x", m)
		}
		at += 2 + int(be16(b[at+2:]))
	}
	if end := bytes.Index(b[at:], []byte{0xff, markEOI}); at+end+2 != len(b) {
		t.Errorf("JPEG goes on behind its end")
	}
}

func TestOrientationIsApplied(t *testing.T) {
	t.Parallel()
	// Where each corner of red, green, blue, white (in reading order) is seen, by the pictures of Exif 2.32 table 4.6.4.
	seen := map[uint16]string{1: "RGBW", 2: "GRWB", 3: "WBGR", 4: "BWRG", 5: "RBGW", 6: "BRWG", 7: "WGBR", 8: "GWRB"}
	for o := range uint16(10) {
		t.Run(fmt.Sprint(o), func(t *testing.T) {
			want := seen[o]
			if want == "" {
				want = seen[1]
			}
			for name, body := range map[string][]byte{typeJPEG: phoneJPEG(t, quarters(64, 32), o), typePNG: chattyPNG(t, quarters(64, 32), o)} {
				tr, err := inspect(name, body)
				if err != nil {
					t.Fatal(err)
				}
				pictures, err := paint(name, body, tr)
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range pictures {
					if got := corners(t, p.data); got != want {
						t.Errorf("%s %s shows %s, want %s", name, p.Name, got, want)
					}
				}
			}
		})
	}
}

// corners names the colours near the corners of a JPEG in reading order.
func corners(t *testing.T, data []byte) string {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	b := img.Bounds()
	out := ""
	for _, p := range []image.Point{{4, 4}, {b.Dx() - 5, 4}, {4, b.Dy() - 5}, {b.Dx() - 5, b.Dy() - 5}} {
		r, g, bl, _ := img.At(p.X, p.Y).RGBA()
		switch {
		case r > 0x8000 && g > 0x8000:
			out += "W"
		case r > 0x8000:
			out += "R"
		case g > 0x8000:
			out += "G"
		case bl > 0x8000:
			out += "B"
		default:
			out += "?"
		}
	}
	return out
}

func TestRefusedBodies(t *testing.T) {
	t.Parallel()
	d := open(t, func(c *Config) { c.MaxLoose = 1000 })
	whole := phoneJPEG(t, quarters(200, 200), 1)
	video, film := mp4("isom"), webm("webm")
	tests := []struct {
		name, announced string
		body            []byte
		key             string
	}{
		{"HEIC by its brand", typeJPEG, ftyp("heic", "mif1", "heic"), "media.heic"},
		{"HEIC by what it is compatible with", typeJPEG, ftyp("mif1", "mif1", "heic"), "media.heic"},
		{"AVIF", typeJPEG, ftyp("avif", "mif1", "miaf"), "media.type_unknown"},
		{"sound alone", typeMP4, ftyp("M4A ", "isom", "mp42"), "media.type_unknown"},
		{"GIF", typeJPEG, []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), "media.type_unknown"},
		{"SVG", typePNG, []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), "media.type_unknown"},
		{"a page", typeJPEG, []byte("<!doctype html><script>alert(1)</script>"), "media.type_unknown"},
		{"a program", typeMP4, []byte("\x7fELF\x02\x01\x01"), "media.type_unknown"},
		{"one byte", typeJPEG, []byte{0xff}, "media.type_unknown"},
		{"photo announced, video sent", typeJPEG, video, "media.type_differs"},
		{"video announced, photo sent", typeMP4, whole, "media.type_differs"},
		{"photo cut off", typeJPEG, whole[:len(whole)/2], "media.unreadable"},
		{"photo of a head only", typeJPEG, whole[:4], "media.unreadable"},
		{"PNG cut off", typePNG, chattyPNG(t, quarters(99, 99), 1)[:300], "media.unreadable"},
		{"WebP cut off", typeWebP, sample(t, "lossy.webp")[:1000], "media.unreadable"},
		{"MP4 cut off", typeMP4, video[:len(video)-20], "media.unreadable"},
		{"MP4 without index", typeMP4, video[:len(video)-13], "media.unreadable"},
		{"MP4 with an archive behind it", typeMP4, append(bytes.Clone(video), "PK\x03\x04 more than enough"...), "media.unreadable"},
		{"MP4 of a box that claims 2^64 bytes", typeMP4, append(ftyp("isom"), "\x00\x00\x00\x01free\xff\xff\xff\xff\xff\xff\xff\xff"...), "media.unreadable"},
		{"MP4 of a box without end", typeMP4, append(ftyp("isom"), "\x00\x00\x00\x00free<script>"...), "media.unreadable"},
		{"WebM cut off", typeWebM, film[:len(film)-9], "media.unreadable"},
		{"WebM with a page behind it", typeWebM, append(bytes.Clone(film), "<script>alert(1)</script>"...), "media.unreadable"},
		{"Matroska", typeWebM, webm("matroska"), "media.type_unknown"},
		{"bomb: PNG of 50,000 by 50,000", typePNG, pngHead(50_000, 50_000), "media.too_many_pixels"},
		{"bomb: PNG of 2^31 by 1", typePNG, pngHead(1<<31-1, 1), "media.too_many_pixels"},
		{"bomb: JPEG of 65,535 by 65,535", typeJPEG, jpegClaiming(t, 65535, 65535), "media.too_many_pixels"},
		{"bomb: JPEG without height", typeJPEG, jpegClaiming(t, 100, 0), "media.unreadable"},
		{"bomb: JPEG that would keep 15 bytes a pixel", typeJPEG, progressiveJPEG(7000, 5000, 1), "media.too_many_pixels"},
		{"bomb: JPEG of a thousand scans", typeJPEG, progressiveJPEG(1000, 1000, 1000), "media.unreadable"},
		{"bomb: WebP canvas of 16,384 by 16,384", typeWebP, riff(riffChunk("VP8X", "\x00\x00\x00\x00\xff\x3f\x00\xff\x3f\x00")), "media.too_many_pixels"},
		{"bomb: WebP with a frame larger than its canvas", typeWebP, riff(riffChunk("VP8X", "\x00\x00\x00\x00\x07\x00\x00\x07\x00\x00") + riffChunk("VP8L", "\x2f\xff\xff\xff\x0f")), "media.unreadable"},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			u := d.announce(tt.announced, len(tt.body), fmt.Sprint(i))
			_, err := d.send(u, tt.body)
			refused(t, err, fault.Invalid, tt.key)
			runtime.ReadMemStats(&after)
			if grew := after.TotalAlloc - before.TotalAlloc; grew > 64<<20 {
				t.Errorf("refusing took %d MB of memory", grew>>20)
			}
			if items, err := d.Items(d.ctx, []string{u.ID}); err != nil || len(items) > 0 {
				t.Errorf("a refused body became %v, %v", items, err)
			}
		})
	}
	if left := append(d.files(), filesIn(t, d.cfg.SpoolDir)...); len(left) > 0 {
		t.Errorf("refused bodies left %v", left)
	}
}

func TestRefusedBodyMayBeFollowedByAGoodOne(t *testing.T) {
	t.Parallel()
	d := open(t)
	good := phoneJPEG(t, quarters(20, 20), 1)
	bad := append(ftyp("heic"), make([]byte, len(good))...)[:len(good)]
	u := d.announce(typeJPEG, len(good), "k")
	_, err := d.send(u, bad)
	refused(t, err, fault.Invalid, "media.heic")
	if _, err = d.send(u, good); err != nil {
		t.Errorf("a good body after a bad one: %v", err)
	}
}

func TestPolyglotLosesItsOtherFace(t *testing.T) {
	t.Parallel()
	d := open(t)
	page := "*/=1;</script><script>whisper</script><!--"
	body := jpegOf(t, quarters(50, 50), segment(0xfe, page)+segment(0xe5, page), page)
	it := d.upload(typeJPEG, body, "k")
	for _, name := range []string{Thumb, Medium, Large, ""} {
		if bytes.Contains(d.read(it.ID, name), []byte("script")) {
			t.Errorf("%s still holds the page", name)
		}
	}
}

func TestVideosAreKeptAsSent(t *testing.T) {
	t.Parallel()
	d := open(t)
	tests := []struct {
		name, announced string
		body            []byte
		want            string
	}{
		{"MP4", typeMP4, mp4("isom"), typeMP4},
		{"MP4 of an unknown brand", typeMP4, ftyp("XAVC", "mp42"), typeMP4},
		{"QuickTime of a phone", typeQuickTime, mp4("qt  "), typeQuickTime},
		{"QuickTime announced as MP4", typeMP4, mp4("qt  "), typeQuickTime},
		{"3GP", type3GP, mp4("3gp4"), type3GP},
		{"WebM", typeWebM, webm("webm"), typeWebM},
		{"WebM of open length", typeWebM, append(webm("webm")[:16], "\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xffclusters"...), typeWebM},
		{"MP4 whose content runs to the end", typeMP4, []byte(mp4Box("ftyp", "mp42\x00\x00\x00\x00isom") + mp4Box("moov", "") + "\x00\x00\x00\x00mdatframes"), typeMP4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			it := d.upload(tt.announced, tt.body, tt.name)
			if it.Kind != Video || it.ContentType != tt.want || it.Size != int64(len(tt.body)) {
				t.Errorf("got %+v, want a video of %s", it, tt.want)
			}
			if !bytes.Equal(d.read(it.ID, Original), tt.body) || !bytes.Equal(d.read(it.ID, ""), tt.body) {
				t.Error("the bytes changed")
			}
			_, err := d.Open(d.ctx, it.ID, queryOf(t, d.URL(it.ID, Thumb)))
			refused(t, err, fault.NotFound, "")
		})
	}
}

func TestShrinkIsTheMeanOfTheArea(t *testing.T) {
	t.Parallel()
	src := image.NewRGBA(image.Rect(5, 7, 8, 8)) // bounds that do not begin at zero
	for i, v := range []uint8{0, 90, 240} {
		src.SetRGBA(5+i, 7, color.RGBA{v, v, v, 255})
	}
	got := shrink(src, 2, 1)
	// 3 pixels into 2: the first covers all of one and half of the next.
	if a, b := got.RGBAAt(0, 0).R, got.RGBAAt(1, 0).R; a != 30 || b != 190 {
		t.Errorf("got %d, %d, want 30, 190", a, b)
	}
	clearPicture := image.NewNRGBA(image.Rect(0, 0, 4, 4))
	if c := shrink(clearPicture, 2, 2).RGBAAt(1, 1); c != (color.RGBA{255, 255, 255, 255}) {
		t.Errorf("transparent became %v, want white", c)
	}
}

func TestShrinkKeepsTheMean(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sw, sh := rapid.IntRange(1, 40).Draw(t, "sw"), rapid.IntRange(1, 40).Draw(t, "sh")
		w, h := rapid.IntRange(1, sw).Draw(t, "w"), rapid.IntRange(1, sh).Draw(t, "h")
		src := image.NewGray(image.Rect(0, 0, sw, sh))
		for i := range src.Pix {
			src.Pix[i] = rapid.Uint8().Draw(t, "v")
		}
		dst := shrink(src, w, h)
		want, got := 0.0, 0.0
		for _, v := range src.Pix {
			want += float64(v) / float64(sw*sh)
		}
		for i := 0; i < len(dst.Pix); i += 4 {
			got += float64(dst.Pix[i]) / float64(w*h)
		}
		if math.Abs(want-got) > 0.51 {
			t.Fatalf("mean %f became %f", want, got)
		}
	})
}

func TestFit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ w, h, side, dw, dh int }{
		{100, 50, 320, 100, 50}, {640, 320, 320, 320, 160}, {320, 640, 320, 160, 320}, {10000, 1, 320, 320, 1}, {4000, 3000, 2560, 2560, 1920}, {1, 1, 1, 1, 1},
	} {
		if w, h := fit(tt.w, tt.h, tt.side); w != tt.dw || h != tt.dh {
			t.Errorf("%dx%d into %d gives %dx%d, want %dx%d", tt.w, tt.h, tt.side, w, h, tt.dw, tt.dh)
		}
	}
}

func TestDecodingWaitsForMemory(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.cfg.DecodeWait = 10 * time.Millisecond
	body := phoneJPEG(t, quarters(20, 20), 1)
	u := d.announce(typeJPEG, len(body), "k")
	free, err := d.reserve(context.Background(), d.cfg.DecodeMemory)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.send(u, body)
	if f := fault.Of(err); fault.CodeOf(err) != fault.Unavailable || f.RetryAfter == 0 {
		t.Errorf("got %v, want UNAVAILABLE with a time to come again", err)
	}
	free()
	if _, err := d.send(u, body); err != nil {
		t.Errorf("with memory again: %v", err)
	}
}

func TestMemoryOfAPhoto(t *testing.T) {
	t.Parallel()
	gray := image.NewGray(image.Rect(0, 0, 100, 100))
	for _, tt := range []struct {
		name, format string
		body         []byte
		want         int64 // bytes a pixel
	}{
		{"gray jpeg", typeJPEG, jpegOf(t, gray, "", ""), 1},
		{"jpeg 4:2:0", typeJPEG, jpegOf(t, quarters(100, 100), "", ""), 1}, // 1.5
		{"jpeg with a colour transform", typeJPEG, jpegOf(t, quarters(100, 100), segment(markAPP14, "Adobe\x00\x64\x00\x00\x00\x00\x00"), ""), 5},
		{"progressive 4:4:4", typeJPEG, progressiveJPEG(100, 100, 1), 15},
		{"png", typePNG, chattyPNG(t, quarters(100, 100), 1), 4},
	} {
		tr, err := inspect(tt.format, tt.body)
		if err != nil || tr.memory/10_000 != tt.want {
			t.Errorf("%s: %d bytes a pixel (%v), want %d", tt.name, tr.memory/10_000, err, tt.want)
		}
	}
}

func FuzzInspect(f *testing.F) {
	for _, b := range [][]byte{
		phoneJPEG(f, quarters(32, 16), 6), chattyPNG(f, quarters(16, 32), 5), chattyWebP(f, 2), sample(f, "lossless.webp"), sample(f, "alpha.webp"),
		progressiveJPEG(16, 16, 3), pngHead(4, 4), mp4("isom"), mp4("qt  "), webm("webm"), webm("matroska"), ftyp("heic"), ftyp("mif1", "avif"),
		[]byte("RIFF\xff\xff\xff\xffWEBPVP8 "), []byte("\x1a\x45\xdf\xa3\xff"), {},
	} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		format := sniff(b[:min(len(b), sniffLen)])
		switch kind, _ := kindOf(format); kind {
		case Video:
			_ = checkVideo(format, bytes.NewReader(b), int64(len(b)))
		case Photo:
			tr, err := inspect(format, b)
			if err != nil || tr.width < 1 || tr.height < 1 || int64(tr.width)*int64(tr.height) > 1<<20 || tr.memory > 64<<20 {
				return
			}
			pictures, err := paint(format, b, tr)
			if err != nil {
				return
			}
			for _, p := range pictures {
				if p.Width < 1 || p.Height < 1 {
					t.Errorf("rendition of %dx%d", p.Width, p.Height)
				}
			}
		}
	})
}

func FuzzOrientation(f *testing.F) {
	f.Add(tiff(binary.LittleEndian, 6))
	f.Add(tiff(binary.BigEndian, 9))
	f.Add([]byte("II*\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if o := exifOrientation(b); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
	})
}

func BenchmarkPaint12Megapixels(b *testing.B) {
	body := phoneJPEG(b, quarters(4000, 3000), 6)
	tr, err := inspect(typeJPEG, body)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := paint(typeJPEG, body, tr); err != nil {
			b.Fatal(err)
		}
	}
}
