package httpapi

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"
)

// How long others may keep what the pages are made of.
const (
	forEver = "public, max-age=31536000, immutable" // the name changes with the content
	minutes = "public, max-age=300"                 // other sites name it, and cannot be told of a new one
	aDay    = "public, max-age=86400"
)

// pages adds the routes of the pages and what they are made of.
func (w *WebChat) pages(r fiber.Router) {
	p := w.deps.Pages
	r.Get("/chat", func(c *fiber.Ctx) error { return w.page(c, w.ancestors(c)) })
	for _, path := range []string{"/chat/link/:token", "/chat/form/:token"} { // people sign in there: no other site may draw over it
		r.Get(path, func(c *fiber.Ctx) error { return w.page(c, "'none'") })
	}
	widget := newStatic(p.Widget, "text/javascript; charset=utf-8", minutes)
	r.Get("/chat/widget.js", func(c *fiber.Ctx) error {
		c.Set("Cross-Origin-Resource-Policy", "cross-origin") // pages of other sites load it
		return widget.send(c)
	})
	worker := newStatic(p.Worker, "text/javascript; charset=utf-8", "no-cache")
	r.Get("/chat/sw.js", func(c *fiber.Ctx) error {
		c.Set("Service-Worker-Allowed", "/chat")
		c.Set(fiber.HeaderContentSecurityPolicy, p.Policy)
		return worker.send(c)
	})
	files := &staticFiles{open: p.File}
	r.Get("/chat/assets/:name", files.serve)
	r.Get("/chat/v1/config", w.settings)
	if w.deps.Wards != nil {
		wards := newStatic(w.deps.Wards, "application/geo+json", aDay)
		r.Get("/chat/v1/wards.geojson", wards.send)
	}
}

// ancestors gives who may show the chat in a frame. Outside the widget nobody does.
func (w *WebChat) ancestors(c *fiber.Ctx) string {
	switch {
	case c.Query("embed") != "1":
		return "'none'"
	case slices.Contains(w.cfg.EmbedOrigins, "*"):
		return "*"
	}
	return strings.Join(append([]string{"'self'"}, w.cfg.EmbedOrigins...), " ")
}

// page is the document of every page: what it shows, its script decides by the address. Nobody keeps it: its address may hold a token.
func (w *WebChat) page(c *fiber.Ctx, ancestors string) error {
	c.Set(fiber.HeaderContentSecurityPolicy, w.deps.Pages.Policy+"; frame-ancestors "+ancestors)
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Send(w.deps.Pages.Page)
}

// settings tells the page what it needs to know of the city.
func (w *WebChat) settings(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, minutes)
	return c.JSON(fiber.Map{
		"city": w.deps.City, "vapidKey": w.deps.VapidKey, "tiles": w.cfg.Tiles,
		"maxPhoto": w.deps.MaxPhoto, "maxVideo": w.deps.MaxVideo, "maxText": w.cfg.MaxText,
	})
}

// static is a file that does not change while the program runs.
type static struct {
	data        []byte
	zipped      func() []byte // made when first asked for; nil bytes when that saves nothing
	tag         string
	kind, cache string
}

func newStatic(data []byte, kind, cache string) *static {
	sum := sha256.Sum256(data)
	s := &static{data: data, tag: `"` + hex.EncodeToString(sum[:12]) + `"`, kind: kind, cache: cache, zipped: func() []byte { return nil }}
	if strings.HasPrefix(kind, "text/") || strings.Contains(kind, "json") || strings.Contains(kind, "svg") {
		s.zipped = sync.OnceValue(func() []byte { return zip(data) })
	}
	return s
}

// zip gives the data compressed; nil when that saves nothing.
func zip(data []byte) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := z.Write(data); err != nil || z.Close() != nil || b.Len() >= len(data) {
		return nil
	}
	return b.Bytes()
}

func (s *static) send(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, s.cache)
	c.Set(fiber.HeaderETag, s.tag)
	c.Vary(fiber.HeaderAcceptEncoding)
	if matches(c.Get(fiber.HeaderIfNoneMatch), s.tag) {
		c.Status(fiber.StatusNotModified)
		return nil
	}
	c.Set(fiber.HeaderContentType, s.kind)
	if takesGzip(c) {
		if zipped := s.zipped(); zipped != nil {
			c.Set(fiber.HeaderContentEncoding, "gzip")
			return c.Send(zipped)
		}
	}
	return c.Send(s.data)
}

// staticFiles serves files whose names hold a hash of their content. It keeps those that exist, compressed, once they were asked for.
type staticFiles struct {
	open func(name string) (data []byte, mediaType string, ok bool)
	kept sync.Map // name to *static
}

func (f *staticFiles) serve(c *fiber.Ctx) error {
	name := utils.CopyString(c.Params("name"))
	if s, ok := f.kept.Load(name); ok {
		return s.(*static).send(c)
	}
	data, kind, ok := f.open(name)
	if !ok {
		return fiber.ErrNotFound
	}
	s, _ := f.kept.LoadOrStore(name, newStatic(data, kind, forEver))
	return s.(*static).send(c)
}
