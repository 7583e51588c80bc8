package graph

import (
	"context"
	"time"

	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/feedback"
)

// limitByCode counts the tracking codes that somebody tried.
const limitByCode = "feedback_by_code"

// byCodeRule bounds how many tracking codes one caller may try: a code is short enough to be read over the phone, so it must not be guessed by machine.
// Codes of 40 bits and this rate make one hit in a million reports a matter of months for each address.
func byCodeRule() limit.Rule { return limit.Rule{Max: 60, Per: 10 * time.Minute} }

// limited counts one call of a caller: by account, or by network for a guest.
func (r *Resolver) limited(ctx context.Context, what string, rule limit.Rule) error {
	_, err := r.deps.Limiter.Allow(ctx, limitKey(ctx, what), rule)
	return err
}

// limitKey names one caller's count.
func limitKey(ctx context.Context, what string) string {
	c := callerOf(ctx)
	if c.viewer.SignedIn() {
		return "graph:" + what + ":account:" + c.viewer.Account
	}
	return networkKey(ctx, what)
}

// networkKey names the count of all who come from the caller's network.
func networkKey(ctx context.Context, what string) string {
	return "graph:" + what + ":address:" + limit.Network(callerOf(ctx).address)
}

// limitedRun carries out an action that the caller chose. It is bounded as the query is that does the same, and counted together with it: tracking codes with
// Query.feedbackByCode, signs with Query.sign and Query.signs.
func (r *Resolver) limitedRun(ctx context.Context, req miniapps.Request) (res miniapps.Result, err error) {
	run := func() (err error) {
		res, err = r.deps.Runner.Run(ctx, req)
		return err
	}
	switch {
	case req.App == feedback.ID && req.Action == feedback.ActionTrack:
		if err = r.limited(ctx, limitByCode, byCodeRule()); err == nil {
			err = run()
		}
	case req.App == signsApp:
		req.Viewer.Origin = r.deps.Accounts.Origin(callerOf(ctx).address)
		err = r.signActionLimited(ctx, req, run)
	default:
		err = run()
	}
	return res, err
}
