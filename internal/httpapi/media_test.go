package httpapi

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/internal/store/sqlite"
)

// mediaSigner is a media.Signer for tests.
type mediaSigner struct{}

func (mediaSigner) Sign(purpose, data string) string {
	sum := sha256.Sum256([]byte("key" + purpose + data))
	return hex.EncodeToString(sum[:])
}

func (s mediaSigner) Verify(purpose, data, mac string) bool { return mac == s.Sign(purpose, data) }

// mediaPort is a port with media alone, reached over TCP.
type mediaPort struct {
	*media.Media
	t    *testing.T
	addr string
	hc   *http.Client
}

func openMedia(t *testing.T) *mediaPort {
	t.Helper()
	e, err := sqlite.Open(t.Context(), sqlite.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	b, err := media.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	m, err := media.New(t.Context(), e, b, mediaSigner{}, media.Config{
		UploadTTL: time.Hour, LinkTTL: time.Hour, MaxPhoto: 12 << 20, MaxVideo: 50 << 20, MaxPixels: 40_000_000, DecodeMemory: 384 << 20, MaxDecodes: 2,
		DecodeWait: 20 * time.Second, BlobTimeout: time.Minute, MaxLoose: 30, OrphanAfter: 24 * time.Hour, Retention: time.Hour, SpoolDir: t.TempDir(),
	}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	app := fiber.New(fiber.Config{
		DisableStartupMessage: true, StreamRequestBody: true, DisablePreParseMultipartForm: true, BodyLimit: 64 << 10, IdleTimeout: 10 * time.Second,
		ErrorHandler: func(c *fiber.Ctx, err error) error {
			if f := (*fault.Error)(nil); errors.As(err, &f) {
				return c.Status(statusOf[f.Code]).JSON(fiber.Map{"code": f.Code, "key": f.Key})
			}
			return fiber.DefaultErrorHandler(c, err)
		},
	})
	MountMedia(app, m)
	app.Server().Handler = closeUnread(app.Handler())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- app.Listener(ln) }()
	p := &mediaPort{m, t, ln.Addr().String(), &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{}}}
	t.Cleanup(func() {
		p.hc.CloseIdleConnections()
		if err := errors.Join(app.ShutdownWithTimeout(5*time.Second), <-done, b.Close(), e.Close()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return p
}

func (p *mediaPort) announce(contentType string, size int, key string) media.Upload {
	p.t.Helper()
	v := account.Viewer{Account: "mai", Subject: "mai", Subjects: []string{"mai"}}
	u, err := p.CreateUpload(p.t.Context(), v, media.UploadRequest{ContentType: contentType, Size: int64(size), Key: key})
	if err != nil {
		p.t.Fatal(err)
	}
	return u
}

// do sends a request and gives the answer with its whole body.
func (p *mediaPort) do(method, path string, body io.Reader, header ...string) (*http.Response, []byte) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, "http://"+p.addr+path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := p.hc.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		p.t.Fatal(err)
	}
	return res, b
}

// film is a video in outline of n bytes of content.
func film(n int) []byte {
	box := func(kind string, body []byte) []byte {
		size := len(body) + 8
		return append([]byte{byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size), kind[0], kind[1], kind[2], kind[3]}, body...)
	}
	content := make([]byte, n)
	for i := range content {
		content[i] = byte(i * 7)
	}
	return bytes.Join([][]byte{box("ftyp", []byte("isom\x00\x00\x02\x00isommp42")), box("moov", nil), box("mdat", content)}, nil)
}

