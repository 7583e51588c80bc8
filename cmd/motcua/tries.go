package main

import (
	"context"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/feedback"
	"github.com/motcua/motcua/miniapps/me"
)

// tries stands in front of the Runner for those who chat or use a form. It remembers who did something, and bounds how many tracking codes one of them may try,
// as GraphQL does for its callers: a code is short enough to be read over the phone, so it must not be guessed by machine. Guests count by where they come from,
// where that is known: there a new guest costs nothing.
type tries struct {
	runner interface {
		Run(ctx context.Context, req miniapps.Request) (miniapps.Result, error)
	}
	people interface {
		Keep(ctx context.Context, v account.Viewer) error
	}
	limiter interface {
		Allow(ctx context.Context, key string, r limit.Rule) (retryAfter time.Duration, err error)
	}
}

// codeTries is the bound: the same as GraphQL's.
func codeTries() limit.Rule { return limit.Rule{Max: 60, Per: 10 * time.Minute} }

// Run carries out an action. RATE_LIMITED beyond the bound, besides the Runner's errors.
func (t tries) Run(ctx context.Context, req miniapps.Request) (miniapps.Result, error) {
	if req.App == feedback.ID && req.Action == feedback.ActionTrack && req.Viewer.Subject != "" { // who has none comes by a form, which counts by address
		who := req.Viewer.Subject
		if o := req.Viewer.Origin; o != "" && !req.Viewer.SignedIn() {
			who = "from " + o
		}
		if _, err := t.limiter.Allow(ctx, "chat:feedback_by_code:"+who, codeTries()); err != nil {
			return miniapps.Result{}, err
		}
	}
	res, err := t.runner.Run(ctx, req)
	if err == nil && req.Key != "" && req.App != me.ID { // a change, and not one about who they are
		err = t.people.Keep(ctx, req.Viewer)
	}
	return res, err
}
