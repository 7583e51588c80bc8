package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
)

// ChangePhone moves the viewer's account to the phone that a challenge was asked for, proved by its code. The old phone no longer signs in, and is told so.
// A repeat with the same key gives the same result. INVALID for a wrong or ended code, CONFLICT when the phone belongs to another account:
// two accounts are never joined by this.
func (a *Accounts) ChangePhone(ctx context.Context, viewer Viewer, challengeID, code, key string) (Profile, error) {
	if !viewer.SignedIn() {
		return Profile{}, signedOut(nil)
	}
	if err := checkKey(key); err != nil {
		return Profile{}, err
	}
	c, err := a.prove(ctx, attempt{
		id: challengeID, code: code, purpose: "change_phone/" + viewer.Account, key: key, device: "session/" + viewer.Session,
	})
	if err != nil {
		return Profile{}, err
	}
	phone, err := a.phoneOf(c)
	if err != nil {
		return Profile{}, err
	}
	var mark *once.Mark
	if key != "" {
		mark = &once.Mark{Key: once.Scope(viewer.Subject, "account", "changePhone", key), Hash: c.Claim}
	}
	r, err := a.relocate(ctx, viewer.Account, phone, mark)
	if err != nil {
		return Profile{}, err
	}
	return a.profile(r)
}

// relocate moves an account to a phone. Each step can be repeated, by the same request again or by whoever next signs in with the phone:
// the claim of the new phone is reserved, then the account names it, then the claim is done and the old one released.
func (a *Accounts) relocate(ctx context.Context, id, phone string, mark *once.Mark) (record, error) {
	ids := a.deps.Box.Indexes(phoneContext, phone)
	for range rounds {
		r, err := a.accounts.Get(ctx, id)
		if err != nil {
			return record{}, fmt.Errorf("account: change phone: %w", err)
		}
		c, err := a.reserveFor(ctx, r, ids)
		if errors.Is(err, errMoved) {
			continue
		}
		if err != nil {
			return record{}, err
		}
		if r, err = a.arrive(ctx, c, phone, mark); err != nil {
			return record{}, err
		}
		if err := a.finish(ctx, c); err != nil {
			return record{}, err
		}
		return r, nil
	}
	return record{}, &fault.Error{Code: fault.Unavailable, RetryAfter: time.Second, Cause: errMoved}
}

// reserveFor reserves a phone's claim for an account that moves there, or gives the claim that it already has. CONFLICT when the phone is another's.
func (a *Accounts) reserveFor(ctx context.Context, r record, ids []string) (claim, error) {
	m := &move{From: r.Claim, Count: r.Moves}
	c, there, err := a.findClaim(ctx, ids)
	if err != nil {
		return claim{}, err
	}
	if !there {
		turn, err := newID()
		if err != nil {
			return claim{}, err
		}
		c = claim{ID: ids[0], Account: r.ID, State: reserved, Turn: turn, Move: m, At: a.now()}
		if err := a.claims.Insert(ctx, c); fault.CodeOf(err) == fault.Conflict {
			return claim{}, errMoved
		} else if err != nil {
			return claim{}, err
		}
		return c, nil
	}
	owner, exists, err := a.owner(ctx, c)
	if err != nil {
		return claim{}, err
	}
	worth := judge(c, owner, exists, ids)
	if c.Account == r.ID && (worth == live || worth == moving) {
		return c, nil
	}
	if worth != stale {
		return claim{}, fault.New(fault.Conflict, "account.phone_taken")
	}
	return a.take(ctx, c, r.ID, m)
}

// arrive makes the account name the claim that was reserved for it, tells the phone it leaves, and releases that phone's claim.
// Done before, it changes nothing.
func (a *Accounts) arrive(ctx context.Context, c claim, phone string, mark *once.Mark) (record, error) {
	sealed, err := a.deps.Box.Seal([]byte(phone), phoneSeal(c.Account))
	if err != nil {
		return record{}, err
	}
	before, err := a.accounts.Get(ctx, c.Account)
	if err != nil {
		return record{}, err
	}
	r, err := a.accounts.Update(ctx, c.Account, func(r *record) error {
		if mark != nil {
			if seen, err := r.Marks.Seen(mark.Key, mark.Hash); err != nil || seen {
				return errOr(err, store.ErrUnchanged)
			}
			r.Marks.Add(mark.Key, mark.Hash)
		}
		if r.Claim == c.ID {
			return nil
		}
		if c.Move == nil || r.Claim != c.Move.From || r.Moves != c.Move.Count {
			return fault.New(fault.Conflict, "") // the account has moved elsewhere meanwhile
		}
		r.Claim, r.Phone, r.Moves, r.UpdatedAt = c.ID, sealed, r.Moves+1, a.now()
		return nil
	})
	if err != nil {
		return record{}, err
	}
	if c.Move == nil || c.Move.From == c.ID {
		return r, nil
	}
	if err := a.tellOldPhone(ctx, before, c); err != nil {
		return record{}, err
	}
	a.count("phone_changed")
	return r, a.release(ctx, c.Move.From)
}

// tellOldPhone warns the phone that an account leaves: if it was not its owner who moved it, this is how they learn.
func (a *Accounts) tellOldPhone(ctx context.Context, before record, c claim) error {
	if before.Claim != c.Move.From {
		return nil // moved by somebody else meanwhile, who tells
	}
	old, err := a.deps.Box.Unseal(before.Phone, phoneSeal(before.ID))
	if err != nil {
		return fmt.Errorf("account: phone: %w", err)
	}
	text := a.deps.Texts.Text(before.Lang, "account.sms_phone_changed", nil)
	return a.putSMS(ctx, urgent, "phone-changed-"+c.Turn, SMS{To: string(old), Text: text})
}

func errOr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}
