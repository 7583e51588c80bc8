package zalofake_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/gif"
	"image/png"
	"mime/multipart"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/motcua/motcua/channels/zalo/zalofake"
)

func TestRefusesWhatZaloRefuses(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, zalofake.Config{})
	token, lan := n.Grant().Access, n.UserID("Lan")
	n.Say("Lan", "xin chào")
	n.Say("Hùng", "xin chào")
	n.Unfollow("Hùng")
	silent := n.UserID("Mai") // there, but has never said anything
	message := func(m string) string { return fmt.Sprintf(`{"recipient":{"user_id":%q},"message":%s}`, lan, m) }
	template := func(payload string) string {
		return message(`{"text":"x","attachment":{"type":"template","payload":` + payload + `}}`)
	}
	buttons := func(list ...string) string { return template(`{"buttons":[` + strings.Join(list, ",") + `]}`) }
	query := func(title, payload string) string {
		return fmt.Sprintf(`{"title":%q,"type":"oa.query.show","payload":%q}`, title, payload)
	}
	long := func(n int) string { return strings.Repeat("ộ", n) }
	for _, tt := range []struct {
		name, token, body string
		want              int
	}{
		{"text", token, text(lan, "x"), 0},
		{"longest text", token, text(lan, long(2000)), 0},
		{"too long text", token, text(lan, long(2001)), -210},
		{"no token", "", text(lan, "x"), -216},
		{"unknown token", "fake-access-x", text(lan, "x"), -216},
		{"refresh token as access token", n.Grant().Refresh, text(lan, "x"), -216},
		{"no JSON", token, `{`, -201},
		{"empty", token, ``, -201},
		{"id as a number", token, `{"recipient":{"user_id":3000000000000000003},"message":{"text":"x"}}`, -201},
		{"no recipient", token, `{"message":{"text":"x"}}`, -201},
		{"no message", token, `{"recipient":{"user_id":"` + lan + `"}}`, -201},
		{"nothing said", token, message(`{"text":""}`), -201},
		{"unknown person", token, text("3000000000000000003", "x"), -213},
		{"unfollowed", token, text(n.UserID("Hùng"), "x"), -213},
		{"never said anything", token, text(silent, "x"), -230},
		{"five buttons", token, buttons(query("1", "1"), query("2", "2"), query("3", "3"), query("4", "4"), query("5", "5")), 0},
		{"six buttons", token, buttons(query("1", "1"), query("2", "2"), query("3", "3"), query("4", "4"), query("5", "5"), query("6", "6")), -210},
		{"longest title", token, buttons(query(long(100), "x")), 0},
		{"too long title", token, buttons(query(long(101), "x")), -210},
		{"no title", token, buttons(query("", "x")), -201},
		{"longest payload", token, buttons(query("x", long(1000))), 0},
		{"too long payload", token, buttons(query("x", long(1001))), -210},
		{"no payload", token, buttons(query("x", "")), -201},
		{"unknown button", token, buttons(`{"title":"x","type":"oa.query","payload":"x"}`), -201},
		{"address", token, buttons(`{"title":"x","type":"oa.open.url","payload":{"url":"https://example.vn"}}`), 0},
		{"address as text", token, buttons(`{"title":"x","type":"oa.open.url","payload":"https://example.vn"}`), -201},
		{"script as address", token, buttons(`{"title":"x","type":"oa.open.url","payload":{"url":"javascript:1"}}`), -201},
		{"call", token, buttons(`{"title":"x","type":"oa.open.phone","payload":{"phone_code":"841022"}}`), 0},
		{"call of no number", token, buttons(`{"title":"x","type":"oa.open.phone","payload":{"phone_code":"x"}}`), -201},
		{"text message", token, buttons(`{"title":"x","type":"oa.open.sms","payload":{"content":"` + long(160) + `","phone_code":"841022"}}`), 0},
		{"too long text message", token, buttons(`{"title":"x","type":"oa.open.sms","payload":{"content":"` + long(161) + `","phone_code":"841022"}}`), -210},
		{"template without buttons", token, template(`{}`), -201},
		{"list template", token, template(`{"template_type":"list","elements":[{"title":"x"}]}`), -233},
		{"unknown attachment", token, message(`{"attachment":{"type":"image","payload":{}}}`), -201},
		{"picture by address", token, template(`{"template_type":"media","elements":[{"media_type":"image","url":"https://example.vn/1.jpg"}]}`), 0},
		{"picture without one", token, template(`{"template_type":"media","elements":[{"media_type":"image"}]}`), -201},
		{"two pictures", token, template(`{"template_type":"media","elements":[{"media_type":"image","url":"https://a.vn/1"},{"media_type":"image","url":"https://a.vn/1"}]}`), -201},
		{"picture with buttons", token, template(`{"template_type":"media","elements":[{"media_type":"image","url":"https://a.vn/1"}],"buttons":[` + query("x", "x") + `]}`), -201},
		{"unknown upload", token, template(`{"template_type":"media","elements":[{"media_type":"image","attachment_id":"x"}]}`), -100},
		{"animation without measures", token, template(`{"template_type":"media","elements":[{"media_type":"gif","url":"https://a.vn/1"}]}`), -201},
		{"unknown file", token, message(`{"attachment":{"type":"file","payload":{"token":"x"}}}`), -100},
		{"ask for contact data", token, template(`{"template_type":"request_user_info","elements":[{"title":"x","subtitle":"x","image_url":"https://a.vn/1"}]}`), 0},
		{"ask without a title", token, template(`{"template_type":"request_user_info","elements":[{"image_url":"https://a.vn/1"}]}`), -201},
	} {
		before := len(n.Chat("Lan", 0))
		if got := call(t, n, tt.token, http.MethodPost, csPath, tt.body); got.Error != tt.want || (tt.want == 0) != (got.Data.MessageID != "" && got.Data.UserID == lan) {
			t.Errorf("%s: got %+v, want error %d", tt.name, got, tt.want)
		}
		if shown := len(n.Chat("Lan", 0)) - before; (shown == 1) != (tt.want == 0) {
			t.Errorf("%s: the chat grew by %d", tt.name, shown)
		}
	}
}

