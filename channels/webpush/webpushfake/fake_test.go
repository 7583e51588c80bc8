package webpushfake_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	library "github.com/SherClockHolmes/webpush-go"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels/webpush/webpushfake"
	"github.com/motcua/motcua/internal/clocktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

type keys struct{ public, private string }

func newKeys(t *testing.T) keys {
	t.Helper()
	private, public, err := library.GenerateVAPIDKeys()
	require.NoError(t, err)
	return keys{public, private}
}

func open(t *testing.T) (*webpushfake.Service, *httptest.Server, *clocktest.Clock) {
	t.Helper()
	c := clocktest.At(time.Now())
	s := webpushfake.New(webpushfake.Config{Now: c.Now})
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	t.Cleanup(s.Close)
	call(t, srv, http.MethodGet, "/control/stats", "", http.StatusOK)
	return s, srv, c
}

func call(t *testing.T, srv *httptest.Server, method, path, body string, status int) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	res, err := srv.Client().Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	var out bytes.Buffer
	_, err = out.ReadFrom(res.Body)
	require.NoError(t, err)
	require.Equal(t, status, res.StatusCode, out.String())
	return out.Bytes()
}

// send pushes with the library, whose request is changed before it leaves, and gives the status.
func send(t *testing.T, srv *httptest.Server, sub webpushfake.Subscription, k keys, o library.Options, change func(*http.Request)) int {
	t.Helper()
	o.HTTPClient = doer(func(r *http.Request) (*http.Response, error) {
		if change != nil {
			change(r)
		}
		return srv.Client().Do(r)
	})
	if o.Subscriber == "" {
		o.Subscriber = "motcua@example.vn"
	}
	o.VAPIDPublicKey, o.VAPIDPrivateKey = k.public, k.private
	s := library.Subscription{Endpoint: sub.Endpoint, Keys: library.Keys{Auth: sub.Keys.Auth, P256dh: sub.Keys.P256dh}}
	res, err := library.SendNotificationWithContext(t.Context(), []byte(`{"title":"T","text":"x","collapse":"`+o.Topic+`"}`), &s, &o)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}

type doer func(*http.Request) (*http.Response, error)

func (f doer) Do(r *http.Request) (*http.Response, error) { return f(r) }

func TestRefusals(t *testing.T) {
	t.Parallel()
	s, srv, _ := open(t)
	k, other := newKeys(t), newKeys(t)
	sub, foreign := s.Subscribe("Lan", k.public), s.Subscribe("Nam", other.public)
	over := s.Subscribe("Hoa", k.public)
	s.Expire("Hoa")
	unknown := sub
	unknown.Endpoint += "x"
	elsewhere := sub
	elsewhere.Endpoint = strings.Replace(sub.Endpoint, "127.0.0.1", "localhost", 1)
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Del(name)
			if value != "" {
				r.Header.Set(name, value)
			}
		}
	}
	for _, tt := range []struct {
		name   string
		sub    webpushfake.Subscription
		o      library.Options
		change func(*http.Request)
		want   int
	}{
		{"good", sub, library.Options{TTL: 60}, nil, 201},
		{"good, with all headers", sub, library.Options{TTL: 0, Topic: "abc", Urgency: library.UrgencyVeryLow}, nil, 201},
		{"unknown", unknown, library.Options{}, nil, 404},
		{"over", over, library.Options{}, nil, 410},
		{"made for another key", foreign, library.Options{}, nil, 403},
		{"no TTL", sub, library.Options{}, header("TTL", ""), 400},
		{"odd TTL", sub, library.Options{}, header("TTL", "-1"), 400},
		{"odd topic", sub, library.Options{}, header("Topic", "chủ đề"), 400},
		{"long topic", sub, library.Options{Topic: strings.Repeat("a", 33)}, nil, 400},
		{"odd urgency", sub, library.Options{}, header("Urgency", "now"), 400},
		{"odd encoding", sub, library.Options{}, header("Content-Encoding", "aesgcm"), 400},
		{"no signature", sub, library.Options{}, header("Authorization", ""), 401},
		{"no key", sub, library.Options{}, header("Authorization", "vapid t=x, k=y"), 401},
		{"no token", sub, library.Options{}, header("Authorization", "vapid t=x, k="+k.public), 401},
		{"mailto twice", sub, library.Options{Subscriber: "mailto:a@example.vn"}, nil, 403},
		{"signed for another origin", elsewhere, library.Options{}, nil, 403},
	} {
		require.Equal(t, tt.want, send(t, srv, tt.sub, k, tt.o, tt.change), tt.name)
	}
	require.Equal(t, 403, send(t, srv, s.Subscribe("Any", ""), keys{other.public, k.private}, library.Options{}, nil), "signed by another key")
	require.Zero(t, s.Stats().Broken)
	require.Equal(t, 2, s.Stats().Taken)
}

