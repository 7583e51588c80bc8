package messenger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
)

func samples(t testing.TB) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/events/*.json")
	require.NoError(t, err)
	require.Len(t, names, 32)
	return names
}

// compact writes a sample as the network does.
func compact(t testing.TB, name string) string {
	t.Helper()
	raw, err := os.ReadFile(name)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, json.Compact(&b, raw))
	return b.String()
}

// TestEvents reads every sample of the network's events.
func TestEvents(t *testing.T) {
	t.Parallel()
	c := parser(t, nil)
	for _, name := range samples(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			b, err := c.Parse(sign(compact(t, name), appSecret))
			require.NoError(t, err)
			require.Nil(t, b.Reply)
			require.NotEmpty(t, len(b.Events)+len(b.Ignored))
			golden(t, strings.TrimSuffix(name, ".json")+".golden", brief(t, b))
		})
	}
}

// brief writes a batch without what is empty, so that only what was read stands there.
func brief(t *testing.T, b channels.Batch) []byte {
	t.Helper()
	raw, err := json.Marshal(b)
	require.NoError(t, err)
	var v any
	require.NoError(t, json.Unmarshal(raw, &v))
	got, err := json.MarshalIndent(full(v), "", "  ")
	require.NoError(t, err)
	return append(got, '\n')
}

func full(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if x = full(x); x == nil || x == "" || x == false {
				delete(v, k)
				continue
			}
			v[k] = x
		}
	case []any:
		for i := range v {
			v[i] = full(v[i])
		}
	}
	return v
}

func TestHandshake(t *testing.T) {
	t.Parallel()
	var sample struct {
		Query map[string]string `json:"query"`
		Want  struct {
			Body string `json:"body"`
		} `json:"expected_response"`
	}
	load(t, "testdata/verify_request.json", &sample)
	c := parser(t, nil)
	ask := func(change func(url.Values)) (channels.Batch, error) {
		q := url.Values{}
		for k, v := range sample.Query {
			q.Set(k, v)
		}
		change(q)
		return c.Parse(channels.Request{Method: http.MethodGet, Query: q})
	}
	b, err := ask(func(url.Values) {})
	require.NoError(t, err)
	require.Equal(t, sample.Want.Body, string(b.Reply))
	for name, change := range map[string]func(url.Values){
		"wrong token":    func(q url.Values) { q.Set("hub.verify_token", "FAKE_VERIFY_TOKEM") },
		"no token":       func(q url.Values) { q.Del("hub.verify_token") },
		"another mode":   func(q url.Values) { q.Set("hub.mode", "unsubscribe") },
		"no challenge":   func(q url.Values) { q.Del("hub.challenge") },
		"long challenge": func(q url.Values) { q.Set("hub.challenge", strings.Repeat("1", 201)) },
	} {
		b, err := ask(change)
		require.Equal(t, fault.Forbidden, fault.CodeOf(err), name)
		require.Nil(t, b.Reply, name)
		require.NotContains(t, err.Error(), "FAKE", name)
	}
}

func TestVector(t *testing.T) {
	t.Parallel()
	var v struct {
		Secret  string            `json:"app_secret"`
		Body    string            `json:"raw_body"`
		Headers map[string]string `json:"headers"`
	}
	load(t, "testdata/messenger_hub_signature.json", &v)
	c := parser(t, func(cfg *Config) { cfg.AppSecret = v.Secret })
	all, old := http.Header{}, http.Header{}
	for k, x := range v.Headers {
		all[strings.ToLower(k)] = []string{x} // not every server keeps the canonical form
	}
	old.Set("X-Hub-Signature", v.Headers["X-Hub-Signature"])
	b, err := c.Parse(channels.Request{Method: http.MethodPost, Header: all, Body: []byte(v.Body)})
	require.NoError(t, err)
	require.Len(t, b.Events, 1)
	require.Equal(t, "Xin chào", b.Events[0].Text)
	_, err = c.Parse(channels.Request{Method: http.MethodPost, Header: old, Body: []byte(v.Body)})
	require.Equal(t, fault.Unauthorized, fault.CodeOf(err), "the older signature alone proves nothing")
}

// hello is a text at a time, in the network's envelope.
func hello(at time.Time) string {
	return envelope(at, `"message":{"mid":"m_1","text":"Xin ch\u00e0o"}`)
}

func envelope(at time.Time, rest string) string {
	ms := at.UnixMilli()
	return fmt.Sprintf(`{"object":"page","entry":[{"id":"%s","time":%d,"messaging":[{"sender":{"id":"%s"},"recipient":{"id":"%s"},"timestamp":%d,%s}]}]}`,
		pageID, ms, person, pageID, ms, rest)
}

func TestRefused(t *testing.T) {
	t.Parallel()
	good := func(at time.Duration) channels.Request { return sign(hello(noon.Add(at)), appSecret) }
	header := func(value string) channels.Request {
		r := good(0)
		r.Header.Set("X-Hub-Signature-256", value)
		return r
	}
	mac := strings.TrimPrefix(good(0).Header.Get("X-Hub-Signature-256"), "sha256=")
	tests := []struct {
		name   string
		r      channels.Request
		change func(*Config)
		want   fault.Code // "" is accepted
		events int
	}{
		{"good", good(0), nil, "", 1},
		{"capitals in the header", header("sha256=" + strings.ToUpper(mac)), nil, "", 1},
		{"without a name", header(mac), nil, fault.Unauthorized, 0},
		{"of another name", header("sha1=" + mac), nil, fault.Unauthorized, 0},
		{"short", header("sha256=" + mac[:62]), nil, fault.Unauthorized, 0},
		{"long", header("sha256=" + mac + "00"), nil, fault.Unauthorized, 0},
		{"no hexadecimal", header("sha256=" + strings.Repeat("g", 64)), nil, fault.Unauthorized, 0},
		{"wrong", header("sha256=" + strings.Repeat("0", 64)), nil, fault.Unauthorized, 0},
		{"no headers at all", channels.Request{Body: good(0).Body}, nil, fault.Unauthorized, 0},
		{"the verify token is not the key", sign(hello(noon), "FAKE_VERIFY_TOKEN"), nil, fault.Unauthorized, 0},
		{"no key may be empty", sign(hello(noon), ""), nil, fault.Unauthorized, 0},

		{"old secret while it is changed", good(0), func(c *Config) { c.AppSecret, c.AppSecretOld = "new", appSecret }, "", 1},
		{"new secret while it is changed", good(0), func(c *Config) { c.AppSecretOld = "old" }, "", 1},
		{"neither", good(0), func(c *Config) { c.AppSecret, c.AppSecretOld = "new", "old" }, fault.Unauthorized, 0},

		{"as old as may be", good(-48 * time.Hour), nil, "", 1},
		{"too old", good(-48*time.Hour - time.Millisecond), nil, fault.Unauthorized, 0},
		{"as early as may be", good(5 * time.Minute), nil, "", 1},
		{"too early", good(5*time.Minute + time.Millisecond), nil, fault.Unauthorized, 0},

		{"too large", channels.Request{Header: good(0).Header, Body: bytes.Repeat([]byte(" "), maxBody+1)}, nil, fault.Invalid, 0},
		{"signed, but broken", sign(`{"object":"page","entry":`, appSecret), nil, fault.Invalid, 0},
		{"no object", sign(`[]`, appSecret), nil, "", 0},
		{"of an account on another network", sign(`{"object":"instagram","entry":[]}`, appSecret), nil, "", 0},
		{"nothing in it", sign(`{"object":"page"}`, appSecret), nil, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b, err := parser(t, tt.change).Parse(tt.r)
			require.Equal(t, tt.want, fault.CodeOf(err))
			require.Len(t, b.Events, tt.events)
			if err != nil {
				require.NotContains(t, err.Error(), person)
				require.NotContains(t, err.Error(), appSecret)
			}
		})
	}
}

// TestShapes reads what differs from the samples.
func TestShapes(t *testing.T) {
	t.Parallel()
	c := parser(t, nil)
	for name, tt := range map[string]struct {
		rest  string
		check func(t *testing.T, e channels.Event)
	}{
		"numbers and text change places": {`"message":{"mid":7,"text":12,"sticker_id":"5","attachments":{"type":"image","payload":{"url":"https://x.example/1"}}}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, "message:7", e.ID)
			require.Equal(t, "12", e.Text)
			require.Equal(t, []channels.Attachment{{Kind: channels.Sticker, URL: "https://x.example/1"}}, e.Attachments)
		}},
		"null everywhere": {`"message":{"mid":null,"text":null,"quick_reply":null,"attachments":[null,{"type":null,"payload":null}]}`, func(t *testing.T, e channels.Event) {
			require.Regexp(t, `^message:[0-9a-f]{32}$`, e.ID)
			require.Len(t, e.Attachments, 1)
		}},
		"ornaments of another type": {`"message":{"mid":"m","text":"vẫn đọc được","quick_reply":"x","is_echo":"no","referral":[]}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, "vẫn đọc được", e.Text)
		}},
		"unknown attachment": {`"message":{"mid":"m","attachments":[{"type":"hologram","payload":{"url":"https://x.example/1"}}]}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, channels.File, e.Attachments[0].Kind)
		}},
		"a reel": {`"message":{"mid":"m","attachments":[{"type":"reel","payload":{"url":"https://facebook.example/reel/1","title":"Ngập","reel_video_id":9}}]}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, []channels.Attachment{{Kind: channels.WebLink, URL: "https://facebook.example/reel/1", Text: "Ngập"}}, e.Attachments)
		}},
		"an old fallback": {`"message":{"mid":"m","attachments":[{"type":"fallback","payload":null,"url":"https://x.example/2","title":"Trang"}]}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, []channels.Attachment{{Kind: channels.WebLink, URL: "https://x.example/2", Text: "Trang"}}, e.Attachments)
		}},
		"coordinates nowhere": {`"message":{"mid":"m","attachments":[{"type":"location","payload":{"coordinates":{"lat":"NaN","long":181}}}]}`, func(t *testing.T, e channels.Event) {
			require.Nil(t, e.Place)
		}},
		"a referral beside words": {`"message":{"mid":"m","text":"x","referral":{"ref":"feedback.submit"}}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, channels.Said, e.Kind)
			require.Equal(t, "feedback.submit", e.Ref)
		}},
		"a menu entry of ours": {`"postback":{"title":"Phản ánh","payload":"ref:feedback.submit"}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, channels.Event{Kind: channels.Said, Account: pageID, From: person, At: noon, ID: e.ID, Text: "Phản ánh", Ref: "feedback.submit"}, e)
		}},
		"a very long ref": {`"referral":{"ref":"` + strings.Repeat("x", 251) + `"}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, channels.Opened, e.Kind)
			require.Empty(t, e.Ref)
		}},
		"a very long id": {`"message":{"mid":"` + strings.Repeat("9", 5000) + `"}`, func(t *testing.T, e channels.Event) {
			require.LessOrEqual(t, len(e.ID), 200)
		}},
		"from a website": {`"optin":{"ref":"feedback.submit"}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, channels.Opened, e.Kind)
			require.Equal(t, "feedback.submit", e.Ref)
		}},
		"delivery without names": {`"delivery":{"watermark":1795255200000}`, func(t *testing.T, e channels.Event) {
			require.Empty(t, e.About)
			require.Equal(t, time.UnixMilli(1795255200000).UTC(), e.At)
		}},
		"a watermark that is no time": {`"read":{"watermark":"soon"}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, noon, e.At)
		}},
		"nobody holds the conversation": {`"pass_thread_control":{"previous_owner_app_id":"263902037430900","new_owner_app_id":null}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, channels.HandedBack, e.Kind)
		}},
		"another application takes it": {`"take_thread_control":{"new_owner_app_id":5}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, channels.TakenOver, e.Kind)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, err := c.Parse(sign(envelope(noon, tt.rest), appSecret))
			require.NoError(t, err)
			require.Empty(t, b.Ignored)
			require.Len(t, b.Events, 1)
			tt.check(t, b.Events[0])
		})
	}
}

// TestEcho reads what the network repeats of buttons, and of other applications.
func TestEcho(t *testing.T) {
	t.Parallel()
	c := parser(t, nil)
	echo := func(rest string) channels.Event {
		body := fmt.Sprintf(`{"object":"page","entry":[{"id":"%s","messaging":[{"sender":{"id":"%s"},"recipient":{"id":"%s"},"timestamp":%d,"message":{"mid":"m","is_echo":true,%s}}]}]}`,
			pageID, pageID, person, noon.UnixMilli(), rest)
		b, err := c.Parse(sign(body, appSecret))
		require.NoError(t, err)
		require.Len(t, b.Events, 1)
		e := b.Events[0]
		require.Equal(t, channels.Address(person), e.From)
		require.Equal(t, []string{"m"}, e.About)
		return e
	}
	e := echo(`"app_id":"` + appID + `","metadata":"{\"outbox_id\":\"o1\"}","attachments":[{"type":"template","payload":{"template_type":"button","text":"Mở trang"}}]`)
	require.Equal(t, "Mở trang", e.Text)
	require.Equal(t, "o1", e.Ref)
	require.False(t, e.Human)
	e = echo(`"app_id":5,"metadata":"{\"outbox_id\":\"o1\"}","text":"x"`)
	require.Empty(t, e.Ref, "another application may say anything")
	require.False(t, e.Human)
	require.Empty(t, echo(`"app_id":`+appID+`,"metadata":"o1","text":"x"`).Ref)
}

// TestLeftAlone names what is not acted on.
func TestLeftAlone(t *testing.T) {
	t.Parallel()
	c := parser(t, nil)
	item := func(rest string) string { return envelope(noon, rest) }
	for body, want := range map[string]string{
		item(`"game_play":{}`):                                                                          "unknown game_play",
		item(`"` + strings.Repeat("x", 41) + `":{}`):                                                    "unknown",
		item(`"a b":{}`):                                                                                "unknown",
		item(`"policy-enforcement":{"action":"block"}`):                                                 whyPolicy,
		item(`"app_roles":{}`):                                                                          whyRoles,
		item(`"messaging_feedback":{}`):                                                                 whyRating,
		item(`"account_linking":{"status":"linked"}`):                                                   whyCode,
		`{"object":"page","entry":[{"id":"1","dreams":[]}]}`:                                            "unknown dreams",
		`{"object":"page","entry":[{"id":"1","messaging":[{}]}]}`:                                       "unknown",
		`{"object":"page","entry":[{"id":"1","messaging":[{"message":{"mid":"m"}}]}]}`:                  whyNobody,
		`{"object":"page","entry":[{"id":"1","changes":[{"field":"feed","value":{}}]}]}`:                whyFeed,
		`{"object":"page","entry":[{"id":"1","changes":[{"field":"message_template_status_update"}]}]}`: whyTemplate,
		`{"object":"page","entry":[{"id":"1","changes":[{"field":"videos"}]}]}`:                         "unknown videos",
	} {
		b, err := c.Parse(sign(body, appSecret))
		require.NoError(t, err, body)
		require.Empty(t, b.Events, body)
		require.Equal(t, []string{want}, b.Ignored, body)
	}
}

// TestOldAmongNew leaves what is too old in a batch that is not.
func TestOldAmongNew(t *testing.T) {
	t.Parallel()
	body := fmt.Sprintf(`{"object":"page","entry":[{"id":"%s","time":%d,"messaging":[{"sender":{"id":"1"},"timestamp":%d,"message":{"mid":"a"}},{"sender":{"id":"2"},"timestamp":%d,"message":{"mid":"b"}}]}]}`,
		pageID, noon.UnixMilli(), noon.Add(-49*time.Hour).UnixMilli(), noon.UnixMilli())
	b, err := parser(t, nil).Parse(sign(body, appSecret))
	require.NoError(t, err)
	require.Len(t, b.Events, 1)
	require.Equal(t, "message:b", b.Events[0].ID)
	require.Equal(t, []string{whyOld}, b.Ignored)
}

// TestStandby keeps what is said to somebody else from being answered.
func TestStandby(t *testing.T) {
	t.Parallel()
	c := parser(t, nil)
	for _, rest := range []string{`"message":{"mid":"m","text":"x"}`, `"postback":{"title":"Bắt đầu"}`, `"referral":{"ref":"x"}`, `"postback":{"payload":"GET_STARTED"}`} {
		b, err := c.Parse(sign(strings.Replace(envelope(noon, rest), `"messaging"`, `"standby"`, 1), appSecret))
		require.NoError(t, err)
		require.Len(t, b.Events, 1, rest)
		require.Equal(t, channels.Said, b.Events[0].Kind, rest)
		require.True(t, b.Events[0].Standby, rest)
	}
}

// TestPages tells our pages from others'.
func TestPages(t *testing.T) {
	t.Parallel()
	body := compact(t, "testdata/events/message_batched.json")
	b, err := parser(t, func(c *Config) { c.Pages = []Page{{ID: otherPage, Token: "t"}} }).Parse(sign(body, appSecret))
	require.NoError(t, err)
	require.Len(t, b.Events, 3)
	for i, e := range b.Events {
		require.False(t, e.Foreign, i)
	}
	require.Equal(t, otherPage, b.Events[2].Account)
}

// TestIDsTellRepeats: the same thing has the same id, another thing another.
func TestIDsTellRepeats(t *testing.T) {
	t.Parallel()
	c := parser(t, nil)
	id := func(at time.Time, rest string) string {
		b, err := c.Parse(sign(envelope(at, rest), appSecret))
		require.NoError(t, err)
		require.Len(t, b.Events, 1)
		require.NotContains(t, b.Events[0].ID, person)
		return b.Events[0].ID
	}
	before := noon.Add(-time.Second)
	text := `"message":{"mid":"a","text":"x"}`
	require.Equal(t, id(noon, text), id(before, text), "the id of the message counts")
	require.NotEqual(t, id(noon, text), id(noon, `"reaction":{"mid":"a","action":"react"}`))
	require.NotEqual(t, id(noon, `"message_edit":{"mid":"a","num_edit":1}`), id(noon, `"message_edit":{"mid":"a","num_edit":2}`))
	for _, rest := range []string{`"read":{"watermark":5}`, `"reaction":{"mid":"a","emoji":"x","action":"react"}`, `"referral":{"ref":"x"}`, `"postback":{"payload":"x"}`} {
		require.Equal(t, id(noon, rest), id(noon, rest))
		require.NotEqual(t, id(noon, rest), id(before, rest), "without an id the time counts")
	}
	require.NotEqual(t, id(noon, `"read":{"watermark":5}`), id(noon, `"read":{"watermark":6}`), "and what happened")
}

// TestAnyAlteredByteIsRefused, in any of the samples.
func TestAnyAlteredByteIsRefused(t *testing.T) {
	t.Parallel()
	c := parser(t, nil)
	var requests []channels.Request
	for _, name := range samples(t) {
		requests = append(requests, sign(compact(t, name), appSecret))
	}
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.SampledFrom(requests).Draw(t, "request")
		body := bytes.Clone(r.Body)
		at := rapid.IntRange(0, len(body)-1).Draw(t, "at")
		body[at] ^= rapid.ByteRange(1, 255).Draw(t, "bits")
		r.Body = body
		if b, err := c.Parse(r); fault.CodeOf(err) != fault.Unauthorized || len(b.Events) != 0 {
			t.Fatalf("byte %d: got %d events, %v", at, len(b.Events), err)
		}
	})
}

func FuzzParse(f *testing.F) {
	c := parser(f, nil)
	for _, name := range samples(f) {
		f.Add([]byte(compact(f, name)), "sha256=00", true)
		f.Add([]byte(compact(f, name)), "", false)
	}
	f.Add([]byte(`{"object":"page","entry":{"messaging":{"sender":[[]],"message":[]}}}`), "x", true)
	f.Fuzz(func(t *testing.T, body []byte, header string, signIt bool) {
		r := channels.Request{Method: http.MethodPost, Header: http.Header{"X-Hub-Signature-256": {header}}, Body: body}
		if b, err := c.Parse(r); err == nil || len(b.Events) != 0 || b.Reply != nil {
			t.Fatalf("unsigned: got %+v, %v", b, err)
		}
		if !signIt {
			return
		}
		b, err := c.Parse(sign(string(body), appSecret))
		if code := fault.CodeOf(err); code != "" && code != fault.Unauthorized && code != fault.Invalid {
			t.Fatalf("got %v", err)
		}
		for _, e := range b.Events {
			if e.ID == "" || len(e.ID) > 200 || e.From == "" || e.Kind == "" || e.At.IsZero() || len(e.Ref) > 250 || e.Foreign != (e.Account != pageID) {
				t.Fatalf("got %+v", e)
			}
		}
	})
}
