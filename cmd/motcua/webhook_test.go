package main_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/citytest"
)

// zaloHook sends webhooks as Zalo signs them.
type zaloHook struct {
	city *citytest.Process
}

const (
	zaloApp = "1000000000000000001"
	zaloKey = "fakecity"
)

// sampleEvent reads a body as the network sends it, with the present time, and another person than in the other samples.
func sampleEvent(t *testing.T, path, person string, at time.Time) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var body bytes.Buffer
	if err := json.Compact(&body, raw); err != nil {
		t.Fatal(err)
	}
	var e struct{ Timestamp string }
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatal(err)
	}
	out := strings.ReplaceAll(body.String(), e.Timestamp, strconv.FormatInt(at.UnixMilli(), 10))
	return []byte(strings.ReplaceAll(out, "3000000000000000003", person))
}

func zaloMAC(body []byte, key string) string {
	var e struct{ Timestamp string }
	_ = json.Unmarshal(body, &e) // a body that is none has no time
	sum := sha256.Sum256([]byte(zaloApp + string(body) + e.Timestamp + key))
	return "mac=" + hex.EncodeToString(sum[:])
}

// post gives the status of the answer.
func (z zaloHook) post(ctx context.Context, t *testing.T, body []byte, mac string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, z.city.HTTP+"/webhooks/zalo", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if mac != "" {
		req.Header.Set("X-ZEvent-Signature", mac)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode
}

// answered tells for each sample what the city does: true when the person is answered, false when the event is kept or noted without a word. Events that are
// not in the list yield nothing at all, on purpose: they are not even stored.
var answered = map[string]bool{
	"user_send_text": true, "user_send_text_quote": true, "user_send_text_menu_tap": true, "user_send_image": true, "user_send_image_multi": true,
	"user_send_gif": true, "user_send_link": true, "user_send_audio": true, "user_send_video": true, "user_send_sticker": true, "user_send_file": true,
	"user_send_location": true, "user_send_business_card": true, "user_click_chatnow": true, "follow": true, "user_withdraw": true,
	"unfollow": false, "anonymous_send_text": false, "user_submit_info": true, "user_submit_info_legacy": true, "user_seen_message": false,
	"user_received_message": false, "user_reacted_message": false, "oa_send_text_api_echo": false, "oa_send_text_console_echo": false, "oa_send_image_echo": false,
	"oa_send_template_echo": false, "zns_user_received_message": false,
}

// TestEveryZaloEventHasItsEffect sends each sample once as it should be and several times as it should not.
func TestEveryZaloEventHasItsEffect(t *testing.T) {
	t.Parallel()
	ctx := within(t, 5*time.Minute)
	c := newChatPlace(ctx, t, "MOTCUA_INBOX__SETTLE=0s", "MOTCUA_INBOX__FETCH_WAIT=1s")
	hook := zaloHook{c.city}
	files, err := filepath.Glob("../../channels/zalo/testdata/events/*.json")
	if err != nil || len(files) != 32 {
		t.Fatalf("found %d samples, %v", len(files), err)
	}
	taken := func() float64 { return counter(t, c.city, "motcua_inbox_taken_total") }
	said := func() float64 { return counter(t, c.city, "motcua_chat_messages_total") }
	turns := func() float64 { return counter(t, c.city, "motcua_inbox_attempts_total") }
	for i, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		body := sampleEvent(t, file, fmt.Sprintf("30000000000000%05d", i), time.Now())
		stored, before, worked := taken(), said(), turns()
		for what, bad := range map[string]struct {
			body []byte
			mac  string
		}{
			"wrong MAC": {body, zaloMAC(body, "another key")}, "no MAC": {body, ""}, "one byte altered": {bytes.Replace(body, []byte("{"), []byte("["), 1), zaloMAC(body, zaloKey)},
			"one digit altered": {bytes.Replace(body, []byte("2000000000000000002"), []byte("2000000000000000003"), 1), zaloMAC(body, zaloKey)},
			"too old": func() struct {
				body []byte
				mac  string
			} {
				old := sampleEvent(t, file, "1", time.Now().Add(-4*time.Hour))
				return struct {
					body []byte
					mac  string
				}{old, zaloMAC(old, zaloKey)}
			}(),
		} {
			if status := hook.post(ctx, t, bad.body, bad.mac); status != http.StatusUnauthorized {
				t.Errorf("%s, %s: status %d", name, what, status)
			}
		}
		if n := taken() - stored; n != 0 {
			t.Errorf("%s: %v bad webhooks were stored", name, n)
		}
		if status := hook.post(ctx, t, body, zaloMAC(body, zaloKey)); status != http.StatusOK {
			t.Errorf("%s: status %d", name, status)
		}
		answer, kept := answered[name]
		if n := taken() - stored; (n == 1) != kept {
			t.Errorf("%s: %v events were stored, want kept: %v", name, n, kept)
		}
		if !kept || name == "anonymous_send_text" {
			continue
		}
		err := citytest.Poll(ctx, func() (bool, error) { return turns() > worked && (!answer || said() > before), nil })
		if err != nil {
			t.Fatalf("%s: worked on %v times, %v answers: %v", name, turns()-worked, said()-before, err)
		}
		if n := said() - before; n > 0 != answer {
			t.Errorf("%s: %v answers, want any: %v", name, n, answer)
		}
	}
}
