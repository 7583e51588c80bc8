package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	stores "github.com/motcua/motcua/internal/store"
)

func TestWebChatTalks(t *testing.T) {
	t.Parallel()
	c := newChatCity(t, nil)
	p := c.visitor("vi")
	s := p.listen(0)
	id := newID()
	for range 3 {
		require.EqualValues(t, 1, p.say(id, "chào"), "a repeat keeps its place")
	}
	require.Equal(t, `{"on":true}`, s.of("typing").data)
	mine := s.line()
	require.Equal(t, seen{Seq: 1, ID: id, From: "you", Text: "chào"}, mine)
	reply := s.line()
	require.Equal(t, "bot: chào", reply.words())
	require.EqualValues(t, 2, reply.Seq)
	require.Equal(t, "bot", reply.From)

	res, body := p.call(http.MethodPost, "/chat/v1/messages", `{"id":"`+newID()+`","ref":"feedback.report"}`)
	require.Equal(t, 202, res.StatusCode)
	require.JSONEq(t, `{"seq":0}`, body, "what is no line has no place")
	require.Equal(t, "bot: feedback.report", s.line().words())

	late := p.listen(0, "Last-Event-ID", "2")
	require.EqualValues(t, 3, late.line().Seq)
	res, body = p.call(http.MethodGet, "/chat/v1/log?before=3&limit=1", "")
	require.Equal(t, 200, res.StatusCode)
	var older []seen
	require.NoError(t, json.Unmarshal([]byte(body), &older))
	require.Equal(t, []seen{reply}, older)
	res, body = c.visitor("vi").call(http.MethodGet, "/chat/v1/log", "")
	require.Equal(t, 200, res.StatusCode)
	require.JSONEq(t, `[]`, body, "another visitor sees nothing of it")
}

// TestWebChatAcrossCuts has a visitor write while every connection breaks again and again: what they sent, and its answers, are there once and in order.
func TestWebChatAcrossCuts(t *testing.T) {
	t.Parallel()
	c := newChatCity(t, nil)
	p := c.visitor("vi")
	const many = 40
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := range many {
			p.insist(newID(), fmt.Sprint("tin ", n))
		}
	})
	var got []seen
	for after := int64(0); after < 2*many; {
		s := p.listen(after)
		for range 7 {
			l := s.line()
			require.Equal(t, after+1, l.Seq)
			after = l.Seq
			got = append(got, l)
			if after == 2*many {
				break
			}
		}
		s.cut()
	}
	wg.Wait()
	checkTalk(t, got, many)
}

// insist sends a message until it is acknowledged, giving up each attempt sooner or later as a bad line does.
func (p *page) insist(id, text string) {
	for wait := time.Millisecond; ; wait += wait / 2 {
		ctx, cancel := context.WithTimeout(p.c.t.Context(), wait)
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.c.url+"/chat/v1/messages", strings.NewReader(fmt.Sprintf(`{"id":%q,"text":%q}`, id, text)))
		if err != nil {
			p.c.t.Error(err)
		}
		req.Header.Set("Authorization", "Chat "+p.token)
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = res.Body.Close()
		}
		cancel()
		if err == nil && res.StatusCode == http.StatusAccepted {
			return
		}
		if p.c.t.Context().Err() != nil {
			return
		}
	}
}

// checkTalk checks that each of the messages and each answer is there once, what was said in its order, and no answer before what it answers.
func checkTalk(t *testing.T, got []seen, many int) {
	t.Helper()
	require.Len(t, got, 2*many)
	said, answered := 0, map[string]bool{}
	heard := map[string]bool{}
	for _, l := range got {
		if l.From == "you" {
			require.Equal(t, fmt.Sprint("tin ", said), l.Text)
			heard["bot: "+l.Text] = true
			said++
			continue
		}
		require.True(t, heard[l.words()], "an answer before what it answers: %s", l.words())
		require.False(t, answered[l.words()], "answered twice")
		answered[l.words()] = true
	}
	require.Equal(t, many, said)
	require.Len(t, answered, many)
}

