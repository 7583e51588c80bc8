package zalofake_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/channels/zalo/zalofake"
)

const (
	verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	back     = "http://city.example/channels/zalo/callback"
)

// tokens is an answer of the token endpoint.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Expires string `json:"expires_in"`
	Error   int    `json:"error"`
}

func token(t *testing.T, n *zalofake.Network, secret string, form url.Values) tokens {
	t.Helper()
	w := do(t, n, http.MethodPost, "/oauth/v4/oa/access_token", map[string]string{"secret_key": secret, "Content-Type": "application/x-www-form-urlencoded"}, []byte(form.Encode()))
	var out tokens
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code != http.StatusOK {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	return out
}

// consent approves and gives the code.
func consent(t *testing.T, n *zalofake.Network, state string) string {
	t.Helper()
	q := url.Values{"app_id": {"1000000000000000001"}, "redirect_uri": {back}, "code_challenge": {zalofake.Challenge(verifier)}, "approve": {"1"}}
	if state != "" {
		q.Set("state", state)
	}
	w := do(t, n, http.MethodGet, "/oauth/v4/oa/permission?"+q.Encode(), nil, nil)
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusFound || !strings.HasPrefix(to.String(), back+"?") {
		t.Fatalf("got %d %v", w.Code, w.Header())
	}
	if to.Query().Get("oa_id") != "2000000000000000002" || to.Query().Get("state") != state || to.Query().Has("state") != (state != "") {
		t.Errorf("came back with %v", to.Query())
	}
	return to.Query().Get("code")
}

func exchange(code, v string) url.Values {
	return url.Values{"app_id": {"1000000000000000001"}, "grant_type": {"authorization_code"}, "code": {code}, "code_verifier": {v}}
}

func renewal(refresh string) url.Values {
	return url.Values{"app_id": {"1000000000000000001"}, "grant_type": {"refresh_token"}, "refresh_token": {refresh}}
}

func TestConsentAsksFirst(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, zalofake.Config{CodeVerifier: verifier, RedirectURI: back})
	good := url.Values{"app_id": {"1000000000000000001"}, "redirect_uri": {back}, "state": {"s"}}
	w := do(t, n, http.MethodGet, "/oauth/v4/oa/permission?"+good.Encode(), nil, nil)
	if w.Code != 200 || !strings.Contains(w.Body.String(), "approve=1") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	for _, tt := range []struct {
		key, value, want string
	}{{"app_id", "1", "-14002"}, {"redirect_uri", "http://evil.example/", "-14003"}, {"redirect_uri", "", "-14003"}, {"code_challenge", "x", "-14021"}} {
		q := url.Values{"app_id": good["app_id"], "redirect_uri": good["redirect_uri"], "approve": {"1"}}
		q.Set(tt.key, tt.value)
		if w := do(t, n, http.MethodGet, "/oauth/v4/oa/permission?"+q.Encode(), nil, nil); w.Code != 200 || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s %q: got %d %s", tt.key, tt.value, w.Code, w.Body)
		}
	}
}

func TestCodeWorksOnce(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, zalofake.Config{})
	code := consent(t, n, "s-1")
	got := token(t, n, "fakecity", exchange(code, verifier))
	if got.Access == "" || got.Refresh == "" || got.Expires != "90000" || got.Error != 0 {
		t.Errorf("got %+v", got)
	}
	for name, form := range map[string]url.Values{
		"again": exchange(code, verifier), "wrong verifier": exchange(consent(t, n, ""), "x"), "no code": exchange("", verifier),
		"other grant": {"app_id": {"1000000000000000001"}, "grant_type": {"password"}}, "other app": {"app_id": {"2"}, "grant_type": {"refresh_token"}},
	} {
		if got := token(t, n, "fakecity", form); got.Error >= 0 || got.Access != "" {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	if got := token(t, n, "wrong", exchange(consent(t, n, ""), verifier)); got.Access != "" {
		t.Errorf("wrong secret: got %+v", got)
	}
	late := consent(t, n, "")
	n.Break(func(f *zalofake.Faults) { f.ClockOffsetS = 601 })
	if got := token(t, n, "fakecity", exchange(late, verifier)); got.Access != "" {
		t.Errorf("after ten minutes: got %+v", got)
	}
}

func TestRefreshWorksOnce(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, zalofake.Config{})
	n.Say("Lan", "x")
	lan := n.UserID("Lan")
	send := func(access string) int { return call(t, n, access, http.MethodPost, csPath, text(lan, "x")).Error }
	first := n.Grant()
	second := token(t, n, "fakecity", renewal(first.Refresh))
	if second.Access == "" || second.Refresh == first.Refresh || second.Access == first.Access {
		t.Fatalf("got %+v", second)
	}
	if got := token(t, n, "fakecity", renewal(first.Refresh)); got.Error != -14014 || got.Access != "" {
		t.Errorf("second use: got %+v", got)
	}
	if issued, reused := n.Stats().Tokens.Issued, n.Stats().Tokens.Reused; issued != 2 || reused != 1 {
		t.Errorf("issued %d, reused %d", issued, reused)
	}
	if send(first.Access) != 0 || send(second.Access) != 0 {
		t.Error("an access token ends with its time, not with the refresh")
	}
	n.Break(func(f *zalofake.Faults) { f.ClockOffsetS = 25*3600 + 1 })
	if got := send(second.Access); got != -220 {
		t.Errorf("after 25 hours: got %d", got)
	}
	third := token(t, n, "fakecity", renewal(second.Refresh))
	if send(third.Access) != 0 {
		t.Error("the renewed token does not work")
	}
	n.Break(func(f *zalofake.Faults) { f.ClockOffsetS = 92 * 24 * 3600 })
	if got := token(t, n, "fakecity", renewal(third.Refresh)); got.Error != -14014 {
		t.Errorf("after three months: got %+v", got)
	}
}

