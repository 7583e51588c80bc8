package account

import (
	"context"
	"fmt"
	"slices"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// Recoveries gives what waits for the viewer's account, and what the viewer's chat waits for. UNAUTHORIZED for nobody.
func (a *Accounts) Recoveries(ctx context.Context, v Viewer) ([]Recovery, error) {
	all, err := a.concerning(ctx, v)
	if err != nil {
		return nil, err
	}
	out, now := []Recovery{}, a.now()
	for _, r := range all {
		if !r.open(now) {
			continue
		}
		shown, err := a.shownRecovery(r, v)
		if err != nil {
			return nil, err
		}
		out = append(out, shown)
	}
	return out, nil
}

// concerning gives what is or was waited for about the viewer's account or by their chat, as long as it is kept.
func (a *Accounts) concerning(ctx context.Context, v Viewer) ([]recovery, error) {
	if v.Subject == "" {
		return nil, signedOut(nil)
	}
	var all []recovery
	var err error
	if v.SignedIn() {
		if all, err = a.recoveriesOf(ctx, v.Account); err != nil {
			return nil, err
		}
	}
	if v.Identity == "" {
		return all, nil
	}
	own, err := a.askedBy(ctx, v.Identity)
	for _, r := range own {
		if !slices.ContainsFunc(all, func(x recovery) bool { return x.ID == r.ID }) {
			all = append(all, r)
		}
	}
	return all, err
}

// askedBy gives the last waits that a chat asked for.
func (a *Accounts) askedBy(ctx context.Context, identity string) ([]recovery, error) {
	own, err := a.recoveries.Collect(ctx, a.recoveriesBy.Where(identity).Descending().First(10))
	if err != nil {
		return nil, fmt.Errorf("account: recoveries: %w", err)
	}
	return own, nil
}

func (a *Accounts) recoveriesOf(ctx context.Context, account string) ([]recovery, error) {
	all, err := a.recoveries.Collect(ctx, a.recoveries.ByID().Prefix(account+"/"))
	if err != nil {
		return nil, fmt.Errorf("account: recoveries: %w", err)
	}
	return all, nil
}

func (a *Accounts) shownRecovery(r recovery, v Viewer) (Recovery, error) {
	phone, err := a.open(r.Phone, recoverySeal(r.ID))
	if err != nil {
		return Recovery{}, err
	}
	return Recovery{
		ID: r.Turn, Kind: r.Kind, Phone: mask(phone), Network: r.Network, Own: v.Identity != "" && r.By == v.Identity,
		Started: r.StartedAt, Ready: r.ReadyAt, Ends: r.EndsAt,
	}, nil
}

// CancelRecovery stops a wait: whoever acts for the account may, and the chat that asked. A repeat changes nothing. NOT_FOUND for one that is not theirs;
// CONFLICT when it was finished before.
func (a *Accounts) CancelRecovery(ctx context.Context, v Viewer, id, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	r, err := a.findRecovery(ctx, v, id)
	if err != nil {
		return err
	}
	now := a.now()
	r, err = a.recoveries.Update(ctx, r.ID, func(x *recovery) error {
		switch {
		case x.Turn != id:
			return fault.New(fault.NotFound, "account.no_recovery")
		case x.State == cancelled:
			return store.ErrUnchanged
		case x.State != waiting:
			return fault.New(fault.Conflict, "account.recovery_over")
		}
		x.State, x.EndedAt, x.ExpiresAt = cancelled, &now, now.Add(a.link.RecoveryWait+day)
		return nil
	})
	if err != nil {
		return err
	}
	if err := a.note(ctx, r.Account, "stopped-"+r.Turn, LinkEvent{Kind: RecoveryStopped, Network: r.Network}); err != nil {
		return err
	}
	return a.tellRecovery(ctx, r, cancelledNotices)
}

// findRecovery gives the wait of that id, if it is the viewer's to see.
func (a *Accounts) findRecovery(ctx context.Context, v Viewer, id string) (recovery, error) {
	all, err := a.concerning(ctx, v)
	if err != nil {
		return recovery{}, err
	}
	i := slices.IndexFunc(all, func(r recovery) bool { return r.Turn == id })
	if i < 0 {
		return recovery{}, fault.New(fault.NotFound, "account.no_recovery")
	}
	return all[i], nil
}
