package zalofake

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"sync"
	"time"
)

// Grant is a pair of tokens.
type Grant struct {
	Access    string        `json:"access_token"`
	Refresh   string        `json:"refresh_token"`
	ExpiresIn time.Duration `json:"-"` // of the access token
}

// grants keeps codes and tokens. Times are those of the network's clock, handed in.
type grants struct {
	cfg Config

	mu      sync.Mutex
	codes   map[string]ticket
	access  map[string]ticket
	refresh map[string]ticket
	order   []Grant // oldest first, so that the oldest can be forgotten
	round   int     // of revocations of access tokens
	again   int     // of refresh tokens
	reused  int     // refresh tokens that came a second time
	issued  int
}

// ticket is a code or a token.
type ticket struct {
	expires   time.Time
	challenge string // of a code
	used      bool
	round     int // before which revocation it was issued
}

const manyGrants = 2000

func newGrants(cfg Config) *grants {
	return &grants{cfg: cfg, codes: map[string]ticket{}, access: map[string]ticket{}, refresh: map[string]ticket{}}
}

// code makes a code for a consent.
func (g *grants) code(challenge string, now time.Time) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c, t := range g.codes {
		if now.After(t.expires) {
			delete(g.codes, c)
		}
	}
	c := rand.Text()
	g.codes[c] = ticket{expires: now.Add(g.cfg.CodeLife), challenge: challenge}
	return c
}

// exchange gives tokens for a code, once. A wrong verifier spends the code too.
func (g *grants) exchange(code, verifier string, now time.Time) (Grant, *refusal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t, ok := g.codes[code]
	delete(g.codes, code)
	switch {
	case !ok || now.After(t.expires):
		return Grant{}, &refusal{-14019, "Invalid authorization code"}
	case subtle.ConstantTimeCompare([]byte(challengeOf(verifier)), []byte(t.challenge)) != 1:
		return Grant{}, &refusal{-14020, "Invalid code verifier"}
	}
	return g.issue(now), nil
}

// renew gives tokens for a refresh token, once.
func (g *grants) renew(token string, now time.Time) (Grant, *refusal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t, ok := g.refresh[token]
	if t.used {
		g.reused++
	}
	if !ok || t.used || t.round < g.again || now.After(t.expires) {
		return Grant{}, &refusal{-14014, "Invalid refresh token"}
	}
	t.used = true
	g.refresh[token] = t
	return g.issue(now), nil
}

// issue is called with mu held.
func (g *grants) issue(now time.Time) Grant {
	out := Grant{Access: "fake-access-" + rand.Text(), Refresh: "fake-refresh-" + rand.Text(), ExpiresIn: g.cfg.AccessLife}
	g.access[out.Access] = ticket{expires: now.Add(g.cfg.AccessLife), round: g.round}
	g.refresh[out.Refresh] = ticket{expires: now.Add(g.cfg.RefreshLife), round: g.again}
	g.order = append(g.order, out)
	g.issued++
	if len(g.order) > manyGrants {
		delete(g.access, g.order[0].Access)
		delete(g.refresh, g.order[0].Refresh)
		g.order = g.order[1:]
	}
	return out
}

// check tells what is wrong with an access token; nil when it is good.
func (g *grants) check(token string, now time.Time) *refusal {
	g.mu.Lock()
	defer g.mu.Unlock()
	t, ok := g.access[token]
	switch {
	case !ok || t.round < g.round:
		return &refusal{-216, "Access token is invalid"}
	case now.After(t.expires):
		return &refusal{-220, "Access token has expired or is no longer valid"}
	}
	return nil
}

// revoked tells whether nobody holds an access token, a refresh token, that was not revoked.
func (g *grants) revoked() (access, refresh bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.order) == 0 {
		return false, false
	}
	last := g.order[len(g.order)-1]
	return g.access[last.Access].round < g.round, g.refresh[last.Refresh].round < g.again
}

// revoke makes the tokens issued so far useless, or good again. nil changes nothing.
func (g *grants) revoke(access, refresh *bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.round = rounds(g.round, access)
	g.again = rounds(g.again, refresh)
}

func rounds(now int, revoke *bool) int {
	switch {
	case revoke == nil:
		return now
	case *revoke:
		return now + 1
	}
	return now - 1
}

func (g *grants) counts() (issued, reused int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.issued, g.reused
}

// challengeOf is S256 of RFC 7636.
func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
