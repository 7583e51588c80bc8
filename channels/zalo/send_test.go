package zalo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/zaloapi"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/netcall"
)

// recorder plays the API: it keeps what came and answers what it is told, the last answer again and again.
type recorder struct {
	mu      sync.Mutex
	paths   []string
	heads   []http.Header
	bodies  [][]byte
	answers []string
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paths, r.heads, r.bodies = append(r.paths, q.Method+" "+q.URL.Path), append(r.heads, q.Header.Clone()), append(r.bodies, body)
	answer := `{"error":0,"message":"Success","data":{"message_id":"9","attachment_id":"FAKE_ATTACHMENT_ID"}}`
	if len(r.answers) > 0 {
		answer = r.answers[0]
		if len(r.answers) > 1 {
			r.answers = r.answers[1:]
		}
	}
	_, _ = io.WriteString(w, answer)
}

// last is the last request's JSON, indented.
func (r *recorder) last(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, json.Indent(&b, r.bodies[len(r.bodies)-1], "", "  "))
	return b.String() + "\n"
}

func send(t *testing.T, c *Channel, blocks ...message.Block) channels.Outcome {
	t.Helper()
	return c.Send(t.Context(), person, channels.Outbound{ID: "1", Kind: channels.Reply, Blocks: blocks})
}

func sample(t testing.TB, name string) string {
	t.Helper()
	raw, err := os.ReadFile("testdata/api/" + name + ".json")
	require.NoError(t, err)
	return string(raw)
}

// pictureServer serves a small PNG.
func pictureServer(t *testing.T) (address string, asked *int) {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 4, 4))))
	asked = new(int)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		*asked++
		_, _ = w.Write(b.Bytes())
	}))
	t.Cleanup(srv.Close)
	return srv.URL, asked
}

// TestAPISamples says of every sample of an API body what it is to this adaptor.
func TestAPISamples(t *testing.T) {
	t.Parallel()
	picture, _ := pictureServer(t)
	requests := map[string]message.Blocks{ // Send makes exactly these
		"api_cs_text_request":  {message.Words{Text: "Hồ sơ HS2026000123 đang được xử lý"}},
		"api_cs_image_request": {message.Words{Text: "Vị trí sự cố"}, message.Image{URL: picture}},
		"api_cs_request_user_info_request": {message.Choices{
			Text: "Để được hỗ trợ nhanh hơn", Options: []message.Choice{{Label: "Chia sẻ thông tin", Value: message.AskContact}},
		}},
	}
	replies := map[string]channels.Outcome{ // and reads these
		"api_cs_text_response":      {Status: channels.Sent, MessageID: "0f1e2d3c4b5a69788796"},
		"api_error_invalid_param":   {Status: channels.Never, Reason: "bad_parameter"},
		"api_error_night":           {Status: channels.Later, Retry: 12*time.Hour + 59*time.Minute + 59*time.Second},
		"api_error_not_followed":    {Status: channels.Never, Reason: "not_a_follower", Gone: true},
		"api_error_outside_window":  {Status: channels.Never, Reason: "outside_window"},
		"api_error_rate_limit":      {Status: channels.Later, Retry: time.Minute},
		"api_error_token_invalid":   {Status: channels.Later, Alarm: true, Reason: "token_refused", Retry: netcall.AlarmWait},
		"api_upload_image_response": {Status: channels.Later, Unsure: true}, // no answer to a message: no message_id
	}
	elsewhere := map[string]string{
		"api_cs_buttons_request":          "TestButtons: two of its payloads are of other programs",
		"api_oauth_token_response":        "TestTokens",
		"api_oauth_token_error":           "TestTokens",
		"api_cs_file_request":             "not used: the city links to files, so that they stay under its own rules of access",
		"api_upload_file_response":        "not used: as above",
		"api_cs_quote_request":            "not used: an answer follows at once",
		"api_user_detail_response":        "TestMiniAppVerify: for the sign-in of the Mini App, otherwise the city keeps no copy of profiles",
		"api_v2_list_template_request":    "not used: the old API is closing, text with buttons does the same",
		"api_transaction_request_retired": "not used: closed in March 2026",
		"api_template_by_uid_request":     "TestTemplate",
		"api_template_by_uid_response":    "TestTemplate",
		"api_zns_otp_request":             "channels/zns",
		"api_zns_response":                "channels/zns",
		"api_zns_error_param":             "channels/zns",
		"miniapp_me_response":             "TestMiniAppVerify",
		"miniapp_me_error":                "TestMiniAppVerify",
		"miniapp_phone_token_response":    "TestMiniAppVerify",
	}
	names, err := filepath.Glob("testdata/api/*.json")
	require.NoError(t, err)
	require.Len(t, names, len(requests)+len(replies)+len(elsewhere))
	for _, name := range names {
		name = strings.TrimSuffix(filepath.Base(name), ".json")
		if elsewhere[name] != "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := &recorder{}
			c, _ := serve(t, api, func(c *Config) { c.ContactImage = "https://img-stub.example.vn/banner.jpg" })
			if blocks, ok := requests[name]; ok {
				require.Equal(t, channels.Sent, send(t, c, blocks...).Status)
				require.Equal(t, "POST /v3.0/oa/message/cs", api.paths[len(api.paths)-1])
				require.Equal(t, sample(t, name), api.last(t))
				return
			}
			want, ok := replies[name]
			require.True(t, ok, "a sample that nobody looks at")
			api.answers = []string{sample(t, name)}
			got := send(t, c, message.Words{Text: "x"})
			require.Equal(t, got.Status == channels.Sent, got.Cause == nil)
			got.Cause = nil
			require.Equal(t, want, got)
		})
	}
}

