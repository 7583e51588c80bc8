package fcmfake_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels/fcm/fcmfake"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

const sendPath = "/v1/projects/demo-city/messages:send"

func open(t testing.TB) *fcmfake.Network {
	t.Helper()
	n := fcmfake.New(fcmfake.Config{ProjectID: "demo-city"})
	t.Cleanup(n.Close)
	return n
}

func call(t testing.TB, n *fcmfake.Network, method, path, body string) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("access_token_auth", "true")
	w := httptest.NewRecorder()
	n.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func sample(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "testdata", "payloads", name+".json"))
	require.NoError(t, err)
	return string(b)
}

// TestSamples shows that the stand-in takes the samples and gives their answers.
func TestSamples(t *testing.T) {
	t.Parallel()
	n := open(t)
	n.Adopt("Lan", "FAKE_REGISTRATION_TOKEN")
	n.Adopt("Nam", "FAKE_REGISTRATION_TOKEN_1")
	for _, name := range []string{"send_request_condition", "send_request_data_only", "send_request_full", "send_request_notification", "send_request_topic"} {
		status, body := call(t, n, http.MethodPost, sendPath, sample(t, name))
		require.Equal(t, 200, status, "%s: %s", name, body)
		require.Contains(t, body, `"projects/demo-city/messages/`)
	}
	require.Len(t, n.Deliveries("Lan"), 2, "validate_only goes nowhere, and nobody follows the topics")
	require.Len(t, n.Screens().Notes("Lan"), 1, "data alone shows nothing")
	status, body := call(t, n, http.MethodPost, "/iid/v1:batchAdd", sample(t, "topic_batch_request"))
	require.Equal(t, 200, status)
	require.JSONEq(t, sample(t, "topic_batch_response"), body)
	require.Equal(t, []string{"canh-bao-mua-lon"}, n.Topics("Nam"))
	call(t, n, http.MethodPost, sendPath, sample(t, "send_request_topic"))
	require.Len(t, n.Deliveries("Nam"), 1)
}

func TestErrorSamples(t *testing.T) {
	t.Parallel()
	n := open(t)
	n.Install("Lan")
	for behaviour, name := range map[fcmfake.Behaviour]string{
		fcmfake.Unregistered: "error_unregistered", fcmfake.Mismatch: "error_sender_id_mismatch", fcmfake.BadToken: "error_invalid_argument_token",
		fcmfake.Quota: "error_quota_exceeded", fcmfake.Unavailable: "error_unavailable", fcmfake.Internal: "error_internal", fcmfake.ThirdParty: "error_third_party_auth",
	} {
		token := n.Install("Lan")
		n.Behave("Lan", behaviour)
		status, body := call(t, n, http.MethodPost, sendPath, `{"message":{"token":"`+token+`","notification":{"title":"x"}}}`)
		require.JSONEq(t, sample(t, name), body)
		require.Contains(t, body, `"code":`+strings.TrimSpace(itoa(status)))
	}
	for body, name := range map[string]string{
		`{"message":{"token":"x","data":{"k":42}}}`:                                              "error_invalid_argument_field",
		`{"message":{"token":"x","notification":{"title":"` + strings.Repeat("x", 4096) + `"}}}`: "error_payload_too_big",
	} {
		_, got := call(t, n, http.MethodPost, sendPath, body)
		require.JSONEq(t, sample(t, name), got)
	}
	n.Break(func(f *fcmfake.Faults) { f.Status, f.Times = 401, 1 })
	_, got := call(t, n, http.MethodPost, sendPath, `{}`)
	require.JSONEq(t, sample(t, "error_oauth_unauthenticated"), got)
}

func itoa(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	n := open(t)
	token := n.Install("Lan")
	for _, tt := range []struct {
		path, message string
		status        int
	}{
		{sendPath, `{"token":"` + token + `"}`, 200},
		{sendPath, `{}`, 400},
		{sendPath, `{"token":"` + token + `","topic":"a"}`, 400},
		{sendPath, `{"token":"` + token + `","odd":1}`, 400},
		{sendPath, `{"topic":"chủ đề"}`, 400},
		{sendPath, `{"topic":"a","notification":{"title":"` + strings.Repeat("x", 2048) + `"}}`, 400},
		{sendPath, `{"condition":"` + strings.Repeat("'a' in topics || ", 6) + `"}`, 400},
		{sendPath, `{"token":"` + token + `","data":{"gcm.x":"y"}}`, 400},
		{sendPath, `{"token":"` + token + `","data":{"from":"y"}}`, 400},
		{sendPath, `{"token":"` + token + `","android":{"priority":"urgent"}}`, 400},
		{sendPath, `{"token":"` + token + `","android":{"ttl":"1h"}}`, 400},
		{sendPath, `{"token":"` + token + `","android":{"notification":{"tag":1}}}`, 400},
		{sendPath, `{"token":"` + token + `","apns":{"headers":{"apns-collapse-id":"` + strings.Repeat("x", 65) + `"}}}`, 400},
		{sendPath, `{"token":"unknown"}`, 400},
		{sendPath, `[]`, 400},
		{"/v1/projects/other/messages:send", `{"token":"` + token + `"}`, 404},
		{"/v1/projects/demo-city/messages:sendAll", `{"token":"` + token + `"}`, 404},
	} {
		status, body := call(t, n, http.MethodPost, tt.path, `{"message":`+tt.message+`}`)
		require.Equal(t, tt.status, status, "%s: %s", tt.message, body)
	}
	for _, body := range []string{``, `{"to":"a","registration_tokens":["x"]}`, `{"to":"/topics/a","registration_tokens":[]}`, `{"to":"/topics/a b","registration_tokens":["x"]}`} {
		status, _ := call(t, n, http.MethodPost, "/iid/v1:batchAdd", body)
		require.Equal(t, 400, status, body)
	}
	status, _ := call(t, n, http.MethodPost, "/iid/v1:batchList", `{"to":"/topics/a","registration_tokens":["x"]}`)
	require.Equal(t, 400, status)
}

