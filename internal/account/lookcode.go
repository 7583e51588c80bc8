package account

import (
	"context"
	"fmt"
)

// Offered is what a typed code leads to, for whoever typed it to decide.
type Offered struct {
	Phone string // of the account, masked; "" when it has none
}

// LookAtCode tells which account a typed code leads to, and leaves the code as it is. What a chat was told to type, or was sent by a link, may be somebody
// else's: nothing is to be joined before the person of the chat has seen whose it is and agreed. A guess counts as one with TakeCode, and the same code taken
// afterwards is no new try. The errors are those of TakeCode, also the one about the other chat on that network.
func (a *Accounts) LookAtCode(ctx context.Context, v Viewer, code, key string) (Offered, error) {
	if v.Identity == "" {
		return Offered{}, chatOnly()
	}
	x, t, err := a.typedInChat(ctx, v, code, "lookAtCode", key)
	if err != nil {
		return Offered{}, err
	}
	t.look = true
	o, err := a.takeOffer(ctx, t)
	if err != nil {
		return Offered{}, err
	}
	r, err := a.surviving(ctx, o.Account)
	if err != nil {
		return Offered{}, fmt.Errorf("account: look at a code: %w", err)
	}
	if !o.Strong && a.twin(r, x.Network, x.ID) {
		e := LinkEvent{ID: "refused-" + chatMerge(x, o.ID), Flow: o.Flow, Network: x.Network, Reason: "conflict"}
		return Offered{}, a.deny(ctx, e, a.errTwin(), v, r.ID)
	}
	return a.offered(r)
}

// offered shows an account to somebody who is to be joined to it.
func (a *Accounts) offered(r record) (Offered, error) {
	phone, err := a.open(r.Phone, phoneSeal(r.ID))
	return Offered{Phone: mask(phone)}, err
}