// TestButtons holds the wire of buttons against the network's sample, and our use of it against a golden file.
func TestButtons(t *testing.T) {
	t.Parallel()
	d := draft{text: "Anh/chị muốn làm gì tiếp theo?", buttons: []button{
		{"Mở cổng dịch vụ công", "oa.open.url", openURL{"https://dichvucong.example.vn"}},
		{"Tra cứu hồ sơ", "oa.query.show", "#tra_cuu_ho_so"},
		{"Gặp cán bộ", "oa.query.hide", "#gap_can_bo"},
		{"Gọi 1022", "oa.open.phone", openPhone{"841022"}},
		{"Nhắn tin", "oa.open.sms", openSMS{"HS2026000123", "841022"}},
	}}
	raw, err := json.MarshalIndent(d.body(Config{}, person, ""), "", "  ")
	require.NoError(t, err)
	require.Equal(t, sample(t, "api_cs_buttons_request"), string(raw)+"\n")

	api := &recorder{}
	c, _ := serve(t, api, nil)
	o := send(t, c,
		message.Choices{
			Text:     "Bà con muốn làm gì tiếp?",
			Options:  []message.Choice{{Label: "Tra cứu hồ sơ", Value: "#1"}},
			Controls: []message.Choice{{Label: "Thôi", Value: "cancel"}},
		},
		message.Link{Label: "Mở cổng", URL: "https://dichvucong.example.vn/hs?a=1&b=<2>"},
		message.Link{Label: "Gọi 1022", URL: "tel:+841022"},
		message.Link{Label: "Nhắn tin", URL: "sms:+841022?body=HS2026000123"},
	)
	require.Equal(t, channels.Sent, o.Status)
	golden(t, "testdata/buttons.golden", []byte(api.last(t)))
}

func TestNormalised(t *testing.T) {
	t.Parallel()
	api := &recorder{}
	c, _ := serve(t, api, nil)
	require.Equal(t, channels.Sent, send(t, c, message.Choices{Text: norm.NFD.String("Chào bà con"), Options: []message.Choice{{Label: norm.NFD.String("Đồng ý")}}}).Status)
	require.Contains(t, api.last(t), `"text": "Chào bà con"`)
	require.Contains(t, api.last(t), `"title": "Đồng ý"`)
}

