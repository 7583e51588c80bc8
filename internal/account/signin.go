package account

import (
	"context"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/message"
)

// VerifyRequest answers a challenge.
type VerifyRequest struct {
	ChallengeID string
	Code        string
	Device      string // must be the one that asked, if both gave a name
	DeviceName  string // what the person calls it; cut at 64 characters
	Address     string // IP address that the request came from, behind trusted proxies
	Key         string // idempotency key; without one a lost answer cannot be asked for again
}

// Grant is what a device that is signed in holds.
type Grant struct {
	AccessToken  string    // signed, for the Authorization header
	RefreshToken string    // opaque; good for one use
	ExpiresAt    time.Time // of the access token
	Account      string
	Session      string
	Viewer       Viewer // who is signed in now
}

// VerifyOTP signs in with a code. The phone's first sign-in makes its account. A repeat with the same key and code gives the same session and
// refresh token. INVALID, naming the field code, for a wrong, ended or exhausted code; RATE_LIMITED by phone, device or address.
func (a *Accounts) VerifyOTP(ctx context.Context, r VerifyRequest) (Grant, error) {
	if err := checkDevice(r.Device, r.Key); err != nil {
		return Grant{}, err
	}
	if err := a.admit(ctx, "check", r.Address, r.Device, a.cfg.Limits.CheckAddress, a.cfg.Limits.CheckDevice); err != nil {
		return Grant{}, err
	}
	c, err := a.prove(ctx, attempt{id: r.ChallengeID, code: r.Code, purpose: "sign_in", key: r.Key, device: r.Device})
	if err != nil {
		return Grant{}, err
	}
	phone, err := a.phoneOf(c)
	if err != nil {
		return Grant{}, err
	}
	return a.enter(ctx, phone, c.Lang, c.Proof.Session, r.DeviceName)
}

// enter signs in with a phone that was proved: the session is opened, or found again by its id. A phone that leads elsewhere by the time the session is
// there, because the account was just recovered with another one or joined, has signed in to nothing.
func (a *Accounts) enter(ctx context.Context, phone string, lang message.Lang, id, deviceName string) (Grant, error) {
	own, err := a.enrol(ctx, phone, lang)
	account := own
	if err == nil {
		account, err = a.arrived(ctx, own)
	}
	if err != nil {
		return Grant{}, fmt.Errorf("account: sign in: %w", err)
	}
	tie, ok := account.tieTo(own.ID)
	if !ok {
		return Grant{}, busy() // it is just being parted
	}
	s, err := a.openSession(ctx, account, tie, id, deviceName)
	if err != nil {
		return Grant{}, fmt.Errorf("account: sign in: %w", err)
	}
	if err := a.stillLeads(ctx, phone, account.ID, s.ID); err != nil {
		return Grant{}, err
	}
	if err := a.trim(ctx, account.ID); err != nil { // the next sign-in tries again
		a.deps.Log.WarnContext(ctx, "ending old sessions failed", "err", err)
	}
	a.count("signed_in")
	return a.grant(ctx, account, s)
}

// stillLeads ends a session that was opened while its phone was taken from the account. What takes a phone away writes that first and then looks for
// sessions, so one of the two sees the other.
func (a *Accounts) stillLeads(ctx context.Context, phone, account, session string) error {
	r, there, err := a.ofPhone(ctx, phone)
	if err != nil {
		return fmt.Errorf("account: sign in: %w", err)
	}
	if there && r.ID == account {
		return nil
	}
	if err := a.endSession(ctx, session); err != nil {
		return fmt.Errorf("account: sign in: %w", err)
	}
	return a.refuse(ended, 0)
}

// openSession stores the session that a proof is for, or finds it again. A session that has moved on since does not come back: INVALID, as for a used code.
func (a *Accounts) openSession(ctx context.Context, r record, tie, uuid, deviceName string) (session, error) {
	id := sessionID(r.ID, uuid)
	name, err := a.sealDeviceName(deviceName, id)
	if err != nil {
		return session{}, err
	}
	now := a.now()
	s := session{
		ID: id, Subject: r.Subjects[0], Tie: tie, Assurance: Phone, DeviceName: name, Salt: randomBytes(32),
		CreatedAt: now, SeenAt: now, ExpiresAt: a.life(now, now, r.Staff),
	}
	token, err := a.refreshToken(s)
	if err != nil {
		return session{}, err
	}
	s.TokenHash = hashToken(token)
	err = a.sessions.Insert(ctx, s)
	if fault.CodeOf(err) != fault.Conflict {
		return s, err
	}
	if s, err = a.sessions.Get(ctx, id); err != nil {
		return session{}, err
	}
	if s.Generation > 0 || !s.live(now) {
		return session{}, a.refuse(ended, 0)
	}
	return s, nil
}

// grant issues the tokens of a session as it now is.
func (a *Accounts) grant(ctx context.Context, r record, s session) (Grant, error) {
	refresh, err := a.refreshToken(s)
	if err != nil {
		return Grant{}, err
	}
	access, expires, err := a.tokens.issue(ctx, claimsOf(r, s))
	if err != nil {
		return Grant{}, err
	}
	return Grant{
		AccessToken: access, RefreshToken: refresh.String(), ExpiresAt: expires,
		Account: r.ID, Session: s.uuid(), Viewer: r.viewer(s),
	}, nil
}

// guardAddress counts one call by address alone.
func (a *Accounts) guardAddress(ctx context.Context, what, address string, rule limit.Rule) error {
	_, err := a.deps.Limiter.Allow(ctx, "account:"+what+":address:"+a.Origin(address), rule)
	return a.limited(err)
}
