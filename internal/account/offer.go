package account

import (
	"context"
	"crypto/subtle"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
)

// LinkCode is a typed code to be shown on one side and typed on the other.
type LinkCode struct {
	Code      string // eight characters; GroupCode writes it for people
	ExpiresAt time.Time
}

// offer is a typed code as it is stored: by its keyed index, so that the store alone gives nothing to type. It is found by a keyed hash that nobody outside
// can steer, so looking it up tells a guesser nothing by its time either.
type offer struct {
	ID        string    `bson:"_id"`                // keyed index of the code
	Account   string    `bson:"account"`            // that it leads to
	By        string    `bson:"by"`                 // scope of the request that made it
	Identity  string    `bson:"identity,omitempty"` // the only chat that may type it; "" for any
	Flow      Flow      `bson:"flow"`
	Strong    bool      `bson:"strong,omitempty"`   // more than the phone proves the account's side
	Attempts  int       `bson:"attempts,omitempty"` // by other chats
	Used      *offerUse `bson:"used,omitempty"`
	Deadline  time.Time `bson:"deadline"`
	ExpiresAt time.Time `bson:"expires_at"`
}

// offerUse says who used a code. It is written in the write that takes the code, so a code is used once.
type offerUse struct {
	By  string    `bson:"by"`            // the chat, or the account
	Key string    `bson:"key,omitempty"` // scope of the idempotency key: only the same request repeats
	At  time.Time `bson:"at"`
}

var offerKind = store.Kind{Name: "link_offers", ExpiresAt: "expires_at"}

// OfferCode makes a code that a chat types to be linked with the viewer's account: shown in the app, or in a chat that is linked already. A repeat with the
// same key gives the same code. UNAUTHORIZED for a guest, RATE_LIMITED beyond the day's codes.
func (a *Accounts) OfferCode(ctx context.Context, v Viewer, key string) (LinkCode, error) {
	if !v.SignedIn() {
		return LinkCode{}, signedOut(nil)
	}
	by, hash, err := a.scoped(v, "offerCode", key)
	if err != nil {
		return LinkCode{}, err
	}
	if by == "" {
		if by, err = newID(); err != nil {
			return LinkCode{}, err
		}
	}
	if err := a.chargeLink(ctx, "offers", v.Account, a.link.OffersPerDay, by, hash); err != nil {
		return LinkCode{}, err
	}
	strong, err := a.strong(ctx, v)
	if err != nil {
		return LinkCode{}, err
	}
	now := a.now()
	return a.offer(ctx, offer{Account: v.Account, By: by, Flow: ByTypedCode, Strong: strong, Deadline: now.Add(a.link.CodeTTL)})
}

// offer stores a code. Its characters are a keyed hash over who asked, by which key, and a count: nobody outside can tell them, a repeat finds the same
// code again, and one that somebody else's code has already is passed over.
func (a *Accounts) offer(ctx context.Context, o offer) (LinkCode, error) {
	o.ExpiresAt = o.Deadline.Add(repeatTime)
	for n := range rounds {
		code, err := linkCodeOf(a.deps.Box.Index("account link code value", fmt.Sprintf("%s/%s/%d", o.By, o.Account, n)))
		if err != nil {
			return LinkCode{}, err
		}
		if !plainCode(code) {
			continue
		}
		o.ID = a.deps.Box.Index(linkCodeContext, code)
		err = a.offers.Insert(ctx, o)
		if err == nil {
			a.count("link_code_made")
			return LinkCode{Code: code, ExpiresAt: o.Deadline}, nil
		}
		if fault.CodeOf(err) != fault.Conflict {
			return LinkCode{}, fmt.Errorf("account: offer code: %w", err)
		}
		held, err := a.offers.Get(ctx, o.ID)
		if err == nil && held.By == o.By && held.Account == o.Account {
			return LinkCode{Code: code, ExpiresAt: held.Deadline}, nil
		}
		if err != nil && fault.CodeOf(err) != fault.NotFound {
			return LinkCode{}, fmt.Errorf("account: offer code: %w", err)
		}
	}
	return LinkCode{}, &fault.Error{Code: fault.Unavailable, RetryAfter: time.Second, Cause: errMoved}
}

