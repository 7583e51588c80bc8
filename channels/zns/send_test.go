package zns

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/zaloapi"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/netcall"
)

// TestSamples sends the network's sample and reads its answers.
func TestSamples(t *testing.T) {
	t.Parallel()
	api := &recorder{answers: []string{sample(t, "api_zns_response")}}
	c, _ := serve(t, api, nil)
	o := c.Send(t.Context(), phone, code("otp-0001", "123456"))
	require.Equal(t, channels.Outcome{Status: channels.Sent, MessageID: "94ef305c120dbd55e41a"}, o)
	require.Equal(t, []string{"POST /message/template"}, api.paths)
	require.Equal(t, sample(t, "api_zns_otp_request"), api.last(t))
	require.Equal(t, "FAKE_ACCESS_TOKEN", api.heads[0].Get("access_token"))
	require.Equal(t, netcall.Proof(secret, "FAKE_ACCESS_TOKEN"), api.heads[0].Get("appsecret_proof"))
	require.Equal(t, "application/json", api.heads[0].Get("Content-Type"))

	api.answers = []string{sample(t, "api_zns_error_param")}
	o = c.Send(t.Context(), phone, code("otp-0001", "123456"))
	require.Equal(t, channels.Never, o.Status)
	require.Equal(t, "bad_params", o.Reason)
}

// TestGolden holds our own request against a golden file: values of the declaration in the network's places, a long one cut, the language, the mode.
func TestGolden(t *testing.T) {
	t.Parallel()
	api := &recorder{}
	c, _ := serve(t, api, func(c *Config) { c.Mode = "development" })
	m := notice("notice/2026/"+strings.Repeat("x", 60), map[string]string{
		"code": "PA-7K3M", "unit": "UBND phường\nHải Châu", "reason": "Đã vá ổ gà, sơn lại vạch và dọn cống thoát nước. Cảm ơn bà con.", "until": "not asked for",
	})
	m.Template.Lang = message.English
	require.Equal(t, channels.Sent, c.Send(t.Context(), phone, m).Status)
	golden(t, "testdata/notice.golden", []byte(api.last(t)))

	srv, err := New(testConfig("http://127.0.0.1:1"), "", &wallet{tokens: []string{"t"}}, &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		require.Empty(t, r.Header.Values("appsecret_proof"), "no proof unless asked for")
		return nil, errors.New("enough")
	})}, func() time.Time { return noon })
	require.NoError(t, err)
	require.Equal(t, channels.Later, srv.Send(t.Context(), phone, code("1", "1")).Status)
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestNotSendable(t *testing.T) {
	t.Parallel()
	api := &recorder{}
	c, _ := serve(t, api, nil)
	whole := map[string]string{"code": "PA-1", "unit": "UBND"}
	with := func(name, value string) map[string]string {
		out := map[string]string{"code": "PA-1", "unit": "UBND"}
		out[name] = value
		return out
	}
	reply := notice("1", whole)
	reply.Kind = channels.Reply
	unknown := notice("1", whole)
	unknown.Template.Name = "feedback.lost"
	for name, tt := range map[string]struct {
		to     channels.Address
		m      channels.Outbound
		reason string
	}{
		"a number at home":        {"0900000001", notice("1", whole), "bad_address"},
		"a user id":               {"3000000000000000003", notice("1", whole), "bad_address"},
		"words":                   {phone, channels.Outbound{ID: "1", Kind: channels.Notice, Blocks: message.Blocks{message.Words{Text: "x"}}}, "unsupported_block"},
		"an answer":               {phone, reply, "unsupported_kind"},
		"no template":             {phone, unknown, "no_template"},
		"no value":                {phone, notice("1", with("unit", "")), "bad_params"},
		"a long value":            {phone, notice("1", with("unit", strings.Repeat("SECRET ", 9))), "bad_params"},
		"a code of letters":       {phone, code("1", "SECRET"), "bad_params"},
		"a code of eleven digits": {phone, code("1", "12345678901"), "bad_params"},
	} {
		o := c.Send(t.Context(), tt.to, tt.m)
		require.Equal(t, channels.Never, o.Status, name)
		require.Equal(t, tt.reason, o.Reason, name)
		require.Error(t, o.Cause, name)
		require.NotContains(t, o.Cause.Error(), "SECRET", name)
	}
	require.Empty(t, api.paths)
}

