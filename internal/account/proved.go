package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
)

// Proved is a phone that a provider has proved: the caller has verified its token, that the token is meant for this city, and that it is young.
type Proved struct {
	Phone      string // as the provider writes it
	Provider   string // "firebase"
	ProviderID string // the provider's id of the person
	Device     string // the name that the device keeps for itself; "" for none
	DeviceName string // what the person calls it; cut at 64 characters
	Lang       message.Lang
	Key        string // idempotency key; without one a lost answer cannot be asked for again
}

// AdmitProof counts a sign-in with a provider's token, before the token is looked at: what is refused counts too, and a provider is not asked without end in
// the city's name. RATE_LIMITED by address or device, INVALID for a device's name that is too long.
func (a *Accounts) AdmitProof(ctx context.Context, address, device string) error {
	if err := checkDevice(device, ""); err != nil {
		return err
	}
	return a.admit(ctx, "check", address, device, a.cfg.Limits.CheckAddress, a.cfg.Limits.CheckDevice)
}

// SignInProved signs in with a phone that a provider has proved, as VerifyOTP does with a code. AdmitProof has let the request through. A repeat with the same key gives the same session, as long
// as its tokens have not been renewed. INVALID for what is no Vietnamese mobile number.
func (a *Accounts) SignInProved(ctx context.Context, p Proved) (Grant, error) {
	phone, session, err := a.trustProved(ctx, p)
	if err != nil {
		return Grant{}, err
	}
	return a.enter(ctx, phone, p.Lang, session, p.DeviceName)
}

// trustProved checks the request, and names its session.
func (a *Accounts) trustProved(ctx context.Context, p Proved) (phone, session string, err error) {
	if p.Provider == "" || p.ProviderID == "" {
		return "", "", fault.Wrap(fault.Internal, errors.New("account: a proof needs its provider and the provider's id"))
	}
	if phone, err = normalise(p.Phone); err != nil {
		return "", "", err
	}
	if err := checkDevice(p.Device, p.Key); err != nil {
		return "", "", err
	}
	if p.Key == "" {
		session, err = newID()
		return phone, session, err
	}
	scope := once.Scope(p.Provider+"\x00"+p.ProviderID+"\x00"+phone, "account", "signInProved", p.Key)
	return phone, once.ID(a.deps.Box.Index("account proved session", scope)), nil
}

// MiniAppProof is what a network's own mini-app framework has proved about the person who uses it. The caller has asked the network itself, with a token
// of the same person and application for both.
type MiniAppProof struct {
	Network    string // "zalo"
	Account    string // the city's account there, as in Identity
	User       string // the network's id of the person towards that account; "" when the network did not prove one: then no chat is linked
	Phone      string // as the network writes it
	Device     string
	DeviceName string
	Lang       message.Lang
	Key        string
}

// SignInMiniApp signs in with the phone that the network proves, and links the person's chat there in the same flow: the token proves both. A repeat with
// the same key gives the same session. CONFLICT as SignInChat gives it; then nothing is joined and nobody is signed in.
func (a *Accounts) SignInMiniApp(ctx context.Context, p MiniAppProof) (Grant, error) {
	who := Identity{Network: p.Network, Account: p.Account, User: p.User}
	phone, session, err := a.trustProved(ctx, Proved{
		Phone: p.Phone, Provider: p.Network, ProviderID: who.key(), Device: p.Device, Key: p.Key,
	})
	if err != nil {
		return Grant{}, err
	}
	v := Viewer{Lang: p.Lang.Or()}
	if p.User != "" {
		if v, err = a.Guest(ctx, who, p.Lang); err != nil {
			return Grant{}, err
		}
	}
	r, err := a.enrol(ctx, phone, v.Lang)
	if err == nil {
		r, err = a.arrived(ctx, r)
	}
	if err != nil {
		return Grant{}, fmt.Errorf("account: sign in: %w", err)
	}
	if p.User != "" && v.Account != r.ID {
		if err := a.linkProved(ctx, v, r, session); err != nil {
			return Grant{}, err
		}
	}
	return a.enter(ctx, phone, v.Lang, session, p.DeviceName)
}

func (a *Accounts) linkProved(ctx context.Context, v Viewer, r record, by string) error {
	x, err := a.identities.Get(ctx, v.Identity)
	if err != nil {
		return fmt.Errorf("account: sign in: %w", err)
	}
	_, err = a.joinChat(ctx, x, v, merge{Account: r.ID, Flow: ByMiniApp, By: by, At: a.now()})
	return err
}