func snapshot(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestMediaUploadAndRead(t *testing.T) {
	t.Parallel()
	p := openMedia(t)
	body := snapshot(t, 3000, 1500)
	u := p.announce("image/jpeg", len(body), "k")
	for range 2 { // the same PUT twice
		res, b := p.do(u.Method, u.URL, bytes.NewReader(body), "Content-Type", u.Headers["Content-Type"])
		var got receipt
		if err := json.Unmarshal(b, &got); err != nil || res.StatusCode != 200 || got.ID != u.ID || got.Kind != media.Photo || got.Width != 2560 || got.Height != 1280 {
			t.Fatalf("PUT: %d %s", res.StatusCode, b)
		}
	}
	res, b := p.do("PUT", u.URL, bytes.NewReader(body[1:]))
	if res.StatusCode != 409 {
		t.Errorf("another body: %d %s", res.StatusCode, b)
	}
	res, b = p.do("GET", p.URL(u.ID, media.Thumb), nil)
	if c, err := jpeg.DecodeConfig(bytes.NewReader(b)); err != nil || c.Width != 320 || c.Height != 160 {
		t.Errorf("thumb: %d, %dx%d, %v", res.StatusCode, c.Width, c.Height, err)
	}
	for name, want := range map[string]string{
		"Content-Type": "image/jpeg", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox",
		"Content-Disposition": `inline; filename="` + u.ID + `-thumb.jpg"`, "Accept-Ranges": "bytes", "Content-Length": fmt.Sprint(len(b)),
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if cc := res.Header.Get("Cache-Control"); !strings.HasPrefix(cc, "private, max-age=") || !strings.HasSuffix(cc, ", immutable") {
		t.Errorf("Cache-Control: %q", cc)
	}
	res, b = p.do("GET", p.URL(u.ID, media.Thumb), nil, "If-None-Match", `"other", W/`+res.Header.Get("ETag"))
	if res.StatusCode != 304 || len(b) > 0 {
		t.Errorf("known already: %d with %d bytes", res.StatusCode, len(b))
	}
}

func TestMediaRanges(t *testing.T) {
	t.Parallel()
	p := openMedia(t)
	body := film(300_000) // longer than fiber's body limit, and than one buffer
	u := p.announce("video/mp4", len(body), "k")
	if res, b := p.do("PUT", u.URL, bytes.NewReader(body), "Content-Type", "video/mp4"); res.StatusCode != 200 {
		t.Fatalf("PUT: %d %s", res.StatusCode, b)
	}
	address, n := p.URL(u.ID, media.Original), len(body)
	res, b := p.do("GET", address, nil)
	if !bytes.Equal(b, body) || !strings.HasPrefix(res.Header.Get("Content-Disposition"), "attachment;") {
		t.Fatalf("whole: %d, %d bytes, %s", res.StatusCode, len(b), res.Header.Get("Content-Disposition"))
	}
	tag := res.Header.Get("ETag")
	tests := []struct {
		name, ranges, ifRange string
		status                int
		want                  []byte
		contentRange          string
	}{
		{"first bytes", "bytes=0-99", "", 206, body[:100], fmt.Sprintf("bytes 0-99/%d", n)},
		{"middle", "bytes=1000-200999", "", 206, body[1000:201_000], fmt.Sprintf("bytes 1000-200999/%d", n)},
		{"open end", "bytes=299000-", "", 206, body[299_000:], fmt.Sprintf("bytes 299000-%d/%d", n-1, n)},
		{"beyond the end", "bytes=299000-99999999999999999999", "", 206, body[299_000:], fmt.Sprintf("bytes 299000-%d/%d", n-1, n)},
		{"last bytes", "bytes=-10", "", 206, body[n-10:], fmt.Sprintf("bytes %d-%d/%d", n-10, n-1, n)},
		{"more last bytes than there are", "bytes=-999999999", "", 206, body, fmt.Sprintf("bytes 0-%d/%d", n-1, n)},
		{"one byte", "bytes=0-0", "", 206, body[:1], fmt.Sprintf("bytes 0-0/%d", n)},
		{"outside", fmt.Sprintf("bytes=%d-", n), "", 416, nil, fmt.Sprintf("bytes */%d", n)},
		{"no last bytes", "bytes=-0", "", 416, nil, fmt.Sprintf("bytes */%d", n)},
		{"several", "bytes=0-1,5-6", "", 200, body, ""},
		{"backwards", "bytes=9-5", "", 200, body, ""},
		{"not a range", "bytes=a-b", "", 200, body, ""},
		{"other unit", "lines=0-1", "", 200, body, ""},
		{"of the file as known", "bytes=0-9", tag, 206, body[:10], fmt.Sprintf("bytes 0-9/%d", n)},
		{"of another file", "bytes=0-9", `"other"`, 200, body, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			header := []string{"Range", tt.ranges}
			if tt.ifRange != "" {
				header = append(header, "If-Range", tt.ifRange)
			}
			res, b := p.do("GET", address, nil, header...)
			if res.StatusCode != tt.status || res.Header.Get("Content-Range") != tt.contentRange || tt.want != nil && !bytes.Equal(b, tt.want) {
				t.Errorf("got %d %q with %d bytes, want %d %q with %d", res.StatusCode, res.Header.Get("Content-Range"), len(b), tt.status, tt.contentRange, len(tt.want))
			}
			head, b := p.do("HEAD", address, nil, header...)
			if len(b) > 0 || head.StatusCode != tt.status || tt.want != nil && head.ContentLength != int64(len(tt.want)) {
				t.Errorf("HEAD: %d, length %d, %d bytes", head.StatusCode, head.ContentLength, len(b))
			}
		})
	}
}

func TestMediaRefusals(t *testing.T) {
	t.Parallel()
	p := openMedia(t)
	body := snapshot(t, 40, 40)
	u := p.announce("image/jpeg", len(body), "k")
	heic := append([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), make([]byte, len(body))...)[:len(body)]
	tests := []struct {
		name, method, path, contentType string
		body                            []byte
		status                          int
		key                             string
	}{
		{"forged", "PUT", strings.Replace(u.URL, "s=", "s=0", 1), "", body, 403, "media.link_invalid"},
		{"unsigned", "PUT", "/media/" + u.ID, "", body, 403, "media.link_invalid"},
		{"broken query", "GET", "/media/" + u.ID + "?s=%zz", "", nil, 403, "media.link_invalid"},
		{"upload address to read", "GET", u.URL, "", nil, 403, "media.link_invalid"},
		{"not there yet", "GET", p.URL(u.ID, media.Thumb), "", nil, 404, ""},
		{"other type", "PUT", u.URL, "text/html", body, 400, "media.type_differs"},
		{"form", "PUT", u.URL, "multipart/form-data; boundary=x", body, 400, "media.type_differs"},
		{"broken form", "PUT", u.URL, "multipart/form-data; boundary=", body, 400, "media.type_differs"},
		{"too long", "PUT", u.URL, "", append(bytes.Clone(body), make([]byte, 200_000)...), 400, "media.size_differs"},
		{"empty", "PUT", u.URL, "", nil, 400, "media.size_differs"},
		{"HEIC", "PUT", u.URL, "image/jpeg", heic, 400, "media.heic"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var header []string
			if tt.contentType != "" {
				header = []string{"Content-Type", tt.contentType}
			}
			res, b := p.do(tt.method, tt.path, bytes.NewReader(tt.body), header...)
			var got struct{ Key string }
			if err := json.Unmarshal(b, &got); err != nil || res.StatusCode != tt.status || got.Key != tt.key {
				t.Errorf("got %d %s, want %d %s", res.StatusCode, b, tt.status, tt.key)
			}
		})
	}
	if res, b := p.do("PUT", u.URL, io.MultiReader(bytes.NewReader(body))); res.StatusCode != 200 { // chunked: the length is not known
		t.Errorf("in chunks, after all that: %d %s", res.StatusCode, b)
	}
}

