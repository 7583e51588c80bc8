package httpapi_test

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWebChatStreamsAreBounded(t *testing.T) {
	t.Parallel()
	c := newChatCity(t, func(c *chatCity) { c.cfg.Streams, c.cfg.VisitorStreams = 4, 2 })
	p, q := c.visitor("vi"), c.visitor("vi")
	first, second := p.listen(0), p.listen(0)
	third := p.listen(0)
	require.Equal(t, `{"reason":"replaced"}`, first.of("end").data)
	_, err := first.next()
	require.ErrorIs(t, err, io.EOF)
	p.say(newID(), "x")
	require.EqualValues(t, 1, second.line().Seq)
	require.EqualValues(t, 1, third.line().Seq)
	q.listen(0)
	require.Eventually(t, func() bool {
		s, status, err := q.connect(0)
		require.NoError(t, err)
		if status != 200 {
			s.cut()
		}
		return status == 200
	}, 30*time.Second, time.Millisecond, "the place of the one that was replaced is free")
	other := c.visitor("vi")
	s, status, err := other.connect(0)
	require.NoError(t, err)
	require.Equal(t, 503, status)
	require.NotEmpty(t, s.res.Header.Get("Retry-After"))
	second.cut()
	require.Eventually(t, func() bool { // noticed with the next sign of life or line
		p.say(newID(), "x")
		s, status, err := other.connect(0)
		require.NoError(t, err)
		s.cut()
		return status == 200
	}, 30*time.Second, 10*time.Millisecond)
}

func TestWebChatHeartbeat(t *testing.T) {
	t.Parallel()
	c := newChatCity(t, func(c *chatCity) { c.cfg.Heartbeat = 20 * time.Millisecond })
	s := c.visitor("vi").listen(0)
	for range 4 {
		e, err := s.next()
		require.NoError(t, err)
		require.Empty(t, e.name)
	}
	require.Equal(t, "no", s.res.Header.Get("X-Accel-Buffering"))
	require.Equal(t, "text/event-stream; charset=utf-8", s.res.Header.Get("Content-Type"))
}

func TestWebChatDrains(t *testing.T) {
	t.Parallel()
	c := newChatCity(t, nil)
	p := c.visitor("vi")
	streams := []*stream{p.listen(0), p.listen(0), c.visitor("vi").listen(0)}
	began := time.Now()
	require.NoError(t, c.server.Shutdown(context.Background()))
	require.Less(t, time.Since(began), 20*time.Second, "long before http.drain_timeout")
	for _, s := range streams {
		require.Equal(t, `{"reason":"restart"}`, s.of("end").data)
		_, err := s.next()
		require.Error(t, err)
	}
}

func TestWebChatPages(t *testing.T) {
	t.Parallel()
	c := newChatCity(t, func(c *chatCity) { c.cfg.EmbedOrigins = []string{"https://haiphong.gov.vn"} })
	tests := []struct {
		path    string
		status  int
		headers map[string]string
		body    string
	}{
		{"/chat", 200, map[string]string{"Cache-Control": "no-store", "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "default-src 'none'; script-src 'self'; frame-ancestors 'none'"}, "<!doctype html>"},
		{"/chat?embed=1&ref=a.b", 200, map[string]string{"Content-Security-Policy": "default-src 'none'; script-src 'self'; frame-ancestors 'self' https://haiphong.gov.vn"}, "<!doctype html>"},
		{"/chat/link/abc?embed=1", 200, map[string]string{"Content-Security-Policy": "default-src 'none'; script-src 'self'; frame-ancestors 'none'"}, "<!doctype html>"},
		{"/chat/form/abc?embed=1", 200, map[string]string{"Content-Security-Policy": "default-src 'none'; script-src 'self'; frame-ancestors 'none'"}, "<!doctype html>"},
		{"/chat/link/abc", 200, map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}, "<!doctype html>"},
		{"/chat/form/abc", 200, map[string]string{"Cache-Control": "no-store"}, "<!doctype html>"},
		{"/chat/widget.js", 200, map[string]string{"Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": "public, max-age=300"}, "widget"},
		{"/chat/sw.js", 200, map[string]string{"Service-Worker-Allowed": "/chat", "Cache-Control": "no-cache"}, "worker"},
		{"/chat/assets/chat-1234.js", 200, map[string]string{"Cache-Control": "public, max-age=31536000, immutable", "Content-Encoding": ""}, strings.Repeat("a", 1000)},
		{"/chat/assets/other.js", 404, nil, ""},
		{"/chat/assets/..%2fchat-1234.js", 404, nil, ""},
		{"/chat/v1/config", 200, nil, `{"city":{"en":"Hai Phong","vi":"Hải Phòng"},"maxPhoto":1,"maxText":2000,"maxVideo":2,"tiles":"","vapidKey":"key"}`},
		{"/chat/v1/wards.geojson", 200, map[string]string{"Content-Type": "application/geo+json", "Cache-Control": "public, max-age=86400"}, `{"type":"FeatureCollection","features":[]}`},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			res, body := do(t, http.MethodGet, c.url+tt.path, nil, "Accept-Encoding", "identity")
			require.Equal(t, tt.status, res.StatusCode)
			for name, want := range tt.headers {
				require.Equal(t, want, res.Header.Get(name), name)
			}
			if tt.body != "" {
				require.Equal(t, tt.body, body)
			}
		})
	}
	res, body := do(t, http.MethodGet, c.url+"/chat/assets/chat-1234.js", nil, "Accept-Encoding", "gzip")
	require.Equal(t, "gzip", res.Header.Get("Content-Encoding"))
	z, err := gzip.NewReader(strings.NewReader(body))
	require.NoError(t, err)
	plain, err := io.ReadAll(z)
	require.NoError(t, err)
	require.Len(t, plain, 1000)
	again, body := do(t, http.MethodGet, c.url+"/chat/assets/chat-1234.js", nil, "If-None-Match", res.Header.Get("ETag"))
	require.Equal(t, 304, again.StatusCode)
	require.Empty(t, body)
	any := newChatCity(t, func(c *chatCity) { c.cfg.EmbedOrigins = []string{"*"} })
	res, _ = do(t, http.MethodGet, any.url+"/chat?embed=1", nil)
	require.Contains(t, res.Header.Get("Content-Security-Policy"), "frame-ancestors *")
	res, _ = do(t, http.MethodGet, any.url+"/chat", nil)
	require.Contains(t, res.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
}

func TestWebChatStreamsOfOneAddress(t *testing.T) {
	t.Parallel()
	c := newChatCity(t, func(c *chatCity) { c.cfg.AddressStreams = 2 })
	q := c.visitor("vi")
	first := q.listen(0)
	c.visitor("vi").listen(0)
	p := c.visitor("vi")
	refused, status, err := p.connect(0)
	require.NoError(t, err)
	require.Equal(t, 429, status, "a visitor costs nothing, so addresses count")
	require.NotEmpty(t, refused.res.Header.Get("Retry-After"))
	body, err := io.ReadAll(refused.res.Body)
	require.NoError(t, err)
	require.Contains(t, string(body), "từ cùng một mạng")
	first.cut()
	require.Eventually(t, func() bool { // noticed with the next line
		q.say(newID(), "x")
		s, status, err := p.connect(0)
		require.NoError(t, err)
		s.cut()
		return status == 200
	}, 30*time.Second, 10*time.Millisecond)
}
