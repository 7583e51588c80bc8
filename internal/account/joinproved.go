package account

import (
	"context"
	"slices"

	"github.com/motcua/motcua/internal/fault"
)

// JoinCode is a one-time code on its way to the phone of an account that is to be joined to another.
type JoinCode struct {
	Challenge
	Phone string // that it goes to, masked
}

// RequestJoinCode sends a one-time code to the phone of the account for which the viewer's chat acts. The text says what it is for, and the code is good for
// JoinProved in this chat alone. NOT_FOUND for an account without a phone (JoinAccounts asks for none), FORBIDDEN outside of a chat, RATE_LIMITED as with
// RequestChatCode.
func (a *Accounts) RequestJoinCode(ctx context.Context, v Viewer, key string) (JoinCode, error) {
	if v.Identity == "" {
		return JoinCode{}, chatOnly()
	}
	r, err := a.own(ctx, v)
	if err != nil {
		return JoinCode{}, err
	}
	if r.Claim == "" {
		return JoinCode{}, fault.New(fault.NotFound, "account.no_phone")
	}
	phone, err := a.open(r.Phone, phoneSeal(r.ID))
	if err != nil {
		return JoinCode{}, err
	}
	c, err := a.requestInChat(ctx, v, forJoin, phone, key)
	return JoinCode{Challenge: c, Phone: mask(phone)}, err
}

// JoinProof is what proves both sides of a join: the code that the other account showed, and the one that came to the phone of the viewer's own.
type JoinProof struct {
	Code        string // of OfferCode, by the account that survives
	ChallengeID string // of RequestJoinCode
	PhoneCode   string
}

// JoinProved is JoinAccounts from a chat, with a one-time code that RequestJoinCode sent to the account's own phone. A repeat with the same key changes
// nothing more. Errors beside those of JoinAccounts: INVALID for a one-time code that is wrong, ended or exhausted, also when the account has another phone by
// now.
func (a *Accounts) JoinProved(ctx context.Context, v Viewer, p JoinProof, key string) (Linked, error) {
	if _, err := a.own(ctx, v); err != nil {
		return Linked{}, err
	}
	t, err := a.typedToJoin(ctx, v, p.Code, key)
	if err != nil {
		return Linked{}, err
	}
	look := t
	look.look = true // a code that has ended meanwhile must not cost the other one
	if _, err := a.takeOffer(ctx, look); err != nil {
		return Linked{}, err
	}
	phone, err := a.proveInChat(ctx, v, forJoin, p.ChallengeID, p.PhoneCode, key)
	if err != nil {
		return Linked{}, err
	}
	r, err := a.own(ctx, v)
	if err != nil {
		return Linked{}, err
	}
	if !slices.Contains(a.deps.Box.Indexes(phoneContext, phone), r.Claim) {
		return Linked{}, a.refuse(ended, 0)
	}
	return a.joinTo(ctx, t)
}