func TestNotSendable(t *testing.T) {
	t.Parallel()
	api := &recorder{}
	c, _ := serve(t, api, nil)
	choice := message.Choice{Label: "x"}
	for name, tt := range map[string]struct {
		to     channels.Address
		blocks message.Blocks
		reason string
	}{
		"nothing":              {person, nil, "unsupported_block"},
		"blanks":               {person, message.Blocks{message.Words{Text: " \n"}}, "unsupported_block"},
		"a card":               {person, message.Blocks{message.Card{Title: "x"}}, "unsupported_block"},
		"two pictures":         {person, message.Blocks{message.Image{URL: "https://x.example"}, message.QR{Payload: "x"}}, "unsupported_block"},
		"picture with buttons": {person, message.Blocks{message.QR{Payload: "x"}, message.Choices{Text: "x", Options: []message.Choice{choice}}}, "unsupported_block"},
		"buttons without text": {person, message.Blocks{message.Choices{Options: []message.Choice{choice}}}, "unsupported_block"},
		"six buttons":          {person, message.Blocks{message.Choices{Text: "x", Options: []message.Choice{choice, choice, choice}, Controls: []message.Choice{choice, choice, choice}}}, "too_many_choices"},
		"a long label":         {person, message.Blocks{message.Choices{Text: "x", Options: []message.Choice{{Label: strings.Repeat("ờ", 101)}}}}, "too_long"},
		"an empty label":       {person, message.Blocks{message.Choices{Text: "x", Options: []message.Choice{{Label: " "}}}}, "too_long"},
		"a long text":          {person, message.Blocks{message.Words{Text: strings.Repeat("ờ", 2001)}}, "too_long"},
		"a script":             {person, message.Blocks{message.Words{Text: "x"}, message.Link{Label: "x", URL: "javascript:alert(1)"}}, "bad_link"},
		"a link to nowhere":    {person, message.Blocks{message.Words{Text: "x"}, message.Link{Label: "x", URL: "https://"}}, "bad_link"},
		"a call to words":      {person, message.Blocks{message.Words{Text: "x"}, message.Link{Label: "x", URL: "tel:police"}}, "bad_link"},
		"a phone number as id": {"+84912345678", message.Blocks{message.Words{Text: "x"}}, "bad_address"},
		"a code that holds it": {person, message.Blocks{message.QR{Payload: strings.Repeat("x", 5000)}}, "qr_too_long"},
		"contact, not set up":  {person, message.Blocks{message.Choices{Text: "x", Options: []message.Choice{{Label: "x", Value: message.AskContact}}}}, "unsupported_block"},
		"contact, no label":    {person, message.Blocks{message.Choices{Text: "x", Options: []message.Choice{{Label: " ", Value: message.AskContact}}}}, "too_long"},
		"picture over http":    {person, message.Blocks{message.Image{URL: "http://pictures.example/1.png"}}, "picture_address"},
		"picture in a file":    {person, message.Blocks{message.Image{URL: "file:///etc/passwd"}}, "picture_address"},
		"picture nowhere":      {person, message.Blocks{message.Image{URL: "://"}}, "picture_address"},
	} {
		o := c.Send(t.Context(), tt.to, channels.Outbound{ID: "1", Blocks: tt.blocks})
		require.Equal(t, channels.Never, o.Status, name)
		require.Equal(t, tt.reason, o.Reason, name)
		require.Error(t, o.Cause, name)
	}
	require.Empty(t, api.paths)
}

func TestLoneLinkAndAlt(t *testing.T) {
	t.Parallel()
	picture, _ := pictureServer(t)
	api := &recorder{}
	c, _ := serve(t, api, nil)
	require.Equal(t, channels.Sent, send(t, c, message.Link{Label: "Xem bản đồ", URL: "https://x.example"}).Status)
	require.Contains(t, api.last(t), `"text": "Xem bản đồ"`)
	require.Equal(t, channels.Sent, send(t, c, message.Image{URL: picture, Alt: "Ổ gà " + strings.Repeat("to ", 1000)}).Status)
	require.Contains(t, api.last(t), `"text": "Ổ gà to`)
	require.Equal(t, channels.Sent, send(t, c, message.QR{Payload: "x", Caption: "Vé của bà con"}).Status)
	require.Contains(t, api.last(t), `"text": "Vé của bà con"`)
}

