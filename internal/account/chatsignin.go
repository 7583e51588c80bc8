package account

import (
	"context"
	"fmt"

	"github.com/motcua/motcua/internal/fault"
)

// RequestChatCode sends a one-time code to a phone that somebody named in a chat. Only that chat can answer it. Networks show no addresses, so the chat
// itself is bounded, beside the phone: by sends_per_day codes in 24 hours. INVALID for what is no Vietnamese mobile number, FORBIDDEN outside of a chat,
// RATE_LIMITED by phone or chat, CONFLICT for a key that was used for another phone.
func (a *Accounts) RequestChatCode(ctx context.Context, v Viewer, phone, key string) (Challenge, error) {
	if v.Identity == "" {
		return Challenge{}, chatOnly()
	}
	r := OTPRequest{Phone: phone, Device: chatDevice(v), Lang: v.Lang, Key: key}
	return a.request(ctx, r, func(id string) error {
		return a.chargeLink(ctx, "sends", v.Identity, a.cfg.Code.SendsPerDay, id, "")
	})
}

// CheckPhone tells whether a phone could be sent a code. INVALID, naming the field phone, when not.
func CheckPhone(phone string) error {
	_, err := normalise(phone)
	return err
}

// chatDevice is the name under which a chat asks for codes.
func chatDevice(v Viewer) string { return "chat:" + v.Identity }

// SignInChat links the viewer's chat with the account of a phone, by the code that RequestChatCode sent there; the phone's first sign-in makes its account.
// A repeat with the same key and code changes nothing more. INVALID, naming the field code, for a wrong, ended or exhausted code; RATE_LIMITED by phone and
// chat; FORBIDDEN outside of a chat.
//
// CONFLICT account.other_identity when the account has another chat on the same network: the number may have gone to a new holder, who must not see what the
// former one reported. Then both sides have to be proved: by a code of OfferCode from that other chat or from an older session, or by waiting
// (StartRecovery). CONFLICT account.linked_elsewhere when this chat is linked to another account.
func (a *Accounts) SignInChat(ctx context.Context, v Viewer, challengeID, code, key string) (Linked, error) {
	phone, err := a.proveInChat(ctx, v, "link", challengeID, code, key)
	if err != nil {
		return Linked{}, err
	}
	x, err := a.identities.Get(ctx, v.Identity)
	if err != nil {
		return Linked{}, fmt.Errorf("account: sign in: %w", err)
	}
	r, err := a.enrol(ctx, phone, v.Lang)
	if err == nil {
		r, err = a.arrived(ctx, r)
	}
	if err != nil {
		return Linked{}, fmt.Errorf("account: sign in: %w", err)
	}
	if v.SignedIn() && v.Account == r.ID {
		return a.already(ctx, v, challengeID)
	}
	a.count("signed_in_chat")
	return a.joinChat(ctx, x, v.KeyScope(), merge{Account: r.ID, Flow: ByPhoneCode, By: challengeID, At: a.now()})
}

// proveInChat takes the code of a challenge that this chat asked for, and gives its phone.
func (a *Accounts) proveInChat(ctx context.Context, v Viewer, purpose, challengeID, code, key string) (string, error) {
	if v.Identity == "" {
		return "", chatOnly()
	}
	key, hash, err := a.scoped(v, purpose, key, challengeID, code)
	if err != nil {
		return "", err
	}
	// The phone's count knows only codes that were sent; this one bounds what a chat can try at all.
	if err := a.chargeLink(ctx, "codes", v.Identity, a.cfg.Code.ChecksPerDay, key, hash); err != nil {
		return "", err
	}
	c, err := a.prove(ctx, attempt{id: challengeID, code: code, purpose: purpose + "/" + v.Identity, key: key, device: chatDevice(v)})
	if fault.CodeOf(err) == fault.Invalid {
		return "", a.deny(ctx, LinkEvent{ID: key, Flow: ByPhoneCode, Reason: "wrong"}, err, v.KeyScope())
	}
	if err != nil {
		return "", err
	}
	return a.phoneOf(c)
}
