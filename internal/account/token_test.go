package account_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/secret"
)

func (w *world) published() *jose.JSONWebKeySet {
	w.t.Helper()
	raw, err := w.JWKS(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(raw, &set); err != nil {
		w.t.Fatal(err)
	}
	return &set
}

// forge signs claims as an attacker would.
func forge(t testing.TB, alg jose.SignatureAlgorithm, key any, header map[string]any, claims any) string {
	t.Helper()
	o := (&jose.SignerOptions{}).WithType("at+jwt")
	for k, v := range header {
		o = o.WithHeader(jose.HeaderKey(k), v)
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, o)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jwt.Signed(s).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestBadAccessTokens shows tokens that are wrong in one way each. All are refused in the same words.
func TestBadAccessTokens(t *testing.T) {
	t.Parallel()
	w, foreign := newWorld(t), newWorld(t)
	g := w.signIn(phone)
	real, err := jwt.ParseSigned(g.AccessToken, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := real.UnsafeClaimsWithoutVerification(&claims); err != nil {
		t.Fatal(err)
	}
	kid := real.Headers[0].KeyID
	public := w.published().Key(kid)[0].Key.(ed25519.PublicKey)
	_, mine, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(g.AccessToken, ".")
	b64 := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	with := func(name string, value any) map[string]any {
		c := maps.Clone(claims)
		c[name] = value
		return c
	}
	raw, err := json.Marshal(with("acc", "someone-else"))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		"noise": "abc", "two parts": parts[0] + "." + parts[1], "four parts": g.AccessToken + ".x", "huge": strings.Repeat("a", 1<<20),
		"alg none":                   b64(`{"alg":"none","typ":"at+jwt","kid":"`+kid+`"}`) + "." + parts[1] + ".",
		"alg none with signature":    b64(`{"alg":"none","typ":"at+jwt","kid":"`+kid+`"}`) + "." + parts[1] + "." + parts[2],
		"public key as HMAC secret":  forge(t, jose.HS256, append([]byte(nil), public...), map[string]any{"kid": kid}, claims),
		"own key, real id":           forge(t, jose.EdDSA, mine, map[string]any{"kid": kid}, claims),
		"own key, own id":            forge(t, jose.EdDSA, mine, map[string]any{"kid": "kzzzzz"}, claims),
		"own key inside":             forge(t, jose.EdDSA, mine, map[string]any{"kid": kid, "jwk": jose.JSONWebKey{Key: mine.Public()}}, claims),
		"own key by address":         forge(t, jose.EdDSA, mine, map[string]any{"kid": kid, "jku": "https://evil.example/jwks"}, claims),
		"no id of a key":             forge(t, jose.EdDSA, mine, nil, claims),
		"claims changed":             parts[0] + "." + base64.RawURLEncoding.EncodeToString(raw) + "." + parts[2],
		"signature changed":          parts[0] + "." + parts[1] + "." + "AAAA" + parts[2][4:],
		"other header, typ JWT":      b64(`{"alg":"EdDSA","typ":"JWT","kid":"`+kid+`"}`) + "." + parts[1] + "." + parts[2],
		"of another city":            foreign.signIn(phone).AccessToken,
		"refresh token":              g.RefreshToken,
		"JSON serialisation":         `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"id of a key with a path":    forge(t, jose.EdDSA, mine, map[string]any{"kid": "../../etc/passwd"}, claims),
		"several tokens in a header": g.AccessToken + "," + g.AccessToken,
	}
	want := ""
	for name, token := range tests {
		_, err := w.Authenticate(t.Context(), token)
		refusedToken(t, name, err)
		text := w.texts.Fault("vi", fault.Of(err))
		if want == "" {
			want = text
		}
		if text != want {
			t.Errorf("%s: the text %q tells it from others", name, text)
		}
	}
	for _, name := range []string{g.AccessToken, "Bearer " + g.AccessToken, "bearer  " + g.AccessToken + " "} {
		if _, err := w.Authenticate(t.Context(), name); err != nil {
			t.Errorf("the real token: %v", err)
		}
	}
}

func TestAccessTokensOfOtherIssuersAndAudiences(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.signIn(phone)
	for name, change := range map[string]func(*account.Config){
		"issuer": func(c *account.Config) { c.Issuer = "other" }, "audience": func(c *account.Config) { c.Audience = "other" },
	} {
		cfg := w.cfg
		change(&cfg)
		a, err := account.New(t.Context(), w.store, cfg, w.deps(w.box)) // same store, same keys
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.Authenticate(t.Context(), g.AccessToken)
		refusedToken(t, name, err)
	}
}

func TestAccessTokensEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.signIn(phone)
	w.clock.Add(15 * time.Minute)
	if !w.in(g) {
		t.Error("refused within the leeway of a minute")
	}
	w.clock.Add(61 * time.Second)
	if w.in(g) {
		t.Error("good after its end, though it was verified before")
	}
	w.clock.Add(-40 * time.Minute)
	if w.in(g) {
		t.Error("good long before it was issued")
	}
}

// TestKeyRotation moves through several periods: no good token is refused, the next key is published before it is used, and an old one is refused after
// its last token has ended.
func TestKeyRotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *account.Config) { c.KeyPeriod = time.Hour })
	reader := w.replica() // never signs: it knows keys from the store only
	g := w.signIn(phone)
	kids := map[string]bool{}
	for range 30 {
		parsed, err := jwt.ParseSigned(g.AccessToken, []jose.SignatureAlgorithm{jose.EdDSA})
		if err != nil {
			t.Fatal(err)
		}
		kids[parsed.Headers[0].KeyID] = true
		known := w.published()
		w.clock.Add(14 * time.Minute)
		if _, err := reader.Authenticate(t.Context(), g.AccessToken); err != nil {
			t.Fatalf("a good token was refused: %v", err)
		}
		if g, err = w.refresh(g.RefreshToken, ""); err != nil {
			t.Fatal(err)
		}
		parsed, err = jwt.ParseSigned(g.AccessToken, []jose.SignatureAlgorithm{jose.EdDSA})
		if err != nil {
			t.Fatal(err)
		}
		if len(known.Key(parsed.Headers[0].KeyID)) != 1 {
			t.Error("a key was used that had not been published before")
		}
	}
	if len(kids) < 6 {
		t.Errorf("%d keys in 7 hours, want about 7", len(kids))
	}
	if n := len(w.published().Keys); n > 3 {
		t.Errorf("%d keys are published, want the one in use, the next, and one old at most", n)
	}
}

func TestReplicasMakeTheSameKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *account.Config) { c.KeyPeriod = time.Hour })
	replicas := []*account.Accounts{w.Accounts, w.replica(), w.replica(), w.replica()}
	var grants []account.Grant
	for range replicas {
		grants = append(grants, w.signIn(phone))
	}
	w.clock.Add(48 * time.Hour) // all must make keys anew, at the same time
	var mu sync.Mutex
	var tokens []string
	parallel(len(replicas), func(i int) {
		g, err := replicas[i].Refresh(t.Context(), account.RefreshRequest{Token: grants[i].RefreshToken})
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		tokens = append(tokens, g.AccessToken)
	})
	for _, token := range tokens {
		w.clock.Add(time.Second)
		for i, a := range replicas {
			if _, err := a.Authenticate(t.Context(), token); err != nil {
				t.Errorf("replica %d refuses another's token: %v", i, err)
			}
		}
	}
}

// TestShorterPeriods changes the period of keys in a running city.
func TestShorterPeriods(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.signIn(phone)
	for _, period := range []time.Duration{time.Hour, 720 * time.Hour, 10 * time.Second, 240 * time.Hour} {
		w.cfg.KeyPeriod = period
		w.restart()
		for range 3 {
			w.clock.Add(13 * time.Minute)
			var err error
			if g, err = w.refresh(g.RefreshToken, ""); err != nil {
				t.Fatalf("%v: %v", period, err)
			}
			if !w.in(g) {
				t.Errorf("%v: a new token is refused", period)
			}
		}
	}
}

func TestStoreOfAnotherKeyset(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file, err := secret.Generate(false)
	if err != nil {
		t.Fatal(err)
	}
	box, err := secret.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := account.New(t.Context(), w.store, w.cfg, w.deps(box)); err == nil || !strings.Contains(err.Error(), "another keyset") {
		t.Errorf("got %v, want a clear refusal", err)
	}
}

func TestRotatedKeysetGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.signIn(phone)
	c, code := w.ask(phone)
	for _, rotate := range []func([]byte) ([]byte, error){secret.Rotate, secret.Replace} {
		var err error
		if w.keys, err = rotate(w.keys); err != nil {
			t.Fatal(err)
		}
		w.unlock()
		w.restart()
		if g, err = w.refresh(g.RefreshToken, ""); err != nil {
			t.Fatalf("refresh under the new keys: %v", err)
		}
	}
	if _, err := w.VerifyOTP(t.Context(), account.VerifyRequest{ChallengeID: c.ID, Code: code}); err != nil {
		t.Errorf("a code from before: %v", err)
	}
	if again := w.signIn(phone); again.Account != g.Account {
		t.Error("the phone's account was not found under the new index key")
	}
}

// TestOutage proves that a store that is away is told apart from a bad token.
func TestOutage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.signIn(phone)
	w.life.Kill()
	if _, err := w.Authenticate(t.Context(), g.AccessToken); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("authenticate: got %v, want UNAVAILABLE", err)
	}
	if _, err := w.refresh(g.RefreshToken, ""); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("refresh: got %v, want UNAVAILABLE", err)
	}
	if _, err := w.RequestOTP(t.Context(), account.OTPRequest{Phone: phone}); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("request: got %v, want UNAVAILABLE", err)
	}
	if n := len(w.published().Keys); n != 2 {
		t.Errorf("%d keys are published during the outage, want 2", n)
	}
}

func FuzzAuthenticate(f *testing.F) {
	w := newWorld(f)
	g := w.signIn(phone)
	f.Add(g.AccessToken)
	f.Add("Bearer " + g.AccessToken)
	f.Add(g.AccessToken + ".")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add(g.RefreshToken)
	f.Fuzz(func(t *testing.T, token string) {
		v, err := w.Authenticate(t.Context(), token)
		if err == nil && v.SignedIn() && !strings.Contains(token, g.AccessToken) {
			t.Errorf("a forged token signs in: %q", token)
		}
		if err != nil && fault.CodeOf(err) != fault.Unauthorized {
			t.Errorf("got %v", err)
		}
	})
}

func FuzzRefresh(f *testing.F) {
	w := newWorld(f)
	g := w.signIn(phone)
	other := w.signIn(phone2)
	f.Add(other.AccessToken)
	f.Add(g.RefreshToken[:60] + strings.Repeat("A", len(g.RefreshToken)-60))
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		w := w.on(t)
		if token == g.RefreshToken || token == other.RefreshToken {
			return
		}
		if _, err := w.refresh(token, "k"); err == nil || fault.CodeOf(err) == fault.Internal {
			t.Errorf("got %v", err)
		}
		if !w.in(g) {
			t.Error("a forged token ended a session")
		}
	})
}

func FuzzRequestOTP(f *testing.F) {
	w := newWorld(f)
	for _, s := range []string{phone, "+84912345678", "tel:+84-912-345-678;phone-context=x", "٠٩١٢٣٤٥٦٧٨", "1800 1234", "++84", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, number string) {
		_, err := w.RequestOTP(t.Context(), account.OTPRequest{Phone: number, Address: number, Device: number})
		if c := fault.CodeOf(err); c != "" && c != fault.Invalid && c != fault.RateLimited {
			t.Errorf("got %v", err)
		}
	})
}