// TestWebChatSurvivesKills lets the replica die at each of its writes. The page sends again what was not acknowledged, to the next replica, or never does: what
// was stored of it is answered all the same.
func TestWebChatSurvivesKills(t *testing.T) {
	t.Parallel()
	for at := range 9 {
		for _, answered := range []bool{false, true} {
			t.Run(fmt.Sprint(at, answered), func(t *testing.T) {
				t.Parallel()
				var whole stores.Engine
				c := newChatCity(t, func(c *chatCity) {
					whole = c.engine
					c.engine = &dying{Engine: whole, left: at, answered: answered}
				})
				p := c.visitor("vi")
				ids := []string{newID(), newID()}
				acknowledged := 0
				for n, id := range ids {
					res, _ := p.call(http.MethodPost, "/chat/v1/messages", fmt.Sprintf(`{"id":%q,"text":"tin %d"}`, id, n))
					if res.StatusCode != 202 {
						break
					}
					acknowledged++
				}
				c.engine = whole
				c.open()
				for n := max(0, acknowledged-1); n < len(ids); n++ {
					p.insist(ids[n], fmt.Sprint("tin ", n))
				}
				s := p.listen(0)
				var got []seen
				for range 2 * len(ids) {
					got = append(got, s.line())
				}
				checkTalk(t, got, len(ids))
			})
		}
	}
}

// TestWebChatPageGone: a kill between the event and its line, and a page that never comes back. The line is there before the answer.
func TestWebChatPageGone(t *testing.T) {
	t.Parallel()
	var whole stores.Engine
	c := newChatCity(t, func(c *chatCity) {
		whole, c.mute = c.engine, true
		c.engine = &dying{Engine: whole, left: 1} // the event is stored, the line is not
	})
	p := c.visitor("vi")
	res, body := p.call(http.MethodPost, "/chat/v1/messages", `{"id":"`+newID()+`","text":"tin 0"}`)
	require.Equal(t, 503, res.StatusCode, body)
	c.engine, c.mute = whole, false
	c.open()
	s := p.listen(0)
	checkTalk(t, []seen{s.line(), s.line()}, 1)
}

func TestWebChatUploads(t *testing.T) {
	t.Parallel()
	c := newChatCity(t, nil)
	p := c.visitor("vi")
	file := newID()
	var ticket struct{ ID, Kind string }
	for range 2 {
		res, body := p.call(http.MethodPost, "/chat/v1/uploads?id="+file, strings.Repeat("x", 300_000), "Content-Type", "image/jpeg")
		require.Equal(t, 200, res.StatusCode, body)
		require.NoError(t, json.Unmarshal([]byte(body), &ticket))
	}
	require.Equal(t, map[string]int{"subject of " + p.id() + " web chat " + file: 300_000}, c.files.got)
	item := "item-" + file[len(file)-4:]
	s := p.listen(0)
	send := `{"id":"` + newID() + `","uploads":["` + ticket.ID + `"]}`
	res, body := p.call(http.MethodPost, "/chat/v1/messages", send)
	require.Equal(t, 202, res.StatusCode, body)
	l := s.line()
	require.Len(t, l.Uploads, 1)
	require.Equal(t, struct{ ID, URL, Kind string }{item, "/media/" + item + "?r=medium", "photo"}, l.Uploads[0])
	require.Equal(t, "bot:  "+item, s.line().words(), "it reaches the turn without being fetched")

	res, _ = c.visitor("vi").call(http.MethodPost, "/chat/v1/messages", send)
	require.Equal(t, 400, res.StatusCode, "nobody else can send it on")
	for _, tt := range []struct {
		name, path string
		fail       error
		status     int
	}{
		{"no id", "", nil, 400},
		{"another id", "?id=../x", nil, 400},
		{"refused", "?id=" + newID(), fault.InvalidField("media.unreadable", "body"), 400},
		{"away", "?id=" + newID(), fault.New(fault.Unavailable, ""), 503},
	} {
		c.files.fail = tt.fail
		res, body := p.call(http.MethodPost, "/chat/v1/uploads"+tt.path, "x")
		require.Equal(t, tt.status, res.StatusCode, tt.name)
		require.NotContains(t, body, "media.unreadable")
	}
	res, _ = do(t, http.MethodPost, c.url+"/chat/v1/uploads?id="+newID(), strings.NewReader("x"))
	require.Equal(t, 401, res.StatusCode)
}

