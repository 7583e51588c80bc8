package account

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// ConfirmRecovery ends a wait that this chat asked for and nobody stopped: the phone is proved once more by its code, then it takes the place of the lost
// one and every session ends (ReplacePhone), or it leads to a new account with this chat (ReleasePhone). A repeat with the same key changes nothing more.
// INVALID for a code that is not good; CONFLICT account.recovery_early before its time; NOT_FOUND when there is none, it was stopped, or the account has
// another phone meanwhile; FORBIDDEN outside of a chat.
func (a *Accounts) ConfirmRecovery(ctx context.Context, v Viewer, challengeID, code, key string) (Recovery, error) {
	phone, err := a.proveInChat(ctx, v, "confirm", challengeID, code, key)
	if err != nil {
		return Recovery{}, err
	}
	r, err := a.ripe(ctx, v, a.deps.Box.Indexes(phoneContext, phone))
	if err != nil {
		return Recovery{}, err
	}
	if err := a.carryOut(ctx, v, r, phone, challengeID); err != nil {
		return Recovery{}, err
	}
	return a.shownRecovery(r, v)
}

// ripe finds the wait of this chat for a phone, and makes it final. One that has just been finished is given again, for a repeat.
func (a *Accounts) ripe(ctx context.Context, v Viewer, claims []string) (recovery, error) {
	own, err := a.askedBy(ctx, v.Identity)
	if err != nil {
		return recovery{}, err
	}
	now := a.now()
	i := slices.IndexFunc(own, func(r recovery) bool {
		return slices.Contains(claims, r.Claim) && (r.open(now) || r.State == carried && now.Before(r.EndedAt.Add(repeatTime)))
	})
	if i < 0 {
		return recovery{}, fault.New(fault.NotFound, "account.no_recovery")
	}
	turn := own[i].Turn
	return a.recoveries.Update(ctx, own[i].ID, func(r *recovery) error {
		switch {
		case r.Turn != turn || r.State == cancelled:
			return fault.New(fault.NotFound, "account.no_recovery")
		case r.State != waiting:
			return store.ErrUnchanged
		case now.Before(r.ReadyAt):
			return fault.New(fault.Conflict, "account.recovery_early").With("hours", hours(r.ReadyAt.Sub(now)))
		}
		r.State, r.ExpiresAt = carrying, now.Add(a.link.RecoveryOpen)
		return nil
	})
}

// hours rounds a wait up to whole hours.
func hours(d time.Duration) int { return int((d + time.Hour - 1) / time.Hour) }

// carryOut makes the change. Each step may be repeated.
func (a *Accounts) carryOut(ctx context.Context, v Viewer, r recovery, phone, by string) error {
	if r.State == carried {
		return nil
	}
	var err error
	if r.Kind == ReplacePhone {
		err = a.replacePhone(ctx, v, r, phone)
	} else {
		err = a.releasePhone(ctx, v, r, phone, by)
	}
	if errors.Is(err, errOutdated) {
		if err := a.endRecovery(ctx, r, cancelled); err != nil {
			return err
		}
		return fault.New(fault.NotFound, "account.no_recovery").Because(err)
	}
	if err != nil {
		return err
	}
	e := LinkEvent{Kind: map[RecoveryKind]LinkKind{ReplacePhone: RecoveryCarried, ReleasePhone: PhoneGivenUp}[r.Kind], Flow: ByWaiting, Network: r.Network}
	if err := a.note(ctx, r.Account, "done-"+r.Turn, e); err != nil {
		return err
	}
	if err := a.tellRecovery(ctx, r, doneNotices); err != nil {
		return err
	}
	return a.endRecovery(ctx, r, carried)
}

// errOutdated means that the account is not any more as it was when the wait began.
var errOutdated = errors.New("account: the account has changed meanwhile")

// replacePhone moves the account to the phone, and ends its sessions and its chats in browsers but the one that asked: whoever has the lost phone must not stay
// in.
func (a *Accounts) replacePhone(ctx context.Context, v Viewer, r recovery, phone string) error {
	if v.Account != r.Account {
		return errOutdated
	}
	x, err := a.own(ctx, v)
	if err != nil {
		return err
	}
	// A chat that parted others meanwhile may have put those out of the way who could object.
	outdated := x.Moves != r.Moves || x.PartedAt != nil && !x.PartedAt.Before(r.StartedAt)
	if arrived := slices.Contains(a.deps.Box.Indexes(phoneContext, phone), x.Claim); !arrived && outdated {
		return errOutdated
	}
	if x.Staff {
		return fault.New(fault.Forbidden, "account.recovery_staff")
	}
	if err := a.relocate(ctx, r.Account, phone); err != nil {
		return err
	}
	if err := a.partWeb(ctx, r.Account, v.Identity); err != nil {
		return err
	}
	return a.endSessions(ctx, r.Account, time.Time{}) // a repeat may end one with the new phone, which can sign in again
}

// releasePhone takes the phone from the account that it led to, and links the chat with a new account of the phone.
func (a *Accounts) releasePhone(ctx context.Context, v Viewer, r recovery, phone, by string) error {
	ids := a.deps.Box.Indexes(phoneContext, phone)
	if v.SignedIn() {
		if own, err := a.own(ctx, v); err != nil || !slices.Contains(ids, own.Claim) {
			return cmp.Or[error](err, errHeld) // linked elsewhere while it waited
		}
	}
	holder := r.Account
	if c, there, err := a.findClaim(ctx, ids); err != nil {
		return err
	} else if there {
		holder = c.Account // the phone's own account, where it joined another one
	}
	_, err := a.accounts.Update(ctx, holder, func(x *record) error {
		former := x.ID == r.Account && x.Moves == r.Moves || x.ID != r.Account && x.Into != ""
		if !former || !slices.Contains(ids, x.Claim) {
			return store.ErrUnchanged // it is released, or leads to the new account
		}
		if x.Staff {
			return fault.New(fault.Forbidden, "account.recovery_staff")
		}
		x.Claim, x.Phone, x.Moves, x.UpdatedAt = "", nil, x.Moves+1, a.now()
		return nil
	})
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		return err
	}
	if err := a.endSessions(ctx, r.Account, r.StartedAt); err != nil { // whoever holds the phone now may have opened one since
		return err
	}
	b, err := a.enrol(ctx, phone, v.Lang)
	if err != nil {
		return err
	}
	if v.SignedIn() && v.Account == b.ID {
		return nil
	}
	if b.ID == r.Account { // it moved away and back
		return errOutdated
	}
	x, err := a.identities.Get(ctx, v.Identity)
	if err != nil {
		return fmt.Errorf("account: recovery: %w", err)
	}
	_, err = a.joinChat(ctx, x, v, merge{Account: b.ID, Flow: ByWaiting, By: r.Turn + "/" + by, At: a.now()})
	return err
}

func (a *Accounts) endRecovery(ctx context.Context, r recovery, to recoveryState) error {
	now := a.now()
	_, err := a.recoveries.Update(ctx, r.ID, func(x *recovery) error {
		if x.Turn != r.Turn || x.State == to {
			return store.ErrUnchanged
		}
		x.State, x.EndedAt, x.ExpiresAt = to, &now, now.Add(a.link.RecoveryWait+day)
		return nil
	})
	return unlessGone("recovery", err)
}
