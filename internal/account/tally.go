package account

import (
	"context"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
)

// tally counts what one chat or one account tried in the last day. It is stored: no flush of a cache gives a guesser new tries.
type tally struct {
	ID        string      `bson:"_id"` // what was tried, by whom
	Tries     []time.Time `bson:"tries"`
	Marks     once.Marks  `bson:"marks,omitempty"` // of the last 32, so that a repeat is not charged again
	ExpiresAt time.Time   `bson:"expires_at"`
}

var tallyKind = store.Kind{Name: "link_counts", ExpiresAt: "expires_at"}

// chargeLink counts one try by who, of at most max in 24 hours. A repeat, known by key and hash of what is tried, is not counted again. RATE_LIMITED beyond
// the limit, CONFLICT when the key came with something else.
func (a *Accounts) chargeLink(ctx context.Context, what, who string, max int, key, hash string) error {
	id, now := what+"/"+who, a.now()
	change := func(t *tally) error {
		t.ExpiresAt = now.Add(day)
		return t.add(now, max, key, hash)
	}
	for range rounds {
		_, err := a.tallies.Update(ctx, id, change)
		if fault.CodeOf(err) != fault.NotFound {
			return a.charged(err)
		}
		t := tally{ID: id}
		if err := change(&t); err != nil {
			return a.charged(err)
		}
		if err := a.tallies.Insert(ctx, t); fault.CodeOf(err) != fault.Conflict {
			return a.charged(err)
		}
	}
	return &fault.Error{Code: fault.Unavailable, RetryAfter: time.Second, Cause: errMoved}
}

func (t *tally) add(now time.Time, max int, key, hash string) error {
	for len(t.Tries) > 0 && !now.Before(t.Tries[0].Add(day)) {
		t.Tries = t.Tries[1:]
	}
	if key != "" {
		seen, err := t.Marks.Seen(key, hash)
		if err != nil {
			return err
		}
		if seen {
			return store.ErrUnchanged
		}
	}
	if n := len(t.Tries) - max; n >= 0 {
		return fault.New(fault.RateLimited, "account.link_too_many_tries").After(t.Tries[n].Add(day).Sub(now))
	}
	t.Tries = append(t.Tries, now)
	if key != "" {
		t.Marks.Add(key, hash)
	}
	return nil
}

// scoped names the caller's key for one kind of step, and the hash of what the step is about; "" for no key. The hash is keyed: it may be about a code.
func (a *Accounts) scoped(v Viewer, action, key string, about ...string) (scope, hash string, err error) {
	if err := checkKey(key); err != nil || key == "" {
		return "", "", err
	}
	return once.Scope(v.KeyScope(), "account", action, key), a.deps.Box.Index("account step", fmt.Sprintf("%q", about)), nil
}
