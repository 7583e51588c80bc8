package messengerfake_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels/channelfake"
	"github.com/motcua/motcua/channels/messenger/messengerfake"
)

// sample reads one of the bodies that the adapter is tested with too.
func sample(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "testdata", name+".json"))
	require.NoError(t, err)
	return string(raw)
}

func TestVector(t *testing.T) {
	t.Parallel()
	var v struct {
		Secret  string            `json:"app_secret"`
		Body    string            `json:"raw_body"`
		Headers map[string]string `json:"headers"`
	}
	require.NoError(t, json.Unmarshal([]byte(sample(t, "messenger_hub_signature")), &v))
	require.Equal(t, v.Headers["X-Hub-Signature-256"], "sha256="+messengerfake.Sign(v.Secret, []byte(v.Body)))
	require.Equal(t, v.Headers["X-Hub-Signature"], "sha1="+messengerfake.SignOld(v.Secret, []byte(v.Body)))
	require.Equal(t, `ch\u00e0o \ud83d\udd73`, string(messengerfake.Escaped([]byte("chào 🕳"))))
}

// TestTakesTheSampleRequests sends the sample bodies as they are, but for the ids that the stand-in gives itself.
func TestTakesTheSampleRequests(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, messengerfake.Config{Templates: []messengerfake.Template{{Name: "ho_so_cap_nhat", Language: "vi", Body: "Hồ sơ {{1}}"}}})
	n.Say("Lan", "x")
	ids := strings.NewReplacer("7000000000000001", n.UserID("Lan"))
	for _, tt := range []struct{ name, path string }{
		{"api_send_text_request", "me/messages"}, {"api_send_quick_replies_request", "me/messages"}, {"api_send_button_template_request", pageID + "/messages"},
		{"api_send_generic_template_request", "me/messages"}, {"api_send_image_request", "me/messages"}, {"api_send_human_agent_request", "me/messages"},
		{"api_send_utility_request", "me/messages"}, {"api_send_account_link_request", "me/messages"}, {"api_sender_action_request", "me/messages"},
		{"api_attachment_upload_request", "me/message_attachments"}, {"api_messenger_profile_request", "me/messenger_profile"},
		{"api_pass_thread_control_request", pageID + "/pass_thread_control"},
	} {
		a := call(t, n, http.MethodPost, tt.path, ids.Replace(sample(t, "api/"+tt.name)))
		require.Zero(t, a.Error.Code, "%s: %s", tt.name, a.Error.Message)
	}
}

// shape is the names and kinds of values of an answer.
func shape(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			out[k] = shape(x)
		}
		return out
	case []any:
		if len(v) == 0 {
			return "empty"
		}
		return []any{shape(v[0])}
	case nil:
		return "null"
	}
	return reflect.TypeOf(v).String()
}

func shapeOf(t *testing.T, raw string) any {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal([]byte(raw), &v), raw)
	return shape(v)
}