func TestWindowsFollowTheClock(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, zalofake.Config{AccessLife: 1000 * time.Hour})
	token, lan := n.Grant().Access, n.UserID("Lan")
	n.Say("Lan", "xin chào")
	for _, tt := range []struct {
		hours int64
		err   int
		quota string
	}{{0, 0, "reply"}, {47, 0, "reply"}, {49, 0, "purchase_quota"}, {167, 0, "purchase_quota"}, {169, -230, ""}} {
		n.Break(func(f *zalofake.Faults) { f.ClockOffsetS = tt.hours * 3600 })
		if got := call(t, n, token, http.MethodPost, csPath, text(lan, "x")); got.Error != tt.err || got.Data.Quota.Type != tt.quota {
			t.Errorf("after %d hours: got %+v", tt.hours, got)
		}
	}
	n.Say("Lan", "tôi đây") // opens the window anew, by the moved clock
	if got := call(t, n, token, http.MethodPost, csPath, text(lan, "x")); got.Error != 0 {
		t.Errorf("after a new message: got %+v", got)
	}
	if s := n.Stats(); s.Sends.Charged != 2 || s.Sends.ByError["-230"] != 1 {
		t.Errorf("got %+v", s.Sends)
	}
}

func TestRateOfRequests(t *testing.T) {
	t.Parallel()
	var now atomic.Pointer[time.Time]
	at := func(s string) {
		when, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		now.Store(&when)
	}
	at("2026-11-22T08:00:10Z")
	n, _ := newNetwork(t, zalofake.Config{PerMinute: 3, Now: func() time.Time { return *now.Load() }})
	token := n.Grant().Access
	n.Say("Lan", "x")
	for i := range 5 {
		w := do(t, n, http.MethodPost, csPath, map[string]string{"access_token": token}, []byte(text(n.UserID("Lan"), "x")))
		want, left := 0, max(0, 2-i)
		if i >= 3 {
			want = -32
		}
		var a answer
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || a.Error != want {
			t.Errorf("request %d: got %s", i, w.Body)
		}
		if w.Header().Get("X-RateLimit-Limit") != "3" || w.Header().Get("X-RateLimit-Remain") != fmt.Sprint(left) {
			t.Errorf("request %d: got %v", i, w.Header())
		}
	}
	at("2026-11-22T08:01:00Z")
	if got := call(t, n, token, http.MethodPost, csPath, text(n.UserID("Lan"), "x")); got.Error != 0 {
		t.Errorf("in the next minute: got %+v", got)
	}
}

func TestProofOfTheAppSecret(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, zalofake.Config{AppSecret: "s"})
	token := n.Grant().Access
	n.Say("Lan", "x")
	n.Break(func(f *zalofake.Faults) { f.RequireProof = true })
	if got := call(t, n, token, http.MethodPost, csPath, text(n.UserID("Lan"), "x")); got.Error != -242 {
		t.Errorf("without a proof: got %+v", got)
	}
	w := do(t, n, http.MethodPost, csPath, map[string]string{"access_token": token, "appsecret_proof": zalofake.Proof("s", token)}, []byte(text(n.UserID("Lan"), "x")))
	if !strings.Contains(w.Body.String(), `"error":0`) {
		t.Errorf("with a proof: got %s", w.Body)
	}
}

