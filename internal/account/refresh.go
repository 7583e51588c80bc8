package account

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/google/uuid"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// RefreshRequest shows a refresh token.
type RefreshRequest struct {
	Token   string
	Device  string // at most 128 bytes; not compared: who steals a token steals the name with it
	Address string // IP address that the request came from, behind trusted proxies
	Key     string // idempotency key: random for each refresh, or ""; see Refresh
}

// Refresh changes a refresh token for the next one and a new access token. A token that was used before ends the session: somebody else may hold a
// copy. UNAUTHORIZED, with one text for every cause.
//
// An answer can get lost on its way, so the very same request may be repeated: with the same token and the same non-empty key, within refresh_retry, while
// the token that it made has not been used. It is given that same token again, so the session never has two good tokens, and whichever holder of a copied
// token comes second, with another key or later, still ends the session.
func (a *Accounts) Refresh(ctx context.Context, r RefreshRequest) (Grant, error) {
	if err := checkDevice(r.Device, r.Key); err != nil {
		return Grant{}, err
	}
	if err := a.guardAddress(ctx, "refresh", r.Address, a.cfg.Limits.RefreshAddress); err != nil {
		return Grant{}, err
	}
	t, err := parseRefresh(r.Token)
	if err != nil {
		return Grant{}, signedOut(err)
	}
	account, err := a.accounts.Get(ctx, t.account.String())
	if fault.CodeOf(err) == fault.NotFound {
		return Grant{}, signedOut(err)
	}
	if err != nil {
		return Grant{}, fmt.Errorf("account: refresh: %w", err)
	}
	if end, err := a.survivor(ctx, account); err != nil || end.ID != account.ID {
		return Grant{}, unauthorized(err)
	}
	s, err := a.rotate(ctx, t, r.Key, account)
	if err != nil {
		return Grant{}, err
	}
	return a.grant(ctx, account, s)
}

// rotate takes a refresh token by compare-and-swap: of two uses at the same time one makes the next token, the other is a repeat or a reuse.
func (a *Accounts) rotate(ctx context.Context, t refreshToken, key string, account record) (session, error) {
	id := sessionID(t.account.String(), t.session.String())
	if key != "" {
		key = a.deps.Box.Index("account refresh key", id+"/"+key)
	}
	var u use
	var judged session // a repeat must get the token of the state it was judged by, never a newer one
	_, err := a.sessions.Update(ctx, id, func(s *session) error {
		var err error
		if u, err = a.judgeUse(s, t, key, account); err != nil {
			return err
		}
		judged = *s
		if u == fakeToken || u == repeated {
			return store.ErrUnchanged
		}
		return nil
	})
	if fault.CodeOf(err) == fault.NotFound {
		return session{}, signedOut(err)
	}
	if err != nil {
		return session{}, fmt.Errorf("account: refresh: %w", err)
	}
	a.count(string(u))
	switch u {
	case rotated, repeated:
		return judged, nil
	case reused:
		a.deps.Log.WarnContext(ctx, "a refresh token was used twice: session ended", "session", judged.uuid())
	}
	return session{}, signedOut(nil)
}

// use is what became of a refresh token that was shown. It names the event that is counted.
type use string

const (
	rotated   use = "refreshed"
	repeated  use = "refresh_repeated"
	reused    use = "refresh_reused"
	fakeToken use = "refresh_refused"
)

// judgeUse judges one use of a token and changes the session accordingly. It may run again on a fresh copy.
func (a *Accounts) judgeUse(s *session, t refreshToken, key string, account record) (use, error) {
	now := a.now()
	staff := account.Staff
	if !s.live(now) || !account.admits(*s) || t.generation > s.Generation || staff && !now.Before(s.CreatedAt.Add(a.cfg.StaffSessionMax)) {
		return fakeToken, nil
	}
	if t.generation == s.Generation {
		if subtle.ConstantTimeCompare(hashToken(t), s.TokenHash) != 1 {
			return fakeToken, nil
		}
		return rotated, a.next(s, key, staff)
	}
	if !a.genuine(*s, t) { // only who once held a real token may end the session
		return fakeToken, nil
	}
	same := key != "" && subtle.ConstantTimeCompare([]byte(key), []byte(s.RetryKey)) == 1
	if same && t.generation == s.Generation-1 && now.Before(s.SeenAt.Add(a.cfg.RefreshRetry)) {
		return repeated, nil
	}
	s.end(now, day)
	return reused, nil
}

// next makes the session's next token.
func (a *Accounts) next(s *session, key string, staff bool) error {
	now := a.now()
	s.Generation++
	token, err := a.refreshToken(*s)
	if err != nil {
		return err
	}
	s.TokenHash, s.RetryKey, s.SeenAt = hashToken(token), key, now
	s.ExpiresAt = a.life(s.CreatedAt, now, staff)
	return nil
}

// refreshToken is one token of a session. Its secret is a keyed hash over the session's salt and the token's generation: who holds only the store, or
// only an older token, cannot make it, and the service can make it again for a repeat without ever having stored it.
type refreshToken struct {
	account, session uuid.UUID
	generation       uint32
	secret           [32]byte
}

// refreshLen is the length of a token in bytes: version, account, session, generation, 256-bit secret.
const refreshLen = 1 + 16 + 16 + 4 + 32

// refreshVersion is the first byte of a token.
const refreshVersion = 1

// String gives the token as the device keeps it.
func (t refreshToken) String() string {
	b := make([]byte, 0, refreshLen)
	b = append(b, refreshVersion)
	b = append(b, t.account[:]...)
	b = append(b, t.session[:]...)
	b = binary.BigEndian.AppendUint32(b, t.generation)
	b = append(b, t.secret[:]...)
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseRefresh reads a token that a client sent. The error says nothing about it.
func parseRefresh(s string) (refreshToken, error) {
	var t refreshToken
	if len(s) != base64.RawURLEncoding.EncodedLen(refreshLen) {
		return t, errBadToken
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || b[0] != refreshVersion {
		return t, errBadToken
	}
	copy(t.account[:], b[1:17])
	copy(t.session[:], b[17:33])
	t.generation = binary.BigEndian.Uint32(b[33:37])
	copy(t.secret[:], b[37:])
	return t, nil
}

// refreshToken makes the newest token of a session.
func (a *Accounts) refreshToken(s session) (refreshToken, error) {
	t, err := bare(s)
	if err != nil {
		return t, err
	}
	secret, err := hex.DecodeString(a.deps.Box.Index("account refresh", tokenInput(s, s.Generation)))
	if err != nil || len(secret) != len(t.secret) {
		return t, fmt.Errorf("account: keyed index of %d bytes", len(secret))
	}
	copy(t.secret[:], secret)
	return t, nil
}

// genuine tells whether the service once made the token for this session, under any of the box's keys.
func (a *Accounts) genuine(s session, t refreshToken) bool {
	ok := 0
	for _, x := range a.deps.Box.Indexes("account refresh", tokenInput(s, t.generation)) {
		ok |= subtle.ConstantTimeCompare([]byte(x), []byte(hex.EncodeToString(t.secret[:])))
	}
	return ok == 1
}

// bare fills in what a token says openly.
func bare(s session) (refreshToken, error) {
	t := refreshToken{generation: s.Generation}
	account, id, err := splitSession(s.ID)
	if err != nil {
		return t, err
	}
	t.account, t.session = account, id
	return t, nil
}

func tokenInput(s session, generation uint32) string {
	return fmt.Sprintf("%s/%d/%x", s.ID, generation, s.Salt)
}

func hashToken(t refreshToken) []byte {
	h := sha256.Sum256([]byte(t.String()))
	return h[:]
}
