package fcm

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"firebase.google.com/go/v4/messaging"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/channeltest"
	"github.com/motcua/motcua/channels/fcm/fcmfake"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

func TestChannel(t *testing.T) {
	t.Parallel()
	channeltest.Run(t, func(t *testing.T) channeltest.Fixture {
		c, fake, to := serve(t)
		return channeltest.Fixture{
			Channel: c, To: to, BadTo: "a token with blanks", Repeats: true,
			Received: func() []string {
				var out []string
				for _, d := range fake.Deliveries("Lan") {
					var m messaging.Message
					require.NoError(t, json.Unmarshal(d.Message, &m))
					out = append(out, m.Notification.Body)
				}
				return out
			},
			Fail: func(status, times int) {
				fake.Break(func(f *fcmfake.Faults) {
					f.Status, f.Times, f.Error = status, times, map[int]fcmfake.Behaviour{403: fcmfake.Mismatch}[status]
				})
			},
			Lose: func(times int) { fake.Break(func(f *fcmfake.Faults) { f.Lose = times }) },
		}
	})
}

// TestSamples shows that the samples leave the library as they are, through our transport, and get the sample's answer.
func TestSamples(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"send_request_condition", "send_request_data_only", "send_request_full", "send_request_notification", "send_request_topic"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []byte
			c := play(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/v1/projects/demo-city/messages:send" || r.Header.Get(OriginHeader) != "fcm.googleapis.com" {
					t.Errorf("asked for %s of %s", r.URL.Path, r.Header.Get(OriginHeader))
				}
				got, _ = io.ReadAll(r.Body)
				_, _ = w.Write(sample(t, "send_response"))
			}))
			var req struct {
				ValidateOnly bool               `json:"validate_only"`
				Message      *messaging.Message `json:"message"`
			}
			require.NoError(t, json.Unmarshal(sample(t, name), &req))
			if !req.ValidateOnly {
				o := c.send(t.Context(), req.Message)
				require.Equal(t, channels.Outcome{Status: channels.Sent, MessageID: "0:1795255200123456%31bd1c9631bd1c96"}, o)
			} else {
				_, err := c.client.SendDryRun(t.Context(), req.Message)
				require.NoError(t, err)
			}
			require.JSONEq(t, string(sample(t, name)), string(got))
		})
	}
}

// TestGolden compares what is made of pushes.
func TestGolden(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		to channels.Address
		m  channels.Outbound
	}{
		"plain": {"FAKE_REGISTRATION_TOKEN", push("letter-1", "Đã có kết quả")},
		"full": {"FAKE_REGISTRATION_TOKEN", channels.Outbound{ID: "letter-2", Push: &channels.Push{
			Title: "Hồ sơ HS2026000123", Text: "Đã có kết quả", Link: "/r/HP-7K3M", Collapse: "feedback/HP-7K3M", Urgent: true, TTL: time.Hour,
			Data: map[string]string{"app": "feedback", "case": "0192-abc"},
		}}},
		"topic":  {"/topics/ward-11383", push("letter-3", "Mưa rất to trong 3 giờ tới")},
		"topics": {"/topics/ward-11383,ward-11311,city", push("letter-5", "Mưa rất to trong 3 giờ tới")},
		"long_names": {"FAKE_REGISTRATION_TOKEN", channels.Outbound{ID: strings.Repeat("x", 128), Push: &channels.Push{
			Text: "x", Collapse: strings.Repeat("y", 100), Link: "https://elsewhere.example/a?b=1&c=2",
		}}},
		"words": {"FAKE_REGISTRATION_TOKEN", channels.Outbound{ID: "4", Blocks: message.Blocks{
			message.Words{Text: "Chào bà con"}, message.Link{Label: "Xem", URL: "https://motcua.example"},
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []byte
			c := play(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got, _ = io.ReadAll(r.Body)
				_, _ = w.Write(sample(t, "send_response"))
			}))
			require.Equal(t, channels.Sent, c.Send(t.Context(), tt.to, tt.m).Status)
			golden(t, "testdata/"+name+".golden.json", got)
		})
	}
}

