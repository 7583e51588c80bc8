package account

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// Session is a device that is signed in, as its owner sees it.
type Session struct {
	ID         string
	DeviceName string // "" when the device did not say
	CreatedAt  time.Time
	SeenAt     time.Time // when it last asked for new tokens
	Current    bool      // it is the viewer's own
}

// session is a sign-in on one device, from the code to its end. Its refresh tokens are one family: each is good for one use, by which the next is made.
type session struct {
	ID         string     `bson:"_id"` // <account>/<uuid>
	Subject    string     `bson:"subject"`
	Tie        string     `bson:"tie,omitempty"` // merge by which the phone that opened it leads to the account; "" for the account's own phone
	Assurance  Assurance  `bson:"assurance"`
	DeviceName []byte     `bson:"device_name,omitempty"` // sealed
	Salt       []byte     `bson:"salt"`                  // of the family's tokens
	Generation uint32     `bson:"generation"`            // of the newest token
	TokenHash  []byte     `bson:"token_hash"`            // SHA-256 of the newest token
	RetryKey   string     `bson:"retry_key,omitempty"`   // keyed index of the idempotency key that made the newest token
	CreatedAt  time.Time  `bson:"created_at"`
	SeenAt     time.Time  `bson:"seen_at"`
	EndedAt    *time.Time `bson:"ended_at,omitempty"`
	ExpiresAt  time.Time  `bson:"expires_at"`
}

var sessionKind = store.Kind{Name: "sessions", ExpiresAt: "expires_at", Owned: true}

// manySessions bounds the reading of one account's sessions, ended ones that are not yet swept included.
const manySessions = 500

func sessionID(account, uuid string) string { return account + "/" + uuid }

func (s session) uuid() string {
	_, id, _ := strings.Cut(s.ID, "/")
	return id
}

func (s session) live(now time.Time) bool { return s.EndedAt == nil && now.Before(s.ExpiresAt) }

// admits tells whether the account is still reached by the phone that opened a session. The account decides, as it does about chats: who signed in by a phone that
// has been parted from it since has nothing to do with it any more.
func (r record) admits(s session) bool { return s.Tie == "" || r.tied(s.Tie) >= 0 }

// end stops the session and everything issued in it. The document stays until no token of it could be good any more.
func (s *session) end(now time.Time, keep time.Duration) {
	s.EndedAt, s.ExpiresAt = &now, now.Add(keep)
}

// life gives the end of a session that is used now: soon when idle, later at the latest; staff have a shorter day.
func (a *Accounts) life(created, now time.Time, staff bool) time.Time {
	last := created.Add(a.cfg.SessionMax)
	if staff {
		last = created.Add(a.cfg.StaffSessionMax)
	}
	idle := now.Add(a.cfg.SessionIdle)
	if idle.Before(last) {
		return idle
	}
	return last
}

// Sessions lists the viewer's devices, the one seen last first. UNAUTHORIZED for a guest.
func (a *Accounts) Sessions(ctx context.Context, viewer Viewer) ([]Session, error) {
	if !viewer.SignedIn() {
		return nil, signedOut(nil)
	}
	live, err := a.liveSessions(ctx, viewer.Account)
	if err != nil {
		return nil, err
	}
	out := make([]Session, 0, len(live))
	for _, s := range live {
		name, err := a.open(s.DeviceName, deviceSeal(s.ID))
		if err != nil {
			return nil, err
		}
		out = append(out, Session{ID: s.uuid(), DeviceName: name, CreatedAt: s.CreatedAt, SeenAt: s.SeenAt, Current: s.uuid() == viewer.Session})
	}
	return out, nil
}

// liveSessions reads the sessions of an account that have not ended, the one seen last first.
func (a *Accounts) liveSessions(ctx context.Context, account string) ([]session, error) {
	all, err := a.sessions.Collect(ctx, a.sessions.ByID().Prefix(account+"/").First(manySessions))
	if err != nil {
		return nil, fmt.Errorf("account: sessions: %w", err)
	}
	now := a.now()
	all = slices.DeleteFunc(all, func(s session) bool { return !s.live(now) })
	slices.SortFunc(all, func(x, y session) int { return y.SeenAt.Compare(x.SeenAt) })
	return all, nil
}