func TestTokenTimes(t *testing.T) {
	t.Parallel()
	s, srv, c := open(t)
	k := newKeys(t)
	sub := s.Subscribe("Lan", k.public)
	c.Add(13 * time.Hour)
	require.Equal(t, 403, send(t, srv, sub, k, library.Options{}, nil), "expired: the library's tokens hold for 12 hours")
	c.Add(-26 * time.Hour)
	require.Equal(t, 403, send(t, srv, sub, k, library.Options{}, nil), "too far ahead")
}

func TestAway(t *testing.T) {
	t.Parallel()
	s, srv, c := open(t)
	k := newKeys(t)
	sub := s.Subscribe("Lan", k.public)
	call(t, srv, http.MethodPost, "/control/devices/Lan/presence", `{"away":true}`, 200)
	for _, o := range []library.Options{{TTL: 3600, Topic: "a"}, {TTL: 3600, Topic: "a"}, {TTL: 3600}, {TTL: 10}, {TTL: 0}} {
		require.Equal(t, 201, send(t, srv, sub, k, o, nil))
	}
	require.Empty(t, s.Messages("Lan"))
	c.Add(time.Minute)
	call(t, srv, http.MethodPost, "/control/devices/Lan/presence", `{"away":false}`, 200)
	require.Len(t, s.Messages("Lan"), 2, "a later one with the topic takes the place; what has run out is gone")
	require.Len(t, s.Screens().Notes("Lan"), 2)
}

func TestControl(t *testing.T) {
	t.Parallel()
	s, srv, _ := open(t)
	k := newKeys(t)
	var sub webpushfake.Subscription
	require.NoError(t, json.Unmarshal(call(t, srv, http.MethodPost, "/control/devices", `{"name":"Lan","applicationServerKey":"`+k.public+`"}`, 200), &sub))
	require.Equal(t, sub, s.Subscribe("Lan", k.public), "the same until it is over")
	call(t, srv, http.MethodPost, "/control/devices", `{"name":""}`, 400)
	call(t, srv, http.MethodPost, "/control/devices", `{"nam":"x"}`, 400)

	call(t, srv, http.MethodPost, "/control/faults", `{"status":429,"times":1,"retry_after_s":7}`, 200)
	require.Equal(t, 429, send(t, srv, sub, k, library.Options{}, nil))
	require.Equal(t, 201, send(t, srv, sub, k, library.Options{}, nil))
	call(t, srv, http.MethodPost, "/control/faults", `{"outage":"refuse"}`, 200)
	require.Equal(t, 503, send(t, srv, sub, k, library.Options{}, nil))
	call(t, srv, http.MethodPost, "/control/faults", `{"outage":"odd"}`, 400)
	call(t, srv, http.MethodDelete, "/control/faults", ``, 200)
	require.Equal(t, 201, send(t, srv, sub, k, library.Options{}, nil))
	require.Contains(t, string(call(t, srv, http.MethodGet, "/control/devices", "", 200)), `"got":2`)
	require.Contains(t, string(call(t, srv, http.MethodGet, "/control/devices/Lan/messages", "", 200)), `"T"`)
	require.Contains(t, string(call(t, srv, http.MethodGet, "/control/stats", "", 200)), `"429":1`)
	call(t, srv, http.MethodPost, "/control/devices/Lan/expire", "", 200)
	require.Equal(t, 410, send(t, srv, sub, k, library.Options{}, nil))
	require.NotEqual(t, sub, s.Subscribe("Lan", k.public))
}

// FuzzPush shows that whatever is pushed is answered.
func FuzzPush(f *testing.F) {
	f.Add([]byte("x"), "vapid t=a.b.c, k=x", "60", "topic")
	f.Add(bytes.Repeat([]byte{0, 65}, 80), "", "", "")
	s := webpushfake.New(webpushfake.Config{Base: "http://push.example.vn"})
	sub := s.Subscribe("Lan", "")
	path := strings.TrimPrefix(sub.Endpoint, "http://push.example.vn")
	f.Fuzz(func(t *testing.T, body []byte, authorization, ttl, topic string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, bytes.NewReader(body))
		r.Header.Set("Authorization", authorization)
		r.Header.Set("TTL", ttl)
		r.Header.Set("Topic", topic)
		r.Header.Set("Content-Encoding", "aes128gcm")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code == http.StatusCreated || w.Code >= 500 {
			t.Errorf("got %d", w.Code)
		}
	})
}
