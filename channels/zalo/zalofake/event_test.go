package zalofake_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motcua/motcua/channels/channelfake"
	"github.com/motcua/motcua/channels/zalo/zalofake"
)

// shape is a body without its values: keys, nesting and the kinds of values. A text that holds JSON is looked into.
func shape(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			out[k] = shape(x)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = shape(x)
		}
		return out
	case string:
		var inner map[string]any
		if json.Unmarshal([]byte(v), &inner) == nil {
			return shape(inner)
		}
	}
	return fmt.Sprintf("%T", v)
}

// TestBodiesLookLikeZalos plays every event once and compares what was sent with a sample of the same name.
func TestBodiesLookLikeZalos(t *testing.T) {
	png := []byte("\x89PNG\r\n\x1a\n")
	told := func(f func(n *zalofake.Network)) func(*zalofake.Network) {
		return func(n *zalofake.Network) { // two messages of the city before what is looked at
			n.Say("Lan", "x")
			token := n.Grant().Access
			call(t, n, token, "POST", csPath, text(n.UserID("Lan"), "1"))
			call(t, n, token, "POST", csPath, text(n.UserID("Lan"), "2"))
			f(n)
		}
	}
	send := func(message string) func(*zalofake.Network) {
		return func(n *zalofake.Network) {
			n.Say("Lan", "x")
			a := call(t, n, n.Grant().Access, "POST", csPath, fmt.Sprintf(`{"recipient":{"user_id":%q},"message":%s}`, n.UserID("Lan"), message))
			if a.Error != 0 {
				t.Errorf("%s: got %+v", message, a)
			}
		}
	}
	plays := map[string]func(n *zalofake.Network){
		"add_user_to_tag":            func(n *zalofake.Network) { n.Tag("Lan", "can_goi_lai") },
		"anonymous_send_text":        func(n *zalofake.Network) { n.Anonymous("khách", "Xin chào") },
		"follow":                     func(n *zalofake.Network) { n.Follow("Lan") },
		"unfollow":                   func(n *zalofake.Network) { n.Unfollow("Lan") },
		"user_click_chatnow":         func(n *zalofake.Network) { n.Open("Lan"); n.Open("Lan") },
		"user_withdraw":              func(n *zalofake.Network) { n.Withdraw("Lan") },
		"user_submit_info":           func(n *zalofake.Network) { n.Submit("Lan", zalofake.Contact{Name: "Lan"}) },
		"user_submit_info_legacy":    func(n *zalofake.Network) { n.Submit("Lan", zalofake.Contact{Name: "Lan", Old: true}) },
		"user_send_text":             func(n *zalofake.Network) { n.Say("Lan", "x") },
		"user_send_text_menu_tap":    func(n *zalofake.Network) { n.Menu("Lan", "#tra_cuu_ho_so") },
		"user_send_text_quote":       func(n *zalofake.Network) { n.Answer("Lan", "x", "0f1e2d3c4b5a69788796") },
		"user_send_image":            func(n *zalofake.Network) { n.Photo("Lan", "Ổ gà") },
		"user_send_image_multi":      func(n *zalofake.Network) { n.Photo("Lan", "", png, png) },
		"user_send_gif":              func(n *zalofake.Network) { n.GIF("Lan", nil) },
		"user_send_link":             func(n *zalofake.Network) { n.Link("Lan", "https://example.vn", "x") },
		"user_send_audio":            func(n *zalofake.Network) { n.Audio("Lan", nil) },
		"user_send_video":            func(n *zalofake.Network) { n.Video("Lan", nil) },
		"user_send_sticker":          func(n *zalofake.Network) { n.Sticker("Lan") },
		"user_send_location":         func(n *zalofake.Network) { n.Share("Lan", channelfake.Place{Lat: 20.86, Lon: 106.68}) },
		"user_send_file":             func(n *zalofake.Network) { n.Document("Lan", "don.pdf", nil) },
		"user_send_business_card":    func(n *zalofake.Network) { n.Card("Lan", "84900000001") },
		"oa_send_text_api_echo":      send(`{"text":"x"}`),
		"oa_send_image_echo":         send(`{"attachment":{"type":"template","payload":{"template_type":"media","elements":[{"media_type":"image","url":"https://a.vn/1"}]}}}`),
		"oa_send_template_echo":      send(`{"attachment":{"type":"template","payload":{"template_type":"request_user_info","elements":[{"title":"x","image_url":"https://a.vn/1"}]}}}`),
		"oa_send_text_console_echo":  func(n *zalofake.Network) { n.Console("Lan", "x") },
		"user_received_message":      told(func(*zalofake.Network) { time.Sleep(150 * time.Millisecond) }),
		"user_seen_message":          told(func(*zalofake.Network) { time.Sleep(time.Second) }),
		"user_reacted_message":       told(func(n *zalofake.Network) { _, _ = n.React("Lan", "", "/-strong") }),
		"zns_user_received_message":  func(n *zalofake.Network) { _ = n.Template(zalofake.TemplateReceived, "84900000001", "otp-1") },
		"zns_user_feedback":          func(n *zalofake.Network) { _ = n.Template(zalofake.TemplateFeedback, "", "hs-1") },
		"zns_change_template_status": func(n *zalofake.Network) { _ = n.Template(zalofake.TemplateStatus, "", "") },
		"zns_change_oa_daily_quota":  func(n *zalofake.Network) { _ = n.Template(zalofake.TemplateQuota, "", "") },
	}
	samples, err := filepath.Glob("testdata/events/*.json")
	if err != nil || len(samples) != len(plays) {
		t.Fatalf("%d samples for %d plays, %v", len(samples), len(plays), err)
	}
	for _, file := range samples {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		play, ok := plays[name]
		if !ok {
			t.Errorf("%s is not played", name)
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var want map[string]any
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			n, p := newNetwork(t, zalofake.Config{Received: 100 * time.Millisecond, Seen: 500 * time.Millisecond})
			play(n)
			synctest.Wait()
			var last map[string]any
			for _, h := range p.seen() {
				var got map[string]any
				if err := json.Unmarshal(h.body, &got); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if got["event_name"] == want["event_name"] {
					last = got
				}
				if zns := h.header.Get("X-ZEvent-Server") == "ZNS"; zns != strings.HasPrefix(name, "zns_") {
					t.Errorf("%s: header of template messages: %v", name, zns)
				}
			}
			if !reflect.DeepEqual(shape(last), shape(want)) {
				t.Errorf("%s:\n got %v\nwant %v", name, shape(last), shape(want))
			}
			n.Close()
		})
	}
}

func TestOpenIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, p := newNetwork(t, zalofake.Config{})
		for range 3 {
			n.Open("Lan")
		}
		synctest.Wait()
		if got := p.names(); len(got) != 1 {
			t.Errorf("got %v", got)
		}
		n.Close()
	})
}
