package account

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// LinkedIdentity is one way by which an account is reached beside its own phone, as its owner sees it.
type LinkedIdentity struct {
	ID        string    // for Unlink
	Network   string    // "zalo", "messenger", "web"; "phone" for an account that was joined
	Phone     string    // masked, with "phone"; "" otherwise
	LinkedAt  time.Time //
	SeenAt    time.Time // when somebody last wrote there, to within a month; zero with "phone"
	Current   bool      // it is the viewer's own chat
	UndoUntil time.Time // until then Unlink also parts what each side made before
}

// Identities lists what acts for the viewer's account beside its sessions, the latest first. UNAUTHORIZED for a guest.
func (a *Accounts) Identities(ctx context.Context, v Viewer) ([]LinkedIdentity, error) {
	r, err := a.own(ctx, v)
	if err != nil {
		return nil, err
	}
	var chats []string
	for _, t := range r.Ties {
		if t.Identity != "" {
			chats = append(chats, t.Identity)
		}
	}
	seen, err := a.identities.GetMany(ctx, chats)
	if err != nil {
		return nil, fmt.Errorf("account: identities: %w", err)
	}
	joined, err := a.accounts.GetMany(ctx, r.joined())
	if err != nil {
		return nil, fmt.Errorf("account: identities: %w", err)
	}
	out := []LinkedIdentity{}
	for _, t := range r.Ties {
		l := LinkedIdentity{ID: t.Merge, Network: t.Network, LinkedAt: t.At, UndoUntil: t.At.Add(a.link.UndoFor)}
		if t.Other != "" {
			o := joined[t.Other]
			phone, err := a.open(o.Phone, phoneSeal(o.ID))
			if err != nil {
				return nil, err
			}
			l.Phone = mask(phone)
		} else {
			x, ok := seen[t.Identity]
			if !ok || x.Merge != t.Merge { // forgotten, or its link has just been ended
				continue
			}
			l.SeenAt, l.Current = x.SeenAt, x.ID == v.Identity
		}
		out = append(out, l)
	}
	slices.SortStableFunc(out, func(x, y LinkedIdentity) int { return y.LinkedAt.Compare(x.LinkedAt) })
	return out, nil
}

// joined gives the accounts that went up in this one.
func (r record) joined() []string {
	var out []string
	for _, t := range r.Ties {
		if t.Other != "" {
			out = append(out, t.Other)
		}
	}
	return out
}
