package messenger

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

func welcome() Welcome {
	return Welcome{
		Greeting: message.Text{message.Vietnamese: "Xin chào {{user_first_name}}", message.English: "Hello {{user_first_name}}"},
		Menu: []Entry{
			{Title: message.Text{message.Vietnamese: "Phản ánh", message.English: "Report"}, Ref: "feedback.submit"},
			{Title: message.Text{message.Vietnamese: "Cổng dịch vụ công"}, URL: "https://dichvucong.example.vn"},
		},
	}
}

func TestSetup(t *testing.T) {
	t.Parallel()
	r := &recorder{answers: []string{sample(t, "api_messenger_profile_response"), `{"success":true}`, sample(t, "api_messenger_profile_response"), `{"success":true}`}}
	c := serve(t, r, func(c *Config) { c.Pages = []Page{{otherPage, "FAKE_OTHER_TOKEN"}} })
	require.NoError(t, c.Setup(t.Context(), welcome()))
	require.Equal(t, []string{
		"POST /v25.0/" + pageID + "/messenger_profile", "POST /v25.0/" + pageID + "/subscribed_apps",
		"POST /v25.0/" + otherPage + "/messenger_profile", "POST /v25.0/" + otherPage + "/subscribed_apps",
	}, r.paths)
	golden(t, "testdata/setup.golden", []byte(pretty(t, r.bodies[0])))
	require.Equal(t, strings.Join(subscribed, ","), r.queries[1].Get("subscribed_fields"))
	var v struct {
		GetStarted getStartedButton `json:"get_started"`
	}
	load(t, "testdata/api/api_messenger_profile_request.json", &v)
	require.Equal(t, getStarted, v.GetStarted.Payload)
}

func TestSetupFails(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer string
		status int
		change func(*Welcome)
		want   fault.Code
	}{
		"refused":            {answer: sample(t, "api_error_token_expired"), want: fault.Forbidden},
		"busy":               {answer: sample(t, "api_error_rate_limit"), want: fault.Unavailable},
		"neither yes nor no": {answer: `{}`, want: fault.Unavailable},
		"an outage":          {answer: `<html>`, status: http.StatusBadGateway, want: fault.Unavailable},
		"long greeting":      {change: func(w *Welcome) { w.Greeting[message.English] = strings.Repeat("x", 161) }, want: fault.Invalid},
		"long title":         {change: func(w *Welcome) { w.Menu[0].Title[message.English] = strings.Repeat("x", 31) }, want: fault.Invalid},
		"no title":           {change: func(w *Welcome) { w.Menu[0].Title = nil }, want: fault.Invalid},
		"nowhere":            {change: func(w *Welcome) { w.Menu[1].URL = "" }, want: fault.Invalid},
		"too many":           {change: func(w *Welcome) { w.Menu = make([]Entry, 21) }, want: fault.Invalid},
	} {
		w := welcome()
		if tt.change != nil {
			tt.change(&w)
		}
		err := serve(t, &recorder{answers: []string{tt.answer}, status: tt.status}, nil).Setup(t.Context(), w)
		require.Equal(t, tt.want, fault.CodeOf(err), "%s: %v", name, err)
		require.NotContains(t, err.Error(), pageToken, name)
	}
	cfg := testConfig("http://127.0.0.1:1")
	require.Equal(t, fault.Unavailable, fault.CodeOf(newChannel(t, cfg, &http.Client{}).Setup(t.Context(), welcome())))
}

func TestStatus(t *testing.T) {
	t.Parallel()
	r := &recorder{answers: []string{
		`{"data":{"is_valid":true,"expires_at":1795255200,"scopes":["pages_messaging"]}}`,
		`{"data":[{"get_started":{"payload":"GET_STARTED"},"greeting":[{"locale":"default","text":"x"}],"persistent_menu":[{"locale":"default","call_to_actions":[{"type":"postback"},{"type":"web_url"}]}]}]}`,
		`{"data":[{"id":"5","subscribed_fields":["standby"]},{"id":"` + appID + `","subscribed_fields":["` + strings.Join(subscribed[1:], `","`) + `"]}]}`,
	}}
	got := serve(t, r, nil).Status(t.Context())
	require.Equal(t, []PageStatus{{
		Page: pageID, TokenGood: true, Expires: time.Unix(1795255200, 0).UTC(), Scopes: []string{"pages_messaging"}, GetStarted: true, Greetings: 1, MenuEntries: 2,
		Missing: []string{"messages"},
	}}, got)
	require.Equal(t, []string{"GET /v25.0/debug_token", "GET /v25.0/" + pageID + "/messenger_profile", "GET /v25.0/" + pageID + "/subscribed_apps"}, r.paths)
	require.Equal(t, "Bearer "+appID+"|"+appSecret, r.heads[0].Get("Authorization"))
	require.Equal(t, pageToken, r.queries[0].Get("input_token"))

	s := serve(t, &recorder{answers: []string{`{"data":{"is_valid":false}}`, sample(t, "api_error_token_expired")}}, nil).Status(t.Context())[0]
	require.False(t, s.TokenGood)
	require.Equal(t, fault.Forbidden, fault.CodeOf(s.Err))
	require.NotContains(t, s.Err.Error(), pageToken)
}
