package account

import (
	"context"
	"fmt"
	"strings"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
)

// Forget removes what is known of a person on a network: their id there, so that nobody can write to them any more, the forms that they began there,
// and what leads from them to the things they made. Those stay, as those of nobody in particular: a report is about the city. A link to an account is ended first.
// Nothing there is no error.
func (a *Accounts) Forget(ctx context.Context, who Identity) error {
	ids := a.deps.Box.Indexes(identityContext, who.key())
	found, err := a.identities.GetMany(ctx, ids)
	if err != nil {
		return fmt.Errorf("account: forget: %w", err)
	}
	for _, x := range found {
		v, err := a.guest(ctx, x, message.Vietnamese)
		if err != nil {
			return err
		}
		if v.SignedIn() {
			if err := a.partChat(ctx, v); err != nil {
				return err
			}
		}
		if err := a.note(ctx, v.Subject, "forgotten-"+once.ID(x.ID+strings.Join(v.Subjects, "/")), LinkEvent{Kind: IdentityForgotten, Network: x.Network}); err != nil {
			return err
		}
		if err := a.forgetDrafts(ctx, x.Subject); err != nil {
			return fmt.Errorf("account: forget: %w", err)
		}
		if err := a.identities.Delete(ctx, x.ID); err != nil && fault.CodeOf(err) != fault.NotFound {
			return fmt.Errorf("account: forget: %w", err)
		}
	}
	return nil
}

// partChat ends the link of the viewer's own chat.
func (a *Accounts) partChat(ctx context.Context, v Viewer) error {
	r, err := a.own(ctx, v)
	if err != nil {
		return err
	}
	t, ok := r.tieOf(v.Identity)
	if !ok {
		return nil
	}
	return a.part(ctx, r.ID, t, func(*record) error { return nil })
}
