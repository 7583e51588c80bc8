package httpapi

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

// A connection carries one request after the other, and behind a proxy those of different people. Where a request ends must therefore be beyond doubt: bytes that
// we take for a request of their own and the proxy took for a body would be answered to somebody else.

// Bounds on reading what is left of a refused body, so that its sender gets to read why.
const (
	drainBytes = 16 << 20
	drainTime  = 2 * time.Second
)

var errFraming = errors.New("httpapi: it is not clear where the request ends")

// framed refuses requests whose end can be understood in two ways, and lets nothing of a body be taken for the next request.
func (s *Server) framed(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	whole := closeUnread(next)
	return func(c *fasthttp.RequestCtx) {
		if ambiguous(c.Request.Header.RawHeaders()) {
			s.metrics.rejected.WithLabelValues("framing").Inc()
			s.app.Server().ErrorHandler(c, errFraming)
			c.SetConnectionClose()
			return
		}
		whole(c)
	}
}

// closeUnread ends the connection after a request whose body was not read to its end: fasthttp would go on reading there. It stands around all else,
// so that this holds for every refusal, and waiting for the rest of a body takes nobody's place.
func closeUnread(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(c *fasthttp.RequestCtx) {
		next(c)
		if body := c.RequestBodyStream(); body != nil && !drained(c, body) {
			c.SetConnectionClose()
		}
	}
}

// drained tells whether a body is read to its end, after reading on for a little.
func drained(c *fasthttp.RequestCtx, body io.Reader) bool {
	length := c.Request.Header.ContentLength()
	if length < 0 { // chunked: fasthttp's stream cannot be asked again once it has ended
		return false
	}
	if conn := c.Conn(); conn == nil || conn.SetReadDeadline(time.Now().Add(drainTime)) != nil {
		return false
	}
	n, err := io.Copy(io.Discard, io.LimitReader(body, drainBytes))
	return err == nil && n < drainBytes
}

// ambiguous tells whether the lines of a head can be read in more than one way: its length told twice or in two manners, a name that ends in a blank, a
// folded line, a carriage return within a line (RFC 9112 §2.2, §5, §6.3). fasthttp itself takes most of these.
func ambiguous(head []byte) bool {
	lengths := 0
	for line := range bytes.Lines(head) {
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if len(line) == 0 {
			continue
		}
		name, _, _ := bytes.Cut(line, []byte(":"))
		if line[0] == ' ' || line[0] == '\t' || bytes.IndexByte(line, '\r') >= 0 || len(name) == 0 || name[len(name)-1] == ' ' || name[len(name)-1] == '\t' {
			return true
		}
		if n := string(name); strings.EqualFold(n, fasthttp.HeaderContentLength) || strings.EqualFold(n, fasthttp.HeaderTransferEncoding) {
			lengths++
		}
	}
	return lengths > 1
}
