package zalofake_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motcua/motcua/channels/zalo/zalofake"
)

const (
	userPath  = "/openapi/v3.0/oa/message/template"
	phonePath = "/business/message/template"
)

// vietnamese is a time of day in Vietnam.
func vietnamese(hour int) func() time.Time {
	at := time.Date(2026, 11, 21, hour, 0, 0, 0, time.FixedZone("ICT", 7*60*60))
	return func() time.Time { return at }
}

func otp(phone, more string) string {
	return `{"phone":"` + phone + `","template_id":"200002","template_data":{"otp":"123456"},"tracking_id":"otp-1"` + more + `}`
}

func assigned(phone string) string {
	return `{"phone":"` + phone + `","template_id":"200011","template_data":{"ma_phan_anh":"PA-1","don_vi":"UBND"},"tracking_id":"n-1"}`
}

// TestTemplatesByPhone refuses what the template API refuses, with its numbers.
func TestTemplatesByPhone(t *testing.T) {
	t.Parallel()
	list := append(zalofake.SampleTemplates(),
		zalofake.Template{ID: "1", Text: "<x>", Params: []zalofake.TemplateParam{{Name: "x"}}, Status: "PENDING_REVIEW"},
		zalofake.Template{ID: "2", Text: "<x>", Params: []zalofake.TemplateParam{{Name: "x"}}, Status: "DISABLE"},
		zalofake.Template{ID: "3", Text: "<x>", Params: []zalofake.TemplateParam{{Name: "x", Type: "DATE", Min: 3}, {Name: "y", Null: true, Max: 3}}})
	n, _ := newNetwork(t, zalofake.Config{Now: vietnamese(12), Templates: list})
	token := n.Grant().Access
	for user, f := range map[string]func(*zalofake.Line){
		"84900000118": func(l *zalofake.Line) { l.NoZalo = true }, "84900000139": func(l *zalofake.Line) { l.Refuses = -139 }, "84900000001": func(l *zalofake.Line) { l.Admin = true },
	} {
		if _, err := n.SetLine(user, f); err != nil {
			t.Fatal(err)
		}
	}
	third := func(data string) string {
		return `{"phone":"84900000002","template_id":"3","template_data":` + data + `}`
	}
	for _, tt := range []struct {
		name, token, body string
		want              int
	}{
		{"a code", token, otp("84900000002", ""), 0},
		{"a notice", token, assigned("84900000002"), 0},
		{"no token", "", otp("84900000002", ""), -124},
		{"wrong token", "x", otp("84900000002", ""), -124},
		{"no JSON", token, "{", -122},
		{"values that are no text", token, `{"phone":"84900000002","template_id":"200002","template_data":{"otp":1}}`, -122},
		{"no phone", token, otp("", ""), -108},
		{"a phone with a plus", token, otp("+84900000002", ""), -108},
		{"a phone at home", token, otp("0900000002", ""), -108},
		{"nobody's", token, otp("84900000118", ""), -118},
		{"refused by the person", token, assigned("84900000139"), -139},
		{"unknown template", token, strings.Replace(otp("84900000002", ""), "200002", "9", 1), -109},
		{"not approved", token, `{"phone":"84900000002","template_id":"1","template_data":{"x":"1"}}`, -131},
		{"disabled", token, `{"phone":"84900000002","template_id":"2","template_data":{"x":"1"}}`, -146},
		{"development to an administrator", token, otp("84900000001", `,"mode":"development"`), 0},
		{"development to anybody", token, otp("84900000002", `,"mode":"development"`), -127},
		{"no values", token, third(`{}`), -111},
		{"a value missing", token, third(`{"x":"01/01/2026"}`), -1122},
		{"a value empty that may be", token, third(`{"x":"01/01/2026","y":""}`), 0},
		{"a value empty", token, third(`{"x":"","y":""}`), -1122},
		{"a value too long", token, third(`{"x":"01/01/2026","y":"ờờờờ"}`), -1121},
		{"a value too short", token, third(`{"x":"1","y":""}`), -1124},
		{"a date that is none", token, third(`{"x":"2026-01-01","y":""}`), -1124},
		{"two lines", token, third(`{"x":"01/01/2026","y":"a\nb"}`), -1124},
		{"one value too many", token, third(`{"x":"01/01/2026","y":"","z":"1"}`), -112},
		{"a long tracking id", token, strings.Replace(otp("84900000002", ""), "otp-1", strings.Repeat("x", 49), 1), -112},
	} {
		w := do(t, n, http.MethodPost, phonePath, map[string]string{"access_token": tt.token}, []byte(tt.body))
		var a struct {
			Error int
			Data  struct {
				MsgID string `json:"msg_id"`
			}
		}
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != 200 || a.Error != tt.want || (tt.want == 0) != (a.Data.MsgID != "") {
			t.Errorf("%s: got %d %s, want error %d", tt.name, w.Code, w.Body, tt.want)
		}
	}
	if a := call(t, n, token, http.MethodPost, phonePath+"/hashphone", otp("84900000002", "")); a.Error != -106 {
		t.Errorf("a hashed phone: got %+v", a)
	}
	if got := n.Chat("+84900000002", 0); len(got) != 3 || got[0].Kind != "template" || got[0].Data["otp"] != "123456" || !strings.Contains(got[0].Text, "123456") || got[0].Tracking != "otp-1" {
		t.Errorf("got %+v", got)
	}
	if s := n.Stats().Sends; s.Templates != 4 || s.ByError["-124"] != 2 {
		t.Errorf("got %+v", s)
	}
}

