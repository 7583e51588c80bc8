package account

import (
	"cmp"
	"context"
	"fmt"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
)

// JoinAccounts joins the viewer's account to the one whose code is typed: both have a phone, and both were proved in this flow. The account that showed the
// code survives; what each made stays its own, and the survivor's owner sees all of it. The phones of both sign in to the survivor from then on, and the
// sessions of the other end.
//
// The viewer's side is proved by a session, or, for an account without a phone, by a chat that has been the account's for the waiting time of a recovery. Any
// other chat proves it by JoinProved: who holds a chat for a moment must not take the account along.
//
// INVALID for a code that is not good, CONFLICT for the viewer's own code or an account that is full, FORBIDDEN when either is an account of staff or the chat
// proves too little (account.join_unproved), RATE_LIMITED beyond the day's tries.
func (a *Accounts) JoinAccounts(ctx context.Context, v Viewer, code, key string) (Linked, error) {
	r, err := a.own(ctx, v)
	if err != nil {
		return Linked{}, err
	}
	if v.Identity != "" {
		strong, err := a.strong(ctx, v)
		if err != nil {
			return Linked{}, err
		}
		if r.Claim != "" || !strong {
			return Linked{}, fault.New(fault.Forbidden, "account.join_unproved").With("hours", hours(a.link.RecoveryWait))
		}
	}
	t, err := a.typedToJoin(ctx, v, code, key)
	if err != nil {
		return Linked{}, err
	}
	return a.joinTo(ctx, t)
}

// LookAtJoin tells which account the viewer's would be joined to by a typed code, and leaves the code as it is. Guesses and errors are those of JoinAccounts,
// and so is the scope of the key: CONFLICT when it came with another code.
func (a *Accounts) LookAtJoin(ctx context.Context, v Viewer, code, key string) (Offered, error) {
	if _, err := a.own(ctx, v); err != nil {
		return Offered{}, err
	}
	t, err := a.typedToJoin(ctx, v, code, key)
	if err != nil {
		return Offered{}, err
	}
	t.look = true
	o, err := a.takeOffer(ctx, t)
	if err != nil {
		return Offered{}, err
	}
	r, err := a.surviving(ctx, o.Account)
	if err != nil {
		return Offered{}, fmt.Errorf("account: look at a code: %w", err)
	}
	return a.offered(r)
}

// typedToJoin reads and counts a try at a code that joins accounts.
func (a *Accounts) typedToJoin(ctx context.Context, v Viewer, code, key string) (typing, error) {
	t, err := a.typed(ctx, typing{v: v, by: cmp.Or(v.Identity, v.KeyScope()), network: inApp, code: code}, "joinAccounts", key)
	t.fits = func(o offer) error {
		switch {
		case o.Account == v.Account:
			return fault.New(fault.Conflict, "account.own_code")
		case o.Identity != "" && o.Identity != v.Identity:
			return errVoid
		}
		return nil
	}
	return t, err
}

// joinTo uses the code up and joins.
func (a *Accounts) joinTo(ctx context.Context, t typing) (Linked, error) {
	o, err := a.takeOffer(ctx, t)
	if err != nil {
		return Linked{}, err
	}
	m := merge{
		ID: once.ID(once.Scope(t.v.Account, "account", "join", o.ID)), Account: o.Account, Other: t.v.Account, Subject: t.v.Account,
		Network: phoneNetwork, Flow: o.Flow, Strong: o.Strong, By: o.ID, At: a.now(),
	}
	l, err := a.join(ctx, m)
	if code := fault.CodeOf(err); code == fault.Conflict || code == fault.Forbidden {
		return Linked{}, a.deny(ctx, LinkEvent{ID: "refused-" + m.ID, Flow: m.Flow, Network: phoneNetwork, Reason: "conflict"}, err, t.v, o.Account)
	}
	return l, err
}
