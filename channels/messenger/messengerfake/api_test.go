package messengerfake_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels/channelfake"
	"github.com/motcua/motcua/channels/messenger/messengerfake"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, messengerfake.Config{Pages: []messengerfake.Page{{ID: pageID, Token: pageToken}, {ID: "2", Token: "other"}}})
	n.Say("Lan", "x")
	body := []byte(message(n.UserID("Lan"), `{"text":"x"}`))
	for _, tt := range []struct {
		path, token string
		want        string
	}{
		{"/graph/v25.0/me/messages", "Bearer " + pageToken, `"message_id"`},
		{"/graph/v25.0/me/messages?access_token=" + pageToken, "", `"message_id"`},
		{"/graph/v25.0/me/messages", "", `"code":190,"error_subcode":467`},
		{"/graph/v25.0/me/messages", "Bearer wrong", `"code":190`},
		{"/graph/v25.0/me/messages", "Bearer other", `"error_subcode":2018001`}, // the id is of another page
		{"/graph/v25.0/2/messages", "Bearer " + pageToken, `"code":10`},
		{"/graph/25/me/messages", "Bearer " + pageToken, `"code":2635`},
		{"/graph/v25.0/me/dreams", "Bearer " + pageToken, `"code":2500`},
	} {
		w := do(t, n, http.MethodPost, tt.path, map[string]string{"Authorization": tt.token}, body)
		require.Contains(t, w.Body.String(), tt.want, tt.path)
	}
	n.Break(func(f *messengerfake.Faults) { f.RequireProof = true })
	require.Equal(t, 100, call(t, n, http.MethodPost, "me/messages", string(body)).Error.Code)
	require.Zero(t, call(t, n, http.MethodPost, "me/messages?appsecret_proof="+messengerfake.Sign("fakecity", []byte(pageToken)), string(body)).Error.Code)
}

// TestLimits refuses what the network refuses.
func TestLimits(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, messengerfake.Config{})
	n.Say("Lan", "x")
	lan := n.UserID("Lan")
	replies := func(many int, title string) string {
		return `"quick_replies":[` + strings.TrimSuffix(strings.Repeat(`{"content_type":"text","title":"`+title+`","payload":"p"},`, many), ",") + `]`
	}
	button := func(text string, many int, b string) string {
		return `{"attachment":{"type":"template","payload":{"template_type":"button","text":"` + text + `","buttons":[` + strings.TrimSuffix(strings.Repeat(b+",", many), ",") + `]}}}`
	}
	const web, back = `{"type":"web_url","title":"x","url":"https://x.example"}`, `{"type":"postback","title":"x","payload":"p"}`
	for m, good := range map[string]bool{
		`{"text":"` + strings.Repeat("ờ", 2000) + `"}`: true,
		`{"text":"` + strings.Repeat("ờ", 2001) + `"}`: false,
		`{}`: false,
		`{"text":"x","attachment":{"type":"image","payload":{"url":"https://x.example"}}}`: false,
		`{"text":"x","metadata":"` + strings.Repeat("x", 1001) + `"}`:                      false,
		`{"text":"x",` + replies(13, strings.Repeat("ờ", 20)) + `}`:                        true,
		`{"text":"x",` + replies(14, "x") + `}`:                                            false,
		`{"text":"x",` + replies(1, strings.Repeat("ờ", 21)) + `}`:                         false,
		`{` + replies(1, "x") + `}`:                                                        false,
		`{"text":"x","quick_replies":[{"content_type":"location"}]}`:                       false,
		`{"text":"x","quick_replies":[{"content_type":"text","title":"x"}]}`:               false,
		button(strings.Repeat("ờ", 640), 3, back):                                          true,
		button(strings.Repeat("ờ", 641), 1, back):                                          false,
		button("x", 4, web): false,
		button("x", 0, web): false,
		button("x", 1, `{"type":"web_url","title":"x","url":"javascript:1"}`):                                                               false,
		button("x", 1, `{"type":"phone_number","title":"x","payload":"+841022"}`):                                                           true,
		button("x", 1, `{"type":"phone_number","title":"x","payload":"1022 x"}`):                                                            false,
		button("x", 1, `{"type":"account_link","url":"https://x.example"}`):                                                                 true,
		button("x", 1, `{"type":"account_link","title":"x","url":"https://x.example"}`):                                                     false,
		button("x", 1, `{"type":"game_play","title":"x"}`):                                                                                  false,
		`{"attachment":{"type":"image","payload":{"attachment_id":"7"}}}`:                                                                   false,
		`{"attachment":{"type":"image","payload":{}}}`:                                                                                      false,
		`{"attachment":{"type":"hologram","payload":{"url":"https://x.example"}}}`:                                                          false,
		`{"attachment":{"type":"template","payload":{"template_type":"list"}}}`:                                                             false,
		`{"attachment":{"type":"template","payload":{"template_type":"generic","elements":[{"title":"x","buttons":[` + web + `]}]}}}`:       true,
		`{"attachment":{"type":"template","payload":{"template_type":"generic","elements":[{"title":"` + strings.Repeat("x", 81) + `"}]}}}`: false,
		`{"attachment":{"type":"template","payload":{"template_type":"generic","elements":[]}}}`:                                            false,
		`{"attachment":{"type":"template","payload":{"template_type":"utility_messages","name":"x","language":{"code":"vi"}}}}`:             false, // without UTILITY
		`{"attachment":{"type":"template","payload":{"template_type":"media","elements":[{"buttons":[` + web + `]}]}}}`:                     true,
		`{"attachment":{"type":"template","payload":{"template_type":"media","elements":[]}}}`:                                              false,
	} {
		a := call(t, n, http.MethodPost, "me/messages", message(lan, m))
		require.Equal(t, good, a.MessageID != "", "%.100s: %+v", m, a)
		if !good {
			require.Equal(t, 100, a.Error.Code)
		}
	}
	require.Positive(t, n.Stats().Sends.ByError["100"])
}

