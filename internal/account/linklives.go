package account

import (
	"context"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// LinkLives tells whether a link of OfferLink can still be opened, so that nobody is asked to sign in for one that has ended. It says nothing of whose it is,
// and counts no try: a token cannot be guessed. NOT_FOUND when it cannot.
func (a *Accounts) LinkLives(ctx context.Context, token string) error {
	return lives(ctx, a, a.links, chatLinkContext, token, "account.link_gone", func(l chatLink) time.Time { return l.Deadline })
}

// FormLives is LinkLives for the token of SaveDraft. Whether the form was sent, only its account is told.
func (a *Accounts) FormLives(ctx context.Context, token string) error {
	return lives(ctx, a, a.drafts, draftContext, token, fault.Of(draftMissing()).Key, func(d draft) time.Time { return d.Deadline })
}

// lives looks for what a token names and whether its time is over.
func lives[T any](ctx context.Context, a *Accounts, kept *store.Collection[T], scope, token, gone string, deadline func(T) time.Time) error {
	if len(token) == 0 || len(token) > maxToken43 {
		return fault.New(fault.NotFound, gone)
	}
	found, err := kept.GetMany(ctx, a.deps.Box.Indexes(scope, token))
	if err != nil {
		return fmt.Errorf("account: link: %w", err)
	}
	for _, x := range found {
		if a.now().Before(deadline(x)) {
			return nil
		}
	}
	return fault.New(fault.NotFound, gone)
}