// table is every number of the network's documentation, with what becomes of a message.
var table = map[int]channels.Outcome{
	-32:  {Status: channels.Later, Retry: time.Minute},
	-100: {Status: channels.Later},
	-124: {Status: channels.Later, Retry: netcall.AlarmWait, Alarm: true, Reason: "token_refused"},
	-133: {Status: channels.Later, Retry: 12*time.Hour + 59*time.Minute + 59*time.Second},
	-999: {Status: channels.Later}, // of tomorrow

	-101: warn("app_invalid"), -102: warn("app_unknown"), -103: warn("app_inactive"), -104: warn("app_secret"), -105: warn("app_not_linked"),
	-125: warn("account_unknown"), -127: warn("development_mode"), -1241: warn("appsecret_proof"),
	-109: warn("template_unknown"), -131: warn("template_not_approved"), -117: warn("template_not_permitted"), -146: warn("template_disabled"),
	-115: warn("no_money"), -126: warn("no_money"), -136: warn("no_cloud_account"), -137: warn("no_money"),
	-135: warn("account_not_permitted"), -1351: warn("account_blocked"),

	-108: gone("bad_number"), -118: gone("no_zalo_account"), -119: gone("cannot_receive"), -114: gone("cannot_receive"), -110: gone("old_client"),
	-139: gone("refused_by_person"), -140: gone("refused_by_person"), -141: gone("refused_by_person"),
	-111: gone("bad_params"), -112: gone("bad_params"), -1121: gone("bad_params"), -1122: gone("bad_params"), -1124: gone("bad_params"), -122: gone("bad_body"),
	-144: gone("daily_limit"), -1441: gone("daily_limit"), -147: gone("daily_limit"), -1471: gone("daily_limit"), -1472: gone("daily_limit"),
}

func warn(reason string) channels.Outcome {
	return channels.Outcome{Status: channels.Later, Retry: netcall.AlarmWait, Alarm: true, Reason: reason}
}

func gone(reason string) channels.Outcome {
	return channels.Outcome{Status: channels.Never, Reason: reason}
}

func TestErrorNumbers(t *testing.T) {
	t.Parallel()
	for n, v := range zaloapi.Templates {
		require.Contains(t, table, n)
		require.Equal(t, v.End == netcall.Never || v.End == netcall.Alarm, v.Reason != "", n)
	}
	for n, want := range table {
		c, _ := serve(t, &recorder{answers: []string{fmt.Sprintf(`{"error":%d,"message":"x","data":[]}`, n)}}, nil)
		got := c.Send(t.Context(), phone, code("1", "123456"))
		require.Error(t, got.Cause, n)
		require.NotContains(t, got.Cause.Error(), "84900000001")
		got.Cause = nil
		require.Equal(t, want, got, n)
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		body, after string
		status      int
		want        channels.Outcome
	}{
		"number as text":       {`{"error":"-118"}`, "", 200, channels.Outcome{Status: channels.Never, Reason: "no_zalo_account"}},
		"text as number":       {`{"error":"down"}`, "", 200, channels.Outcome{Status: channels.Later}},
		"limit with a time":    {`{"error":-32}`, "90", 200, channels.Outcome{Status: channels.Later, Retry: 90 * time.Second}},
		"number at a status":   {`{"error":-118}`, "", 400, channels.Outcome{Status: channels.Never, Reason: "no_zalo_account"}},
		"success without id":   {`{"error":0,"data":{}}`, "", 200, channels.Outcome{Status: channels.Later, Unsure: true}},
		"a very long id":       {`{"error":0,"data":{"msg_id":"` + strings.Repeat("9", 300) + `"}}`, "", 200, channels.Outcome{Status: channels.Later, Unsure: true}},
		"no JSON":              {`<html>`, "", 200, channels.Outcome{Status: channels.Later, Unsure: true}},
		"nothing":              {``, "", 200, channels.Outcome{Status: channels.Later, Unsure: true}},
		"huge":                 {`{"error":0,"x":"` + strings.Repeat("x", zaloapi.MaxAnswer) + `"}`, "", 200, channels.Outcome{Status: channels.Later, Unsure: true}},
		"too many at a proxy":  {`<html>`, "7", 429, channels.Outcome{Status: channels.Later, Retry: 7 * time.Second}},
		"too many for ever":    {`<html>`, "99999999999", 429, channels.Outcome{Status: channels.Later, Retry: time.Second}},
		"down":                 {`<html>`, "", 503, channels.Outcome{Status: channels.Later}},
		"broken":               {`<html>`, "", 502, channels.Outcome{Status: channels.Later, Unsure: true}},
		"refused":              {`<html>`, "", 403, channels.Outcome{Status: channels.Never, Reason: "refused_403"}},
		"redirected":           {``, "", 307, channels.Outcome{Status: channels.Never, Reason: "refused_307"}},
		"refused by a gateway": {``, "", 401, channels.Outcome{Status: channels.Later, Retry: netcall.AlarmWait, Alarm: true, Reason: "token_refused"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := &recorder{answers: []string{tt.body}, status: tt.status, after: tt.after}
			c, _ := serve(t, api, nil)
			got := c.Send(t.Context(), phone, code("1", "123456"))
			require.Error(t, got.Cause)
			require.NotContains(t, got.Cause.Error(), "FAKE_")
			got.Cause = nil
			require.Equal(t, tt.want, got)
			for _, path := range api.paths {
				require.Equal(t, "POST /message/template", path, "the token goes nowhere else")
			}
		})
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	api := &recorder{answers: []string{`{"error":-124}`, sample(t, "api_zns_response")}}
	c, w := serve(t, api, nil)
	require.Equal(t, channels.Sent, c.Send(t.Context(), phone, code("1", "123456")).Status)
	require.Equal(t, []string{"FAKE_ACCESS_TOKEN"}, w.stale)
	require.Equal(t, "FAKE_ACCESS_TOKEN_2", api.heads[1].Get("access_token"))
	require.NotEqual(t, api.heads[0].Get("appsecret_proof"), api.heads[1].Get("appsecret_proof"))

	for what, want := range map[fault.Code]channels.Outcome{
		fault.Forbidden:   {Status: channels.Later, Alarm: true, Reason: "no_token", Retry: netcall.AlarmWait},
		fault.Unavailable: {Status: channels.Later, Retry: 7 * time.Second},
	} {
		c := open(t, testConfig("http://127.0.0.1:1"), &wallet{err: fault.New(what, "").After(7 * time.Second)}, &http.Client{}, noon)
		got := c.Send(t.Context(), phone, code("1", "123456"))
		require.Error(t, got.Cause)
		got.Cause = nil
		require.Equal(t, want, got)
	}
}

func TestUnsure(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-release
	}))
	defer srv.Close()
	defer close(release)
	cfg := testConfig(srv.URL)
	cfg.Timeout = time.Second // for the request to leave, on a busy machine too
	o := open(t, cfg, &wallet{tokens: []string{"t"}}, srv.Client(), noon).Send(t.Context(), phone, code("1", "1"))
	require.Equal(t, channels.Later, o.Status)
	require.True(t, o.Unsure, "it was written and no answer came")

	cfg.APIBase = "http://127.0.0.1:1"
	o = open(t, cfg, &wallet{tokens: []string{"t"}}, srv.Client(), noon).Send(t.Context(), phone, code("1", "1"))
	require.Equal(t, channels.Later, o.Status)
	require.False(t, o.Unsure, "nobody was there to take it")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o = open(t, testConfig(srv.URL), &wallet{tokens: []string{"t"}}, srv.Client(), noon).Send(ctx, phone, code("1", "1"))
	require.Equal(t, channels.Later, o.Status)
	require.False(t, o.Unsure)
}

