package account

import (
	"context"
	"time"

	"github.com/motcua/motcua/internal/store"
)

// complete does what follows once a merge counts: the record, the notices, the end of a joined account's sessions, the state. Each step may be repeated.
func (a *Accounts) complete(ctx context.Context, m merge) error {
	e := LinkEvent{Kind: LinkJoined, Flow: m.Flow, Network: m.Network}
	if err := a.note(ctx, m.Account, m.ID, e); err != nil {
		return err
	}
	if err := a.tell(ctx, Alert{ID: "linked-" + m.ID, Account: m.Account, Notice: NoticeLinked, Network: m.Network}); err != nil {
		return err
	}
	if err := a.textJoined(ctx, m); err != nil {
		return err
	}
	if m.Other != "" { // they do not count while it is joined, and shall not come back when it is parted again
		if err := a.endSessions(ctx, m.Other, time.Time{}); err != nil {
			return err
		}
	}
	if err := a.settled(ctx, m); err != nil {
		return err
	}
	return a.mark(ctx, m.ID, begun, merged)
}

// settled tells the side that joined that the merge is complete.
func (a *Accounts) settled(ctx context.Context, m merge) error {
	var err error
	if m.Other != "" {
		_, err = a.accounts.Update(ctx, m.Other, func(r *record) error { return settle(&r.Pending, r.Merge == m.ID) })
	} else {
		_, err = a.identities.Update(ctx, m.Identity, func(x *identity) error { return settle(&x.Pending, x.Merge == m.ID) })
	}
	return unlessGone("join", err)
}

func settle(pending *bool, same bool) error {
	if !same || !*pending {
		return store.ErrUnchanged
	}
	*pending = false
	return nil
}
