package graph

import (
	"context"
	"encoding/json"

	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/feedback"
)

// MiniApps resolves Query.miniApps.
func (q queries) MiniApps(ctx context.Context) ([]MiniApp, error) {
	return q.shelves[langOf(ctx)].apps, nil
}

// MiniApp resolves Query.miniApp.
func (q queries) MiniApp(ctx context.Context, appID string) (*MiniApp, error) {
	return q.shelves[langOf(ctx)].byID[appID], nil
}

// InvokeMiniApp resolves Mutation.invokeMiniApp.
func (m mutations) InvokeMiniApp(ctx context.Context, appID, action string, raw json.RawMessage, caseID, key *string) (*InvokeMiniAppPayload, error) {
	var res miniapps.Result
	err := m.limitedTry(ctx, appID, action)
	if err == nil {
		res, err = m.deps.Runner.Run(ctx, miniapps.Request{
			App: appID, Action: action, Input: raw, Viewer: viewerOf(ctx), Case: miniapps.CaseRef{ID: textOr(caseID)}, Key: keyOr(key),
		})
	}
	errs, err := m.errors.userErrors(ctx, err)
	if err != nil || len(errs) > 0 {
		return &InvokeMiniAppPayload{Errors: errs}, err
	}
	shown, err := resultOf(res, langOf(ctx))
	if err != nil {
		return nil, err
	}
	return &InvokeMiniAppPayload{Result: shown, Errors: errs}, nil
}

// limitedTry counts an action by which tracking codes can be tried, together with Query.feedbackByCode.
func (m mutations) limitedTry(ctx context.Context, appID, action string) error {
	if appID != feedback.ID || action != feedback.ActionTrack {
		return nil
	}
	return m.limited(ctx, limitByCode)
}