// TestGrounds lets messages leave as the network does.
func TestGrounds(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, messengerfake.Config{Templates: []messengerfake.Template{{Name: "t", Language: "vi", Body: "{{1}} và {{2}}"}}})
	n.Say("Lan", "x")
	lan := n.UserID("Lan")
	send := func(ground, m string) answer {
		return call(t, n, http.MethodPost, "me/messages", `{"recipient":{"id":"`+lan+`"},`+ground+`"message":`+m+`}`)
	}
	const text = `{"text":"x"}`
	utility := func(name, lang string, values ...string) string {
		var ps []string
		for _, v := range values {
			ps = append(ps, fmt.Sprintf(`{"type":"text","text":%q}`, v))
		}
		return `{"attachment":{"type":"template","payload":{"template_type":"utility_messages","name":"` + name + `","language":{"code":"` + lang + `"},"components":[{"type":"body","parameters":[` + strings.Join(ps, ",") + `]}]}}}`
	}
	for _, tt := range []struct {
		hours        int64
		ground, body string
		code, sub    int
	}{
		{0, ``, text, 0, 0},
		{0, `"messaging_type":"UPDATE",`, text, 0, 0},
		{0, `"messaging_type":"PROMOTION",`, text, 100, 0},
		{0, `"messaging_type":"RESPONSE","tag":"HUMAN_AGENT",`, text, 100, 0},
		{25, `"messaging_type":"UPDATE",`, text, 10, 2018278},
		{25, `"messaging_type":"MESSAGE_TAG","tag":"HUMAN_AGENT",`, text, 0, 0},
		{25, `"messaging_type":"MESSAGE_TAG","tag":"CONFIRMED_EVENT_UPDATE",`, text, 100, 0},
		{25, `"messaging_type":"MESSAGE_TAG","tag":"ACCOUNT_UPDATE",`, text, 100, 0},
		{25, `"messaging_type":"MESSAGE_TAG",`, text, 100, 0},
		{169, `"messaging_type":"MESSAGE_TAG","tag":"HUMAN_AGENT",`, text, 10, 2018278},
		{169, `"messaging_type":"UTILITY",`, utility("t", "vi", "a", "b"), 0, 0},
		{169, `"messaging_type":"UTILITY",`, utility("t", "en", "a", "b"), 100, 0},
		{169, `"messaging_type":"UTILITY",`, utility("u", "vi", "a", "b"), 100, 0},
		{169, `"messaging_type":"UTILITY",`, utility("t", "vi", "a"), 100, 0},
		{169, `"messaging_type":"UTILITY",`, utility("t", "vi", "a", ""), 100, 0},
		{169, `"messaging_type":"UTILITY",`, text, 100, 0},
	} {
		n.Break(func(f *messengerfake.Faults) { f.ClockOffsetS = tt.hours * 3600 })
		a := send(tt.ground, tt.body)
		require.Equal(t, tt.code, a.Error.Code, "%+v: %s", tt, a.Error.Message)
		require.Equal(t, tt.sub, a.Error.Subcode, "%+v", tt)
	}
	chat := n.Chat("Lan", 0)
	require.Equal(t, "a và b", chat[len(chat)-1].Text)
}

