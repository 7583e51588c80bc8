package messenger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/netcall"
)

// recorder plays the API: it keeps what came and answers what it is told, the last answer again and again.
type recorder struct {
	mu      sync.Mutex
	paths   []string
	queries []url.Values
	heads   []http.Header
	bodies  [][]byte
	answers []string
	head    http.Header // of the answers
	status  int         // of the answers; 0 means 200, or 400 with an error
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paths, r.queries, r.heads, r.bodies = append(r.paths, q.Method+" "+q.URL.Path), append(r.queries, q.URL.Query()), append(r.heads, q.Header.Clone()), append(r.bodies, body)
	answer := `{"recipient_id":"7000000000000001","message_id":"m_9","attachment_id":"8"}`
	if len(r.answers) > 0 {
		answer = r.answers[0]
		if len(r.answers) > 1 {
			r.answers = r.answers[1:]
		}
	}
	for k, v := range r.head {
		w.Header()[k] = v
	}
	status := r.status
	if status == 0 && strings.Contains(answer, `"error"`) {
		status = http.StatusBadRequest
	}
	if status != 0 {
		w.WriteHeader(status)
	}
	_, _ = io.WriteString(w, answer)
}

// pretty is a request's JSON, indented.
func pretty(t *testing.T, raw []byte) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, json.Indent(&b, raw, "", "  "))
	return b.String() + "\n"
}

func send(t *testing.T, c *Channel, m channels.Outbound) channels.Outcome {
	t.Helper()
	return c.Send(t.Context(), person, m)
}

func words(text string) message.Blocks { return message.Blocks{message.Words{Text: text}} }

func sample(t testing.TB, name string) string {
	t.Helper()
	raw, err := os.ReadFile("testdata/api/" + name + ".json")
	require.NoError(t, err)
	return string(raw)
}

// plain takes the metadata off a request whose sample has none.
func plain(t *testing.T, raw []byte) string {
	t.Helper()
	var v map[string]any
	require.NoError(t, json.Unmarshal(raw, &v))
	if m, ok := v["message"].(map[string]any); ok {
		delete(m, "metadata")
	}
	out, err := json.Marshal(v)
	require.NoError(t, err)
	return string(out)
}

