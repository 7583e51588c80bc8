package httpapi_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/httpapi"
)

// sink is a part that reads uploads to their end and says how long they were.
func sink(began chan<- string) part {
	return func(r fiber.Router) {
		read := func(c *fiber.Ctx) error {
			if began != nil {
				began <- c.Path()
			}
			n, err := io.Copy(io.Discard, httpapi.UploadOf(c))
			if err != nil {
				return fmt.Errorf("not read: %w", err)
			}
			return c.SendString(fmt.Sprint(n))
		}
		r.Post("/chat/v1/uploads", read)
		r.Put("/media/:id", read)
	}
}

// early is how much of a body is there when its upload begins: fasthttp waits for the first 8 KB.
const early = 8 << 10

// opened is an upload under way: its head is sent, and the early part of its body. The last 100 bytes are left to the test.
type opened struct {
	t    *testing.T
	conn net.Conn
}

func (p port) begin(t *testing.T, head string, from ...string) opened {
	t.Helper()
	conn, err := net.Dial("tcp", p.addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	lines := strings.Join(append([]string{head + " HTTP/1.1", "Host: x", "Content-Length: " + strconv.Itoa(early+100)}, from...), "\r\n")
	_, err = io.WriteString(conn, lines+"\r\n\r\n"+strings.Repeat("x", early))
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
	return opened{t, conn}
}

func (u opened) send(n int) {
	_, err := io.WriteString(u.conn, strings.Repeat("x", n))
	require.NoError(u.t, err)
}

func (u opened) answer() (int, string) {
	u.t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(u.conn), nil)
	require.NoError(u.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(u.t, err)
	return res.StatusCode, string(body)
}

const guestUpload, announced = "POST /chat/v1/uploads", "PUT /media/a"

func from(address string) string { return "X-Forwarded-For: " + address }

func TestUploadsHavePlacesOfTheirOwn(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.TrustedProxies = []string{"127.0.0.1"}
	cfg.MaxUploads, cfg.AddressUploads, cfg.MaxGuestUploads, cfg.AddressGuestUploads = 2, 2, 3, 2
	began := make(chan string, 10)
	p := serve(t, cfg, nil, sink(began))
	start := func(head, address string) opened {
		u := p.begin(t, head, from(address))
		select {
		case <-began:
		case <-time.After(20 * time.Second):
			t.Fatal("not begun")
		}
		return u
	}
	refused := func(head, address, why string) {
		t.Helper()
		u := p.begin(t, head, from(address))
		u.send(100)
		status, _ := u.answer()
		require.Equal(t, 503, status, why)
	}
	first, second := start(guestUpload, "203.0.113.1"), start(guestUpload, "203.0.113.1")
	refused(guestUpload, "203.0.113.1", "an address has two places")
	third := start(guestUpload, "2001:db8::1")
	refused(guestUpload, "203.0.113.3", "there are three places for guests")
	others := []opened{start(announced, "203.0.113.1"), start(announced, "203.0.113.1")}
	refused(announced, "203.0.113.4", "there are two places for what was announced")
	first.send(100)
	status, body := first.answer()
	require.Equal(t, 200, status)
	require.Equal(t, strconv.Itoa(early+100), body)
	others = append(others, second, third, start(guestUpload, "2001:db8:0:0:ffff::9"))
	refused(guestUpload, "203.0.113.5", "the place was taken again")
	for _, u := range others {
		u.send(100)
		status, _ := u.answer()
		require.Equal(t, 200, status)
	}
}

func TestSlowUploadIsCutOff(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.MaxUploads, cfg.MaxGuestUploads = 4, 4
	cfg.UploadGrace, cfg.UploadPace, cfg.UploadTimeout = time.Second, early*10, time.Minute
	p := serve(t, cfg, nil, sink(nil))
	for _, head := range []string{guestUpload, announced} {
		began := time.Now()
		silent := p.begin(t, head)
		silent.send(20)
		status, _ := silent.answer()
		require.Equal(t, 408, status, head)
		require.GreaterOrEqual(t, time.Since(began), 1090*time.Millisecond, "the grace, and the time that its bytes may take")
		require.Less(t, time.Since(began), 20*time.Second, "long before http.upload_timeout")

		quick := p.begin(t, head)
		quick.send(100)
		status, _ = quick.answer()
		require.Equal(t, 200, status, head)
	}

	cfg.UploadGrace, cfg.UploadTimeout = time.Minute, 100*time.Millisecond
	late := serve(t, cfg, nil, sink(nil)).begin(t, guestUpload)
	late.send(99)
	status, _ := late.answer()
	require.Equal(t, 408, status, "no pace makes up for the whole time")
}

func TestUploadThatEndsEarlyIsNotSlow(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.MaxUploads = 4
	p := serve(t, cfg, nil, sink(nil))
	u := p.begin(t, guestUpload)
	u.send(10)
	require.NoError(t, u.conn.(*net.TCPConn).CloseWrite())
	res, err := http.ReadResponse(bufio.NewReader(u.conn), nil)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	if err == nil {
		defer res.Body.Close()
		require.NotEqual(t, 408, res.StatusCode)
	}
}
