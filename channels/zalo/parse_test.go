package zalo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
)

var stampRE = regexp.MustCompile(`"timestamp": *"[0-9]+"`)

// current puts a time into a sample and writes it as the network does, compact.
func current(t testing.TB, raw []byte, at time.Time) (body, stamp string) {
	t.Helper()
	stamp = strconv.FormatInt(at.UnixMilli(), 10)
	var b bytes.Buffer
	require.NoError(t, json.Compact(&b, stampRE.ReplaceAll(raw, []byte(`"timestamp":"`+stamp+`"`))))
	require.Contains(t, b.String(), stamp)
	return b.String(), stamp
}

func samples(t testing.TB) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/events/*.json")
	require.NoError(t, err)
	require.Len(t, names, 32)
	return names
}

// TestEvents reads every sample of the network's events.
func TestEvents(t *testing.T) {
	t.Parallel()
	c := parser(t, nil)
	for _, name := range samples(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			raw, err := os.ReadFile(name)
			require.NoError(t, err)
			body, stamp := current(t, raw, moment.Add(-time.Second))
			r := sign(body, stamp, secret)
			b, err := c.Parse(r)
			require.NoError(t, err)
			require.Nil(t, b.Reply)
			if strings.Contains(name, "zns_") {
				r.Header.Set("X-ZEvent-Server", "ZNS")
				again, err := c.Parse(r)
				require.NoError(t, err)
				require.Equal(t, b, again, "of template messages, with the header or without")
			}
			for _, e := range b.Events {
				require.Equal(t, moment.Add(-time.Second), e.At)
			}
			got, err := json.MarshalIndent(b.Events, "", "  ")
			require.NoError(t, err)
			golden(t, strings.TrimSuffix(name, ".json")+".golden", append(got, '\n'))
		})
	}
}

// TestEveryEventIsNamed has the list of names of the network's documentation: each is read, or left alone for a reason.
func TestEveryEventIsNamed(t *testing.T) {
	t.Parallel()
	names := strings.Fields(`user_send_text user_send_image user_send_gif user_send_link user_send_audio user_send_video user_send_sticker user_send_location
		user_send_file user_send_business_card follow unfollow user_click_chatnow user_submit_info user_received_message user_seen_message user_reacted_message
		oa_reacted_message oa_send_text oa_send_image oa_send_gif oa_send_list oa_send_file oa_send_sticker oa_send_template anonymous_send_text
		anonymous_send_image anonymous_send_file anonymous_send_sticker oa_send_anonymous_text oa_send_anonymous_image oa_send_anonymous_file
		oa_send_anonymous_sticker user_call_oa oa_call_user oa_send_consent user_reply_consent add_user_to_tag remove_user_from_tag remove_tag update_user_info
		user_withdraw create_group user_join_group user_out_group user_send_group_text oa_send_group_text widget_interaction_accepted
		widget_failed_to_sync_user_external_id user_feedback change_template_status change_template_quota change_template_quality change_oa_daily_quota
		change_oa_template_tags`)
	for _, name := range names {
		r := readingOf(name)
		require.NotEqual(t, whyUnknown, r.why, name)
		require.NotEqual(t, r.read == nil, r.why == "", name)
	}
	require.Equal(t, whyUnknown, readingOf("user_click_button").why)
	for name := range readings {
		require.Contains(t, names, name)
	}
}

func TestVectors(t *testing.T) {
	t.Parallel()
	var vectors []struct {
		Name   string            `json:"name"`
		AppID  string            `json:"app_id"`
		Secret string            `json:"oa_secret_key"`
		Body   string            `json:"raw_body"`
		Header map[string]string `json:"header"`
	}
	load(t, "testdata/zalo_webhook_mac.json", &vectors)
	require.NotEmpty(t, vectors)
	for _, v := range vectors {
		c := parser(t, func(cfg *Config) { cfg.AppID, cfg.OASecretKey = v.AppID, v.Secret })
		h := http.Header{}
		for k, x := range v.Header {
			h[k] = []string{x} // as spelt there, which is not the canonical form
		}
		b, err := c.Parse(channels.Request{Header: h, Body: []byte(v.Body)})
		require.NoError(t, err, v.Name)
		require.Len(t, b.Events, 1, v.Name)
	}
}

func load(t testing.TB, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, into))
}

// hello is a text at a time, in the network's envelope.
func hello(at time.Time) (body, stamp string) {
	stamp = strconv.FormatInt(at.UnixMilli(), 10)
	return fmt.Sprintf(`{"app_id":"%s","event_name":"user_send_text","sender":{"id":"%s"},"recipient":{"id":"%s"},"message":{"text":"Xin chào","msg_id":"m1"},"timestamp":"%s"}`,
		appID, person, oaID, stamp), stamp
}

func TestRefused(t *testing.T) {
	t.Parallel()
	good := func(at time.Duration) channels.Request {
		body, stamp := hello(moment.Add(at))
		return sign(body, stamp, secret)
	}
	header := func(value string) channels.Request {
		r := good(0)
		r.Header.Set("X-ZEvent-Signature", value)
		return r
	}
	raw := func(body string) channels.Request { return sign(body, "1795255200000", secret) }
	mac := strings.TrimPrefix(good(0).Header.Get("X-ZEvent-Signature"), "mac=")
	tests := []struct {
		name   string
		r      channels.Request
		change func(*Config)
		want   fault.Code // "" is accepted
		events int
	}{
		{"good", good(0), nil, "", 1},
		{"blanks in the header", header("mac = " + mac), nil, "", 1},
		{"capitals in the header", header("MAC=" + strings.ToUpper(mac)), nil, "", 1},
		{"without a name", header(mac), nil, fault.Unauthorized, 0},
		{"of another name", header("sha256=" + mac), nil, fault.Unauthorized, 0},
		{"short", header("mac=" + mac[:62]), nil, fault.Unauthorized, 0},
		{"long", header("mac=" + mac + "00"), nil, fault.Unauthorized, 0},
		{"no hexadecimal", header("mac=" + strings.Repeat("g", 64)), nil, fault.Unauthorized, 0},
		{"wrong", header("mac=" + strings.Repeat("0", 64)), nil, fault.Unauthorized, 0},
		{"no header", header(""), nil, fault.Unauthorized, 0},
		{"no headers at all", channels.Request{Body: good(0).Body}, nil, fault.Unauthorized, 0},
		{"the app secret is not the key", sign(string(good(0).Body), "1795255201000", "FAKE_APP_SECRET"), nil, fault.Unauthorized, 0},

		{"old key while it is changed", good(0), func(c *Config) { c.OASecretKey, c.OASecretKeyOld = "new", secret }, "", 1},
		{"new key while it is changed", good(0), func(c *Config) { c.OASecretKeyOld = "old" }, "", 1},
		{"neither", good(0), func(c *Config) { c.OASecretKey, c.OASecretKeyOld = "new", "old" }, fault.Unauthorized, 0},
		{"no key may be empty", sign(string(good(0).Body), "1795255201000", ""), nil, fault.Unauthorized, 0},

		{"as old as may be", good(-3 * time.Hour), nil, "", 1},
		{"too old", good(-3*time.Hour - time.Millisecond), nil, fault.Unauthorized, 0},
		{"as early as may be", good(5 * time.Minute), nil, "", 1},
		{"too early", good(5*time.Minute + time.Millisecond), nil, fault.Unauthorized, 0},
		{"of no time", sign(`{"app_id":"`+appID+`","timestamp":"soon"}`, "soon", secret), nil, fault.Unauthorized, 0},
		{"of the year nought", sign(`{"app_id":"`+appID+`","timestamp":"-5"}`, "-5", secret), nil, fault.Unauthorized, 0},

		{"another application", good(0), func(c *Config) { c.AppID = "1" }, fault.Unauthorized, 0},
		{"another application, signed as ours", raw(`{"app_id":"1","timestamp":"1795255200000","event_name":"follow"}`), nil, fault.Unauthorized, 0},
		{"another account", good(0), func(c *Config) { c.OAID = "7" }, "", 1},
		{"too large", channels.Request{Header: good(0).Header, Body: bytes.Repeat([]byte(" "), maxBody+1)}, nil, fault.Invalid, 0},
		{"no object", raw(`[]`), nil, fault.Unauthorized, 0},
		{"app_id only inside", raw(`{"sender":{"app_id":"` + appID + `"},"timestamp":"1795255200000"}`), nil, fault.Unauthorized, 0},
		{"signed, but broken", raw(`{"app_id":"` + appID + `","timestamp":"1795255200000","event_name":`), nil, fault.Invalid, 0},
		{"unknown event", raw(`{"app_id":"` + appID + `","timestamp":"1795255200000","event_name":"user_dreams"}`), nil, "", 0},
		{"no event", raw(`{"app_id":"` + appID + `","timestamp":"1795255200000"}`), nil, "", 0},
		{"nobody", raw(`{"app_id":"` + appID + `","timestamp":"1795255200000","event_name":"follow"}`), nil, "", 0},

		{"console test, refused", header(""), nil, fault.Unauthorized, 0},
		{"console test, allowed", header(""), func(c *Config) { c.ConsoleTest = true }, "", 0},
		{"console test, wrongly signed", header("mac=" + strings.Repeat("0", 64)), func(c *Config) { c.ConsoleTest = true }, fault.Unauthorized, 0},
		{"signed during a console test", good(0), func(c *Config) { c.ConsoleTest = true }, "", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b, err := parser(t, tt.change).Parse(tt.r)
			require.Equal(t, tt.want, fault.CodeOf(err))
			require.Len(t, b.Events, tt.events)
			if err != nil {
				require.NotContains(t, err.Error(), person)
				require.NotContains(t, err.Error(), secret)
			}
		})
	}
}

// TestShapes reads what differs from the samples.
func TestShapes(t *testing.T) {
	t.Parallel()
	envelope := `{"app_id":1000000000000000001,"timestamp":1795255200000,"sender":{"id":3000000000000000003},"recipient":{"id":2000000000000000002},`
	flat := `{"app_id":"` + appID + `","timestamp":"1795255200000","user_id":"` + person + `",`
	c := parser(t, nil)
	for name, tt := range map[string]struct {
		body  string
		check func(t *testing.T, e channels.Event)
	}{
		"numbers instead of strings": {envelope + `"event_name":"user_send_text","message":{"text":"x","msg_id":123456789012345678901}}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, channels.Address(person), e.From)
			require.Equal(t, oaID, e.Account)
			require.Equal(t, "user_send_text:123456789012345678901", e.ID)
			require.False(t, e.Foreign)
		}},
		"no message": {envelope + `"event_name":"user_send_text"}`, func(t *testing.T, e channels.Event) {
			require.Empty(t, e.Text)
			require.Regexp(t, `^user_send_text:[0-9a-f]{32}$`, e.ID)
		}},
		"null everywhere": {envelope + `"event_name":"user_send_image","message":{"text":null,"msg_id":null,"attachments":[null,{"type":null,"payload":null}]}}`, func(t *testing.T, e channels.Event) {
			require.Len(t, e.Attachments, 1)
		}},
		"one attachment without a list": {envelope + `"event_name":"user_send_image","message":{"attachments":{"type":"image","payload":{"url":"https://x.example/1"}}}}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, []channels.Attachment{{Kind: channels.Photo, URL: "https://x.example/1"}}, e.Attachments)
		}},
		"attachments that are none": {envelope + `"event_name":"user_send_text","message":{"text":"vẫn đọc được","attachments":"x","msg_ids":{"a":1}}}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, "vẫn đọc được", e.Text)
			require.Empty(t, e.Attachments)
		}},
		"payload that is text": {envelope + `"event_name":"user_send_file","message":{"text":"đây","attachments":[{"type":"file","payload":"x"}]}}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, "đây", e.Text)
		}},
		"sender that is text, of a person named elsewhere": {flat + `"event_name":"user_submit_info","sender":"x","info":{"name":7}}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, channels.Address(person), e.From)
			require.Equal(t, &channels.Contact{Name: "7"}, e.Contact)
			require.Equal(t, oaID, e.Account)
		}},
		"size as a number": {envelope + `"event_name":"user_send_file","message":{"attachments":[{"type":"file","payload":{"size":12,"name":"a"}}]}}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, int64(12), e.Attachments[0].Size)
		}},
		"nonsense as size": {envelope + `"event_name":"user_send_file","message":{"attachments":[{"type":"file","payload":{"size":"-9e9"}}]}}`, func(t *testing.T, e channels.Event) {
			require.Zero(t, e.Attachments[0].Size)
		}},
		"unknown attachment": {envelope + `"event_name":"user_send_file","message":{"attachments":[{"type":"hologram","payload":{"url":"https://x.example/1"}}]}}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, channels.File, e.Attachments[0].Kind)
		}},
		"coordinates as numbers": {envelope + `"event_name":"user_send_location","message":{"text":"Chợ Hàn","attachments":[{"type":"location","payload":{"coordinates":{"latitude":16.5,"longitude":-1e2}}}]}}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, &channels.Place{Lat: 16.5, Lon: -100, Label: "Chợ Hàn"}, e.Place)
			require.Empty(t, e.Text)
		}},
		"coordinates nowhere": {envelope + `"event_name":"user_send_location","message":{"text":"Chợ Hàn","attachments":[{"type":"location","payload":{"coordinates":{"latitude":"NaN","longitude":"181"}}}]}}`, func(t *testing.T, e channels.Event) {
			require.Nil(t, e.Place)
			require.Equal(t, "Chợ Hàn", e.Text)
		}},
		"card without JSON": {envelope + `"event_name":"user_send_business_card","message":{"attachments":[{"type":"link","payload":{"description":"not json"}}]}}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, []channels.Attachment{{Kind: channels.Card}}, e.Attachments)
		}},
		"link whose description is a number": {envelope + `"event_name":"user_send_link","message":{"attachments":[{"type":"link","payload":{"description":5}}]}}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, []channels.Attachment{{Kind: channels.WebLink, Text: "5"}}, e.Attachments)
		}},
		"one seen id without a list": {envelope + `"event_name":"user_seen_message","message":{"msg_ids":"a"}}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, []string{"a"}, e.About)
		}},
		"a very long id": {envelope + `"event_name":"user_send_text","message":{"msg_id":"` + strings.Repeat("9", 5000) + `"}}`, func(t *testing.T, e channels.Event) {
			require.LessOrEqual(t, len(e.ID), 200)
		}},
		"follow without a source": {flat + `"event_name":"follow","follower":{"id":"` + person + `"}}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, channels.Followed, e.Kind)
			require.Equal(t, channels.Address(person), e.From)
			require.Empty(t, e.Ref)
		}},
		"follow after an invitation": {flat + `"event_name":"follow","source":"message_invite","follower":{"id":"` + person + `"}}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, channels.Followed, e.Kind)
			require.Empty(t, e.Ref, "a source is no reference of ours")
		}},
		"unfollow with a source that is a list": {flat + `"event_name":"unfollow","source":["social_plugin"],"follower":{"id":"` + person + `"}}`, func(t *testing.T, e channels.Event) {
			require.Equal(t, channels.Unfollowed, e.Kind)
			require.Equal(t, channels.Address(person), e.From)
		}},
		"receipt of a template at a hashed number": {envelope + `"event_name":"user_received_message","recipient":{"id":"` + strings.Repeat("ab", 32) + `"},"message":{"msg_id":"m","tracking_id":"t-1"}}`, func(t *testing.T, e channels.Event) {
			require.True(t, e.Template)
			require.Equal(t, channels.Address(strings.Repeat("ab", 32)), e.From)
			require.Equal(t, []string{"t-1"}, e.About)
		}},
		"click on an account of another city": {flat + `"oa_id":"8","event_name":"user_click_chatnow"}`, func(t *testing.T, e channels.Event) {
			require.True(t, e.Foreign)
			require.Equal(t, "8", e.Account)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, err := c.Parse(sign(tt.body, "1795255200000", secret))
			require.NoError(t, err)
			require.Len(t, b.Events, 1)
			tt.check(t, b.Events[0])
		})
	}
}

// TestTemplateReceipts: where a template went to shows whose receipt it is.
func TestTemplateReceipts(t *testing.T) {
	t.Parallel()
	c := parser(t, nil)
	for name, tt := range map[string]struct {
		event, recipient, message, server string
		want                              *channels.Event // ID and At apart; nil for none
		why                               string
	}{
		"by phone":                      {"user_received_message", "84900000001", `"msg_id":"m","tracking_id":"t-1"`, "ZNS", &channels.Event{Template: true, From: "+84900000001", About: []string{"t-1"}}, ""},
		"by phone, without the header":  {"user_received_message", "84900000001", `"msg_id":"m","tracking_id":"t-1"`, "", &channels.Event{Template: true, From: "+84900000001", About: []string{"t-1"}}, ""},
		"by phone, of somebody else's":  {"user_received_message", "84900000001", `"msg_id":"m"`, "zns", nil, whyZNS},
		"by user id":                    {"user_received_message", person, `"msg_id":"m"`, "ZNS", &channels.Event{From: person, About: []string{"m"}}, ""},
		"a rating":                      {"user_feedback", "", `"msg_id":"m","tracking_id":"t-1","rate":5`, "ZNS", nil, whyRating},
		"a template's state":            {"change_template_status", "", ``, "ZNS", nil, whyReview},
		"a template's number":           {"change_template_quota", "", ``, "ZNS", nil, whyReview},
		"the account's number":          {"change_oa_daily_quota", "", ``, "ZNS", nil, whyReview},
		"something new about templates": {"user_dreams", "", ``, "ZNS", nil, whyUnknown},
		"a text that claims to be one":  {"user_send_text", oaID, `"msg_id":"m","text":"x"`, "ZNS", nil, whyZNS},
	} {
		body := `{"app_id":"` + appID + `","timestamp":"1795255200000","event_name":"` + tt.event + `","sender":{"id":"` + oaID + `"},"recipient":{"id":"` + tt.recipient + `"},"message":{` + tt.message + `}}`
		r := sign(body, "1795255200000", secret)
		if tt.server != "" {
			r.Header.Set("X-ZEvent-Server", tt.server)
		}
		b, err := c.Parse(r)
		require.NoError(t, err, name)
		if tt.want == nil {
			require.Empty(t, b.Events, name)
			require.Equal(t, []string{tt.why}, b.Ignored, name)
			continue
		}
		require.Len(t, b.Events, 1, name)
		got := b.Events[0]
		require.NotContains(t, got.ID, "84900000001", name)
		got.ID, got.At = "", time.Time{}
		tt.want.Kind, tt.want.Account = channels.Delivered, oaID
		require.Equal(t, *tt.want, got, name)
	}
}

// TestIDsTellRepeats: the same thing has the same id, another thing another.
func TestIDsTellRepeats(t *testing.T) {
	t.Parallel()
	c := parser(t, nil)
	id := func(stamp, rest string) string {
		b, err := c.Parse(sign(`{"app_id":"`+appID+`","timestamp":"`+stamp+`","sender":{"id":"`+person+`"},"recipient":{"id":"`+oaID+`"},`+rest+`}`, stamp, secret))
		require.NoError(t, err)
		require.Len(t, b.Events, 1)
		return b.Events[0].ID
	}
	const one, two = "1795255200000", "1795255200001"
	text := `"event_name":"user_send_text","message":{"msg_id":"a","text":"x"}`
	require.Equal(t, id(one, text), id(two, text), "the id of the message counts")
	require.NotEqual(t, id(one, text), id(one, `"event_name":"user_received_message","message":{"msg_id":"a"}`))
	seen := `"event_name":"user_seen_message","message":{"msg_ids":["a","b"]}`
	require.Equal(t, id(one, seen), id(two, seen), "the list counts")
	require.NotEqual(t, id(one, seen), id(one, `"event_name":"user_seen_message","message":{"msg_ids":["a"]}`))
	info := `"event_name":"user_submit_info"`
	require.Equal(t, id(one, info), id(one, info))
	require.NotEqual(t, id(one, info), id(two, info), "without an id the time counts")
	react := `"event_name":"user_reacted_message","message":{"msg_id":"a","react_icon":"x"}`
	require.NotEqual(t, id(one, react), id(two, react), "a person may react to one message twice")
}

// TestAnyAlteredByteIsRefused, in any of the samples.
func TestAnyAlteredByteIsRefused(t *testing.T) {
	t.Parallel()
	c := parser(t, nil)
	var requests []channels.Request
	for _, name := range samples(t) {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		body, stamp := current(t, raw, moment)
		requests = append(requests, sign(body, stamp, secret))
	}
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.SampledFrom(requests).Draw(t, "request")
		body := bytes.Clone(r.Body)
		at := rapid.IntRange(0, len(body)-1).Draw(t, "at")
		body[at] ^= rapid.ByteRange(1, 255).Draw(t, "bits")
		r.Body = body
		if b, err := c.Parse(r); fault.CodeOf(err) != fault.Unauthorized || len(b.Events) != 0 {
			t.Fatalf("byte %d: got %d events, %v", at, len(b.Events), err)
		}
	})
}

func FuzzParse(f *testing.F) {
	c := parser(f, nil)
	for _, name := range samples(f) {
		raw, err := os.ReadFile(name)
		require.NoError(f, err)
		body, _ := current(f, raw, moment)
		f.Add([]byte(body), "mac=00", true)
		f.Add([]byte(body), "", false)
	}
	f.Add([]byte(`{"app_id":"1000000000000000001","timestamp":"1795255200000","event_name":"user_send_text","sender":[[]]}`), "x", true)
	f.Fuzz(func(t *testing.T, body []byte, header string, signIt bool) {
		r := channels.Request{Header: http.Header{"X-Zevent-Signature": {header}}, Body: body}
		if b, err := c.Parse(r); err == nil || len(b.Events) != 0 || b.Reply != nil {
			t.Fatalf("unsigned: got %+v, %v", b, err)
		}
		_, stamp, ok := scan(body)
		if !signIt || !ok {
			return
		}
		b, err := c.Parse(sign(string(body), stamp, secret))
		if code := fault.CodeOf(err); code != "" && code != fault.Unauthorized && code != fault.Invalid {
			t.Fatalf("got %v", err)
		}
		r = sign(string(body), stamp, secret)
		r.Header.Set("X-ZEvent-Server", "ZNS")
		ofTemplates, again := c.Parse(r)
		if fault.CodeOf(again) != fault.CodeOf(err) {
			t.Fatalf("got %v, of templates %v", err, again)
		}
		for _, e := range append(b.Events, ofTemplates.Events...) {
			if e.ID == "" || len(e.ID) > 200 || e.Template && len(e.About) != 1 || e.From == "" || e.Kind == "" || e.Foreign != (e.Account != oaID) {
				t.Fatalf("got %+v", e)
			}
		}
	})
}