func TestNightAndDailyQuota(t *testing.T) {
	t.Parallel()
	for hour, want := range map[int]int{5: -133, 6: 0, 21: 0, 22: -133} {
		n, _ := newNetwork(t, zalofake.Config{Now: vietnamese(hour)})
		token := n.Grant().Access
		n.Follow("Lan")
		if got := call(t, n, token, http.MethodPost, phonePath, assigned("84900000002")); got.Error != want {
			t.Errorf("at %d: got %+v", hour, got)
		}
		if got := call(t, n, token, http.MethodPost, phonePath, otp("84900000002", "")); got.Error != 0 {
			t.Errorf("a code at %d: got %+v", hour, got)
		}
		byUser := `{"user_id":"` + n.UserID("Lan") + `","template_id":"200001","template_data":{"ma_ho_so":"1","trang_thai":"x"}}`
		if got := call(t, n, token, http.MethodPost, userPath, byUser); (got.Error == -234) != (want != 0) {
			t.Errorf("by user id at %d: got %+v", hour, got)
		}
		n.Change(func(s *zalofake.Setup) { s.AnyHour = true })
		if got := call(t, n, token, http.MethodPost, phonePath, assigned("84900000002")); got.Error != 0 {
			t.Errorf("any hour at %d: got %+v", hour, got)
		}
	}
	n, _ := newNetwork(t, zalofake.Config{Now: vietnamese(12), DailyQuota: 2, AccessLife: 100 * time.Hour})
	token := n.Grant().Access
	for i, want := range []int{0, 0, -144} {
		if got := call(t, n, token, http.MethodPost, phonePath, otp("84900000002", "")); got.Error != want {
			t.Errorf("%d: got %+v", i, got)
		}
	}
	if got := call(t, n, token, http.MethodPost, phonePath, otp("84900000002", `,"sending_mode":"3"`)); got.Error != 0 {
		t.Errorf("beyond the quota: got %+v", got)
	}
	n.Break(func(f *zalofake.Faults) { f.ClockOffsetS = 86400 })
	w := do(t, n, http.MethodGet, "/business/message/quota", map[string]string{"access_token": token}, nil)
	if !strings.Contains(w.Body.String(), `"dailyQuota":"2","remainingQuota":"2"`) {
		t.Errorf("the next day: got %s", w.Body)
	}
}

func TestTemplatesByUser(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, zalofake.Config{Now: vietnamese(12)})
	n.Say("Lan", "x")
	n.Unfollow("Hùng")
	body := func(user, id, data string) string {
		return fmt.Sprintf(`{"user_id":%q,"template_id":%q,"template_data":%s}`, user, id, data)
	}
	n.Break(func(f *zalofake.Faults) { f.ClockOffsetS = 7*86400 + 60 }) // all windows are closed
	token := n.Grant().Access
	for name, tt := range map[string]struct {
		body string
		want int
	}{
		"taken":          {body(n.UserID("Lan"), "200001", `{"ma_ho_so":"HS1","trang_thai":"Xong"}`), 0},
		"nobody":         {body("3000000000000000003", "200001", `{"ma_ho_so":"HS1","trang_thai":"Xong"}`), -213},
		"has left":       {body(n.UserID("Hùng"), "200001", `{"ma_ho_so":"HS1","trang_thai":"Xong"}`), -213},
		"no id":          {body("", "200001", `{}`), -201},
		"no JSON":        {`{`, -201},
		"a code":         {body(n.UserID("Lan"), "200002", `{"otp":"1"}`), -249},
		"a value missed": {body(n.UserID("Lan"), "200001", `{"ma_ho_so":"HS1"}`), -1122},
	} {
		if got := call(t, n, token, http.MethodPost, userPath, tt.body); got.Error != tt.want || (tt.want == 0) != (got.Data.MessageID != "" && got.Data.Quota.Type == "purchase_quota") {
			t.Errorf("%s: got %+v, want %d", name, got, tt.want)
		}
	}
	chat := n.Chat("Lan", 0)
	if e := chat[len(chat)-1]; len(chat) != 2 || e.Kind != "template" || e.Template != "200001" || e.Text != "Hồ sơ của bà con\nHồ sơ HS1: Xong." {
		t.Errorf("got %+v", chat)
	}
}