func TestWebChatLimits(t *testing.T) {
	t.Parallel()
	few := limit.Rule{Max: 2, Per: time.Minute}
	tests := []struct {
		name                   string
		change                 func(*chatCity)
		method, path, body, to string
	}{
		{"messages", func(c *chatCity) { c.cfg.Limits.Messages = few }, "POST", "/chat/v1/messages", `{"id":"%s","text":"x"}`, "visitor"},
		{"messages of an address", func(c *chatCity) { c.cfg.Limits.AddressMessages = few }, "POST", "/chat/v1/messages", `{"id":"%s","text":"x"}`, "address"},
		{"uploads", func(c *chatCity) { c.cfg.Limits.Uploads = few }, "POST", "/chat/v1/uploads?id=%s", "x", "visitor"},
		{"uploads of an address", func(c *chatCity) { c.cfg.Limits.AddressUploads = few }, "POST", "/chat/v1/uploads?id=%s", "x", "address"},
		{"reads", func(c *chatCity) { c.cfg.Limits.Reads = few }, "GET", "/chat/v1/log", "", "visitor"},
		{"reads of an address", func(c *chatCity) { c.cfg.Limits.AddressReads = few }, "GET", "/chat/v1/log", "", "address"},
		{"ends of push", func(c *chatCity) { c.cfg.Limits.Messages = few }, "DELETE", "/chat/v1/push", "", "visitor"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newChatCity(t, tt.change)
			p, other := c.visitor("vi"), c.visitor("en")
			fill := func(s string) string { return strings.ReplaceAll(s, "%s", newID()) }
			for range 2 {
				res, body := p.call(tt.method, fill(tt.path), fill(tt.body))
				require.Less(t, res.StatusCode, 300, body)
			}
			res, body := p.call(tt.method, fill(tt.path), fill(tt.body))
			require.Equal(t, 429, res.StatusCode)
			require.NotEmpty(t, res.Header.Get("Retry-After"))
			require.JSONEq(t, `{"error":{"code":"RATE_LIMITED","message":"Bà con gửi nhanh quá. Xin chờ một lát rồi gửi lại giúp."}}`, body)
			res, body = other.call(tt.method, fill(tt.path), fill(tt.body))
			if tt.to == "visitor" {
				require.Less(t, res.StatusCode, 300, body)
			} else {
				require.Equal(t, 429, res.StatusCode, body)
			}
		})
	}
	c := newChatCity(t, func(c *chatCity) { c.cfg.Limits.Sessions = few })
	p := c.visitor("vi")
	c.visitor("vi")
	res, _ := do(t, http.MethodPost, c.url+"/chat/v1/session", nil)
	require.Equal(t, 429, res.StatusCode)
	res, body := p.call(http.MethodPost, "/chat/v1/session", `{"lang":"en"}`)
	require.Equal(t, 200, res.StatusCode, "who has a token gets it in another language")
	var out struct{ Token string }
	require.NoError(t, json.Unmarshal([]byte(body), &out))
	require.Equal(t, p.id(), (&page{c, out.Token}).id())
}

