package account

import (
	"context"
	"fmt"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// lapsed tells whether a linked chat was not used for so long that it acts for its account no more. Only a token in a browser keeps a chat on the city's own
// pages, as it keeps a session, and the browser may be anybody's by now. Networks sign people in themselves.
func (a *Accounts) lapsed(x identity) bool {
	return x.Network == webNetwork && x.Account != "" && !a.now().Before(x.SeenAt.Add(a.cfg.SessionIdle))
}

// lapse ends the link of such a chat, as Unlink does.
func (a *Accounts) lapse(ctx context.Context, x identity) error {
	r, err := a.surviving(ctx, x.Account)
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		return fmt.Errorf("account: lapse: %w", err)
	}
	if t, tied := r.tieOf(x.ID); tied {
		a.count("chat_lapsed")
		return a.part(ctx, r.ID, t, func(*record) error { return nil })
	}
	return a.settleParted(ctx, merge{ID: x.Merge, Identity: x.ID})
}

// Keep remembers that a visitor of the city's own pages did something there that is theirs, so that they are kept as long as people on other networks. It
// changes nothing for anybody else.
func (a *Accounts) Keep(ctx context.Context, v Viewer) error {
	if v.Identity == "" || v.SignedIn() {
		return nil
	}
	_, err := a.identities.Update(ctx, v.Identity, func(x *identity) error {
		if x.Kept || x.Network != webNetwork {
			return store.ErrUnchanged
		}
		a.keep(x)
		return nil
	})
	return unlessGone("keep", err)
}

func (a *Accounts) keep(x *identity) {
	x.Kept = true
	x.ExpiresAt = a.now().Add(a.cfg.guestRetention())
}

// partWeb ends the links of an account's chats on the city's own pages, but one.
func (a *Accounts) partWeb(ctx context.Context, account, but string) error {
	r, err := a.accounts.Get(ctx, account)
	if err != nil {
		return fmt.Errorf("account: part: %w", err)
	}
	for _, t := range r.Ties {
		if t.Network != webNetwork || t.Identity == "" || t.Identity == but {
			continue
		}
		if err := a.part(ctx, r.ID, t, func(*record) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}