func TestWithoutATokenAnOperatorIsCalled(t *testing.T) {
	t.Parallel()
	for code, want := range map[fault.Code]channels.Outcome{
		fault.Forbidden:   {Status: channels.Later, Alarm: true, Reason: "no_token", Retry: netcall.AlarmWait},
		fault.Unavailable: {Status: channels.Later, Retry: 7 * time.Second},
	} {
		c := newChannel(t, testConfig("http://127.0.0.1:1"), &wallet{err: fault.New(code, "").After(7 * time.Second)}, &http.Client{})
		got := send(t, c, message.Words{Text: "x"})
		require.Error(t, got.Cause)
		got.Cause = nil
		require.Equal(t, want, got)
	}
}

// TestErrorNumbers: each number of the table has an end, and each answer an outcome that the core can act on.
func TestErrorNumbers(t *testing.T) {
	t.Parallel()
	for n, v := range zaloapi.Account {
		require.Equal(t, v.End == netcall.Never || v.End == netcall.Gone || v.End == netcall.Alarm || v.End == netcall.Few, v.Reason != "", n)
	}
	tests := []struct {
		name, body, retryAfter string
		status                 int
		want                   channels.Outcome
	}{
		{"generic", `{"error":-200}`, "", 200, channels.Outcome{Status: channels.Later, Tries: netcall.FewTries, Reason: "send_failed"}},
		{"number as text", `{"error":"-213"}`, "", 200, channels.Outcome{Status: channels.Never, Reason: "not_a_follower", Gone: true}},
		{"away for long", `{"error":-227}`, "", 200, channels.Outcome{Status: channels.Never, Reason: "person_inactive", Gone: true}},
		{"text as number", `{"error":"down"}`, "", 200, channels.Outcome{Status: channels.Later}},
		{"a number of tomorrow", `{"error":-999}`, "", 200, channels.Outcome{Status: channels.Later}},
		{"data of another type", `{"error":-201,"data":[]}`, "", 200, channels.Outcome{Status: channels.Never, Reason: "bad_parameter"}},
		{"disabled", `{"error":-204}`, "", 200, channels.Outcome{Status: channels.Later, Alarm: true, Reason: "account_disabled", Retry: netcall.AlarmWait}},
		{"no money", `{"error":-321}`, "", 200, channels.Outcome{Status: channels.Later, Alarm: true, Reason: "no_money", Retry: netcall.AlarmWait}},
		{"too many, with a time", `{"error":-32}`, "90", 200, channels.Outcome{Status: channels.Later, Retry: 90 * time.Second}},
		{"too many at a proxy", `<html>`, "7", 429, channels.Outcome{Status: channels.Later, Retry: 7 * time.Second}},
		{"too many for ever", ``, "99999999999", 429, channels.Outcome{Status: channels.Later, Retry: time.Second}},
		{"a number at another status", `{"error":-230}`, "", 400, channels.Outcome{Status: channels.Never, Reason: "outside_window"}},
		{"success without id", `{"error":0,"data":{}}`, "", 200, channels.Outcome{Status: channels.Later, Unsure: true}},
		{"no JSON", `<html>`, "", 200, channels.Outcome{Status: channels.Later, Unsure: true}},
		{"nothing", ``, "", 200, channels.Outcome{Status: channels.Later, Unsure: true}},
		{"no number", `{"data":{"message_id":"1"}}`, "", 200, channels.Outcome{Status: channels.Later, Unsure: true}},
		{"huge", `{"error":0,"message":"` + strings.Repeat("x", zaloapi.MaxAnswer) + `","data":{"message_id":"1"}}`, "", 200, channels.Outcome{Status: channels.Later, Unsure: true}},
		{"down", `<html>`, "5", 503, channels.Outcome{Status: channels.Later, Retry: 5 * time.Second}},
		{"refused", `<html>`, "", 403, channels.Outcome{Status: channels.Never, Reason: "refused_403"}},
		{"redirected", ``, "", 307, channels.Outcome{Status: channels.Never, Reason: "refused_307"}},
		{"token refused by a gateway", ``, "", 401, channels.Outcome{Status: channels.Later, Alarm: true, Reason: "token_refused", Retry: netcall.AlarmWait}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				if tt.retryAfter != "" {
					w.Header().Set("Retry-After", tt.retryAfter)
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
				if r.URL.Path != "/v3.0/oa/message/cs" {
					t.Errorf("the token went to %s", r.URL.Path)
				}
			}), nil)
			got := send(t, c, message.Words{Text: "x"})
			require.Error(t, got.Cause)
			require.NotContains(t, got.Cause.Error(), person)
			require.NotContains(t, got.Cause.Error(), "FAKE_ACCESS_TOKEN")
			got.Cause = nil
			require.Equal(t, tt.want, got)
		})
	}
}