func TestTrackingID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"otp-0001":              "otp-0001",
		"n/1.a_b:c":             "n/1.a_b:c",
		strings.Repeat("x", 48): strings.Repeat("x", 48),
		strings.Repeat("x", 49): "sha256:",
		"thư 1":                 "sha256:",
		"":                      "sha256:",
		"sha256:made up":        "sha256:",
		"sha256:1":              "sha256:",
	} {
		got := TrackingID(id)
		require.True(t, strings.HasPrefix(got, want), "%q: got %q", id, got)
		require.LessOrEqual(t, len(got), maxTracking)
		require.Equal(t, got, TrackingID(id))
		if want == "sha256:" {
			require.Len(t, got, 47)
			require.NotEqual(t, id, got)
		}
	}
	require.NotEqual(t, TrackingID(strings.Repeat("x", 60)), TrackingID(strings.Repeat("x", 61)))
}

func FuzzTrackingID(f *testing.F) {
	f.Add("otp-0001")
	f.Add(strings.Repeat("ờ", 30))
	f.Fuzz(func(t *testing.T, id string) {
		if got := TrackingID(id); !plainRE.MatchString(got) {
			t.Errorf("%q: got %q", id, got)
		}
	})
}

func FuzzReply(f *testing.F) {
	for _, name := range []string{"api_zns_response", "api_zns_error_param"} {
		f.Add(200, []byte(sample(f, name)))
		f.Add(503, []byte(sample(f, name)))
	}
	f.Add(200, []byte(infoReply))
	c, err := New(testConfig("http://127.0.0.1:1"), "", &wallet{}, &http.Client{}, func() time.Time { return noon })
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		a := zaloapi.Parse(status, body)
		o := c.outcome(a)
		ok := o.Status == channels.Sent && o.MessageID != "" && len(o.MessageID) <= 200 ||
			o.Status == channels.Later && o.Cause != nil && o.Retry >= 0 && (!o.Alarm || o.Reason != "") ||
			o.Status == channels.Never && o.Reason != "" && len(o.Reason) < 40
		if !ok {
			t.Errorf("got %+v", o)
		}
		var d described
		a.Data(&d)
		for _, line := range differences(testConfig("").Templates["account.code"].Slots(), d.Params) {
			if line == "" || strings.ContainsAny(line, "\r\n\x1b") {
				t.Errorf("got %q", line)
			}
		}
	})
}
