package httpapi

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
)

// Uploads take long, and how long their senders decide. So they have places of their own, those of web chats apart from those that somebody signed in has
// announced; one address may hold a few of them only; and who sends slower than a bad line does is cut off.

// uploadPath begins the paths whose bodies are streams with limits of their own.
const uploadPath = "/media/"

// isUpload tells whether a request brings a file. A form may bring some, and is one when it is longer than other requests may be.
func (s *Server) isUpload(c *fiber.Ctx) bool {
	switch c.Method() {
	case fiber.MethodPut:
		return strings.HasPrefix(c.Path(), uploadPath)
	case fiber.MethodPost:
		return c.Path() == chatUploads || s.isLongForm(c)
	}
	return false
}

// isLongForm tells whether a request fills in a service's form (see Signs and Forms) with more than other requests may hold.
func (s *Server) isLongForm(c *fiber.Ctx) bool {
	length := c.Request().Header.ContentLength()
	return c.Method() == fiber.MethodPost && takesForm(c.Path()) && (length < 0 || length > s.cfg.MaxBody)
}

// BodyOf gives the body of a request: that of an upload as it comes.
func BodyOf(c *fiber.Ctx) io.Reader {
	if c.Context().RequestBodyStream() == nil {
		return bytes.NewReader(c.Request().Body())
	}
	return uploadOf(c)
}

// uploadsOf gives the places for an upload.
func (s *Server) uploadsOf(c *fiber.Ctx) *uploadPlaces {
	if c.Method() == fiber.MethodPut {
		return s.uploads
	}
	return s.chatUploads // of people whom nobody knows
}

// uploadPlaces is how many uploads may be under way, of all and of one address.
type uploadPlaces struct {
	free chan struct{}
	each int

	mu    sync.Mutex
	taken map[string]int // by address
}

func newUploadPlaces(all, each int) *uploadPlaces {
	return &uploadPlaces{free: make(chan struct{}, all), each: each, taken: map[string]int{}}
}

// enter takes a place, if one is free and the address has not too many. Then leave must be called.
func (p *uploadPlaces) enter(address string) (leave func(), ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken[address] >= p.each || !enter(p.free) {
		return nil, false
	}
	p.taken[address]++
	return func() { p.leave(address) }, true
}

func (p *uploadPlaces) leave(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken[address]--; p.taken[address] == 0 {
		delete(p.taken, address)
	}
	<-p.free
}

// pace gives an upload more time than other requests have, for as long as its sender keeps at it. 408 for who does not.
func (s *Server) pace(c *fiber.Ctx) error {
	conn, stream := c.Context().Conn(), c.Context().RequestBodyStream()
	if !s.isUpload(c) || conn == nil || stream == nil {
		return c.Next()
	}
	now := time.Now()
	body := &pacedBody{from: stream, conn: conn, begun: now, end: now.Add(s.cfg.UploadTimeout), grace: s.cfg.uploadGrace(), pace: s.cfg.uploadPace()}
	c.Locals(pacedKey{}, body)
	err := c.Next()
	if !body.slow {
		return err
	}
	s.metrics.rejected.WithLabelValues("slow_upload").Inc()
	c.Set(fiber.HeaderConnection, "close")
	c.Response().Header.Del(fiber.HeaderRetryAfter)
	return fiber.ErrRequestTimeout
}

// pacedKey is under which a request keeps its pacedBody.
type pacedKey struct{}

// uploadOf gives the body of an upload as it comes.
func uploadOf(c *fiber.Ctx) io.Reader {
	if body, ok := c.Locals(pacedKey{}).(*pacedBody); ok {
		return body
	}
	if s := c.Context().RequestBodyStream(); s != nil {
		return s
	}
	return bytes.NewReader(nil)
}

// pacedBody is a body whose sender has to keep a pace on average, after a time to begin, and to come to an end.
type pacedBody struct {
	from       io.Reader
	conn       net.Conn
	begun, end time.Time
	grace      time.Duration
	pace       int // bytes a second
	got        int64
	slow       bool // the sender was cut off
}

// Read reads what has come. It fails when the next byte is late.
func (p *pacedBody) Read(b []byte) (int, error) {
	due := p.begun.Add(p.grace + time.Duration(float64(p.got)/float64(p.pace)*float64(time.Second)))
	if due.After(p.end) {
		due = p.end
	}
	if err := p.conn.SetReadDeadline(due); err != nil {
		return 0, err
	}
	n, err := p.from.Read(b)
	p.got += int64(n)
	if err != nil && !errors.Is(err, io.EOF) && !time.Now().Before(due) {
		p.slow = true
	}
	return n, err
}
