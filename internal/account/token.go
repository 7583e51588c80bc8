package account

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/motcua/motcua/internal/fault"
)

var errBadToken = errors.New("account: malformed token")

// leeway is what the clocks of two replicas may differ by.
const leeway = time.Minute

// tokenType is the typ of access tokens (RFC 9068 §2.1): a token made for another use is not one.
const tokenType = "at+jwt"

// maxToken is the longest access token that is looked at, in bytes. Ours have about 450.
const maxToken = 2048

// tokens issues and verifies access tokens: JWTs signed by Ed25519.
type tokens struct {
	keys     *keyring
	issuer   string
	audience string
	ttl      time.Duration
	now      func() time.Time
	verified *lru.Cache[[sha256.Size]byte, verifiedToken] // signatures that were found good; spares most requests 50 µs
}

// verifiedToken is a token whose signature was good under a key. Its times are checked at each use, and the key must still be accepted.
type verifiedToken struct {
	kid    string
	claims tokenClaims
}

// manyTokens is how many verified signatures are remembered, about 1 KB each.
const manyTokens = 8192

// tokenClaims are what an access token says. Roles are not in it: they are read anew for each request.
type tokenClaims struct {
	jwt.Claims
	Account string `json:"acc"`
	Session string `json:"sid"`
}

func newTokens(keys *keyring, cfg Config, now func() time.Time) (*tokens, error) {
	verified, err := lru.New[[sha256.Size]byte, verifiedToken](manyTokens)
	if err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	return &tokens{keys: keys, issuer: cfg.Issuer, audience: cfg.Audience, ttl: cfg.AccessTTL, now: now, verified: verified}, nil
}

func claimsOf(r record, s session) tokenClaims {
	return tokenClaims{Claims: jwt.Claims{Subject: s.Subject}, Account: r.ID, Session: s.uuid()}
}

// issue signs a token with the key in use.
func (t *tokens) issue(ctx context.Context, c tokenClaims) (string, time.Time, error) {
	now := t.now().UTC().Truncate(time.Second)
	expires := now.Add(t.ttl)
	k, err := t.keys.signing(ctx, now)
	if err != nil {
		return "", time.Time{}, err
	}
	c.Issuer, c.Audience = t.issuer, jwt.Audience{t.audience}
	c.IssuedAt, c.Expiry = jwt.NewNumericDate(now), jwt.NewNumericDate(expires)
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: k.private, KeyID: k.id}},
		(&jose.SignerOptions{}).WithType(tokenType),
	)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("account: sign token: %w", err)
	}
	out, err := jwt.Signed(signer).Claims(c).Serialize()
	if err != nil {
		return "", time.Time{}, fmt.Errorf("account: sign token: %w", err)
	}
	return out, expires, nil
}

// verify gives the claims of a good token. UNAUTHORIZED, with one text for every cause, for any other; UNAVAILABLE when the store had to be asked
// for a key and did not answer.
func (t *tokens) verify(ctx context.Context, token string) (tokenClaims, error) {
	if len(token) > maxToken {
		return tokenClaims{}, signedOut(errBadToken)
	}
	id := sha256.Sum256([]byte(token))
	v, known := t.verified.Get(id)
	if !known {
		var err error
		if v, err = t.checkSignature(ctx, token); err != nil {
			return tokenClaims{}, err
		}
	} else if _, ok, err := t.keys.verifying(ctx, v.kid, t.now()); err != nil || !ok {
		return tokenClaims{}, unauthorized(err)
	}
	err := v.claims.ValidateWithLeeway(jwt.Expected{Issuer: t.issuer, AnyAudience: jwt.Audience{t.audience}, Time: t.now()}, leeway)
	if err != nil {
		return tokenClaims{}, signedOut(err)
	}
	if !known {
		t.verified.Add(id, v)
	}
	return v.claims, nil
}

func (t *tokens) checkSignature(ctx context.Context, token string) (verifiedToken, error) {
	// One algorithm is accepted: a token cannot choose "none", nor have our public key used as the secret of an HMAC.
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil || len(parsed.Headers) != 1 {
		return verifiedToken{}, signedOut(errBadToken)
	}
	h := parsed.Headers[0]
	if typ, _ := h.ExtraHeaders[jose.HeaderType].(string); typ != tokenType {
		return verifiedToken{}, signedOut(errBadToken)
	}
	// Keys come from our store by their id. What the token itself says about keys (jwk, jku, x5u) is never used.
	k, ok, err := t.keys.verifying(ctx, h.KeyID, t.now())
	if err != nil || !ok {
		return verifiedToken{}, unauthorized(err)
	}
	var c tokenClaims
	if err := parsed.Claims(k.public, &c); err != nil {
		return verifiedToken{}, signedOut(errBadToken)
	}
	if c.Expiry == nil || c.IssuedAt == nil || c.Subject == "" || c.Account == "" || c.Session == "" {
		return verifiedToken{}, signedOut(errBadToken)
	}
	return verifiedToken{kid: k.id, claims: c}, nil
}

// unauthorized passes on an outage, and makes everything else the one refusal.
func unauthorized(err error) error {
	if err != nil && fault.CodeOf(err) == fault.Unavailable {
		return err
	}
	return signedOut(err)
}

// trimBearer gives the token of an Authorization header's value, with or without the scheme.
func trimBearer(s string) string {
	s = strings.TrimSpace(s)
	const scheme = "bearer "
	if len(s) >= len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
		s = strings.TrimSpace(s[len(scheme):])
	}
	return s
}

// splitSession takes a session's id apart.
func splitSession(id string) (account, session uuid.UUID, err error) {
	left, right, _ := strings.Cut(id, "/")
	if account, err = uuid.Parse(left); err != nil {
		return account, session, fmt.Errorf("account: id of a session: %w", err)
	}
	if session, err = uuid.Parse(right); err != nil {
		return account, session, fmt.Errorf("account: id of a session: %w", err)
	}
	return account, session, nil
}
