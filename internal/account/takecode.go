package account

import (
	"context"
	"crypto/subtle"
	"fmt"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
)

// TakeCode links the chat with the account whose code was typed: one that OfferCode made, or that OpenLink showed for this chat. INVALID, naming the field
// code, for every code that is not good; why is nobody's business but the record's. CONFLICT when the chat is linked to another account
// (account.linked_elsewhere: JoinAccounts joins the two), or the account has a chat on that network and neither it nor an older session showed the code
// (account.other_identity). RATE_LIMITED beyond the day's tries, or those of the whole network. FORBIDDEN outside of a chat.
func (a *Accounts) TakeCode(ctx context.Context, v Viewer, code, key string) (Linked, error) {
	if v.Identity == "" {
		return Linked{}, chatOnly()
	}
	x, t, err := a.typedInChat(ctx, v, code, "takeCode", key)
	if err != nil {
		return Linked{}, err
	}
	o, err := a.takeOffer(ctx, t)
	if err != nil {
		return Linked{}, err
	}
	if v.SignedIn() {
		return a.already(ctx, v, o.ID)
	}
	return a.joinChat(ctx, x, v, merge{Account: o.Account, Flow: o.Flow, Strong: o.Strong, By: o.ID, At: a.now()})
}

// typedInChat reads and counts a try at a code that links the viewer's chat.
func (a *Accounts) typedInChat(ctx context.Context, v Viewer, code, action, key string) (identity, typing, error) {
	x, err := a.identities.Get(ctx, v.Identity)
	if err != nil {
		return identity{}, typing{}, fmt.Errorf("account: typed code: %w", err)
	}
	t, err := a.typed(ctx, typing{v: v, by: v.Identity, network: x.Network, code: code}, action, key)
	t.fits = func(o offer) error {
		if v.SignedIn() && v.Account != o.Account {
			return errHeld
		}
		return nil
	}
	return x, t, err
}

// already answers for a chat that is linked to that account: by this code, if the request was killed before it answered, or from before.
func (a *Accounts) already(ctx context.Context, v Viewer, by string) (Linked, error) {
	r, err := a.accounts.Get(ctx, v.Account)
	if err != nil {
		return Linked{}, fmt.Errorf("account: take code: %w", err)
	}
	t, ok := r.tieOf(v.Identity)
	if !ok {
		return Linked{}, errVoid
	}
	m, err := a.merges.Get(ctx, t.Merge)
	if err != nil {
		return Linked{}, fmt.Errorf("account: take code: %w", err)
	}
	if m.By == by && m.State == begun {
		return a.linked(m), a.complete(ctx, m)
	}
	return a.linked(m), nil
}

// joinChat links a chat by what proved it, and records a refusal with both sides. v is the chat's viewer.
func (a *Accounts) joinChat(ctx context.Context, x identity, v Viewer, m merge) (Linked, error) {
	m.ID = chatMerge(x, m.By)
	m.Identity, m.Subject, m.Network = x.ID, x.Subject, x.Network
	l, err := a.join(ctx, m)
	if fault.CodeOf(err) == fault.Conflict {
		return Linked{}, a.deny(ctx, LinkEvent{ID: "refused-" + m.ID, Flow: m.Flow, Network: x.Network, Reason: "conflict"}, err, v, m.Account)
	}
	return l, err
}

// chatMerge names the merge of a chat by what proved it.
func chatMerge(x identity, by string) string { return once.ID(once.Scope(x.ID, "account", "link", by)) }

// typing is one try at a typed code.
type typing struct {
	v       Viewer
	by      string // the chat or the account that types
	network string // of the chat; inApp for none
	code    string // as typed; typed brings it to the one way in which codes are kept
	key     string // scope of the idempotency key; "" for none
	fits    func(offer) error
	look    bool // the code is not used up
}

// typed reads and counts a try at a code, before anything is looked up.
func (a *Accounts) typed(ctx context.Context, t typing, action, key string) (typing, error) {
	var err error
	if t.code, err = readLinkCode(t.code); err != nil {
		return typing{}, err
	}
	var hash string
	if t.key, hash, err = a.scoped(t.v, action, key, t.code); err != nil {
		return typing{}, err
	}
	if err := a.chargeTyped(ctx, t.by, t.code, t.key, hash); err != nil {
		return typing{}, err
	}
	return t, a.brake(ctx, "typed", t.network, a.cfg.Limits.TypedNetwork)
}

// takeOffer uses a code up, or only looks at it.
func (a *Accounts) takeOffer(ctx context.Context, t typing) (offer, error) {
	ids := a.deps.Box.Indexes(linkCodeContext, t.code)
	found, err := a.offers.GetMany(ctx, ids)
	if err != nil {
		return offer{}, fmt.Errorf("account: typed code: %w", err)
	}
	for _, id := range ids {
		if _, ok := found[id]; ok {
			return a.useOffer(ctx, id, t)
		}
	}
	return offer{}, a.refuseCode(ctx, t, offer{}, "wrong")
}

func (a *Accounts) useOffer(ctx context.Context, id string, t typing) (offer, error) {
	var reason, of string
	o, err := a.offers.Update(ctx, id, func(o *offer) error {
		var changed bool
		var err error
		of = o.Account
		if reason, changed, err = a.judgeOffer(o, t); err != nil {
			return err
		}
		if !changed {
			return store.ErrUnchanged
		}
		return nil
	})
	if fault.CodeOf(err) == fault.NotFound {
		reason, err = "ended", nil
	}
	if fault.CodeOf(err) == fault.Conflict {
		return offer{}, a.deny(ctx, LinkEvent{ID: t.key, Flow: ByTypedCode, Reason: "conflict"}, err, t.v, of)
	}
	if err != nil {
		return offer{}, fmt.Errorf("account: typed code: %w", err)
	}
	if reason != "" {
		return offer{}, a.refuseCode(ctx, t, o, reason)
	}
	return o, nil
}

// judgeOffer judges a try at a code that exists and changes it accordingly. It may run again on a fresh copy.
func (a *Accounts) judgeOffer(o *offer, t typing) (reason string, changed bool, err error) {
	now := a.now()
	if o.Used != nil {
		same := t.key != "" && o.Used.By == t.by && subtle.ConstantTimeCompare([]byte(o.Used.Key), []byte(t.key)) == 1
		if same && now.Before(o.Used.At.Add(repeatTime)) {
			return "", false, nil
		}
		return "ended", false, nil
	}
	if !now.Before(o.Deadline) || o.Attempts >= a.link.Attempts {
		return "ended", false, nil
	}
	if o.Identity != "" && o.Identity != t.by {
		o.Attempts++
		return "other_chat", true, nil
	}
	if err := t.fits(*o); err != nil {
		return "", false, err
	}
	if t.look {
		return "", false, nil
	}
	o.Used = &offerUse{By: t.by, Key: t.key, At: now}
	return "", true, nil
}

// refuseCode records a code that was not taken, with whoever typed it and, where one is known, the account that it leads to.
func (a *Accounts) refuseCode(ctx context.Context, t typing, o offer, reason string) error {
	refusal := fault.InvalidField("account.link_code_refused", "code")
	return a.deny(ctx, LinkEvent{ID: t.key, Flow: ByTypedCode, Reason: reason}, refusal, t.v, o.Account)
}