func TestWebChatRefuses(t *testing.T) {
	t.Parallel()
	c := newChatCity(t, nil)
	p := c.visitor("en")
	tests := []struct {
		name, method, path, body, auth, lang string
		status                               int
		has                                  string
	}{
		{"no token", "POST", "/chat/v1/messages", `{}`, "", "vi", 401, "Phiên trò chuyện"},
		{"no token, in English", "GET", "/chat/v1/events", ``, "", "en", 401, "session is no longer valid"},
		{"no token for older lines", "GET", "/chat/v1/log", ``, "Chat x", "vi", 401, "UNAUTHORIZED"},
		{"no token for push", "POST", "/chat/v1/push", `{}`, "Bearer x", "vi", 401, "UNAUTHORIZED"},
		{"no token for the end of push", "DELETE", "/chat/v1/push", ``, "", "vi", 401, "UNAUTHORIZED"},
		{"the visitor's language, not the browser's", "POST", "/chat/v1/messages", `{"id":"` + newID() + `","text":"` + strings.Repeat("x", 2001) + `"}`, "mine", "vi", 400, `longer than 2000 characters`},
		{"the field that is wrong", "POST", "/chat/v1/messages", `{"text":"x"}`, "mine", "vi", 400, `"path":["id"]`},
		{"no JSON", "POST", "/chat/v1/messages", `x`, "mine", "vi", 400, `INVALID`},
		{"a cursor that is none", "GET", "/chat/v1/events?after=x", ``, "mine", "vi", 400, `INVALID`},
		{"another cursor", "GET", "/chat/v1/log?before=-1", ``, "mine", "vi", 400, `INVALID`},
		{"a session that is no JSON", "POST", "/chat/v1/session", `x`, "", "vi", 400, `INVALID`},
		{"a subscription that is none", "POST", "/chat/v1/push", `{"subscription":{"endpoint":"x"}}`, "mine", "vi", 400, `INVALID`},
		{"DELETE elsewhere", "DELETE", "/chat/v1/messages", ``, "mine", "vi", 405, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			auth := tt.auth
			if auth == "mine" {
				auth = "Chat " + p.token
			}
			res, body := do(t, tt.method, c.url+tt.path, strings.NewReader(tt.body), "Authorization", auth, "Accept-Language", tt.lang)
			require.Equal(t, tt.status, res.StatusCode, body)
			require.Contains(t, body, tt.has)
		})
	}
}

func TestWebChatPush(t *testing.T) {
	t.Parallel()
	c := newChatCity(t, nil)
	p := c.visitor("vi")
	res, _ := p.call(http.MethodPost, "/chat/v1/push", `{"subscription":{"endpoint":"https://push.example/1","expirationTime":null,"keys":{"p256dh":"k","auth":"a"}}}`)
	require.Equal(t, 204, res.StatusCode)
	require.Len(t, c.devices.of("subject of "+p.id()), 1)
	require.Equal(t, "https://push.example/1", c.devices.of("subject of " + p.id())[0].Endpoint)
	res, _ = p.call(http.MethodDelete, "/chat/v1/push", "")
	require.Equal(t, 204, res.StatusCode)
	require.Empty(t, c.devices.of("subject of "+p.id()))
}

// TestWebChatLinks tells of a link that has ended without asking who asks.
func TestWebChatLinks(t *testing.T) {
	t.Parallel()
	c := newChatCity(t, func(c *chatCity) { c.cfg.Limits.AddressMessages = limit.Rule{Max: 4, Per: time.Hour} })
	ended := `{"open":false,"message":"Đường liên kết này đã hết hạn, đã được dùng hoặc thuộc tài khoản khác. Bà con lấy đường liên kết mới trong khung chat giúp."}`
	for path, want := range map[string]string{"links/good": `{"open":true}`, "links/old": ended, "forms/good": `{"open":true}`, "forms/old": ended} {
		res, body := do(t, http.MethodGet, c.url+"/chat/v1/"+path, nil)
		require.Equal(t, 200, res.StatusCode)
		require.JSONEq(t, want, body, path)
	}
	res, _ := do(t, http.MethodGet, c.url+"/chat/v1/links/good", nil)
	require.Equal(t, 429, res.StatusCode)
}
