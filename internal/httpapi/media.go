package httpapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/media"
)

// MountMedia adds /media/{id}: PUT takes the body of an announced upload, GET and HEAD hand out a rendition. All are allowed by the signature
// in the address alone. Faults go to the application's error handler. It needs fiber's StreamRequestBody, closeUnread around it, and no deadline of its own.
func MountMedia(r fiber.Router, m *media.Media) {
	h := mediaRoutes{m}
	r.Put("/media/:id", h.receive)
	r.Get("/media/:id", h.send)
}

type mediaRoutes struct{ media *media.Media }

// receipt is the answer to a PUT.
type receipt struct {
	ID          string     `json:"id"`
	Kind        media.Kind `json:"kind"`
	ContentType string     `json:"contentType"`
	Size        int64      `json:"size"`
	Width       int        `json:"width,omitempty"`
	Height      int        `json:"height,omitempty"`
}

func (h mediaRoutes) receive(c *fiber.Ctx) error {
	q, err := query(c)
	if err != nil {
		return err
	}
	it, err := h.media.Receive(c.UserContext(), utils.CopyString(c.Params("id")), q, utils.CopyString(c.Get(fiber.HeaderContentType)), uploadOf(c))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(receipt{it.ID, it.Kind, it.ContentType, it.Size, it.Width, it.Height})
}

func (h mediaRoutes) send(c *fiber.Ctx) error {
	q, err := query(c)
	if err != nil {
		return err
	}
	f, err := h.media.Open(c.UserContext(), utils.CopyString(c.Params("id")), q)
	if err != nil {
		return err
	}
	describe(c, f)
	if matches(c.Get(fiber.HeaderIfNoneMatch), f.ETag) {
		c.Status(fiber.StatusNotModified)
		return nil
	}
	from, length, part := int64(0), f.Size, false
	if ifRange := c.Get(fiber.HeaderIfRange); ifRange == "" || ifRange == f.ETag {
		if from, length, part, err = byteRange(c.Get(fiber.HeaderRange), f.Size); err != nil {
			c.Set(fiber.HeaderContentRange, "bytes */"+strconv.FormatInt(f.Size, 10))
			return c.SendStatus(fiber.StatusRequestedRangeNotSatisfiable)
		}
	}
	body, err := h.open(c, f, from, length)
	if err != nil {
		return err
	}
	if part {
		c.Status(fiber.StatusPartialContent)
		c.Set(fiber.HeaderContentRange, "bytes "+strconv.FormatInt(from, 10)+"-"+strconv.FormatInt(from+length-1, 10)+"/"+strconv.FormatInt(f.Size, 10))
	}
	c.Context().SetBodyStream(body, int(length))
	return nil
}

// open starts reading. The body is sent after the handler has returned, so its context must not end with the request's.
func (h mediaRoutes) open(c *fiber.Ctx, f *media.File, from, length int64) (io.Reader, error) {
	if c.Method() == fiber.MethodHead {
		return bytes.NewReader(nil), nil
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(c.UserContext()))
	r, err := f.Range(ctx, from, length)
	if err != nil {
		cancel()
		return nil, err
	}
	return &sending{r, cancel}, nil
}

// sending ends the reader's context when the body was sent or the client left.
type sending struct {
	io.ReadCloser
	cancel context.CancelFunc
}

// Close closes the reader.
func (s *sending) Close() error {
	defer s.cancel()
	return s.ReadCloser.Close()
}

// describe sets the headers of a file. The bytes never change under one address, and no cache may keep them longer than the address lives. What a
// stranger sent is never to act as a page here: no guessing of types, a sandbox, and for bytes kept as they came a download.
func describe(c *fiber.Ctx, f *media.File) {
	disposition := "inline"
	if f.Untouched {
		disposition = "attachment"
	}
	c.Set(fiber.HeaderContentType, f.ContentType)
	c.Set(fiber.HeaderContentDisposition, disposition+`; filename="`+f.Name+`"`)
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; sandbox")
	c.Set("Cross-Origin-Resource-Policy", "cross-origin") // mini-apps' pages show them; the signature is what protects them
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	scope := "private"
	if f.Public {
		scope = "public"
	}
	c.Set(fiber.HeaderCacheControl, scope+", max-age="+strconv.Itoa(int(f.Left.Seconds()))+", immutable")
	c.Set(fiber.HeaderETag, f.ETag)
	c.Set(fiber.HeaderLastModified, f.ModTime.UTC().Format(http.TimeFormat))
	c.Set(fiber.HeaderAcceptRanges, "bytes")
}

// query reads the address's query, apart from fiber's buffers.
func query(c *fiber.Ctx) (url.Values, error) {
	q, err := url.ParseQuery(string(c.Request().URI().QueryString()))
	if err != nil {
		return nil, fault.New(fault.Forbidden, "media.link_invalid")
	}
	return q, nil
}

// matches tells whether an If-None-Match header names the tag (RFC 9110 §13.1.2: the weak comparison).
func matches(header, tag string) bool {
	for _, t := range strings.Split(header, ",") {
		if t = strings.TrimSpace(t); t == "*" || strings.TrimPrefix(t, "W/") == tag {
			return true
		}
	}
	return false
}

var errRange = errors.New("httpapi: no byte of the range exists")

// byteRange reads a Range header (RFC 9110 §14). One range is honoured; none, several or a malformed one means the whole. The error says that the
// range lies outside of a file of that size.
func byteRange(header string, size int64) (from, length int64, part bool, err error) {
	spec, ok := strings.CutPrefix(header, "bytes=")
	first, last, dash := strings.Cut(strings.TrimSpace(spec), "-")
	if !ok || !dash || strings.Contains(spec, ",") {
		return 0, size, false, nil
	}
	from, okFrom := digits(first)
	to, okTo := digits(last)
	switch {
	case first == "" && okTo: // the last so many bytes
		if to == 0 || size == 0 {
			return 0, 0, false, errRange
		}
		n := min(to, size)
		return size - n, n, true, nil
	case !okFrom || last != "" && !okTo || okTo && to < from:
		return 0, size, false, nil
	case from >= size:
		return 0, 0, false, errRange
	case !okTo || to >= size:
		to = size - 1
	}
	return from, to - from + 1, true, nil
}

// digits reads a number of digits only. One too large to hold counts as the largest.
func digits(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil || errors.Is(err, strconv.ErrRange) // ParseInt gives the largest then
}
