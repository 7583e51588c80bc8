package zalofake_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/motcua/motcua/channels/zalo/zalofake"
)

// FuzzSend shows that whatever is sent is taken or refused, with JSON at HTTP status 200.
func FuzzSend(f *testing.F) {
	for _, message := range []string{
		`{"text":"Hồ sơ HS2026000123 đang được xử lý"}`,
		`{"text":"Đã ghi nhận","quote_message_id":"a1b2c3d4e5f60718293b"}`,
		`{"attachment":{"type":"file","payload":{"token":"FAKE_FILE_TOKEN"}}}`,
		`{"text":"Vị trí","attachment":{"type":"template","payload":{"template_type":"media","elements":[{"media_type":"image","url":"https://a.vn/1"}]}}}`,
		`{"attachment":{"type":"template","payload":{"template_type":"media","elements":[{"media_type":"gif","url":"https://a.vn/1","width":1,"height":1}]}}}`,
		`{"attachment":{"type":"template","payload":{"template_type":"media","elements":[{"media_type":"sticker","attachment_id":"x"}]}}}`,
		`{"attachment":{"type":"template","payload":{"template_type":"request_user_info","elements":[{"title":"x","image_url":"https://a.vn/1"}]}}}`,
		`{"text":"x","attachment":{"type":"template","payload":{"buttons":[{"title":"x","type":"oa.open.sms","payload":{"content":"x","phone_code":"841022"}}]}}}`,
		`{"text":"x","attachment":{"type":"template","payload":{"buttons":[{"title":"x","type":"oa.query.hide","payload":"#x"}]}}}`,
		`null`, `{"text":1}`, `{"attachment":{"type":"template","payload":{"buttons":[null]}}}`,
	} {
		f.Add([]byte(message))
	}
	n := zalofake.New(zalofake.Config{PerMinute: -1, Received: -1, Seen: -1, NoEchoes: true, Client: &http.Client{Transport: &program{}}})
	f.Cleanup(n.Close)
	n.Say("Lan", "x")
	token, lan := n.Grant().Access, n.UserID("Lan")
	f.Fuzz(func(t *testing.T, message []byte) {
		w := do(t, n, http.MethodPost, csPath, map[string]string{"access_token": token}, []byte(`{"recipient":{"user_id":"`+lan+`"},"message":`+string(message)+`}`))
		var a answer
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != http.StatusOK || (a.Error == 0) != (a.Data.MessageID != "") {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
	})
}

// FuzzTemplate shows the same of templates, by user id and by phone.
func FuzzTemplate(f *testing.F) {
	for _, body := range []string{
		`{"phone":"84900000002","template_id":"200002","template_data":{"otp":"123456"},"tracking_id":"otp-1"}`,
		`{"user_id":"1","template_id":"200001","template_data":{"ma_ho_so":"HS1","trang_thai":"Xong"},"mode":"development"}`,
		`{"phone":"84900000002","template_id":"200002","template_data":{"otp":null},"sending_mode":"3"}`,
		`null`, `{"phone":1}`, `{"template_data":[]}`,
	} {
		f.Add([]byte(body))
	}
	n := zalofake.New(zalofake.Config{PerMinute: -1, DailyQuota: -1, AnyHour: true, Received: -1, Seen: -1, NoEchoes: true, Client: &http.Client{Transport: &program{}}})
	f.Cleanup(n.Close)
	n.Say("Lan", "x")
	token := n.Grant().Access
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, path := range []string{userPath, phonePath} {
			w := do(t, n, http.MethodPost, path, map[string]string{"access_token": token}, body)
			var a struct {
				Error int
				Data  struct {
					MessageID string `json:"message_id"`
					MsgID     string `json:"msg_id"`
				}
			}
			if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != http.StatusOK || (a.Error == 0) != (a.Data.MessageID+a.Data.MsgID != "") {
				t.Errorf("%s: got %d %s", path, w.Code, w.Body)
			}
		}
	})
}
