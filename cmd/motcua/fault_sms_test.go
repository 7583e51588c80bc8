package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/citytest"
)

// provider is an SMS provider that outlives the program and keeps every attempt it has seen.
type provider struct {
	*httptest.Server

	mu       sync.Mutex
	mode     string // "hold" never answers, "lose" takes the message and breaks off, "" answers
	attempts []sms
	held     chan struct{} // closed when nobody shall be held any more
}

type sms struct{ ID, To, Text string }

func newProvider(t *testing.T) *provider {
	p := &provider{held: make(chan struct{})}
	p.Server = httptest.NewServer(p)
	t.Cleanup(func() { close(p.held); p.Close() })
	return p
}

// ServeHTTP takes one attempt.
func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var m sms
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		http.Error(w, "", http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	p.attempts = append(p.attempts, m)
	mode := p.mode
	p.mu.Unlock()
	switch mode {
	case "hold":
		select {
		case <-r.Context().Done():
		case <-p.held:
		}
	case "lose":
		panic(http.ErrAbortHandler) // net/http breaks the connection and goes on
	default:
		_, _ = fmt.Fprintf(w, `{"id":"p-%s"}`, m.ID) // whoever left learns it from the repeat
	}
}

func (p *provider) set(mode string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode = mode
}

// seen gives the attempts for each phone.
func (p *provider) seen() map[string][]sms {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[string][]sms{}
	for _, m := range p.attempts {
		out[m.To] = append(out[m.To], m)
	}
	return out
}

// newProduction gives a place for `serve` whose codes go to that provider.
func newProduction(ctx context.Context, t *testing.T, base string, env ...string) place {
	t.Helper()
	p := newPlace(t)
	keys := filepath.Join(t.TempDir(), "keyset.json")
	p.must(ctx, t, "secrets", "generate", keys)
	p.env = append(p.env, "MOTCUA_SECRETS__KEYSET_FILE="+keys, "MOTCUA_HTTP__PUBLIC_URL=https://motcua.example",
		"MOTCUA_CHANNELS__SMS__API_BASE="+base, "MOTCUA_CHANNELS__SMS__TOKEN=provider")
	p.env = append(p.env, env...)
	return p
}

// TestCodesSurviveAKill ends the program while codes are being handed to the provider: each arrives, as often as needed under one id, and signs in.
func TestCodesSurviveAKill(t *testing.T) {
	t.Parallel()
	const phones = 10
	ctx := within(t, 3*time.Minute)
	out := newProvider(t)
	out.set("hold")
	p := newProduction(ctx, t, out.URL, "MOTCUA_OUTBOX__ATTEMPT=1s")
	city := p.startAs(t, "serve")
	phone := func(i int) string { return fmt.Sprintf("09120000%02d", i) }
	var challenges [phones]string
	for i := range phones {
		challenges[i] = requestCode(ctx, t, city, phone(i))
	}
	err := citytest.Poll(ctx, func() (bool, error) { return len(out.seen()) > 0, nil })
	if err != nil {
		t.Fatal(err)
	}
	city.Kill()
	before := out.seen()
	out.set("")
	city = p.startAs(t, "serve")
	// A code that was not yet being sent goes out at once, one that was when its lease ends.
	err = citytest.Poll(ctx, func() (bool, error) {
		all := out.seen()
		for i := range phones {
			if to := "+84" + phone(i)[1:]; len(all[to]) <= len(before[to]) {
				return false, nil
			}
		}
		return true, nil
	})
	if err != nil {
		t.Fatalf("%v: %d of %d phones were written to", err, len(out.seen()), phones)
	}
	for i := range phones {
		signInWith(ctx, t, city, out, phone(i), challenges[i])
	}
	t.Logf("%d codes were under way at the kill, all %d arrived", len(before), phones)

	// An answer that was lost: the message goes out again under the same id.
	out.set("lose")
	challenge := requestCode(ctx, t, city, phone(phones))
	to := "+84" + phone(phones)[1:]
	if err := citytest.Poll(ctx, func() (bool, error) { return len(out.seen()[to]) > 0, nil }); err != nil {
		t.Fatal(err)
	}
	out.set("")
	if err := citytest.Poll(ctx, func() (bool, error) { return len(out.seen()[to]) > 1, nil }); err != nil {
		t.Fatal(err)
	}
	signInWith(ctx, t, city, out, phone(phones), challenge)
}

func requestCode(ctx context.Context, t *testing.T, city *citytest.Process, phone string) (challenge string) {
	t.Helper()
	var asked struct {
		RequestOTP struct{ Challenge *struct{ ID string } } `json:"requestOtp"`
	}
	err := citytest.Client{URL: city.HTTP + "/graphql"}.Do(ctx, `mutation($i: RequestOtpInput!) { requestOtp(input: $i) { challenge { id } } }`,
		map[string]any{"i": map[string]any{"phone": phone, "deviceId": "device-of-" + phone}}, &asked)
	if err != nil || asked.RequestOTP.Challenge == nil {
		t.Fatalf("no code for a phone: %v", err)
	}
	return asked.RequestOTP.Challenge.ID
}

// signInWith signs in with the code that the provider was given, which must be the same message at each attempt.
func signInWith(ctx context.Context, t *testing.T, city *citytest.Process, from *provider, phone, challenge string) {
	t.Helper()
	list := from.seen()["+84"+strings.TrimPrefix(phone, "0")]
	if len(list) == 0 {
		t.Fatal("no message")
	}
	for _, m := range list {
		if m != list[0] {
			t.Errorf("the attempts at one code differ: ids %s and %s", m.ID, list[0].ID)
		}
	}
	if _, _, refused, err := tryVerify(ctx, city, challenge, sixDigits.FindString(list[0].Text), "device-of-"+phone); err != nil || refused != "" {
		t.Errorf("the code is refused: %q %v", refused, err)
	}
}