// TestErrors shows what each answer of the network leads to.
func TestErrors(t *testing.T) {
	t.Parallel()
	alarm := func(reason string) channels.Outcome {
		return channels.Outcome{Status: channels.Later, Retry: 15 * time.Minute, Alarm: true, Reason: reason}
	}
	never := func(reason string) channels.Outcome { return channels.Outcome{Status: channels.Never, Reason: reason} }
	later := func(d time.Duration) channels.Outcome { return channels.Outcome{Status: channels.Later, Retry: d} }
	unsure := channels.Outcome{Status: channels.Later, Unsure: true}
	tests := []struct {
		name       string // with a status of 0, of a sample
		retryAfter string
		status     int
		want       channels.Outcome
	}{
		{"error_unregistered", "", 0, never("token_dead")},
		{"error_sender_id_mismatch", "", 0, channels.Outcome{Status: channels.Never, Reason: "wrong_sender", Alarm: true}},
		{"error_invalid_argument_token", "", 0, never("token_dead")},
		{"error_invalid_argument_field", "", 0, never("bad_request")},
		{"error_payload_too_big", "", 0, never("too_big")},
		{"error_quota_exceeded", "", 0, later(time.Minute)},
		{"error_quota_exceeded", "5", 0, later(time.Minute)},
		{"error_quota_exceeded", "600", 0, later(10 * time.Minute)},
		{"error_unavailable", "", 0, later(0)},
		{"error_unavailable", "30", 0, later(30 * time.Second)},
		{"error_internal", "", 0, unsure},
		{"error_third_party_auth", "", 0, alarm("third_party_auth")},
		{"error_oauth_unauthenticated", "", 0, alarm("credentials")},
		{"bare 404 is a wrong project, not a dead token", "", 404, alarm("no_such_project")},
		{"bare 403", "", 403, alarm("forbidden")},
		{"bare 400", "", 400, never("bad_request")},
		{"bare 429", "", 429, later(time.Minute)},
		{"bare 502", "", 502, unsure},
		{"bare 503", "soon", 503, later(0)},
		{"a redirect is not followed", "", 307, never("refused_3xx")},
		{"a redirect that Google's library takes for success", "", 302, never("refused_3xx")},
		{"success without an id", "", 200, unsure},
		{"odd", "", 418, never("refused_4xx")},
	}
	for _, tt := range tests {
		t.Run(tt.name+tt.retryAfter, func(t *testing.T) {
			t.Parallel()
			requests := 0
			c := play(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				requests++
				w.Header().Set("Location", "/elsewhere")
				if tt.retryAfter != "" {
					w.Header().Set("Retry-After", tt.retryAfter)
				}
				if tt.status != 0 {
					w.WriteHeader(tt.status)
					return
				}
				body := sample(t, tt.name)
				var e struct{ Error struct{ Code int } }
				require.NoError(t, json.Unmarshal(body, &e))
				w.WriteHeader(e.Error.Code)
				_, _ = w.Write(body)
			}))
			got := c.Send(t.Context(), "FAKE_REGISTRATION_TOKEN", push("1", "x"))
			require.Error(t, got.Cause)
			require.NotContains(t, got.Cause.Error(), "FAKE_REGISTRATION_TOKEN")
			got.Cause = nil
			require.Equal(t, tt.want, got)
			require.Equal(t, 1, requests, "an attempt is one request")
		})
	}
}

// TestInvalidArguments shows that a device is not lost over a mistake of ours.
func TestInvalidArguments(t *testing.T) {
	t.Parallel()
	const fcmError = `{"@type":"type.googleapis.com/google.firebase.fcm.v1.FcmError","errorCode":"INVALID_ARGUMENT"}`
	field := func(name string) string {
		return `{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"` + name + `","description":"x"}]}`
	}
	for details, want := range map[string]string{
		fcmError + "," + field("message.token"):       "token_dead",
		fcmError + "," + field("message.android.ttl"): "bad_request",
		fcmError:               "bad_request",
		field("message.token"): "bad_request",
	} {
		c := play(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":{"code":400,"message":"Request contains an invalid argument.","status":"INVALID_ARGUMENT","details":[`+details+`]}}`)
		}))
		require.Equal(t, want, c.Send(t.Context(), "T", push("1", "x")).Reason, details)
	}
	c := play(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":{"code":400,"message":"The registration token is fine, the time is not.","status":"INVALID_ARGUMENT","details":[`+
			fcmError+","+field("message.android.ttl")+`]}}`)
	}))
	require.Equal(t, "bad_request", c.Send(t.Context(), "T", push("1", "x")).Reason, "the field that is named counts before the words")
	c = play(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write(sample(t, "error_unregistered"))
	}))
	require.Equal(t, "bad_topic", c.Send(t.Context(), "/topics/ward-1", push("1", "x")).Reason, "a topic has no device to lose")
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	c := play(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(func() { close(release) })
	c.cfg.Timeout = time.Second // for the request to leave, on a busy machine too
	o := c.Send(t.Context(), "T", push("1", "x"))
	require.Equal(t, channels.Later, o.Status)
	require.True(t, o.Unsure)

	nobody := newChannel(t, testConfig("http://127.0.0.1:1"), &http.Client{Transport: &http.Transport{}})
	began := time.Now()
	o = nobody.Send(t.Context(), "T", push("1", "x"))
	require.Equal(t, channels.Later, o.Status)
	require.False(t, o.Unsure, "nothing has left")
	require.Less(t, time.Since(began), 5*time.Second, "the library would try for seven seconds")
}