// strong tells whether the viewer proves more than that they hold the phone now: a session or a chat that has been the account's for longer than the
// waiting time of a recovery. Who got the number from the telephone company yesterday has neither.
func (a *Accounts) strong(ctx context.Context, v Viewer) (bool, error) {
	since := a.now().Add(-a.link.RecoveryWait)
	if v.Identity != "" {
		r, err := a.accounts.Get(ctx, v.Account)
		if err != nil {
			return false, fmt.Errorf("account: strength: %w", err)
		}
		t, ok := r.tieOf(v.Identity)
		return ok && t.At.Before(since), nil
	}
	if !isID(v.Session) {
		return false, nil
	}
	s, err := a.sessions.Get(ctx, sessionID(v.Account, v.Session))
	if fault.CodeOf(err) == fault.NotFound {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("account: strength: %w", err)
	}
	return s.CreatedAt.Before(since), nil
}

// tieOf gives the tie of a chat.
func (r record) tieOf(identity string) (tie, bool) {
	for _, t := range r.Ties {
		if t.Identity != "" && t.Identity == identity {
			return t, true
		}
	}
	return tie{}, false
}

// TakeCode links the chat with the account whose code was typed: one that OfferCode made, or that OpenLink showed for this chat. INVALID, naming the field
// code, for every code that is not good; why is nobody's business but the record's. CONFLICT when the chat is linked to another account
// (account.linked_elsewhere: JoinAccounts joins the two), or the account has a chat on that network and neither it nor an older session showed the code
// (account.other_identity). RATE_LIMITED beyond the day's tries. FORBIDDEN outside of a chat.
func (a *Accounts) TakeCode(ctx context.Context, v Viewer, code, key string) (Linked, error) {
	if v.Identity == "" {
		return Linked{}, chatOnly()
	}
	t, err := a.typed(ctx, v, "takeCode", v.Identity, code, key)
	if err != nil {
		return Linked{}, err
	}
	x, err := a.identities.Get(ctx, v.Identity)
	if err != nil {
		return Linked{}, fmt.Errorf("account: take code: %w", err)
	}
	t.fits = func(o offer) error {
		if v.SignedIn() && v.Account != o.Account {
			return errHeld
		}
		return nil
	}
	o, err := a.takeOffer(ctx, t)
	if err != nil {
		return Linked{}, err
	}
	if v.SignedIn() {
		return a.already(ctx, v, o.ID)
	}
	return a.joinChat(ctx, x, v.KeyScope(), merge{Account: o.Account, Flow: o.Flow, Strong: o.Strong, By: o.ID, At: a.now()})
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

// joinChat links a chat by what proved it, and records a refusal with both sides. scope is the chat's own subject.
func (a *Accounts) joinChat(ctx context.Context, x identity, scope string, m merge) (Linked, error) {
	m.ID = once.ID(once.Scope(x.ID, "account", "link", m.By))
	m.Identity, m.Subject, m.Network = x.ID, x.Subject, x.Network
	l, err := a.join(ctx, m)
	if fault.CodeOf(err) == fault.Conflict {
		return Linked{}, a.deny(ctx, LinkEvent{ID: "refused-" + m.ID, Flow: m.Flow, Network: x.Network, Reason: "conflict"}, err, scope, m.Account)
	}
	return l, err
}

// typing is one try at a typed code.
type typing struct {
	v    Viewer
	by   string // the chat or the account that types
	code string
	key  string // scope of the idempotency key; "" for none
	fits func(offer) error
}

// typed reads and counts a try at a code, before anything is looked up.
func (a *Accounts) typed(ctx context.Context, v Viewer, action, by, code, key string) (typing, error) {
	code, err := readLinkCode(code)
	if err != nil {
		return typing{}, err
	}
	scope, hash, err := a.scoped(v, action, key, code)
	if err != nil {
		return typing{}, err
	}
	return typing{v: v, by: by, code: code, key: scope}, a.chargeLink(ctx, "typed", by, a.link.TriesPerDay, scope, hash)
}

// takeOffer uses a code up.
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
	var reason string
	o, err := a.offers.Update(ctx, id, func(o *offer) error {
		var changed bool
		var err error
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
		return offer{}, a.deny(ctx, LinkEvent{ID: t.key, Flow: o.Flow, Reason: "conflict"}, err, t.v.KeyScope())
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
	o.Used = &offerUse{By: t.by, Key: t.key, At: now}
	return "", true, nil
}

// refuseCode records a code that was not taken, with whoever typed it and, where one is known, the account that it leads to.
func (a *Accounts) refuseCode(ctx context.Context, t typing, o offer, reason string) error {
	refusal := fault.InvalidField("account.link_code_refused", "code")
	return a.deny(ctx, LinkEvent{ID: t.key, Flow: ByTypedCode, Reason: reason}, refusal, t.v.KeyScope(), o.Account)
}

func chatOnly() error { return fault.New(fault.Forbidden, "account.chat_only") }
