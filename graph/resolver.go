package graph

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/feedback"
)

// Resolver holds what resolvers ask. Each kind of root field has a type of its own, so that a query cannot call a change.
type Resolver struct {
	deps     Deps
	errors   presenter
	gazettes map[message.Lang]*gazette
	shelves  map[message.Lang]*shelf
}

var _ ResolverRoot = (*Resolver)(nil)

type (
	queries       struct{ *Resolver }
	mutations     struct{ *Resolver }
	subscriptions struct{ *Resolver }
	entities      struct{ *Resolver }
)

// Query resolves what can be read.
func (r *Resolver) Query() QueryResolver { return queries{r} }

// Mutation resolves what can be changed.
func (r *Resolver) Mutation() MutationResolver { return mutations{r} }

// Subscription resolves what can be followed.
func (r *Resolver) Subscription() SubscriptionResolver { return subscriptions{r} }

// Entity resolves what a router asks for by key.
func (r *Resolver) Entity() EntityResolver { return entities{r} }

// view begins an answer in the caller's language.
func (r *Resolver) view(ctx context.Context) *view {
	return &view{root: r, gazette: r.gazettes[langOf(ctx)]}
}

// run carries out an action of a mini-app for the caller. It is the only way in which a mutation changes anything of a mini-app.
func (r *Resolver) run(ctx context.Context, app, action string, input any, key *string) (miniapps.Result, error) {
	raw, err := json.Marshal(input)
	if err != nil {
		return miniapps.Result{}, fault.Wrap(fault.Internal, err)
	}
	return r.deps.Runner.Run(ctx, miniapps.Request{App: app, Action: action, Input: raw, Viewer: viewerOf(ctx), Key: keyOr(key)})
}

// report runs an action of feedback that is about a report and shows the report as it is afterwards.
func (r *Resolver) report(ctx context.Context, action string, input any, key *string) (*Feedback, []UserError, error) {
	shown, _, errs, err := r.reportStep(ctx, action, input, key)
	return shown, errs, err
}

// reportStep is report with what makes sense afterwards.
func (r *Resolver) reportStep(ctx context.Context, action string, input any, key *string) (*Feedback, []MiniAppSuggestion, []UserError, error) {
	res, err := r.run(ctx, feedback.ID, action, input, key)
	var shown *Feedback
	if err == nil {
		shown, err = r.shown(ctx, res)
	}
	var next []MiniAppSuggestion
	if err == nil {
		next, err = suggestionsOf(res.Next, feedback.ID, langOf(ctx))
	}
	if err == nil {
		return shown, next, []UserError{}, nil
	}
	errs, err := r.errors.userErrors(ctx, err)
	return nil, nil, errs, err
}

// shown gives the report that a result is about. A change that gave back something else is followed by a read.
func (r *Resolver) shown(ctx context.Context, res miniapps.Result) (*Feedback, error) {
	if report, ok := res.Data.(*feedback.Report); ok {
		return r.view(ctx).one(report), nil
	}
	report, err := r.deps.Reports.Get(ctx, viewerOf(ctx), res.Case.ID)
	if err != nil {
		return nil, err
	}
	return r.view(ctx).one(report), nil
}

func textOr(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// keyOr gives the client's idempotency key, or a new one where it gave none: what it then sends again is another effect.
func keyOr(key *string) string {
	if key == nil {
		return uuid.NewString()
	}
	return *key
}

// nullIfMissing turns NOT_FOUND into "there is none".
func nullIfMissing[T any](v *T, err error) (*T, error) {
	if fault.CodeOf(err) == fault.NotFound {
		return nil, nil
	}
	return v, err
}

// signedIn gives the viewer. UNAUTHORIZED for a guest.
func signedIn(ctx context.Context) (account.Viewer, error) {
	v := viewerOf(ctx)
	if !v.SignedIn() {
		return v, fault.New(fault.Unauthorized, "")
	}
	return v, nil
}