// TestAPISamples says of every sample of an API body what it is to this adaptor.
func TestAPISamples(t *testing.T) {
	t.Parallel()
	template := &channels.Template{Name: "feedback.assigned", Lang: message.Vietnamese, Params: map[string]string{"case": "HS2026000123"}}
	requests := map[string]channels.Outbound{ // Send makes exactly these
		"api_send_text_request":         {ID: "01HFAKE", Kind: channels.Reply, Blocks: words("Hồ sơ HS2026000123 đang được xử lý")},
		"api_send_image_request":        {Kind: channels.Reply, Blocks: message.Blocks{message.Image{URL: "https://img-stub.example.vn/1.jpg", Alt: "x"}}},
		"api_send_human_agent_request":  {Kind: channels.Staff, Blocks: words("Cán bộ: hồ sơ của anh/chị cần bổ sung giấy tờ")},
		"api_send_utility_request":      {Kind: channels.Notice, Template: template},
		"api_send_account_link_request": {Kind: channels.Reply, Blocks: message.Blocks{message.Words{Text: "Đăng nhập để tiếp tục"}, message.Link{Label: "Đăng nhập", URL: "https://app.example.vn/messenger/link"}}},
	}
	replies := map[string]channels.Outcome{ // and reads these
		"api_send_response":                {Status: channels.Sent, MessageID: "m_FAKEout0001"},
		"api_error_human_agent_unapproved": {Status: channels.Never, Reason: "human_agent_unapproved"},
		"api_error_no_matching_user":       {Status: channels.Never, Reason: "unknown_person", Gone: true},
		"api_error_outside_window":         {Status: channels.Never, Reason: "outside_window"},
		"api_error_person_unavailable":     {Status: channels.Never, Reason: "person_unavailable"},
		"api_error_rate_limit":             {Status: channels.Later, Retry: 5 * time.Minute},
		"api_error_temporary":              {Status: channels.Later},
		"api_error_token_expired":          {Status: channels.Later, Alarm: true, Reason: "token_refused", Retry: netcall.AlarmWait},
		"api_attachment_upload_response":   {Status: channels.Later, Unsure: true}, // no answer to a message: no message_id
	}
	elsewhere := map[string]string{
		"api_send_quick_replies_request":    "TestShown: two of its replies have a picture or ask for a phone number, which proves nothing",
		"api_send_button_template_request":  "TestShown: under an answer choices are quick replies, under a notice they stand behind the links",
		"api_messenger_profile_request":     "TestSetup",
		"api_messenger_profile_response":    "TestSetup",
		"api_attachment_upload_request":     "TestQR: codes are sent as files, pictures by their address with the message",
		"api_send_generic_template_request": "not used: it crops pictures and has 80 characters",
		"api_sender_action_request":         "not used: an answer follows at once",
		"api_pass_thread_control_request":   "not used: people answer in the city's own desk; who takes over in the page's inbox does it there",
		"api_thread_owner_response":         "not used: events tell who holds a conversation",
		"api_user_profile_response":         "not used: the city keeps no copy of profiles",
	}
	names, err := filepath.Glob("testdata/api/*.json")
	require.NoError(t, err)
	require.Len(t, names, len(requests)+len(replies)+len(elsewhere))
	for _, path := range names {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		if m, ok := requests[name]; ok {
			r := &recorder{}
			if m.Kind == channels.Staff {
				r.answers = []string{sample(t, "api_error_outside_window"), sample(t, "api_send_response")}
			}
			o := send(t, serve(t, r, func(c *Config) { c.MediaHosts = nil }), m)
			require.Equal(t, channels.Sent, o.Status, name)
			require.JSONEq(t, plain(t, []byte(sample(t, name))), plain(t, r.bodies[len(r.bodies)-1]), name)
			require.Equal(t, "POST /v25.0/"+pageID+"/messages", r.paths[0])
			if m.ID != "" {
				require.JSONEq(t, sample(t, name), string(r.bodies[0]))
			}
			continue
		}
		if want, ok := replies[name]; ok {
			o := send(t, serve(t, &recorder{answers: []string{sample(t, name)}}, nil), channels.Outbound{ID: "1", Kind: channels.Reply, Blocks: words("x")})
			require.NotEqual(t, want.Status == channels.Sent, o.Cause != nil, name)
			o.Cause = nil
			require.Equal(t, want, o, name)
			continue
		}
		require.Contains(t, elsewhere, name)
	}
}

// TestGrounds says by which right each kind leaves.
func TestGrounds(t *testing.T) {
	t.Parallel()
	for kind, want := range map[channels.Kind]string{channels.Reply: "RESPONSE", channels.Code: "RESPONSE", channels.Notice: "UPDATE", channels.Staff: "RESPONSE"} {
		r := &recorder{}
		require.Equal(t, channels.Sent, send(t, serve(t, r, nil), channels.Outbound{ID: "1", Kind: kind, Blocks: words("x")}).Status)
		require.Len(t, r.bodies, 1)
		require.Contains(t, string(r.bodies[0]), `"messaging_type":"`+want+`"`)
		require.NotContains(t, string(r.bodies[0]), `"tag"`)
	}
	r := &recorder{}
	require.Equal(t, channels.Sent, send(t, serve(t, r, nil), channels.Outbound{Kind: channels.Reply, Late: true, Blocks: words("x")}).Status)
	require.NotContains(t, string(r.bodies[0]), `"tag"`, "the dialogue is no member of staff, however late")
	r = &recorder{answers: []string{sample(t, "api_error_outside_window")}}
	require.Equal(t, "outside_window", send(t, serve(t, r, nil), channels.Outbound{Kind: channels.Notice, Blocks: words("x")}).Reason)
	require.Len(t, r.bodies, 1, "only what a person wrote goes on their ground")
	for answer, want := range map[string]string{"api_send_response": "", "api_error_outside_window": "outside_window"} {
		r = &recorder{answers: []string{sample(t, answer)}}
		require.Equal(t, want, send(t, serve(t, r, nil), channels.Outbound{Kind: channels.Staff, Late: true, Blocks: words("x")}).Reason)
		require.Len(t, r.bodies, 1, "what is late is not tried as an answer")
		require.Contains(t, string(r.bodies[0]), `"tag":"HUMAN_AGENT"`)
	}
}

