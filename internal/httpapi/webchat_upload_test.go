package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
)

// send uploads n bytes and gives the status and the body of the answer.
func (p *page) send(n int) (int, string) {
	p.c.t.Helper()
	res, body := p.call(http.MethodPost, "/chat/v1/uploads?id="+newID(), strings.Repeat("x", n), "Content-Type", "image/jpeg")
	return res.StatusCode, body
}

func TestWebChatCountsBytes(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*limit.Rule, *limit.Rule) (*limit.Rule, *limit.Rule){
		"visitor": func(visitor, address *limit.Rule) (*limit.Rule, *limit.Rule) { return visitor, address },
		"address": func(visitor, address *limit.Rule) (*limit.Rule, *limit.Rule) { return address, visitor },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newChatCity(t, func(c *chatCity) {
				tight, wide := set(&c.cfg.Limits.UploadBytes, &c.cfg.Limits.AddressUploadBytes)
				*tight, *wide = limit.Rule{Max: 2500, Per: time.Hour}, limit.Rule{Max: 1 << 20, Per: time.Hour}
				c.maxFile = 2000
			})
			p, other := c.visitor("vi"), c.visitor("vi")
			c.files.fail = fault.InvalidField("media.unreadable", "body")
			c.files.unread = true
			for range 5 {
				status, _ := p.send(2000)
				require.Equal(t, 400, status, "what was not read does not count")
			}
			c.files.fail, c.files.unread = nil, false
			for range 2 {
				status, body := p.send(1000)
				require.Equal(t, 200, status, body)
			}
			status, body := p.send(1000)
			require.Equal(t, 429, status)
			require.Contains(t, body, "nhiều ảnh, video")
			require.NoError(t, testutil.GatherAndCompare(c.seen, strings.NewReader(`# HELP motcua_webchat_uploads_total Files of visitors, by how they ended: OK, the code of the fault, STRANGERS_FULL or TOO_MANY_BYTES.
# TYPE motcua_webchat_uploads_total counter
motcua_webchat_uploads_total{outcome="INVALID"} 5
motcua_webchat_uploads_total{outcome="OK"} 2
motcua_webchat_uploads_total{outcome="TOO_MANY_BYTES"} 1
`), "motcua_webchat_uploads_total"))
			status, _ = p.send(500)
			require.Equal(t, 200, status, "what is refused does not use up what is left")
			want := map[string]int{"visitor": 200, "address": 429}[name]
			status, body = other.send(1000)
			require.Equal(t, want, status, body)
		})
	}
}

// TestWebChatSilentVisitor lets a photo be the first thing, but not dozens from somebody who never says a word.
func TestWebChatSilentVisitor(t *testing.T) {
	t.Parallel()
	c := newChatCity(t, func(c *chatCity) { c.mute = true })
	p := c.visitor("vi")
	for range 10 {
		status, body := p.send(1)
		require.Equal(t, 200, status, body)
	}
	status, _ := p.send(1)
	require.Equal(t, 429, status)
	p.say(newID(), "có ổ gà")
	status, body := p.send(1)
	require.Equal(t, 200, status, body)
	require.True(t, c.files.strange, "nobody vouches for a visitor")
}
