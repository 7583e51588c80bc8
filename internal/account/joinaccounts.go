package account

import (
	"context"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
)

// JoinAccounts joins the viewer's account to the one whose code is typed: both have a phone, and both were proved in this flow. The account that showed the
// code survives; what each made stays its own, and the survivor's owner sees all of it. The phones of both sign in to the survivor from then on, and the
// sessions of the other end. INVALID for a code that is not good, CONFLICT for the viewer's own code or an account that is full, FORBIDDEN when either is
// an account of staff, RATE_LIMITED beyond the day's tries.
func (a *Accounts) JoinAccounts(ctx context.Context, v Viewer, code, key string) (Linked, error) {
	if _, err := a.own(ctx, v); err != nil {
		return Linked{}, err
	}
	t, err := a.typed(ctx, v, "joinAccounts", v.KeyScope(), code, key)
	if err != nil {
		return Linked{}, err
	}
	t.fits = func(o offer) error {
		switch {
		case o.Account == v.Account:
			return fault.New(fault.Conflict, "account.own_code")
		case o.Identity != "" && o.Identity != v.Identity:
			return errVoid
		}
		return nil
	}
	if v.Identity != "" {
		t.by = v.Identity
	}
	o, err := a.takeOffer(ctx, t)
	if err != nil {
		return Linked{}, err
	}
	m := merge{
		ID: once.ID(once.Scope(v.Account, "account", "join", o.ID)), Account: o.Account, Other: v.Account, Subject: v.Account,
		Network: phoneNetwork, Flow: o.Flow, Strong: o.Strong, By: o.ID, At: a.now(),
	}
	l, err := a.join(ctx, m)
	if code := fault.CodeOf(err); code == fault.Conflict || code == fault.Forbidden {
		return Linked{}, a.deny(ctx, LinkEvent{ID: "refused-" + m.ID, Flow: m.Flow, Network: phoneNetwork, Reason: "conflict"}, err, v.Account, o.Account)
	}
	return l, err
}
