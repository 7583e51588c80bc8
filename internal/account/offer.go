package account

import (
	"context"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
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
	by, hash, err := a.scopedAnyway(v, "offerCode", key)
	if err != nil {
		return LinkCode{}, err
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
	return LinkCode{}, busy()
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

func chatOnly() error { return fault.New(fault.Forbidden, "account.chat_only") }