// SignOut ends the viewer's session: its access token is refused from the next request on. A guest, or a session that has ended, is no error.
func (a *Accounts) SignOut(ctx context.Context, viewer Viewer) error {
	if !viewer.SignedIn() {
		return nil
	}
	err := a.endSession(ctx, sessionID(viewer.Account, viewer.Session))
	if fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	return err
}

// RevokeSession ends one of the viewer's sessions. NOT_FOUND for one that is not theirs. Ending it twice is no error.
func (a *Accounts) RevokeSession(ctx context.Context, viewer Viewer, id string) error {
	if !viewer.SignedIn() {
		return signedOut(nil)
	}
	if !isID(id) { // holds no slash, so the account's id in front is always the viewer's own
		return fault.New(fault.NotFound, "account.no_session")
	}
	err := a.endSession(ctx, sessionID(viewer.Account, id))
	if fault.CodeOf(err) == fault.NotFound {
		return fault.New(fault.NotFound, "account.no_session").Because(err)
	}
	return err
}

// endSession ends a session, and what it left behind elsewhere: before the write, because who finds the session ended after a kill does not look for more, and
// after it, because something may have been left until then.
func (a *Accounts) endSession(ctx context.Context, id string) error {
	s, err := a.sessions.Get(ctx, id)
	if err != nil {
		return err
	}
	if err := a.left(ctx, s.uuid()); err != nil {
		return err
	}
	now := a.now()
	_, err = a.sessions.Update(ctx, id, func(s *session) error {
		if s.EndedAt != nil {
			return store.ErrUnchanged
		}
		s.end(now, day)
		return nil
	})
	if err != nil {
		return err
	}
	return a.left(ctx, s.uuid())
}

// left tells that a session, or a chat, acts for an account no more; "" is neither.
func (a *Accounts) left(ctx context.Context, by string) error {
	if a.deps.Left == nil || by == "" {
		return nil
	}
	if err := a.deps.Left(ctx, by); err != nil {
		return fmt.Errorf("account: what a session or chat leaves behind: %w", err)
	}
	return nil
}

// endSessions ends all sessions of an account that were opened after since.
func (a *Accounts) endSessions(ctx context.Context, account string, since time.Time) error {
	live, err := a.liveSessions(ctx, account)
	if err != nil {
		return err
	}
	for _, s := range live {
		if !s.CreatedAt.After(since) {
			continue
		}
		if err := a.endSession(ctx, s.ID); err != nil && fault.CodeOf(err) != fault.NotFound {
			return err
		}
	}
	return nil
}

// shutOut ends the sessions of an account that were opened by phones which go with a tie.
func (a *Accounts) shutOut(ctx context.Context, account string, without func(*record)) error {
	r, err := a.accounts.Get(ctx, account)
	if err != nil {
		return fmt.Errorf("account: sessions: %w", err)
	}
	without(&r)
	live, err := a.liveSessions(ctx, account)
	if err != nil {
		return err
	}
	for _, s := range live {
		if r.admits(s) {
			continue
		}
		if err := a.endSession(ctx, s.ID); err != nil && fault.CodeOf(err) != fault.NotFound {
			return err
		}
	}
	return nil
}

// trim ends the oldest sessions of an account beyond the most that it may have.
func (a *Accounts) trim(ctx context.Context, account string) error {
	live, err := a.liveSessions(ctx, account)
	if err != nil {
		return err
	}
	for _, s := range live[min(len(live), a.cfg.MaxSessions):] {
		if err := a.endSession(ctx, s.ID); err != nil && fault.CodeOf(err) != fault.NotFound {
			return err
		}
	}
	return nil
}

// maxDeviceName is the longest name of a device that is kept, in runes; longer ones are cut.
const maxDeviceName = 64

// sealDeviceName prepares a device's name: what cannot be shown is left out.
func (a *Accounts) sealDeviceName(name, id string) ([]byte, error) {
	name = clean(name)
	if utf8.RuneCountInString(name) > maxDeviceName {
		name = string([]rune(name)[:maxDeviceName])
	}
	if name == "" {
		return nil, nil
	}
	return a.deps.Box.Seal([]byte(name), deviceSeal(id))
}

// open unseals an optional text; "" when there is none.
func (a *Accounts) open(sealed []byte, context string) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	plain, err := a.deps.Box.Unseal(sealed, context)
	if err != nil {
		return "", fmt.Errorf("account: %w", err)
	}
	return string(plain), nil
}

func deviceSeal(id string) string { return "account device/" + id }