func TestLongTextsAreShortened(t *testing.T) {
	t.Parallel()
	c, fake, to := serve(t)
	_, err := c.Subscribe(t.Context(), "ward-1", []channels.Address{to})
	require.NoError(t, err)
	for _, tt := range []struct {
		to    channels.Address
		limit int
	}{{to, 4096}, {"/topics/ward-1", 2048}, {c.Address([]string{"ward-2", "ward-1"}), 2048}} {
		require.Equal(t, channels.Sent, c.Send(t.Context(), tt.to, push("1", strings.Repeat("nước ngập & sâu ", 400))).Status)
		got := fake.Deliveries("Lan")
		last := got[len(got)-1].Message
		require.LessOrEqual(t, len(last), tt.limit)
		require.Greater(t, len(last), tt.limit-40)
		var m messaging.Message
		require.NoError(t, json.Unmarshal(last, &m))
		require.True(t, strings.HasSuffix(m.Notification.Body, "…"))
	}
	m := push("2", "x")
	m.Push.Title = strings.Repeat("t", 4096)
	require.Equal(t, "too_big", c.Send(t.Context(), to, m).Reason)
}

// TestAnyOfSomeTopics reaches who follows any of them, each once.
func TestAnyOfSomeTopics(t *testing.T) {
	t.Parallel()
	c, fake, lan := serve(t)
	hoa := channels.Address(fake.Install("Hoa"))
	fake.Install("Mai")
	for _, topic := range []string{"ward-1", "ward-2"} {
		_, err := c.Subscribe(t.Context(), topic, []channels.Address{lan})
		require.NoError(t, err)
	}
	_, err := c.Subscribe(t.Context(), "ward-2", []channels.Address{hoa})
	require.NoError(t, err)
	require.Equal(t, channels.Sent, c.Send(t.Context(), c.Address([]string{"ward-1", "ward-2", "ward-3"}), push("1", "x")).Status)
	for name, want := range map[string]int{"Lan": 1, "Hoa": 1, "Mai": 0} {
		require.Len(t, fake.Deliveries(name), want, name)
	}
	require.Equal(t, channels.Sent, c.Send(t.Context(), c.Address([]string{"ward-1"}), push("2", "x")).Status)
	require.Len(t, fake.Deliveries("Lan"), 2)
	require.Len(t, fake.Deliveries("Hoa"), 1)
}

// TestLifetime shows that a push is kept for as long as it is of use, and no longer than the settings say.
func TestLifetime(t *testing.T) {
	t.Parallel()
	cfg := testConfig("http://127.0.0.1:1")
	cfg.TTL = 2 * time.Hour
	c := newChannel(t, cfg, &http.Client{})
	for asked, want := range map[time.Duration]time.Duration{0: 2 * time.Hour, time.Hour: time.Hour, 3 * time.Hour: 2 * time.Hour} {
		m, reason := c.render(target{token: "T"}, "1", channels.Push{Text: "x", TTL: asked})
		require.Empty(t, reason)
		require.Equal(t, want, *m.Android.TTL)
		require.Equal(t, strconv.FormatInt(moment.Add(want).Unix(), 10), m.APNS.Headers["apns-expiration"])
		require.Equal(t, strconv.Itoa(int(want.Seconds())), m.Webpush.Headers["TTL"])
	}
}

// TestNames shows that a name goes as it is while every network takes it, and as a hash that is as short beyond that.
func TestNames(t *testing.T) {
	t.Parallel()
	for n, same := range map[int]bool{1: true, 64: true, 65: false, 200: false} {
		name := strings.Repeat("x", n)
		require.Equal(t, same, short(name) == name, n)
		require.LessOrEqual(t, len(short(name)), 64)
	}
}

func TestUnsupported(t *testing.T) {
	t.Parallel()
	c, _, to := serve(t)
	for _, m := range []channels.Outbound{{}, {Push: &channels.Push{}}, {Blocks: message.Blocks{message.QR{Payload: "x"}}}} {
		require.Equal(t, "unsupported_block", c.Send(t.Context(), to, m).Reason)
	}
	for _, name := range []string{"from", "message_type", "gcm.x", "google.c"} {
		m := push("1", "x")
		m.Push.Data = map[string]string{name: "x"}
		require.Equal(t, "bad_data", c.Send(t.Context(), to, m).Reason)
	}
	for _, bad := range []channels.Address{"", "/topics/", "/topics/chủ-đề", "/topics/a b", "/topics/a,", "/topics/a,b',c", "/topics/a,b,c,d,e,f", "a\nb"} {
		require.Equal(t, "bad_address", c.Send(t.Context(), bad, push("1", "x")).Reason)
	}
	_, _, err := c.Check(" ")
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
	got, known, err := c.Check(" " + string(to) + "\n")
	require.NoError(t, err)
	require.Equal(t, []string{string(to), string(to)}, []string{string(got), known})
}