func TestRevokedUntilRefreshed(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, zalofake.Config{})
	n.Say("Lan", "x")
	lan := n.UserID("Lan")
	send := func(access string) int { return call(t, n, access, http.MethodPost, csPath, text(lan, "x")).Error }
	first := n.Grant()
	if f := n.Break(func(f *zalofake.Faults) { f.AccessRevoked = true }); !f.AccessRevoked || send(first.Access) != -216 {
		t.Errorf("not revoked: %+v", f)
	}
	n.Break(func(f *zalofake.Faults) { f.AccessRevoked = false })
	if got := send(first.Access); got != 0 {
		t.Errorf("set back: got %d", got)
	}
	n.Break(func(f *zalofake.Faults) { f.AccessRevoked, f.LoseTokens = true, 1 })
	func() {
		defer func() { _ = recover() }() // the connection breaks
		token(t, n, "fakecity", renewal(first.Refresh))
		t.Error("an answer came")
	}()
	if got := token(t, n, "fakecity", renewal(first.Refresh)); got.Error != -14014 {
		t.Errorf("the lost renewal had spent the token: got %+v", got)
	}
	second := n.Grant()
	if send(second.Access) != 0 || n.Faults().AccessRevoked {
		t.Error("a new token is good")
	}
	n.Break(func(f *zalofake.Faults) { f.RefreshRevoked = true })
	if got := token(t, n, "fakecity", renewal(second.Refresh)); got.Error != -14014 {
		t.Errorf("revoked refresh token: got %+v", got)
	}
}

func TestShortLives(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)
	n, _ := newNetwork(t, zalofake.Config{AccessLife: 5 * time.Second, Now: func() time.Time { return start }})
	if got := token(t, n, "fakecity", renewal(n.Grant().Refresh)); got.Expires != "5" {
		t.Errorf("got %+v", got)
	}
}

// TestVectors checks the three constructions against vectors that other implementations agree with.
func TestVectors(t *testing.T) {
	t.Parallel()
	load := func(name string, into any) {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, into); err != nil {
			t.Fatal(err)
		}
	}
	var macs []struct {
		Name, Timestamp string
		AppID           string `json:"app_id"`
		Key             string `json:"oa_secret_key"`
		Body            string `json:"raw_body"`
		Header          map[string]string
	}
	load("mac.json", &macs)
	for _, v := range macs {
		if got := zalofake.Sign(v.AppID, []byte(v.Body), v.Timestamp, v.Key); got != v.Header["X-ZEvent-Signature"] {
			t.Errorf("%s: got %s", v.Name, got)
		}
	}
	var pkce struct {
		Verifier  string `json:"code_verifier"`
		Challenge string `json:"code_challenge"`
	}
	load("pkce.json", &pkce)
	if got := zalofake.Challenge(pkce.Verifier); got != pkce.Challenge || len(macs) == 0 {
		t.Errorf("got %s", got)
	}
	var proof struct {
		Secret string `json:"app_secret"`
		Token  string `json:"access_token"`
		Proof  string `json:"appsecret_proof"`
	}
	load("proof.json", &proof)
	if got := zalofake.Proof(proof.Secret, proof.Token); got != proof.Proof {
		t.Errorf("got %s", got)
	}
}