func TestTemplatesOverHTTP(t *testing.T) {
	t.Parallel()
	n, p := newNetwork(t, messengerfake.Config{})
	body := `{"name":"ho_so","category":"UTILITY","language":"vi","components":[{"type":"BODY","text":"Hồ sơ {{1}}"},{"type":"BUTTONS","buttons":[{"type":"%s"}]}]}`
	require.Equal(t, 2018416, call(t, n, http.MethodPost, "me/message_templates", fmt.Sprintf(body, "QUICK_REPLY")).Error.Subcode)
	require.Zero(t, call(t, n, http.MethodPost, "me/message_templates", fmt.Sprintf(body, "URL")).Error.Code)
	require.Contains(t, bodies(p.await(t, 1))[0], "message_template_status_update")
	require.Equal(t, 100, call(t, n, http.MethodPost, "me/message_templates", fmt.Sprintf(body, "URL")).Error.Code, "there is one already")
	require.Contains(t, string(call(t, n, http.MethodGet, "me/message_templates", "").Data), `"ho_so"`)
	for _, bad := range []string{`{}`, `{"name":"Hồ sơ","category":"UTILITY","language":"vi"}`, `{"name":"x","category":"MARKETING","language":"vi"}`, `{"name":"x","category":"UTILITY","language":"vi"}`} {
		require.Equal(t, 100, call(t, n, http.MethodPost, "me/message_templates", bad).Error.Code, bad)
	}
}

func TestProfileOverHTTP(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, messengerfake.Config{})
	menu := `{"persistent_menu":[{"locale":"default","call_to_actions":[{"type":"postback","title":"x","payload":"p"}]}]}`
	require.Contains(t, call(t, n, http.MethodPost, "me/messenger_profile", menu).Error.Message, "Get Started")
	require.Equal(t, "success", call(t, n, http.MethodPost, "me/messenger_profile", `{"get_started":{"payload":"GET_STARTED"}}`).Result)
	require.Equal(t, "success", call(t, n, http.MethodPost, "me/messenger_profile", menu).Result)
	require.Contains(t, string(call(t, n, http.MethodGet, "me/messenger_profile?fields=get_started,persistent_menu,greeting", "").Data), "GET_STARTED")
	for _, bad := range []string{`{}`, `[`, `{"dreams":1}`, `{"greeting":[{"locale":"default","text":"` + strings.Repeat("x", 161) + `"}]}`, `{"persistent_menu":[{"locale":"default"}]}`,
		`{"persistent_menu":[{"locale":"default","call_to_actions":[{"type":"postback","title":"` + strings.Repeat("x", 31) + `","payload":"p"}]}]}`} {
		require.Equal(t, 100, call(t, n, http.MethodPost, "me/messenger_profile", bad).Error.Code, bad)
	}
	require.Equal(t, "success", call(t, n, http.MethodDelete, "me/messenger_profile", `{"fields":["persistent_menu","get_started"]}`).Result)
	require.JSONEq(t, `[]`, string(call(t, n, http.MethodGet, "me/messenger_profile?fields=get_started", "").Data))
	_, pages := control(t, n, http.MethodGet, "pages", "")
	require.Contains(t, pages, `"id":"`+pageID+`"`)
}

// TestOnlySubscribedEventsCome.
func TestOnlySubscribedEventsCome(t *testing.T) {
	t.Parallel()
	n, p := newNetwork(t, messengerfake.Config{})
	require.Equal(t, 100, call(t, n, http.MethodPost, "me/subscribed_apps", "").Error.Code)
	require.True(t, call(t, n, http.MethodPost, "me/subscribed_apps?subscribed_fields=messages,standby", "").Success)
	_, _ = n.React("Lan", "", "x")
	n.Open("Lan", "")
	n.Say("Lan", "chỉ tin này")
	require.Len(t, p.await(t, 1), 1)
	require.Contains(t, string(call(t, n, http.MethodGet, "me/subscribed_apps", "").Data), `"standby"`)
}

