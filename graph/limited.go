package graph

import (
	"context"
	"time"

	"github.com/motcua/motcua/internal/limit"
)

// limitByCode names the count of tracking codes that somebody tried.
const limitByCode = "feedback_by_code"

// byCodeRule bounds how many tracking codes one caller may try: a code is short enough to be read over the phone, so it must not be guessed by machine.
// Codes of 40 bits and this rate make one hit in a million reports a matter of months for each address.
func byCodeRule() limit.Rule { return limit.Rule{Max: 60, Per: 10 * time.Minute} }

// limited counts one call of a caller: by account, or by network for a guest.
func (r *Resolver) limited(ctx context.Context, what string) error {
	c := callerOf(ctx)
	who := "address:" + limit.Network(c.address)
	if c.viewer.SignedIn() {
		who = "account:" + c.viewer.Account
	}
	_, err := r.deps.Limiter.Allow(ctx, "graph:"+what+":"+who, byCodeRule())
	return err
}