// TestAccounts sends from the page that is asked for, with its token.
func TestAccounts(t *testing.T) {
	t.Parallel()
	r := &recorder{}
	c := serve(t, r, func(c *Config) { c.Pages, c.AppSecretProof = []Page{{otherPage, "FAKE_OTHER_TOKEN"}}, true })
	var v struct {
		Proof string `json:"appsecret_proof"`
	}
	load(t, "testdata/appsecret_proof.json", &v)
	for _, tt := range []struct{ account, page, token string }{{"", pageID, pageToken}, {pageID, pageID, pageToken}, {otherPage, otherPage, "FAKE_OTHER_TOKEN"}} {
		require.Equal(t, channels.Sent, send(t, c, channels.Outbound{Account: tt.account, Blocks: words("x")}).Status)
		last := len(r.paths) - 1
		require.Equal(t, "POST /v25.0/"+tt.page+"/messages", r.paths[last])
		require.Equal(t, "Bearer "+tt.token, r.heads[last].Get("Authorization"))
		require.Equal(t, tt.token == pageToken, r.queries[last].Get("appsecret_proof") == v.Proof)
		require.Empty(t, r.queries[last].Get("access_token"), "addresses end up in logs")
	}
	require.Equal(t, "unknown_account", send(t, c, channels.Outbound{Account: "9", Blocks: words("x")}).Reason)
}

// TestTemplates fills in approved texts.
func TestTemplates(t *testing.T) {
	t.Parallel()
	r := &recorder{}
	c := serve(t, r, nil)
	tell := func(name string, lang message.Lang, params map[string]string) channels.Outcome {
		return send(t, c, channels.Outbound{Kind: channels.Notice, Template: &channels.Template{Name: name, Lang: lang, Params: params}})
	}
	require.Equal(t, channels.Sent, tell("feedback.assigned", message.English, map[string]string{"case": " HS\n1 ", "else": "x"}).Status)
	require.Contains(t, string(r.bodies[0]), `"language":{"code":"en_US"}`)
	require.Contains(t, string(r.bodies[0]), `[{"type":"text","text":"HS 1"}]`)
	require.Equal(t, channels.Sent, tell("feedback.assigned", "fr", map[string]string{"case": "1"}).Status)
	require.Contains(t, string(r.bodies[1]), `"language":{"code":"vi"}`)
	require.Equal(t, "template_params", tell("feedback.assigned", message.Vietnamese, nil).Reason)
	require.Equal(t, "no_template", tell("feedback.closed", message.Vietnamese, nil).Reason)
	require.Len(t, r.bodies, 2)
}

func choices(labels ...string) []message.Choice {
	var out []message.Choice
	for _, l := range labels {
		out = append(out, message.Choice{Label: l, Value: "v:" + l})
	}
	return out
}

