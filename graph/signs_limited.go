package graph

import (
	"context"
	"encoding/json"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/miniapps"
)

// What is counted of signs.
const (
	limitMisses   = "signs"         // codes and numbers that were none
	limitNumbers  = "sign_numbers"  // look-ups by number
	limitSearches = "sign_searches" // by place or by words
)

// missRule bounds how many codes and numbers that are none one caller is told of. Good ones are not counted and always served, because a class in front of a
// monument has one address, which somebody else may use up. A code has a check of 35 bits, so at this rate nobody hits one.
func missRule() limit.Rule { return limit.Rule{Max: 60, Per: 10 * time.Minute} }

// numberRule bounds look-ups by number, each of which takes a read. Numbers are public and may be counted through, but not at any speed.
func numberRule() limit.Rule { return limit.Rule{Max: 600, Per: 10 * time.Minute} }

// searchRule bounds searches, which take many reads. A map asks once a second while it is moved.
func searchRule(signedIn bool) limit.Rule {
	if signedIn {
		return limit.Rule{Max: 240, Per: time.Minute}
	}
	return limit.Rule{Max: 120, Per: time.Minute}
}

// signsApp is the mini-app of signs.
const signsApp = "signs"

// signActionLimited carries out an action of signs within the bounds of what it does. Actions of staff have none. How many broken signs somebody tells of, the
// mini-app bounds itself, for all faces together.
func (r *Resolver) signActionLimited(ctx context.Context, req miniapps.Request, run func() error) error {
	switch req.Action {
	case "show", "damaged":
		return r.lookLimited(ctx, signIn(req.Input), run)
	case "near", "find":
		if err := r.searchLimited(ctx); err != nil {
			return err
		}
	}
	return run()
}

// signIn gives the sign that an input names; "" when it names none, which the action will find too.
func signIn(input json.RawMessage) string {
	var in struct{ Sign string }
	_ = json.Unmarshal(input, &in)
	return in.Sign
}

// lookLimited carries out a look at the sign that a text names. It looks first and refuses only misses, since an invented code takes no read: RATE_LIMITED
// stands in place of what was wrong with the text once the caller has had too many. By number it is also refused, before any read, when there were too many of those.
func (r *Resolver) lookLimited(ctx context.Context, text string, look func() error) error {
	if r.deps.Signs != nil && r.deps.Signs.Numbered(text) {
		if err := r.limited(ctx, limitNumbers, numberRule()); err != nil {
			return err
		}
	}
	err := look()
	if code := fault.CodeOf(err); code != fault.NotFound && code != fault.Invalid {
		return err
	}
	if often := r.limited(ctx, limitMisses, missRule()); often != nil {
		return often
	}
	return err
}

// searchLimited counts a search for signs by place or by words.
func (r *Resolver) searchLimited(ctx context.Context) error {
	return r.limited(ctx, limitSearches, searchRule(viewerOf(ctx).SignedIn()))
}
