package signs

import (
	"context"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/miniapps"
)

// PasserBy is the subject of whoever tells of a plate without saying who they are. It is shared, so they are told apart by Citizen.Origin alone.
const PasserBy = "passer-by"

// personRule and originRule bound how many broken plates one person tells of, and how many are told of from one place, over all faces together: each may become
// a case that somebody has to go and look at. One place is a network address, which a household or a class shares.
func personRule() limit.Rule { return limit.Rule{Max: 10, Per: time.Hour} }
func originRule() limit.Rule { return limit.Rule{Max: 30, Per: time.Hour} }

// bound is how often something may happen under a key.
type bound struct {
	key  string
	rule limit.Rule
}

// boundsOf gives the bounds of somebody's reports, their own first.
func boundsOf(c miniapps.Citizen) []bound {
	var out []bound
	if c.Subject != PasserBy {
		out = append(out, bound{"signs:damages:person:" + c.Subject, personRule()})
	}
	if c.Origin != "" {
		out = append(out, bound{"signs:damages:origin:" + c.Origin, originRule()})
	}
	return out
}

// clientOf tells one person from another, as far as that is known; "" when it is not.
func clientOf(c miniapps.Citizen) string {
	if c.Subject != PasserBy {
		return c.Subject
	}
	return c.Origin
}

// bounded carries out a report unless there were too many by this person or from the same place: RATE_LIMITED. One that was refused for what it says is not
// counted, nor is one that does not count because it was told before.
func (a *App) bounded(ctx context.Context, c miniapps.Citizen, report func() (counts bool, err error)) error {
	var counted []string
	giveBack := func() {
		for _, key := range counted {
			a.deps.Limiter.Return(ctx, key, 1)
		}
	}
	for _, b := range boundsOf(c) {
		if _, err := a.deps.Limiter.Allow(ctx, b.key, b.rule); err != nil {
			giveBack()
			return err
		}
		counted = append(counted, b.key)
	}
	counts, err := report()
	if code := fault.CodeOf(err); err == nil && !counts || code == fault.Invalid || code == fault.Conflict {
		giveBack()
	}
	return err
}