// TestAnswersLookLikeTheSamples compares names, nesting and kinds of values of the answers with the samples'.
func TestAnswersLookLikeTheSamples(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, messengerfake.Config{People: []string{"Nguyễn A"}})
	n.Say("Nguyễn A", "x")
	lan := n.UserID("Nguyễn A")
	api := func(method, path, body string) string {
		return do(t, n, method, "/graph/v25.0/"+path, map[string]string{"Authorization": "Bearer " + pageToken}, []byte(body)).Body.String()
	}
	broken := func(f func(*messengerfake.Faults)) string {
		n.Break(f)
		defer n.Mend()
		return api(http.MethodPost, "me/messages", message(lan, `{"text":"x"}`))
	}
	answers := map[string]string{
		"api_send_response":              api(http.MethodPost, "me/messages", message(lan, `{"text":"x"}`)),
		"api_attachment_upload_response": api(http.MethodPost, "me/message_attachments", sample(t, "api/api_attachment_upload_request")),
		"api_messenger_profile_response": api(http.MethodPost, "me/messenger_profile", sample(t, "api/api_messenger_profile_request")),
		"api_user_profile_response":      api(http.MethodGet, lan+"?fields=first_name,last_name,profile_pic", ""),
		"api_error_no_matching_user":     api(http.MethodPost, "me/messages", message("7000000000000001", `{"text":"x"}`)),
		"api_error_rate_limit":           broken(func(f *messengerfake.Faults) { f.RateLimited = true }),
		"api_error_token_expired":        broken(func(f *messengerfake.Faults) { f.AccessRevoked = true }),
		"api_error_temporary":            broken(func(f *messengerfake.Faults) { f.Error, f.ErrorTimes = 2, 1 }),
		"api_error_outside_window":       broken(func(f *messengerfake.Faults) { f.ClockOffsetS = 25 * 3600 }),
	}
	n.Change(func(s *messengerfake.Setup) { s.HumanAgent = false })
	answers["api_error_human_agent_unapproved"] = api(http.MethodPost, "me/messages", strings.ReplaceAll(sample(t, "api/api_send_human_agent_request"), "7000000000000001", lan))
	require.NoError(t, n.HandOver("Nguyễn A", messengerfake.OwnerInbox))
	answers["api_thread_owner_response"] = api(http.MethodGet, "me/thread_owner?recipient="+lan, "")
	n.Block("Nguyễn A")
	answers["api_error_person_unavailable"] = api(http.MethodPost, "me/messages", message(lan, `{"text":"x"}`))
	for name, got := range answers {
		want := sample(t, "api/"+name)
		require.Equal(t, shapeOf(t, want), shapeOf(t, got), "%s: %s", name, got)
		var a, b answer
		require.NoError(t, json.Unmarshal([]byte(want), &a))
		require.NoError(t, json.Unmarshal([]byte(got), &b))
		require.Equal(t, a.Error.Code, b.Error.Code, name)
		require.Equal(t, a.Error.Subcode, b.Error.Subcode, name)
	}
}

// TestEventsLookLikeTheSamples does the same with what the network tells.
func TestEventsLookLikeTheSamples(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(n *messengerfake.Network){
		"message_text":                  func(n *messengerfake.Network) { n.Say("Lan", "x") },
		"message_reply_to":              func(n *messengerfake.Network) { n.Answer("Lan", "x", "m_1") },
		"message_image":                 func(n *messengerfake.Network) { n.Photo("Lan", "") },
		"message_multi_attachments":     func(n *messengerfake.Network) { n.Photo("Lan", "", channelfake.Photo(), channelfake.Photo()) },
		"message_file":                  func(n *messengerfake.Network) { n.Document("Lan", "don.pdf", nil) },
		"message_audio":                 func(n *messengerfake.Network) { n.Audio("Lan", nil) },
		"message_location":              nil, // below: the network's has an address too
		"message_fallback":              func(n *messengerfake.Network) { n.Link("Lan", "https://x.example", "X") },
		"message_sticker_new":           func(n *messengerfake.Network) { n.Sticker("Lan", false) },
		"postback":                      func(n *messengerfake.Network) { n.Menu("Lan", "Tra cứu", "X") },
		"postback_get_started_referral": func(n *messengerfake.Network) { n.Open("Lan", "qr") },
		"account_linking_linked":        func(n *messengerfake.Network) { n.Linked("Lan", "c") },
		"account_linking_unlinked":      func(n *messengerfake.Network) { n.Linked("Lan", "") },
		"message_echo_page_inbox":       func(n *messengerfake.Network) { n.Console("Lan", "x") },
		"take_thread_control":           nil,
		"pass_thread_control_from_idle": func(n *messengerfake.Network) { _ = n.HandOver("Lan", messengerfake.OwnerCity) },
		"request_thread_control":        func(n *messengerfake.Network) { _ = n.Other(messengerfake.OtherRequest, "Lan") },
		"optin_user_ref":                func(n *messengerfake.Network) { _ = n.Other(messengerfake.OtherCheckbox, "Lan") },
		"policy_enforcement":            func(n *messengerfake.Network) { _ = n.Other(messengerfake.OtherPolicy, "Lan") },
	} {
		if act == nil {
			continue
		}
		n, p := newNetwork(t, messengerfake.Config{})
		act(n)
		got := bodies(p.await(t, 1))[0]
		require.Equal(t, shapeOf(t, sample(t, "events/"+name)), shapeOf(t, got), "%s: %s", name, got)
	}
}