// TestShown says how answers and links are shown.
func TestShown(t *testing.T) {
	t.Parallel()
	link := message.Link{Label: "Xem", URL: "https://motcua.example/s/1?a=1&b=<2>"}
	call := message.Link{Label: "Gọi", URL: "tel:1022"}
	write := message.Link{Label: "Nhắn tin", URL: "sms:8083?body=HS%2012"}
	long := strings.Repeat("dài ", 480) // 1920 characters
	for name, tt := range map[string]struct {
		kind   channels.Kind
		blocks message.Blocks
	}{
		"answers":                   {channels.Reply, message.Blocks{message.Choices{Text: "Chọn", Options: choices("A", "B"), Controls: choices("Thôi")}}},
		"answers_of_a_notice":       {channels.Notice, message.Blocks{message.Choices{Text: "Chọn", Options: choices("A", "B"), Controls: choices("Thôi")}}},
		"many_answers_of_a_notice":  {channels.Notice, message.Blocks{message.Choices{Text: "Chọn", Options: choices("A", "B", "C", "D")}}},
		"long_notice_with_answers":  {channels.Notice, message.Blocks{message.Choices{Text: long, Options: choices("A")}}},
		"answers_and_a_link":        {channels.Reply, message.Blocks{message.Choices{Text: "Chọn", Options: choices("A", "B")}, link}},
		"links":                     {channels.Reply, message.Blocks{message.Words{Text: "Đây"}, link, call}},
		"a_lone_link":               {channels.Reply, message.Blocks{link}},
		"four_links":                {channels.Reply, message.Blocks{message.Words{Text: "Đây"}, link, link, call, call}},
		"a_message_to_write":        {channels.Reply, message.Blocks{message.Words{Text: "Đây"}, write}},
		"a_link_below_a_long_text":  {channels.Reply, message.Blocks{message.Words{Text: strings.TrimSpace(long[:1000])}, link}},
		"a_link_below_a_full_text":  {channels.Reply, message.Blocks{message.Words{Text: strings.Repeat("ờ", 2000)}, link}},
		"all_below_a_full_text":     {channels.Reply, message.Blocks{message.Choices{Text: strings.Repeat("ờ", 2000), Options: choices("A")}, link, link, link, write}},
		"a_value_that_is_not_there": {channels.Reply, message.Blocks{message.Choices{Text: "?", Options: []message.Choice{{Label: "A"}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &recorder{}
			require.Equal(t, channels.Sent, send(t, serve(t, r, nil), channels.Outbound{ID: "o1", Kind: tt.kind, Blocks: tt.blocks}).Status)
			var all string
			for _, b := range r.bodies {
				all += pretty(t, b)
			}
			golden(t, "testdata/shown/"+name+".golden", []byte(all))
			require.Equal(t, 1, strings.Count(all, "outbox_id"), "the message that completes it says whose it is")
		})
	}
}

// TestTwoParts does not send the first part twice.
func TestTwoParts(t *testing.T) {
	t.Parallel()
	ok := sample(t, "api_send_response")
	r := &recorder{answers: []string{sample(t, "api_error_temporary"), ok, sample(t, "api_error_temporary"), ok, ok, ok}}
	c := serve(t, r, nil)
	m := channels.Outbound{ID: "o1", Blocks: message.Blocks{message.Words{Text: strings.Repeat("ờ", 2000)}, message.Link{Label: "Xem", URL: "https://x.example"}}}
	var ends []channels.Status
	for range 3 {
		ends = append(ends, send(t, c, m).Status)
	}
	require.Equal(t, []channels.Status{channels.Later, channels.Later, channels.Sent}, ends)
	require.Len(t, r.bodies, 4)
	var first []bool
	for _, b := range r.bodies {
		first = append(first, strings.Contains(string(b), "ờờ"))
	}
	require.Equal(t, []bool{true, true, false, false}, first)
	require.Equal(t, channels.Sent, send(t, c, m).Status, "another time it is whole again")
	require.Len(t, r.bodies, 6)
}

func TestRefusedBeforeItLeaves(t *testing.T) {
	t.Parallel()
	r := &recorder{}
	c := serve(t, r, nil)
	long := strings.Repeat("x", 21)
	for name, tt := range map[string]struct {
		blocks message.Blocks
		reason string
	}{
		"nothing":                  {nil, "unsupported_block"},
		"no words for a question":  {message.Blocks{message.Choices{Options: choices("A")}}, "unsupported_block"},
		"a card":                   {message.Blocks{message.Card{Title: "x"}}, "unsupported_block"},
		"two pictures":             {message.Blocks{message.Image{URL: "https://x.example/1"}, message.QR{Payload: "x"}}, "unsupported_block"},
		"a picture with words":     {message.Blocks{message.Image{URL: "https://x.example/1"}, message.Words{Text: "ổ gà"}}, "unsupported_block"},
		"a code with a caption":    {message.Blocks{message.QR{Payload: "x", Caption: "Vé"}}, "unsupported_block"},
		"a picture with buttons":   {message.Blocks{message.Image{URL: "https://x.example/1"}, message.Link{Label: "x", URL: "https://x.example"}}, "unsupported_block"},
		"a picture from a file":    {message.Blocks{message.Image{URL: "file:///etc/passwd"}}, "picture_address"},
		"a code that holds a book": {message.Blocks{message.QR{Payload: strings.Repeat("x", 5000)}}, "qr_too_long"},
		"long words":               {words(strings.Repeat("ờ", 2001)), "too_long"},
		"a long answer":            {message.Blocks{message.Choices{Text: "?", Options: choices(long)}}, "too_long"},
		"an empty answer":          {message.Blocks{message.Choices{Text: "?", Options: choices("")}}, "too_long"},
		"a long value":             {message.Blocks{message.Choices{Text: "?", Options: []message.Choice{{Label: "A", Value: strings.Repeat("x", 1001)}}}}, "too_long"},
		"a long link":              {message.Blocks{message.Link{Label: long, URL: "https://x.example"}}, "too_long"},
		"many answers":             {message.Blocks{message.Choices{Text: "?", Options: choices(strings.Split("abcdefghijklmn", "")...)}}, "too_many_choices"},
		"a script":                 {message.Blocks{message.Words{Text: "x"}, message.Link{Label: "x", URL: "javascript:alert(1)"}}, "bad_link"},
		"a path":                   {message.Blocks{message.Words{Text: "x"}, message.Link{Label: "x", URL: "/s/1"}}, "bad_link"},
		"addresses without end":    {message.Blocks{message.Words{Text: strings.Repeat("x", 700)}, message.Link{Label: "a", URL: "https://x.example/" + strings.Repeat("x", 2000)}, message.Link{Label: "b", URL: "sms:1"}}, "too_long"},
	} {
		o := send(t, c, channels.Outbound{ID: "1", Blocks: tt.blocks})
		require.Equal(t, channels.Never, o.Status, name)
		require.Equal(t, tt.reason, o.Reason, name)
	}
	require.Empty(t, r.bodies)
	require.Equal(t, "bad_address", c.Send(t.Context(), "+84912345678", channels.Outbound{Blocks: words("x")}).Reason)
}

func TestQR(t *testing.T) {
	t.Parallel()
	r := &recorder{}
	c := serve(t, r, nil)
	m := channels.Outbound{ID: "1", Kind: channels.Reply, Blocks: message.Blocks{message.QR{Payload: "https://motcua.example/t/1"}}}
	require.Equal(t, channels.Sent, send(t, c, m).Status)
	require.Equal(t, []string{"POST /v25.0/" + pageID + "/message_attachments", "POST /v25.0/" + pageID + "/messages"}, r.paths)
	require.Contains(t, string(r.bodies[1]), `{"type":"image","payload":{"attachment_id":"8"}}`)
	_, params, err := mime.ParseMediaType(r.heads[0].Get("Content-Type"))
	require.NoError(t, err)
	form, err := multipart.NewReader(bytes.NewReader(r.bodies[0]), params["boundary"]).ReadForm(1 << 20)
	require.NoError(t, err)
	require.JSONEq(t, `{"attachment":{"type":"image","payload":{"is_reusable":false}}}`, form.Value["message"][0])
	f, err := form.File["filedata"][0].Open()
	require.NoError(t, err)
	_, err = png.Decode(f)
	require.NoError(t, err)

	for answer, want := range map[string]channels.Outcome{
		`{}`:                                 {Status: channels.Later},
		sample(t, "api_error_temporary"):     {Status: channels.Later},
		sample(t, "api_error_token_expired"): {Status: channels.Later, Alarm: true, Reason: "token_refused", Retry: netcall.AlarmWait},
		`<html>`:                             {Status: channels.Later},
	} {
		o := send(t, serve(t, &recorder{answers: []string{answer}}, nil), m)
		require.Error(t, o.Cause)
		o.Cause = nil
		require.Equal(t, want, o, "nobody has seen it, so it is not unsure: %s", answer)
	}
}

// TestNumbers says what every error number means.
func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		code, sub int
		want      string // "later", "busy", an alarm's reason with !, or never's
	}{
		{1, 0, "later"}, {2, 0, "later"}, {-1, 2018012, "later"}, {2, 2018344, "!terms_not_accepted"},
		{4, 0, "busy"}, {17, 0, "busy"}, {32, 0, "busy"}, {613, 0, "busy"}, {79999, 0, "later"}, {80000, 0, "busy"}, {80004, 0, "busy"}, {80006, 2446079, "busy"}, {80014, 0, "busy"}, {80015, 0, "later"},
		{10, 2018278, "outside_window"}, {10, 2018065, "outside_window"}, {10, 2534022, "outside_window"}, {10, 2018300, "held_by_another"}, {10, 0, "!permission"}, {10, 1893063, "!page_restricted"},
		{100, 0, "bad_parameter"}, {100, 5, "bad_parameter"}, {100, 2018001, "unknown_person"}, {100, 2018276, "human_agent_unapproved"},
		{190, 463, "!token_refused"}, {190, 467, "!token_refused"}, {190, 0, "!token_refused"}, {102, 0, "!token_refused"},
		{199, 0, "!permission"}, {200, 0, "!permission"}, {200, 1545041, "person_unavailable"}, {200, 2018108, "person_unavailable"}, {10, 2018108, "person_unavailable"}, {100, 1545041, "person_unavailable"}, {0, 0, "later"}, {230, 2018108, "person_unavailable"}, {299, 1545041, "person_unavailable"}, {200, 2018028, "!permission"}, {230, 0, "!permission"}, {299, 1, "!permission"},
		{368, 0, "!policy"}, {551, 1545041, "person_unavailable"}, {551, 0, "person_unavailable"}, {987654, 0, "later"},
	} {
		answer := fmt.Sprintf(`{"error":{"message":"to 7000000000000001","code":%d,"error_subcode":%d,"fbtrace_id":"FAKEtrace0001"}}`, tt.code, tt.sub)
		o := send(t, serve(t, &recorder{answers: []string{answer}}, nil), channels.Outbound{ID: "1", Blocks: words("x")})
		want := channels.Outcome{Status: channels.Never, Reason: tt.want, Gone: tt.want == "unknown_person", Cause: o.Cause}
		switch {
		case tt.want == "later":
			want = channels.Outcome{Status: channels.Later, Cause: o.Cause}
		case tt.want == "busy":
			want = channels.Outcome{Status: channels.Later, Retry: busyWait, Cause: o.Cause}
		case tt.want[0] == '!':
			want = channels.Outcome{Status: channels.Later, Retry: netcall.AlarmWait, Alarm: true, Reason: tt.want[1:], Cause: o.Cause}
		}
		require.Equal(t, want, o, "%d/%d", tt.code, tt.sub)
		require.ErrorContains(t, o.Cause, fmt.Sprintf("%d/%d, trace FAKEtrace0001", tt.code, tt.sub))
		require.NotContains(t, o.Cause.Error(), person)
	}
	for _, sub := range []int{0, 2018001} {
		answer := fmt.Sprintf(`{"error":{"code":100,"error_subcode":%d,"is_transient":true,"fbtrace_id":"7 0"}}`, sub)
		o := send(t, serve(t, &recorder{answers: []string{answer}}, nil), channels.Outbound{Blocks: words("x")})
		require.Equal(t, channels.Later, o.Status, "what the network calls transient is tried again")
		require.False(t, o.Gone, "and nobody is given up for it")
		require.ErrorContains(t, o.Cause, "trace none")
	}
}

