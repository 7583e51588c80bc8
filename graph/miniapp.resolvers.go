package graph

import (
	"context"
	"encoding/json"

	"github.com/motcua/motcua/miniapps"
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
	res, err := m.limitedRun(ctx, miniapps.Request{
		App: appID, Action: action, Input: raw, Viewer: viewerOf(ctx), Case: miniapps.CaseRef{ID: textOr(caseID)}, Key: keyOr(key),
	})
	errs, err := m.errors.userErrors(ctx, err)
	if err != nil || len(errs) > 0 {
		return &InvokeMiniAppPayload{Errors: errs}, err
	}
	shown, err := resultOf(res, appID, langOf(ctx))
	if err != nil {
		return nil, err
	}
	return &InvokeMiniAppPayload{Result: shown, Errors: errs}, nil
}