func TestTopics(t *testing.T) {
	t.Parallel()
	c, fake, to := serve(t)
	got, err := c.Subscribe(t.Context(), "ward-11383", []channels.Address{to, "unknown"})
	require.NoError(t, err)
	require.Equal(t, []string{"", "NOT_FOUND"}, got)
	require.Equal(t, []string{"ward-11383"}, fake.Topics("Lan"))
	require.Equal(t, channels.Sent, c.Send(t.Context(), "/topics/ward-11383", push("1", "x")).Status)
	require.Len(t, fake.Deliveries("Lan"), 1)
	got, err = c.Unsubscribe(t.Context(), "ward-11383", []channels.Address{to})
	require.NoError(t, err)
	require.Equal(t, []string{""}, got)
	require.Empty(t, fake.Topics("Lan"))

	for _, bad := range []struct {
		topic string
		to    []channels.Address
	}{{"chủ đề", []channels.Address{to}}, {"a", nil}, {"a", []channels.Address{""}}, {"a", slices.Repeat([]channels.Address{to}, MaxTokens+1)}} {
		_, err := c.Subscribe(t.Context(), bad.topic, bad.to)
		require.Equal(t, fault.Invalid, fault.CodeOf(err))
	}
}

func TestTopicSamples(t *testing.T) {
	t.Parallel()
	c := play(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path != "/iid/v1:batchAdd" || r.Header.Get("access_token_auth") != "true" || r.Header.Get(OriginHeader) != "iid.googleapis.com" {
			t.Errorf("asked for %s with %v", r.URL.Path, r.Header)
		}
		require.JSONEq(t, string(sample(t, "topic_batch_request")), string(body))
		_, _ = w.Write(sample(t, "topic_batch_response"))
	}))
	got, err := c.Subscribe(t.Context(), "canh-bao-mua-lon", []channels.Address{"FAKE_REGISTRATION_TOKEN_1", "FAKE_REGISTRATION_TOKEN_2"})
	require.NoError(t, err)
	require.Equal(t, []string{"", "NOT_FOUND"}, got)
}

func TestTopicFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		body   string
		want   fault.Code
	}{
		{200, `{"results":[{"error":7}]}`, fault.Unavailable}, // the library panics
		{200, `{"results":[]}`, fault.Unavailable},
		{200, `[`, fault.Unavailable},
		{400, `{"error":"InvalidToken FAKE"}`, fault.Invalid},
		{401, ``, fault.Forbidden},
		{403, ``, fault.Forbidden},
		{429, ``, fault.RateLimited},
		{500, ``, fault.Unavailable},
		{503, ``, fault.Unavailable},
	} {
		c := play(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(tt.status)
			_, _ = io.WriteString(w, tt.body)
		}))
		_, err := c.Subscribe(t.Context(), "a", []channels.Address{"FAKE"})
		require.Equal(t, tt.want, fault.CodeOf(err), "%d %s", tt.status, tt.body)
		require.NotContains(t, err.Error(), "FAKE")
	}
}

func FuzzOutcome(f *testing.F) {
	f.Add(200, "", []byte(`{"name":"projects/a/messages/1"}`))
	f.Add(404, "30", sample(f, "error_unregistered"))
	f.Add(400, "-1", sample(f, "error_payload_too_big"))
	f.Add(400, "", []byte(`{"error":{"details":[null]}}`))
	var status int
	var retryAfter string
	var body []byte
	c := newChannel(f, testConfig("http://127.0.0.1:1"), &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		h := http.Header{"Retry-After": {retryAfter}}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(string(body))), Request: r}, nil
	})})
	f.Fuzz(func(t *testing.T, s int, after string, b []byte) {
		status, retryAfter, body = 200+(s%400+400)%400, after, b
		o := c.Send(t.Context(), "T", push("1", "x"))
		ok := o.Status == channels.Sent && o.MessageID != "" || o.Status == channels.Later && o.Cause != nil && o.Retry >= 0 ||
			o.Status == channels.Never && o.Reason != "" && len(o.Reason) < 40
		if !ok {
			t.Errorf("got %+v", o)
		}
	})
}