func TestMorning(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]time.Duration{
		"2026-11-21T22:00:00+07:00": 8 * time.Hour,
		"2026-11-22T05:59:59+07:00": time.Second,
		"2026-11-22T06:00:00+07:00": 24 * time.Hour,
	} {
		now, err := time.Parse(time.RFC3339, at)
		require.NoError(t, err)
		require.Equal(t, want, morning(now.UTC()), at)
	}
}

func TestTokenIsRenewedOnce(t *testing.T) {
	t.Parallel()
	for _, n := range []int{-216, -220, -124} {
		api := &recorder{answers: []string{fmt.Sprintf(`{"error":%d}`, n), sample(t, "api_cs_text_response")}}
		c, w := serve(t, api, func(c *Config) { c.AppSecretProof = true })
		require.Equal(t, channels.Sent, send(t, c, message.Words{Text: "x"}).Status)
		require.Equal(t, []string{"FAKE_ACCESS_TOKEN"}, w.stale)
		require.Len(t, api.heads, 2)
		require.Equal(t, "FAKE_ACCESS_TOKEN_2", api.heads[1].Get("access_token"))
		var v struct {
			Proof string `json:"appsecret_proof"`
		}
		load(t, "testdata/appsecret_proof.json", &v)
		require.Equal(t, v.Proof, api.heads[0].Get("appsecret_proof"))
		require.NotEqual(t, v.Proof, api.heads[1].Get("appsecret_proof"))
		require.Equal(t, "application/json", api.heads[0].Get("Content-Type"))
	}
}

func TestNoProofUnlessAsked(t *testing.T) {
	t.Parallel()
	api := &recorder{}
	c, _ := serve(t, api, nil)
	require.Equal(t, channels.Sent, send(t, c, message.Words{Text: "x"}).Status)
	require.Empty(t, api.heads[0].Values("appsecret_proof"))
}

func TestNoToken(t *testing.T) {
	t.Parallel()
	api := &recorder{answers: []string{`{"error":-216}`}}
	c, w := serve(t, api, nil)
	w.err = fault.Wrap(fault.Unavailable, errors.New("no consent"))
	o := send(t, c, message.Words{Text: "x"})
	require.Equal(t, channels.Later, o.Status)
	require.False(t, o.Unsure)
	require.ErrorIs(t, o.Cause, w.err)
	require.Empty(t, api.paths)
}

func TestUnsure(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-release
	}))
	defer srv.Close()
	defer close(release)
	cfg := testConfig(srv.URL)
	cfg.Timeout = time.Second // for the request to leave, on a busy machine too
	c := newChannel(t, cfg, &wallet{tokens: []string{"t"}}, srv.Client())
	o := send(t, c, message.Words{Text: "x"})
	require.Equal(t, channels.Later, o.Status)
	require.True(t, o.Unsure, "it was written and no answer came")

	cfg.APIBase = "http://127.0.0.1:1"
	c = newChannel(t, cfg, &wallet{tokens: []string{"t"}}, srv.Client())
	o = send(t, c, message.Words{Text: "x"})
	require.Equal(t, channels.Later, o.Status)
	require.False(t, o.Unsure, "nobody was there to take it")

	o = newChannel(t, testConfig(srv.URL), &wallet{tokens: []string{"t"}}, &http.Client{Transport: cutter{}}).Send(t.Context(), person, channels.Outbound{Blocks: message.Blocks{message.Words{Text: "x"}}})
	require.Equal(t, channels.Later, o.Status)
	require.True(t, o.Unsure, "the answer broke off")
}