// A body that nobody read must not be taken for the next request on the connection.
func TestMediaUnreadBodyIsNoRequest(t *testing.T) {
	t.Parallel()
	p := openMedia(t)
	hidden := "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
	padding := strings.Repeat("x", 100_000) // more than is read ahead
	tests := []struct{ name, head string }{
		{"of a refused PUT", "PUT /media/x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"},
		{"of a GET", "GET /media/x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"},
		{"of another method", "POST /media/x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"},
		{"in chunks", "PUT /media/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := net.Dial("tcp", p.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
			if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
				t.Fatal(err)
			}
			last := "GET /media/last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
			go func() { // the server may close while we still write
				_, _ = fmt.Fprintf(c, tt.head+"%s%s%s", len(padding)+len(hidden), padding, hidden, last)
			}()
			var statuses []int
			for r := bufio.NewReader(c); ; {
				res, err := http.ReadResponse(r, nil)
				if err != nil {
					break
				}
				if _, err := io.Copy(io.Discard, res.Body); err != nil {
					break
				}
				statuses = append(statuses, res.StatusCode)
			}
			if len(statuses) == 0 || len(statuses) > 2 || len(statuses) == 2 && statuses[1] != 403 {
				t.Errorf("answers %v: want the refusal, then at most that to the last request", statuses)
			}
		})
	}
}

func FuzzByteRange(f *testing.F) {
	for _, s := range []string{"bytes=0-", "bytes=-5", "bytes=1-2", "bytes=9-99999999999999999999999", "bytes=--", "bytes=,", "bytes= 1 - 2", ""} {
		f.Add(s, int64(10))
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 0 {
			return
		}
		from, length, part, err := byteRange(header, size)
		if err != nil {
			return
		}
		if from < 0 || length < 0 || from > size || length > size-from || part && length == 0 || !part && (from != 0 || length != size) {
			t.Errorf("%q of %d bytes gives %d+%d, %v", header, size, from, length, part)
		}
	})
}
