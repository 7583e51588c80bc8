package zalofake_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/motcua/motcua/channels/zalo/zalofake"
)

// sample reads one of the bodies that the adapter is tested with too.
func sample(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "testdata", "api", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestTakesTheSampleRequests sends the sample bodies as they are, but for the ids that the stand-in gives itself.
func TestTakesTheSampleRequests(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, zalofake.Config{AnyHour: true})
	token := n.Grant().Access
	quoted := n.Say("Lan", "x").ID
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	ids := strings.NewReplacer("3000000000000000003", n.UserID("Lan"), "a1b2c3d4e5f60718293b", quoted,
		"FAKE_ATTACHMENT_ID", upload(t, n, token, "image", "a.png", picture.Bytes()).Data.AttachmentID,
		"FAKE_FILE_TOKEN", upload(t, n, token, "file", "a.pdf", []byte("%PDF-1.4")).Data.Token)
	for _, tt := range []struct {
		name, path string
		status     int
		want       int // error number
	}{
		{"api_cs_text_request", csPath, 200, 0},
		{"api_cs_buttons_request", csPath, 200, 0},
		{"api_cs_image_request", csPath, 200, 0},
		{"api_cs_file_request", csPath, 200, 0},
		{"api_cs_quote_request", csPath, 200, 0},
		{"api_cs_request_user_info_request", csPath, 200, 0},
		{"api_template_by_uid_request", userPath, 200, 0},
		{"api_zns_otp_request", phonePath, 200, 0},
		// Not imitated, and said so in the package's comment: they are refused, never taken and lost.
		{"api_v2_list_template_request", "/openapi/v2.0/oa/message", 200, -240},
		{"api_transaction_request_retired", "/openapi/v3.0/oa/message/transaction", 200, -240},
	} {
		w := do(t, n, http.MethodPost, tt.path, map[string]string{"access_token": token}, []byte(ids.Replace(string(sample(t, tt.name)))))
		var a answer
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != tt.status || a.Error != tt.want {
			t.Errorf("%s: got %d %s", tt.name, w.Code, w.Body)
		}
	}
}

// TestAnswersLookLikeTheSamples compares names, nesting and kinds of values of the answers with the samples'.
func TestAnswersLookLikeTheSamples(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, zalofake.Config{PerMinute: 1000, AnyHour: true})
	token := n.Grant().Access
	n.Say("Lan", "x")
	lan := n.UserID("Lan")
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	api := func(method, path, body string) []byte {
		return do(t, n, method, path, map[string]string{"access_token": token}, []byte(body)).Body.Bytes()
	}
	refused := func(f func(*zalofake.Faults)) []byte {
		n.Break(f)
		defer n.Break(func(f *zalofake.Faults) { *f = zalofake.Faults{} })
		return api(http.MethodPost, csPath, text(lan, "y"))
	}
	app := n.OpenMiniApp("Lan")
	social := func(path string, header map[string]string) []byte {
		header["appsecret_proof"] = zalofake.Proof("fakecity", header["access_token"])
		return do(t, n, http.MethodGet, path, header, nil).Body.Bytes()
	}
	wrongCode := strings.Replace(string(sample(t, "api_zns_otp_request")), "123456", "12 456", 1)
	byUser := strings.Replace(string(sample(t, "api_template_by_uid_request")), "3000000000000000003", lan, 1)
	stranger := text("3000000000000000003", "y")
	form := func(v url.Values) []byte {
		return do(t, n, http.MethodPost, "/oauth/v4/oa/access_token", map[string]string{"Content-Type": "application/x-www-form-urlencoded", "secret_key": "fakecity"}, []byte(v.Encode())).Body.Bytes()
	}
	for name, got := range map[string][]byte{
		"api_cs_text_response":         api(http.MethodPost, csPath, text(lan, "y")),
		"api_user_detail_response":     api(http.MethodGet, "/openapi/v3.0/oa/user/detail?data="+url.QueryEscape(`{"user_id":"`+lan+`"}`), ""),
		"api_template_by_uid_response": api(http.MethodPost, userPath, byUser),
		"api_zns_response":             api(http.MethodPost, phonePath, string(sample(t, "api_zns_otp_request"))),
		"api_zns_error_param":          api(http.MethodPost, phonePath, wrongCode),
		"miniapp_me_response":          social("/graph/v2.0/me?fields=id,name,picture", map[string]string{"access_token": app.AccessToken}),
		"miniapp_me_error":             social("/graph/v2.0/me?fields=id,name,picture", map[string]string{"access_token": "FAKE"}),
		"miniapp_phone_token_response": social("/graph/v2.0/me/info", map[string]string{"access_token": app.AccessToken, "code": app.PhoneToken, "secret_key": "fakecity"}),
		"api_error_not_followed":       api(http.MethodPost, csPath, stranger),
		"api_error_invalid_param":      api(http.MethodPost, csPath, "{}"),
		"api_error_token_invalid":      do(t, n, http.MethodPost, csPath, map[string]string{"access_token": "wrong"}, []byte(stranger)).Body.Bytes(),
		"api_error_night":              refused(func(f *zalofake.Faults) { f.Error, f.ErrorTimes = -234, 1 }),
		"api_error_rate_limit":         refused(func(f *zalofake.Faults) { f.Error, f.ErrorTimes = -32, 1 }),
		"api_error_outside_window":     refused(func(f *zalofake.Faults) { f.Error, f.ErrorTimes = -230, 1 }),
		"api_oauth_token_response":     form(url.Values{"grant_type": {"refresh_token"}, "app_id": {"1000000000000000001"}, "refresh_token": {n.Grant().Refresh}}),
		"api_oauth_token_error":        form(url.Values{"grant_type": {"refresh_token"}, "app_id": {"1000000000000000001"}, "refresh_token": {"spent"}}),
	} {
		var have, want map[string]any
		if err := json.Unmarshal(got, &have); err != nil {
			t.Errorf("%s: %v: %s", name, err, got)
			continue
		}
		raw := bytes.ReplaceAll(sample(t, name), []byte(`"can_goi_lai"`), nil) // the stand-in keeps no tags
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		if have["error"] != want["error"] {
			t.Errorf("%s: got error %v, want %v", name, have["error"], want["error"])
		}
		if !reflect.DeepEqual(shape(have), shape(want)) {
			t.Errorf("%s: got\n%s\nwant the form of\n%s", name, got, sample(t, name))
		}
	}
}