// TestWaits takes the time that the network asks for.
func TestWaits(t *testing.T) {
	t.Parallel()
	usage := `{"100000000000001":[{"type":"messenger","call_count":100,"estimated_time_to_regain_access":19},{"type":"pages","estimated_time_to_regain_access":0}]}`
	for name, tt := range map[string]struct {
		head http.Header
		want time.Duration
	}{
		"none":     {nil, busyWait},
		"usage":    {http.Header{"X-Business-Use-Case-Usage": {usage}}, 19 * time.Minute},
		"short":    {http.Header{"Retry-After": {"3"}}, busyWait},
		"long":     {http.Header{"Retry-After": {"900"}}, 15 * time.Minute},
		"nonsense": {http.Header{"Retry-After": {"-1"}, "X-Business-Use-Case-Usage": {`{"x":[{"estimated_time_to_regain_access":99999}]}`}}, busyWait},
	} {
		r := &recorder{answers: []string{sample(t, "api_error_rate_limit")}, head: tt.head}
		require.Equal(t, tt.want, send(t, serve(t, r, nil), channels.Outbound{Blocks: words("x")}).Retry, name)
	}
}

// TestTimeOut: what may have arrived is said to be so.
func TestTimeOut(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	t.Cleanup(srv.Close)
	t.Cleanup(func() { close(hang) })
	cfg := testConfig(srv.URL)
	cfg.Timeout = time.Second // for the request to leave, on a busy machine too
	o := send(t, newChannel(t, cfg, srv.Client()), channels.Outbound{ID: "1", Blocks: words("x")})
	require.Equal(t, channels.Later, o.Status)
	require.True(t, o.Unsure)
	require.NotContains(t, o.Cause.Error(), srv.URL)

	cfg.APIBase = "http://127.0.0.1:1"
	o = send(t, newChannel(t, cfg, &http.Client{}), channels.Outbound{ID: "1", Blocks: words("x")})
	require.Equal(t, channels.Later, o.Status)
	require.False(t, o.Unsure, "nothing was written")
}

