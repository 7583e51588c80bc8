package account

import (
	"context"
	"fmt"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
)

// RequestChatCode sends a one-time code to a phone that somebody named in a chat. Only that chat can answer it. Most networks show no addresses, so the chat
// itself is bounded, beside the phone: by sends_per_day codes in 24 hours; and all chats of its network together. Where an address is known (Viewer.Origin), it
// counts as with RequestOTP. INVALID for what is no Vietnamese mobile number, FORBIDDEN outside of a chat, RATE_LIMITED by address, phone, chat or network,
// CONFLICT for a key that was used for another phone.
func (a *Accounts) RequestChatCode(ctx context.Context, v Viewer, phone, key string) (Challenge, error) {
	return a.requestInChat(ctx, v, forChat, phone, key)
}

func (a *Accounts) requestInChat(ctx context.Context, v Viewer, use, phone, key string) (Challenge, error) {
	if v.Identity == "" {
		return Challenge{}, chatOnly()
	}
	r := OTPRequest{Phone: phone, Device: chatDevice(v), Lang: v.Lang, Key: key, use: use}
	return a.request(ctx, r, func(id string) error {
		if err := a.admitOrigin(ctx, v.Origin); err != nil {
			return err
		}
		if err := a.chargeLink(ctx, "sends", v.Identity, a.cfg.Code.SendsPerDay, id, ""); err != nil {
			return err
		}
		x, err := a.identities.Get(ctx, v.Identity)
		if err != nil {
			return fmt.Errorf("account: request code: %w", err)
		}
		return a.brake(ctx, "send", x.Network, a.cfg.sendsOn(x.Network))
	})
}

// admitOrigin counts a code by where the message came from that asked for it, together with those that apps asked for from there.
func (a *Accounts) admitOrigin(ctx context.Context, origin string) error {
	if origin == "" {
		return nil
	}
	_, err := a.deps.Limiter.Allow(ctx, "account:send:address:"+origin, a.cfg.Limits.SendAddress)
	return a.limited(err)
}

// Origin hides an IP address, as channels.Event carries it: the same for every address that counts as one.
func (a *Accounts) Origin(address string) string {
	if address == "" {
		return ""
	}
	return a.deps.Box.Index("account origin", limit.Network(address))
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
	return a.joinChat(ctx, x, v, merge{Account: r.ID, Flow: ByPhoneCode, By: challengeID, At: a.now()})
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
	use := forChat
	if purpose == forJoin {
		use = forJoin
	}
	c, err := a.prove(ctx, attempt{id: challengeID, code: code, use: use, purpose: purpose + "/" + v.Identity, key: key, device: chatDevice(v)})
	if fault.CodeOf(err) == fault.Invalid {
		a.warnHolder(ctx, v, challengeID)
		return "", a.deny(ctx, LinkEvent{ID: key, Flow: ByPhoneCode, Reason: "wrong"}, err, v)
	}
	if err != nil {
		return "", err
	}
	return a.phoneOf(c)
}

// maxWarnings is how many failed attempts with one phone its owner is shown in 24 hours: enough to see what is going on, too few to bury it.
const maxWarnings = 5

// warnHolder records with the owner of a phone, once for each code that was sent there, that a chat could not prove it. A record that cannot be stored
// does not let anybody in.
func (a *Accounts) warnHolder(ctx context.Context, v Viewer, challengeID string) {
	err := a.noteFailure(ctx, v, challengeID)
	if code := fault.CodeOf(err); err != nil && code != fault.RateLimited && code != fault.NotFound {
		a.deps.Log.WarnContext(ctx, "the owner of a phone cannot see a failed attempt", "err", err)
	}
}

func (a *Accounts) noteFailure(ctx context.Context, v Viewer, challengeID string) error {
	if !isID(challengeID) {
		return nil
	}
	c, err := a.challenges.Get(ctx, challengeID)
	if err != nil || !c.from(a.deviceIndex(chatDevice(v))) {
		return err
	}
	phone, err := a.phoneOf(c)
	if err != nil {
		return err
	}
	r, there, err := a.ofPhone(ctx, phone)
	if err != nil || !there || v.Owns(r.ID) {
		return err
	}
	x, err := a.identities.Get(ctx, v.Identity)
	if err != nil {
		return err
	}
	if err := a.chargeLink(ctx, "warnings", c.Claim, maxWarnings, c.ID, ""); err != nil {
		return err
	}
	return a.note(ctx, r.ID, "wrong-"+c.ID, LinkEvent{Kind: LinkRefused, Flow: ByPhoneCode, Reason: "wrong", Network: x.Network})
}