// cutter answers half.
type cutter struct{}

func (cutter) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Body: io.NopCloser(io.MultiReader(strings.NewReader(`{"err`), iotest.ErrReader(errors.New("reset"))))}, nil
}

func TestPictures(t *testing.T) {
	t.Parallel()
	picture, asked := pictureServer(t)
	api := &recorder{}
	c, _ := serve(t, api, nil)
	for range 3 {
		require.Equal(t, channels.Sent, send(t, c, message.Image{URL: picture}, message.Words{Text: "x"}).Status)
	}
	require.Equal(t, []string{"POST /v2.0/oa/upload/image", "POST /v3.0/oa/message/cs", "POST /v3.0/oa/message/cs", "POST /v3.0/oa/message/cs"}, api.paths)
	require.Equal(t, 3, *asked, "what is at an address may change")
	file := formFile(t, api.heads[0], api.bodies[0])
	require.Equal(t, "image/png", http.DetectContentType(file))

	c.now = func() time.Time { return moment.Add(144 * time.Hour) }
	require.Equal(t, channels.Sent, send(t, c, message.Image{URL: picture}).Status)
	require.Equal(t, "POST /v2.0/oa/upload/image", api.paths[4], "uploaded anew before the network forgets it")

	api.answers = []string{`{"error":-100}`, `{"error":0,"data":{"attachment_id":"B"}}`, `{"error":0,"data":{"message_id":"9"}}`}
	require.Equal(t, channels.Sent, send(t, c, message.Image{URL: picture}).Status)
	require.Contains(t, api.last(t), `"attachment_id": "B"`)

	api.answers = []string{`{"error":-100}`, `{"error":0,"data":{"attachment_id":"C"}}`, `{"error":-100}`}
	o := send(t, c, message.Image{URL: picture})
	require.Equal(t, channels.Later, o.Status)
	require.Len(t, api.paths, 6+3+3)
}

// TestForgotten has a picture's id refused that somebody else has replaced meanwhile.
func TestForgotten(t *testing.T) {
	t.Parallel()
	u, err := newUploads(time.Hour)
	require.NoError(t, err)
	hash := sha256.Sum256([]byte("x"))
	u.put(hash, "new", moment)
	u.forget(hash, "old")
	id, ok := u.get(hash, moment)
	require.Equal(t, []any{"new", true}, []any{id, ok})
	u.forget(hash, "new")
	_, ok = u.get(hash, moment)
	require.False(t, ok)
}

func formFile(t *testing.T, h http.Header, body []byte) []byte {
	t.Helper()
	_, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	require.NoError(t, err)
	form, err := multipart.NewReader(bytes.NewReader(body), params["boundary"]).ReadForm(2 << 20)
	require.NoError(t, err)
	require.Len(t, form.File["file"], 1)
	f, err := form.File["file"][0].Open()
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(f)
	require.NoError(t, err)
	return raw
}

func TestUploadRefused(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]channels.Outcome{
		`{"error":0,"data":{}}`: {Status: channels.Later},
		`{"error":-201}`:        {Status: channels.Never, Reason: "bad_parameter"},
		`<html>`:                {Status: channels.Later}, // nobody has seen anything yet
	} {
		api := &recorder{answers: []string{answer}}
		c, _ := serve(t, api, nil)
		got := send(t, c, message.QR{Payload: "x"})
		require.Error(t, got.Cause)
		got.Cause = nil
		require.Equal(t, want, got, answer)
		require.Len(t, api.paths, 1)
	}
}

