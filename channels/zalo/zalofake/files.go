package zalofake

import (
	"bytes"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// shelf keeps files in memory, and forgets the oldest beyond its room.
type shelf struct {
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

func newShelf(room int) *shelf { return &shelf{room: room, files: map[string]stored{}} }

func (s *shelf) put(ext, kind string, data []byte) string {
	name := strings.ToLower(rand.Text()) + ext
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
	return name
}

func (s *shelf) get(name string) (stored, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.files[name]
	return f, ok
}

// address is where a file of a chat can be fetched. It is called with mu held.
func (n *Network) address(name string) string { return n.setup.Base + "/files/" + name }

// file serves what people and the city have sent.
func (n *Network) file(w http.ResponseWriter, r *http.Request) {
	f, ok := n.files.get(r.PathValue("name"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", f.kind)
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	w.Header().Set("Content-Length", strconv.Itoa(len(f.data)))
	_, _ = w.Write(f.data) // a client that has left needs no file
}

// keep puts a file on the shelf and describes it. It is called with mu held.
func (n *Network) keep(name, ext string, data []byte) File {
	kind := mediaType(ext, data)
	return File{URL: n.address(n.files.put(ext, kind, data)), Name: name, Type: kind, Size: len(data)}
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

// Photo sends pictures with a text. Without any it sends a small one of its own.
func (n *Network) Photo(user, text string, pictures ...[]byte) Entry {
	if len(pictures) == 0 {
		pictures = [][]byte{samplePhoto()}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	m := &eventMessage{}
	if text != "" {
		m.Text = &text
	}
	e := Entry{Kind: "photo", Text: text}
	for _, data := range pictures {
		f := n.keep("", extensionOf(data), data)
		e.Files = append(e.Files, f)
		m.Attachments = append(m.Attachments, attachment{"image", picture{f.URL, f.URL}})
	}
	return n.act(n.person(user), e, "user_send_image", m)
}

func extensionOf(data []byte) string {
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

// GIF sends an animation; nil means a small one of its own.
func (n *Network) GIF(user string, data []byte) Entry {
	return n.attach(user, "gif", ".gif", "", or(data, sampleGIF), func(f File) any { return picture{f.URL, f.URL} })
}

// Audio sends a recording; nil means an empty one.
func (n *Network) Audio(user string, data []byte) Entry {
	return n.attach(user, "audio", ".amr", "", or(data, func() []byte { return []byte("#!AMR\n") }), func(f File) any { return heard{f.URL} })
}

// Video sends a film; nil means the header of an empty one.
func (n *Network) Video(user string, data []byte) Entry {
	return n.attach(user, "video", ".mp4", "", or(data, func() []byte { return []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom") }), func(f File) any {
		return linked{Thumbnail: f.URL, URL: f.URL}
	})
}

// Sticker sends a sticker.
func (n *Network) Sticker(user string) Entry {
	return n.attach(user, "sticker", ".png", "", sampleSticker(), func(f File) any { return sticker{"16955", f.URL} })
}

// Document sends a file under a name; nil means a short PDF.
func (n *Network) Document(user, name string, data []byte) Entry {
	data = or(data, func() []byte { return []byte("%PDF-1.4\n%%EOF\n") })
	ext := strings.ToLower(path.Ext(name))
	sum := md5.Sum(data)
	return n.attach(user, "file", ext, name, data, func(f File) any {
		return document{f.URL, strconv.Itoa(f.Size), name, hex.EncodeToString(sum[:]), strings.TrimPrefix(ext, ".")}
	})
}

// attach sends one attachment without a text.
func (n *Network) attach(user, kind, ext, name string, data []byte, payload func(File) any) Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	f := n.keep(name, ext, data)
	return n.act(n.person(user), Entry{Kind: kind, Text: name, Files: []File{f}}, "user_send_"+kind, &eventMessage{Attachments: []attachment{{kind, payload(f)}}})
}

func or(data []byte, sample func() []byte) []byte {
	if len(data) > 0 {
		return data
	}
	return sample()
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

func samplePhoto() []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, drawing(320, 240), nil) // a buffer takes all
	return b.Bytes()
}

func sampleSticker() []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, drawing(96, 96))
	return b.Bytes()
}

func sampleGIF() []byte {
	var b bytes.Buffer
	_ = gif.Encode(&b, drawing(32, 32), nil)
	return b.Bytes()
}