// upload posts a file as a form.
func upload(t *testing.T, n *zalofake.Network, token, kind, name string, data []byte) answer {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	w := do(t, n, http.MethodPost, "/openapi/v2.0/oa/upload/"+kind, map[string]string{"access_token": token, "Content-Type": form.FormDataContentType()}, body.Bytes())
	var a answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != http.StatusOK {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	return a
}

func TestUploads(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, zalofake.Config{AccessLife: 1000 * time.Hour})
	token := n.Grant().Access
	var photo, moving bytes.Buffer
	m := image.NewRGBA(image.Rect(0, 0, 8, 8))
	if err := png.Encode(&photo, m); err != nil {
		t.Fatal(err)
	}
	if err := gif.Encode(&moving, m, nil); err != nil {
		t.Fatal(err)
	}
	padded := func(data []byte, size int) []byte { return append(bytes.Clone(data), make([]byte, size-len(data))...) }
	for _, tt := range []struct {
		kind, name string
		data       []byte
		want       int
	}{
		{"image", "a.png", photo.Bytes(), 0},
		{"image", "a.png", padded(photo.Bytes(), 1<<20), 0},
		{"image", "a.png", padded(photo.Bytes(), 1<<20+1), -210},
		{"image", "a.png", padded(photo.Bytes(), 3<<20), -210},
		{"image", "a.png", []byte("no picture"), -201},
		{"image", "a.gif", moving.Bytes(), -201},
		{"image", "a.png", nil, -201},
		{"gif", "a.gif", moving.Bytes(), 0},
		{"gif", "a.png", photo.Bytes(), -201},
		{"file", "a.pdf", []byte("%PDF-1.4"), 0},
		{"file", "a.csv", []byte("a,b\n1,2\n"), 0},
		{"file", "a.docx", []byte("PK\x03\x04 and so on"), 0},
		{"file", "a.png", photo.Bytes(), -201},
	} {
		got := upload(t, n, token, tt.kind, tt.name, tt.data)
		if got.Error != tt.want || (got.Data.AttachmentID+got.Data.Token != "") != (tt.want == 0) || tt.want == 0 && (tt.kind == "file") != (got.Data.Token != "") {
			t.Errorf("%s of %d bytes: got %+v, want %d", tt.kind, len(tt.data), got, tt.want)
		}
	}
	n.Say("Lan", "x")
	id := upload(t, n, token, "image", "a.png", photo.Bytes()).Data.AttachmentID
	send := func() answer {
		return call(t, n, token, http.MethodPost, csPath, fmt.Sprintf(`{"recipient":{"user_id":%q},"message":{"text":"x","attachment":{"type":"template",`+
			`"payload":{"template_type":"media","elements":[{"media_type":"image","attachment_id":%q}]}}}}`, n.UserID("Lan"), id))
	}
	if got := send(); got.Error != 0 {
		t.Fatalf("got %+v", got)
	}
	chat := n.Chat("Lan", 0)
	path := strings.TrimPrefix(chat[len(chat)-1].Files[0].URL, "http://example.com")
	if w := do(t, n, http.MethodGet, path, nil, nil); !bytes.Equal(w.Body.Bytes(), photo.Bytes()) || w.Header().Get("Content-Type") != "image/png" {
		t.Errorf("%s: got %d bytes of %s", path, w.Body.Len(), w.Header().Get("Content-Type"))
	}
	n.Break(func(f *zalofake.Faults) { f.ClockOffsetS = 7*24*3600 + 1 })
	n.Say("Lan", "x")
	if got := send(); got.Error != -100 {
		t.Errorf("after seven days: got %+v", got)
	}
}

func TestProfileAndQuota(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, zalofake.Config{})
	token, lan := n.Grant().Access, n.UserID("Lan")
	n.Follow("Lan")
	for _, tt := range []struct{ method, path, body, holds string }{
		{http.MethodGet, `/openapi/v3.0/oa/user/detail?data=%7B%22user_id%22%3A%22` + lan + `%22%7D`, "", `"display_name":"Lan"`},
		{http.MethodGet, `/openapi/v3.0/oa/user/detail?data=%7B%22user_id%22%3A%22` + lan + `%22%7D`, "", `"user_is_follower":true`},
		{http.MethodGet, `/openapi/v3.0/oa/user/detail?data=%7B%22user_id%22%3A%223000000000000000003%22%7D`, "", `"error":-213`},
		{http.MethodGet, `/openapi/v3.0/oa/user/detail`, "", `"error":-201`},
		{http.MethodGet, "/openapi/v2.0/oa/getoa", "", `"oa_id":"2000000000000000002"`},
		{http.MethodPost, "/openapi/v3.0/oa/quota/message", `{"user_id":"` + lan + `"}`, `"cs_reply":{"remain":8,"total":8}`},
		{http.MethodPost, "/openapi/v3.0/oa/quota/message", `{}`, `"error":-201`},
	} {
		w := do(t, n, tt.method, tt.path, map[string]string{"access_token": token}, []byte(tt.body))
		if w.Code != 200 || !strings.Contains(w.Body.String(), tt.holds) {
			t.Errorf("%s %s: got %d %s", tt.path, tt.body, w.Code, w.Body)
		}
	}
	for _, path := range []string{"/graph/v2.0/me/friends", "/business/message/template", "/openapi/v2.0/oa/conversation", "/oauth/v4/permission"} {
		if w := do(t, n, http.MethodGet, path, nil, nil); w.Code != 404 || !strings.Contains(w.Body.String(), `"error":404`) {
			t.Errorf("%s: got %d %s", path, w.Code, w.Body)
		}
	}
}