func TestThreads(t *testing.T) {
	t.Parallel()
	n, p := newNetwork(t, messengerfake.Config{})
	n.Say("Lan", "x")
	lan := n.UserID("Lan")
	p.await(t, 1)
	hand := func(verb, rest string) answer {
		return call(t, n, http.MethodPost, "me/"+verb+"_thread_control", `{"recipient":{"id":"`+lan+`"}`+rest+`}`)
	}
	require.True(t, hand("request", "").Success)
	require.Equal(t, 100, hand("pass", "").Error.Code)
	require.True(t, hand("pass", `,"target_app_id":"263902037430900"`).Success)
	require.Equal(t, 2018300, call(t, n, http.MethodPost, "me/messages", message(lan, `{"text":"x"}`)).Error.Subcode)
	require.Equal(t, 2018300, hand("pass", `,"target_app_id":"5"`).Error.Subcode)
	n.Say("Lan", "ai đó?")
	require.Contains(t, bodies(p.await(t, 1))[1], `"standby"`)
	require.True(t, hand("take", "").Success)
	require.Zero(t, call(t, n, http.MethodPost, "me/messages", message(lan, `{"text":"x"}`)).Error.Code)
	require.True(t, hand("release", "").Success)
	require.JSONEq(t, `[]`, string(call(t, n, http.MethodGet, "me/thread_owner?recipient="+lan, "").Data))
	require.Equal(t, 100, call(t, n, http.MethodPost, "me/take_thread_control", `{"recipient":{"id":"7"}}`).Error.Code)
}

func TestUploads(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, messengerfake.Config{Base: "http://127.0.0.1:8090/messenger"})
	n.Say("Lan", "x")
	upload := func(message string, data []byte) *httptest.ResponseRecorder {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		require.NoError(t, form.WriteField("message", message))
		part, err := form.CreateFormFile("filedata", "a.png")
		require.NoError(t, err)
		_, _ = part.Write(data)
		require.NoError(t, form.Close())
		return do(t, n, http.MethodPost, "/graph/v25.0/me/message_attachments",
			map[string]string{"Authorization": "Bearer " + pageToken, "Content-Type": form.FormDataContentType()}, body.Bytes())
	}
	image := `{"attachment":{"type":"image","payload":{}}}`
	require.Contains(t, upload(image, channelfake.Sticker()).Body.String(), `"attachment_id":"800000000000001"`)
	require.Equal(t, 400, upload(image, []byte("no picture")).Code)
	require.Equal(t, 400, upload(image, nil).Code)
	require.Equal(t, 400, upload(`{`, channelfake.Sticker()).Code)
	require.Equal(t, 100, call(t, n, http.MethodPost, "me/message_attachments", `{}`).Error.Code)
	require.Zero(t, call(t, n, http.MethodPost, "me/messages", message(n.UserID("Lan"), `{"attachment":{"type":"image","payload":{"attachment_id":"800000000000001"}}}`)).Error.Code)
	chat := n.Chat("Lan", 1)
	require.Equal(t, "photo", chat[0].Kind)
	path, ok := strings.CutPrefix(chat[0].Files[0].URL, "http://127.0.0.1:8090/messenger")
	require.True(t, ok)
	require.Equal(t, "image/png", do(t, n, http.MethodGet, path, nil, nil).Header().Get("Content-Type"))
}

func TestRate(t *testing.T) {
	t.Parallel()
	now := time.Now()
	n, _ := newNetwork(t, messengerfake.Config{PerSecond: 2, Now: func() time.Time { return now }})
	n.Say("Lan", "x")
	var codes []int
	for range 3 {
		codes = append(codes, call(t, n, http.MethodPost, "me/messages", message(n.UserID("Lan"), `{"text":"x"}`)).Error.Code)
	}
	require.Equal(t, []int{0, 0, 613}, codes)
	require.EqualValues(t, 1, n.Stats().Doubles)
}

// FuzzSend shows that whatever is sent is taken or refused.
func FuzzSend(f *testing.F) {
	for _, m := range []string{
		`{"text":"x","quick_replies":[{"content_type":"text","title":"x","payload":"p"}]}`, `{"attachment":{"type":"template","payload":{"template_type":"generic","elements":[{"title":"x"}]}}}`,
		`{"attachment":{"type":"template","payload":{"template_type":"utility_messages","components":[{"type":"body","parameters":[{"type":"text","text":"x"}]}]}}}`,
		`{"attachment":{"type":"image","payload":{"url":"https://x.example"}}}`, `null`, `{"text":1}`, `{"attachment":{"payload":{"buttons":[null]}}}`,
	} {
		f.Add([]byte(m))
	}
	n, _ := newNetwork(f, messengerfake.Config{PerSecond: -1})
	n.Say("Lan", "x")
	lan := n.UserID("Lan")
	f.Fuzz(func(t *testing.T, m []byte) {
		a := call(t, n, http.MethodPost, "me/messages", message(lan, string(m)))
		require.Equal(t, a.Error.Code == 0, a.MessageID != "")
	})
}
