package smsfake_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/channels/sms/smsfake"
)

func post(t *testing.T, p *smsfake.Provider, path, token, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w
}

func TestRefusesWhatAProviderRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, token, body, want string
		status                  int
	}{
		{"wrong token", "x", `{"id":"1","to":"+84912345678","text":"x"}`, "bad_token", 401},
		{"no token", "", `{"id":"1","to":"+84912345678","text":"x"}`, "bad_token", 401},
		{"no JSON", "t", `{`, "bad_request", 400},
		{"no id", "t", `{"to":"+84912345678","text":"x"}`, "bad_request", 400},
		{"local number", "t", `{"id":"1","to":"0912345678","text":"x"}`, "invalid_recipient", 422},
		{"no text", "t", `{"id":"1","to":"+84912345678","text":" "}`, "text_refused", 422},
		{"too long", "t", `{"id":"1","to":"+84912345678","text":"` + strings.Repeat("x", 1001) + `"}`, "text_too_long", 422},
		{"good", "t", `{"id":"1","to":"+84912345678","text":"x"}`, "fake-1", 200},
	} {
		p := smsfake.New("t", time.Now)
		w := post(t, p, "/messages", tt.token, tt.body)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s: got %d %s", tt.name, w.Code, w.Body)
		}
		if kept := len(p.Messages("+84912345678")); kept != 0 && tt.status != 200 {
			t.Errorf("%s: kept it", tt.name)
		}
	}
}

func TestKeepsTheLastOfEachPhone(t *testing.T) {
	t.Parallel()
	p := smsfake.New("t", time.Now)
	for i := range 60 {
		for range 2 { // the same id twice is one message
			post(t, p, "/messages", "t", fmt.Sprintf(`{"id":"%d","to":"+84912345678","text":"x%d"}`, i, i))
		}
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/messages?phone=%2B84912345678", nil)
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	var list []smsfake.Message
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 50 || list[0].Text != "x10" || list[49].Text != "x59" {
		t.Errorf("got %d messages, from %q to %q", len(list), list[0].Text, list[len(list)-1].Text)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	p := smsfake.New("t", time.Now)
	const good = `{"id":"1","to":"+84912345678","text":"x"}`
	if w := post(t, p, "/faults", "", `{"status":503,"times":2,"retry_after":7}`); w.Code != 200 {
		t.Fatalf("got %d", w.Code)
	}
	for range 2 {
		if w := post(t, p, "/messages", "t", good); w.Code != 503 || w.Header().Get("Retry-After") != "7" {
			t.Errorf("got %d, retry after %q", w.Code, w.Header().Get("Retry-After"))
		}
	}
	if w := post(t, p, "/messages", "t", good); w.Code != 200 {
		t.Errorf("after the faults: got %d", w.Code)
	}
	if w := post(t, p, "/faults", "", `{"status":5,"times":2}`); w.Code != 400 {
		t.Errorf("a status that is none: got %d", w.Code)
	}
}