// TestStrangeAnswers come from between us and the network, or are new.
func TestStrangeAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		answer string
		status int
		want   channels.Outcome
	}{
		{`{}`, 200, channels.Outcome{Status: channels.Later, Unsure: true}},
		{`<html>`, 200, channels.Outcome{Status: channels.Later, Unsure: true}},
		{`[]`, 200, channels.Outcome{Status: channels.Later, Unsure: true}},
		{`{"message_id":"` + strings.Repeat("x", 201) + `"}`, 200, channels.Outcome{Status: channels.Later, Unsure: true}},
		{`{"message_id":"` + strings.Repeat("x", maxAnswer) + `"}`, 200, channels.Outcome{Status: channels.Later, Unsure: true}},
		{``, 401, channels.Outcome{Status: channels.Later, Retry: netcall.AlarmWait, Alarm: true, Reason: "token_refused"}},
		{``, 404, channels.Outcome{Status: channels.Never, Reason: "refused_404"}},
		{``, 302, channels.Outcome{Status: channels.Never, Reason: "refused_302"}},
		{``, 504, channels.Outcome{Status: channels.Later, Unsure: true}},
	} {
		o := send(t, serve(t, &recorder{answers: []string{tt.answer}, status: tt.status}, nil), channels.Outbound{ID: "1", Blocks: words("x")})
		require.Error(t, o.Cause)
		o.Cause = nil
		require.Equal(t, tt.want, o, "%d %.40s", tt.status, tt.answer)
	}
}