// TestTemplateReceipts: by phone with the phone, the tracking id and the header of template messages; by user id like any other message.
func TestTemplateReceipts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, p := newNetwork(t, zalofake.Config{AnyHour: true, Received: 300 * time.Millisecond, Seen: -1})
		token := n.Grant().Access
		call(t, n, token, http.MethodPost, phonePath, otp("84900000002", ""))
		untracked := strings.Replace(assigned("84900000002"), `,"tracking_id":"n-1"`, "", 1)
		call(t, n, token, http.MethodPost, phonePath, untracked)
		id := n.Chat("0900000002", 0)[0].ID
		status := func() string {
			return do(t, n, http.MethodGet, "/business/message/status?message_id="+id, map[string]string{"access_token": token}, nil).Body.String()
		}
		if got := status(); !strings.Contains(got, `"status":0`) {
			t.Errorf("got %s", got)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := status(); !strings.Contains(got, `"status":1`) || !strings.Contains(got, "delivery_time") {
			t.Errorf("got %s", got)
		}
		hooks := p.seen()
		if len(hooks) != 2 {
			t.Fatalf("got %v", p.names())
		}
		tracked := 0
		for _, h := range hooks {
			body := string(h.body)
			if !strings.Contains(body, `"recipient":{"id":"84900000002"}`) || h.header.Get("X-ZEvent-Server") != "ZNS" || !strings.Contains(body, `"event_name":"user_received_message"`) {
				t.Errorf("got %v %s", h.header, body)
			}
			if strings.Contains(body, `"tracking_id":"otp-1"`) {
				tracked++
			}
		}
		if tracked != 1 {
			t.Errorf("%d with the tracking id", tracked)
		}
		n.Follow("Lan")
		byUser := `{"user_id":"` + n.UserID("Lan") + `","template_id":"200001","template_data":{"ma_ho_so":"1","trang_thai":"x"}}`
		call(t, n, token, http.MethodPost, userPath, byUser)
		time.Sleep(time.Second)
		synctest.Wait()
		if got := p.names()[2:]; !same(got, "follow", "oa_send_template", "user_received_message") {
			t.Errorf("got %v", got)
		}
		n.Close()
	})
}

func TestTemplateInfo(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, zalofake.Config{})
	get := func(path string) string {
		return do(t, n, http.MethodGet, "/business/"+path, map[string]string{"access_token": n.Grant().Access}, nil).Body.String()
	}
	for path, want := range map[string]string{
		"template/info/v2?template_id=200002":     `"listParams":[{"acceptNull":false,"maxLength":10,"minLength":0,"name":"otp","require":true,"type":"NUMBER"}]`,
		"template/info/v2?template_id=200010":     `"templateTag":"TRANSACTION"`,
		"template/info/v2?template_id=9":          `"error":-109`,
		"template/all?offset=1&limit=1":           `[{"status":"ENABLE","templateId":"200001","templateName":"Hồ sơ của bà con","templateQuality":"UNDEFINED"}]`,
		"template/all?offset=0&limit=100&status=": `"templateId":"200016"`,
		"message/status?message_id=x":             `"status":-1`,
	} {
		if got := get(path); !strings.Contains(got, want) {
			t.Errorf("%s: got %s", path, got)
		}
	}
	byUser, byPhone := zalofake.Approved(zalofake.SampleTemplates())
	if len(byPhone) != 9 || len(byUser) != 8 {
		t.Errorf("got %d and %d", len(byUser), len(byPhone))
	}
	for name, a := range byPhone {
		if err := a.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, zalofake.Config{})
	if a, b := n.Phone("Lan"), n.Phone("Lan"); a != b || len(a) != 11 || !strings.HasPrefix(a, "849") || n.Phone("Hùng") == a {
		t.Errorf("got %s, then %s", a, b)
	}
	for i, tt := range []struct {
		path, body string
		status     int
		holds      string
	}{
		{"users/Lan/line", `{"phone":"+84912345678"}`, 200, `{"phone":"84912345678","no_zalo":false,"refuses":0,"admin":false}`},
		{"users/Lan/line", `{"no_zalo":true}`, 200, `{"phone":"84912345678","no_zalo":true,"refuses":0,"admin":false}`},
		{"users/Lan/line", `{"no_zalo":false,"refuses":-141}`, 200, `"refuses":-141`},
		{"users/Lan/line", ``, 200, `"refuses":-141`},
		{"users/Hùng/line", `{"phone":"0912345678"}`, 409, "somebody else"},
		{"users/Hùng/line", `{"phone":"12"}`, 409, "no phone"},
		{"users/Hùng/line", `{"phon":"1"}`, 400, "unknown"},
	} {
		if status, body := control(t, n, http.MethodPost, tt.path, tt.body); status != tt.status || !strings.Contains(body, tt.holds) {
			t.Errorf("%d: got %d %s", i, status, body)
		}
	}
	if a, b := n.UserID("Lan"), n.UserID("0912345678"); a != b {
		t.Errorf("the phone is another's: %s, %s", a, b)
	}
	if _, body := control(t, n, http.MethodGet, "users", ""); !strings.Contains(body, `"phone":"84912345678"`) {
		t.Errorf("got %s", body)
	}
}
