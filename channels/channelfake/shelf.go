package channelfake

import (
	"bytes"
	"crypto/rand"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// Shelf keeps files in memory, and forgets the oldest beyond its room. It is safe for concurrent use.
type Shelf struct {
	room int // bytes

	mu    sync.Mutex
	files map[string]stored
	order []string
	used  int
}

type stored struct {
	kind string // media type
	data []byte
}

// NewShelf makes a shelf with room for so many bytes.
func NewShelf(room int) *Shelf { return &Shelf{room: room, files: map[string]stored{}} }

// Put keeps a file and gives its name there and its media type.
func (s *Shelf) Put(ext string, data []byte) (name, kind string) {
	name, kind = strings.ToLower(rand.Text())+ext, mediaType(ext, data)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[name] = stored{kind, data}
	s.order = append(s.order, name)
	s.used += len(data)
	for s.used > s.room && len(s.order) > 1 {
		s.used -= len(s.files[s.order[0]].data)
		delete(s.files, s.order[0])
		s.order = s.order[1:]
	}
	return name, kind
}

// Serve answers with a file.
func (s *Shelf) Serve(w http.ResponseWriter, r *http.Request, name string) {
	s.mu.Lock()
	f, ok := s.files[name]
	s.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", f.kind)
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	w.Header().Set("Content-Length", strconv.Itoa(len(f.data)))
	_, _ = w.Write(f.data) // a client that has left needs no file
}

func mediaType(ext string, data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte("#!AMR")):
		return "audio/amr"
	case ext == ".mp4":
		return "video/mp4"
	case ext == ".docx":
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	}
	return http.DetectContentType(data)
}

// Extension gives the one that fits a picture's bytes.
func Extension(data []byte) string {
	switch http.DetectContentType(data) {
	case "image/png":
		return ".png"
	case "image/gif":
		return ".gif"
	case "image/webp":
		return ".webp"
	}
	return ".jpg"
}

// drawing is a picture with a slope of colours.
func drawing(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, color.RGBA{uint8(90 + 100*x/w), uint8(100 + 80*y/h), 110, 255})
		}
	}
	return m
}

// Photo is a small JPEG.
func Photo() []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, drawing(320, 240), nil) // a buffer takes all
	return b.Bytes()
}

// Sticker is a small PNG.
func Sticker() []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, drawing(96, 96))
	return b.Bytes()
}

// GIF is a small one of a single picture.
func GIF() []byte {
	var b bytes.Buffer
	_ = gif.Encode(&b, drawing(32, 32), nil)
	return b.Bytes()
}

// Video is the header of an empty MP4.
func Video() []byte { return []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom") }

// PDF is a short document.
func PDF() []byte { return []byte("%PDF-1.4\n%%EOF\n") }
