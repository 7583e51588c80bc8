package httpapi_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
)

// speak sends bytes on one connection and gives the statuses of the answers until the server closes it or says no more.
func (p port) speak(t *testing.T, data string) []int {
	t.Helper()
	c, err := net.Dial("tcp", p.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(c, data) }() // the server may close while we still write
	var statuses []int
	for r := bufio.NewReader(c); ; {
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			return statuses
		}
		statuses = append(statuses, res.StatusCode)
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			return statuses
		}
	}
}

const lastRequest = "GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

func lastPart() part {
	return func(r fiber.Router) {
		r.Get("/last", func(c *fiber.Ctx) error { return c.SendStatus(fiber.StatusAccepted) })
		r.Post("/echo", func(c *fiber.Ctx) error { return c.Send(c.Body()) })
	}
}

// What a body holds must never be answered as a request: behind a proxy the answer would go to somebody else.
func TestUnreadBodyIsNoRequest(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.AllowedOrigins = []string{"https://app.example"}
	p := serve(t, cfg, nil, lastPart())
	hidden := "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
	body := strings.Repeat("x", 8192) + hidden + strings.Repeat("y", 20_000) // fasthttp reads 8 KB ahead
	length := fmt.Sprintf("Content-Length: %d\r\n", len(body))
	for name, head := range map[string]string{
		"health":              "POST /healthz HTTP/1.1\r\nHost: x\r\n" + length,
		"health by GET":       "GET /healthz HTTP/1.1\r\nHost: x\r\n" + length,
		"method not served":   "DELETE /echo HTTP/1.1\r\nHost: x\r\n" + length,
		"method nobody knows": "PROPFIND / HTTP/1.1\r\nHost: x\r\n" + length,
		"preflight":           "OPTIONS /echo HTTP/1.1\r\nHost: x\r\nOrigin: https://app.example\r\nAccess-Control-Request-Method: POST\r\n" + length,
		"unknown path":        "POST /nothing HTTP/1.1\r\nHost: x\r\n" + length,
		"read to the end":     "POST /echo HTTP/1.1\r\nHost: x\r\n" + length,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := p.speak(t, head+"\r\n"+body+lastRequest)
			if len(got) == 0 || len(got) > 2 || len(got) == 2 && got[1] != http.StatusAccepted {
				t.Errorf("answers %v: want one, then at most that to the last request", got)
			}
		})
	}
}

// A head that two readers can understand differently is refused, and nothing behind it is read.
func TestAmbiguousHeadIsRefused(t *testing.T) {
	t.Parallel()
	p := serve(t, config(), nil, lastPart())
	const chunked = "2\r\nhi\r\n0\r\n\r\n"
	for name, request := range map[string]string{
		"two manners of length":  "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked,
		"two transfer encodings": "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + chunked,
		"two lengths":            "Content-Length: 2\r\ncontent-length: 2\r\n\r\nhi",
		"blank before the colon": "Content-Length : 2\r\n\r\nhi",
		"folded line":            "X-A: b\r\n Content-Length: 2\r\n\r\nhi",
		"bare carriage return":   "X-A: b\rContent-Length: 2\r\n\r\nhi",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := p.speak(t, "POST /echo HTTP/1.1\r\nHost: x\r\n"+request+lastRequest); len(got) != 1 || got[0] != http.StatusBadRequest {
				t.Errorf("answers %v, want one 400", got)
			}
		})
	}
	for name, request := range map[string]string{"a length": "Content-Length: 2\r\n\r\nhi", "chunks": "Transfer-Encoding: chunked\r\n\r\n" + chunked} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := p.speak(t, "POST /echo HTTP/1.1\r\nHost: x\r\n"+request+lastRequest); len(got) != 2 || got[0] != 200 || got[1] != http.StatusAccepted {
				t.Errorf("answers %v, want 200 and 202", got)
			}
		})
	}
}

// Senders that take their time must not keep others out.
func TestBodiesThatDoNotComeTakeNoPlace(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.MaxInFlight, cfg.MaxUploads = 1, 1
	p := serve(t, cfg, nil, lastPart(), part(func(r fiber.Router) {
		r.Put("/media/:id", func(c *fiber.Ctx) error { return fiber.ErrForbidden })
	}))
	tests := []struct{ name, stalled, method, path string }{
		{"requests", "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "GET", "/last"},
		{"refused uploads", "PUT /media/x HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n" + strings.Repeat("x", 9000), "PUT", "/media/y"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for range 3 {
				c, err := net.Dial("tcp", p.addr)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				if _, err := io.WriteString(c, tt.stalled); err != nil {
					t.Fatal(err)
				}
			}
			for range 200 { // meanwhile the server takes up the stalled ones
				if res, _ := do(t, tt.method, p.url+tt.path, nil); res.StatusCode == http.StatusServiceUnavailable {
					t.Fatal("a stalled sender holds the place of another")
				}
			}
		})
	}
}

// A proxy may add a header line of its own instead of lengthening the client's.
func TestClientAddressIsNotTheClientsWord(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.TrustedProxies = []string{"127.0.0.1"}
	var p port
	p = serve(t, cfg, nil, part(func(r fiber.Router) {
		r.Get("/ip", func(c *fiber.Ctx) error { return c.SendString(p.server.ClientIP(c)) })
	}))
	req, err := http.NewRequestWithContext(t.Context(), "GET", p.url+"/ip", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header["X-Forwarded-For"] = []string{"1.1.1.1", "203.0.113.9"}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got, err := io.ReadAll(res.Body); err != nil || string(got) != "203.0.113.9" {
		t.Errorf("got %q, %v: want the line of the proxy", got, err)
	}
}