func TestManyOfOnePictureUploadOnce(t *testing.T) {
	t.Parallel()
	api := &recorder{}
	c, _ := serve(t, api, nil)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if o := c.Send(t.Context(), person, channels.Outbound{Blocks: message.Blocks{message.QR{Payload: "vé"}}}); o.Status != channels.Sent {
				t.Errorf("got %+v", o)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 1, strings.Count(strings.Join(api.paths, " "), "upload"))
}

func TestPicturesThatDoNotCome(t *testing.T) {
	t.Parallel()
	var status int
	var body []byte
	var location string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if location != "" {
			w.Header().Set("Location", location)
		}
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}))
	defer srv.Close()
	api := &recorder{}
	c, _ := serve(t, api, nil)
	for name, tt := range map[string]struct {
		status   int
		body     []byte
		location string
		want     channels.Status
		reason   string
	}{
		"gone":                {404, nil, "", channels.Never, "picture_404"},
		"down":                {503, nil, "", channels.Later, ""},
		"a page":              {200, []byte("<html>"), "", channels.Never, "picture_kind"},
		"too large":           {200, bytes.Repeat([]byte{0}, maxPicture+1), "", channels.Never, "picture_too_large"},
		"sent on to a secret": {302, nil, "http://169.254.169.254/latest", channels.Never, "picture_address"},
		"sent on to itself":   {302, nil, "/", channels.Never, "picture_address"},
	} {
		status, body, location = tt.status, tt.body, tt.location
		o := send(t, c, message.Image{URL: srv.URL + "/1?signature=SECRET"})
		require.Equal(t, tt.want, o.Status, name)
		require.Equal(t, tt.reason, o.Reason, name)
		require.Error(t, o.Cause, name)
		require.NotContains(t, o.Cause.Error(), "SECRET", name)
	}
	require.Empty(t, api.paths)
}

// TestPicturesOnlyFromOutside: an address may come from a mini-app outside the city.
func TestPicturesOnlyFromOutside(t *testing.T) {
	t.Parallel()
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	defer srv.Close()
	cfg := testConfig("https://openapi.zalo.me")
	c := newChannel(t, cfg, &wallet{}, srv.Client())
	require.Equal(t, "picture_address", send(t, c, message.Image{URL: srv.URL}).Reason, "this machine")
	cfg.PictureHosts = []string{"127.0.0.1"}
	c = newChannel(t, cfg, &wallet{}, srv.Client())
	defer c.pictures.CloseIdleConnections()
	require.Equal(t, "picture_404", send(t, c, message.Image{URL: srv.URL}).Reason, "unless the settings name it")
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	api := &recorder{}
	c, _ := serve(t, api, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, b := range []message.Block{message.Words{Text: "x"}, message.QR{Payload: "x"}, message.Image{URL: "http://127.0.0.1:1/"}} {
		o := c.Send(ctx, person, channels.Outbound{Blocks: message.Blocks{b}})
		require.Equal(t, channels.Later, o.Status)
		require.False(t, o.Unsure)
	}
	require.Empty(t, api.paths)
}

func FuzzReply(f *testing.F) {
	names, err := filepath.Glob("testdata/api/*.json")
	require.NoError(f, err)
	for _, name := range names {
		raw, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(200, raw)
		f.Add(503, raw)
	}
	c := parser(f, nil)
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		o := c.outcome(zaloapi.Parse(status, body))
		ok := o.Status == channels.Sent && o.MessageID != "" && len(o.MessageID) <= 200 ||
			o.Status == channels.Later && o.Cause != nil && o.Retry >= 0 && (!o.Alarm || o.Reason != "") ||
			o.Status == channels.Never && o.Reason != "" && len(o.Reason) < 40
		if !ok {
			t.Errorf("got %+v", o)
		}
		if p, err := readPair(status, body, moment); (err == nil) != (p.Access != "" && p.Refresh != "" && p.ExpiresAt.After(moment)) {
			t.Errorf("got a pair and %v", err)
		}
	})
}