func TestControl(t *testing.T) {
	t.Parallel()
	n := open(t)
	var d fcmfake.Device
	status, body := call(t, n, http.MethodPost, "/control/devices", `{"name":"Lan"}`)
	require.Equal(t, 200, status)
	require.NoError(t, json.Unmarshal([]byte(body), &d))
	require.Equal(t, d.Token, n.Install("Lan"), "the same while it works")
	send := func(tag string) int {
		status, _ := call(t, n, http.MethodPost, sendPath, `{"message":{"token":"`+d.Token+`","notification":{"title":"T"},"data":{"link":"/r/1"},"android":{"priority":"high","notification":{"tag":"`+tag+`"}}}}`)
		return status
	}
	require.Equal(t, []int{200, 200, 200}, []int{send("a"), send("b"), send("a")})
	notes := n.Screens().Notes("Lan")
	require.Len(t, notes, 2)
	require.Equal(t, "/r/1", notes[1].Link)
	require.True(t, notes[1].Urgent)
	_, body = call(t, n, http.MethodPost, "/control/devices/Lan/tap", `{"id":"`+notes[1].ID+`"}`)
	require.Contains(t, body, `"opened"`)

	for _, tt := range []struct {
		faults string
		want   int
	}{
		{`{"error":"QUOTA_EXCEEDED","times":1}`, 429}, {`{"outage":"refuse"}`, 503}, {`{"error":"","status":502,"times":-1,"outage":""}`, 502}, {`{"slow_ms":1,"status":0}`, 200},
	} {
		status, body := call(t, n, http.MethodPost, "/control/faults", tt.faults)
		require.Equal(t, 200, status, body)
		require.Equal(t, tt.want, send("c"), tt.faults)
	}
	for _, bad := range []string{`{"outage":"odd"}`, `{"error":"odd"}`, `{"status":99}`, `{"odd":1}`} {
		status, _ := call(t, n, http.MethodPost, "/control/faults", bad)
		require.Equal(t, 400, status, bad)
	}
	call(t, n, http.MethodDelete, "/control/faults", "")
	require.Equal(t, fcmfake.Faults{}, n.Break(func(*fcmfake.Faults) {}))
	status, _ = call(t, n, http.MethodPost, "/control/devices/Lan/behaviour", `{"behaviour":"UNREGISTERED"}`)
	require.Equal(t, 200, status)
	status, _ = call(t, n, http.MethodPost, "/control/devices/Lan/behaviour", `{"behaviour":"odd"}`)
	require.Equal(t, 400, status)
	require.Equal(t, 404, send("d"))
	require.NotEqual(t, d.Token, n.Install("Lan"))
	_, body = call(t, n, http.MethodGet, "/control/stats", "")
	require.Contains(t, body, `"UNREGISTERED":1`)
	_, body = call(t, n, http.MethodGet, "/control/devices", "")
	require.Contains(t, body, `"Lan"`)
	status, _ = call(t, n, http.MethodPost, "/control/devices", `{"name":""}`)
	require.Equal(t, 400, status)
}

func TestLostAnswersAndAccessTokens(t *testing.T) {
	t.Parallel()
	n := fcmfake.New(fcmfake.Config{ProjectID: "demo-city", Bearer: "good"})
	t.Cleanup(n.Close)
	token := n.Install("Lan")
	status, _ := call(t, n, http.MethodPost, sendPath, `{"message":{"token":"`+token+`"}}`)
	require.Equal(t, 401, status)
	n.Break(func(f *fcmfake.Faults) { f.Lose = 1 })
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, sendPath, bytes.NewBufferString(`{"message":{"token":"`+token+`"}}`))
	r.Header.Set("Authorization", "Bearer good")
	require.Panics(t, func() { n.ServeHTTP(httptest.NewRecorder(), r) })
	require.Len(t, n.Deliveries("Lan"), 1)
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	n := open(t)
	require.NotEmpty(t, n.SignIn("+84900000001", time.Now()))
	status, _ := call(t, n, http.MethodPost, "/control/users/+84900000001/disable", "")
	require.Equal(t, 200, status)
	status, body := call(t, n, http.MethodPost, "/identitytoolkit.googleapis.com/v1/accounts:sendVerificationCode", `{"phoneNumber":"0900"}`)
	require.Equal(t, 400, status)
	require.Contains(t, body, "INVALID_PHONE_NUMBER")
	status, _ = call(t, n, http.MethodDelete, "/emulator/v1/projects/demo-city/accounts", "")
	require.Equal(t, 200, status)
}

// FuzzSend shows that whatever is sent is taken or refused.
func FuzzSend(f *testing.F) {
	for _, name := range []string{"send_request_condition", "send_request_data_only", "send_request_full", "send_request_notification", "send_request_topic"} {
		f.Add([]byte(sample(f, name)))
	}
	f.Add([]byte(`{"message":{"token":"x","data":null,"android":{"notification":null}}}`))
	n := open(f)
	n.Adopt("Lan", "FAKE_REGISTRATION_TOKEN")
	f.Fuzz(func(t *testing.T, body []byte) {
		status, answer := call(t, n, http.MethodPost, sendPath, string(body))
		if status != 200 && status != 400 || !json.Valid([]byte(answer)) {
			t.Errorf("got %d %s", status, answer)
		}
	})
}
