package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/outbox"
	"github.com/motcua/motcua/internal/store"
)

// ChangePhone moves the viewer's account to the phone that a challenge was asked for, proved by its code. The old phone no longer signs in, and is
// told so. A repeat with the same key changes nothing more. INVALID for a wrong or ended code, RATE_LIMITED by account and
// phone, CONFLICT when the phone belongs to another account: two accounts are never joined by this.
func (a *Accounts) ChangePhone(ctx context.Context, viewer Viewer, challengeID, code, key string) (Profile, error) {
	if !viewer.SignedIn() {
		return Profile{}, signedOut(nil)
	}
	if viewer.Identity != "" { // in a chat the way is a recovery, with its waiting time
		return Profile{}, fault.New(fault.Forbidden, "account.needs_session")
	}
	mark, err := newMark(viewer, "changePhone", key, struct {
		Challenge string `json:"challengeId"`
	}{challengeID})
	if err != nil {
		return Profile{}, err
	}
	r, err := a.accounts.Get(ctx, viewer.Account)
	if err != nil {
		return Profile{}, fmt.Errorf("account: change phone: %w", err)
	}
	if seen, err := mark.seen(r); err != nil || seen {
		return a.profileOr(r, err)
	}
	if _, err := a.deps.Limiter.Allow(ctx, "account:check:account:"+viewer.Account, a.cfg.Limits.CheckDevice); err != nil {
		return Profile{}, a.limited(err)
	}
	c, err := a.prove(ctx, attempt{id: challengeID, code: code, purpose: "change_phone/" + viewer.Account, key: key})
	if err != nil {
		return Profile{}, err
	}
	phone, err := a.phoneOf(c)
	if err != nil {
		return Profile{}, err
	}
	if err := a.relocate(ctx, viewer.Account, phone); err != nil {
		return Profile{}, err
	}
	r, err = a.accounts.Update(ctx, viewer.Account, func(r *record) error { return mark.add(r) })
	return a.profileOr(r, err)
}

// relocate moves an account to a phone. Each step can be repeated, by the same request again or by whoever signs in with the phone soon after:
// the claim of the new phone is reserved, then the account names it, then the old claim is released and the new one done.
func (a *Accounts) relocate(ctx context.Context, id, phone string) error {
	ids := a.deps.Box.Indexes(phoneContext, phone)
	for range rounds {
		r, err := a.accounts.Get(ctx, id)
		if err != nil {
			return fmt.Errorf("account: change phone: %w", err)
		}
		c, err := a.reserveFor(ctx, r, ids)
		if err == nil {
			_, err = a.arrive(ctx, c, phone)
		}
		if errors.Is(err, errMoved) {
			continue
		}
		if err != nil {
			return err
		}
		return a.finish(ctx, c)
	}
	return busy()
}

// reserveFor reserves a phone's claim for an account that moves there, or gives the claim that it already has. CONFLICT when the phone is another's,
// errMoved when the claim must be read again.
func (a *Accounts) reserveFor(ctx context.Context, r record, ids []string) (claim, error) {
	m := &move{From: r.Claim, Count: r.Moves, Phone: r.Phone}
	c, there, err := a.findClaim(ctx, ids)
	if err != nil {
		return claim{}, err
	}
	if !there {
		c, err := a.reserve(ctx, ids[0], r.ID, m)
		if fault.CodeOf(err) == fault.Conflict {
			return claim{}, errMoved
		}
		return c, err
	}
	owner, exists, err := a.owner(ctx, c)
	if err != nil {
		return claim{}, err
	}
	worth := judge(c, owner, exists, ids, a.now())
	if c.Account == r.ID && (worth == live || worth == moving) {
		return c, nil
	}
	if worth != stale {
		return claim{}, fault.New(fault.Conflict, "account.phone_taken")
	}
	return a.take(ctx, c, r.ID, m)
}

// arrive makes the account name the claim that was reserved for it. Done before, it changes nothing. errMoved when the account has moved otherwise.
func (a *Accounts) arrive(ctx context.Context, c claim, phone string) (record, error) {
	sealed, err := a.deps.Box.Seal([]byte(phone), phoneSeal(c.Account))
	if err != nil {
		return record{}, err
	}
	return a.accounts.Update(ctx, c.Account, func(r *record) error {
		if r.Claim == c.ID {
			return store.ErrUnchanged
		}
		if !c.Move.leads(*r) {
			return errMoved
		}
		r.Claim, r.Phone, r.Moves, r.UpdatedAt = c.ID, sealed, r.Moves+1, a.now()
		return nil
	})
}

// leave tells the phone that an account has left, so that its owner learns of a change that was not theirs, and releases its claim.
func (a *Accounts) leave(ctx context.Context, c claim) error {
	if c.Move.From == "" { // it had none
		return nil
	}
	old, err := a.deps.Box.Unseal(c.Move.Phone, phoneSeal(c.Account))
	if err != nil {
		return fmt.Errorf("account: phone: %w", err)
	}
	r, err := a.accounts.Get(ctx, c.Account)
	if err != nil {
		return err
	}
	text := a.deps.Texts.Text(r.Lang, "account.sms_phone_changed", nil)
	if err := a.putSMS(ctx, outbox.Urgent, "phone-changed-"+c.Turn, SMS{To: string(old), Text: text}); err != nil {
		return err
	}
	a.count("phone_changed")
	return a.release(ctx, c.Move.From)
}

// mark is the memory of one change of an account by a key of its owner; nil when the owner gave no key.
type mark struct{ once.Mark }

// newMark makes the mark of a change. INVALID when the key is too long.
func newMark(viewer Viewer, action, key string, input any) (*mark, error) {
	if err := checkKey(key); err != nil || key == "" {
		return nil, err
	}
	raw, err := json.Marshal(input)
	if err != nil {
		return nil, err
	}
	hash, err := once.HashInput(raw)
	if err != nil {
		return nil, err
	}
	return &mark{once.Mark{Key: once.Scope(viewer.KeyScope(), "account", action, key), Hash: hash}}, nil
}

// seen tells whether the change was made before. CONFLICT when the key was used for something else.
func (m *mark) seen(r record) (bool, error) {
	if m == nil {
		return false, nil
	}
	return r.Marks.Seen(m.Key, m.Hash)
}

// add remembers the change; store.ErrUnchanged when it is remembered already.
func (m *mark) add(r *record) error {
	if m == nil {
		return store.ErrUnchanged
	}
	seen, err := r.Marks.Seen(m.Key, m.Hash)
	if err != nil {
		return err
	}
	if seen {
		return store.ErrUnchanged
	}
	r.Marks.Add(m.Key, m.Hash)
	return nil
}

// checkKey refuses an idempotency key that is too long. "" is none.
func checkKey(key string) error {
	if len(key) <= once.MaxKey {
		return nil
	}
	return &fault.Error{Code: fault.Invalid, Fields: []fault.Field{{Path: []string{"idempotencyKey"}, Key: "account.key_too_long", Params: map[string]any{"max": once.MaxKey}}}}
}
