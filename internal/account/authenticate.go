package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/fault"
)

// Recognised is who a token belongs to, and what was read to find out.
type Recognised struct {
	Viewer Viewer    // the zero Viewer for a guest
	Until  time.Time // when the token ends; zero for a guest

	record record
}

// Authenticate tells who a bearer token belongs to, by two reads: the session, which may have been ended, and the account, whose roles may
// have changed. "" is a guest: the zero Viewer. "Bearer " in front is tolerated. UNAUTHORIZED, with one text for every cause, when the token is not good.
func (a *Accounts) Authenticate(ctx context.Context, bearer string) (Viewer, error) {
	r, err := a.Recognise(ctx, bearer)
	return r.Viewer, err
}

// Recognise is Authenticate for whoever needs more than the viewer.
func (a *Accounts) Recognise(ctx context.Context, bearer string) (Recognised, error) {
	token := trimBearer(bearer)
	if token == "" {
		return Recognised{}, nil
	}
	c, err := a.tokens.verify(ctx, token)
	if err != nil {
		return Recognised{}, err
	}
	s, err := a.sessions.Get(ctx, sessionID(c.Account, c.Session))
	if fault.CodeOf(err) == fault.NotFound {
		return Recognised{}, signedOut(err)
	}
	if err != nil {
		return Recognised{}, fmt.Errorf("account: authenticate: %w", err)
	}
	if !s.live(a.now()) || s.Subject != c.Subject {
		return Recognised{}, signedOut(nil)
	}
	r, err := a.accounts.Get(ctx, c.Account)
	if fault.CodeOf(err) == fault.NotFound {
		return Recognised{}, signedOut(err)
	}
	if err != nil {
		return Recognised{}, fmt.Errorf("account: authenticate: %w", err)
	}
	if r.Into != "" { // it joined another account: signing in again leads there
		end, err := a.survivor(ctx, r)
		if err != nil {
			return Recognised{}, err
		}
		if end.ID != r.ID {
			return Recognised{}, signedOut(nil)
		}
	}
	if !slices.Contains(r.Subjects, s.Subject) || !r.admits(s) || r.Staff && !a.now().Before(s.CreatedAt.Add(a.cfg.StaffSessionMax)) {
		return Recognised{}, signedOut(nil)
	}
	return Recognised{Viewer: r.viewer(s), Until: c.Expiry.Time(), record: r}, nil
}

// ProfileOf gives the profile as it was when its owner was recognised, without a read. UNAUTHORIZED for a guest.
func (a *Accounts) ProfileOf(r Recognised) (Profile, error) {
	if !r.Viewer.SignedIn() {
		return Profile{}, signedOut(nil)
	}
	return a.profileOr(r.record, nil)
}
