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
	_, err := a.tallies.Upsert(ctx, id, func() tally { return tally{ID: id} }, func(t *tally) error {
		t.ExpiresAt = now.Add(day)
		return t.add(now, max, once.Mark{Key: key, Hash: hash})
	})
	return a.charged(err)
}

// chargeTyped counts one typed code by who, as chargeLink does. The same code again is no new try: it is looked at, and then taken.
func (a *Accounts) chargeTyped(ctx context.Context, who, code, key, hash string) error {
	id, now := "typed/"+who, a.now()
	about := "code " + a.deps.Box.Index(linkCodeContext, code)
	_, err := a.tallies.Upsert(ctx, id, func() tally { return tally{ID: id} }, func(t *tally) error {
		t.ExpiresAt = now.Add(day)
		return t.add(now, a.link.TriesPerDay, once.Mark{Key: key, Hash: hash}, once.Mark{Key: about, Hash: about})
	})
	return a.charged(err)
}

// add counts a try unless one of its marks is known. Marks without a key are none.
func (t *tally) add(now time.Time, max int, marks ...once.Mark) error {
	for len(t.Tries) > 0 && !now.Before(t.Tries[0].Add(day)) {
		t.Tries = t.Tries[1:]
	}
	known, fresh := false, []once.Mark(nil)
	for _, m := range marks {
		if m.Key == "" {
			continue
		}
		seen, err := t.Marks.Seen(m.Key, m.Hash)
		if err != nil {
			return err
		}
		if known = known || seen; !seen {
			fresh = append(fresh, m)
		}
	}
	if known && len(fresh) == 0 {
		return store.ErrUnchanged
	}
	if n := len(t.Tries) - max; n >= 0 && !known {
		return fault.New(fault.RateLimited, "account.link_too_many_tries").After(t.Tries[n].Add(day).Sub(now))
	}
	if !known {
		t.Tries = append(t.Tries, now)
	}
	for _, m := range fresh {
		t.Marks.Add(m.Key, m.Hash)
	}
	return nil
}

// scopedAnyway is scoped with a scope of its own for a call without a key: nothing is a repeat of it.
func (a *Accounts) scopedAnyway(v Viewer, action, key string, about ...string) (scope, hash string, err error) {
	scope, hash, err = a.scoped(v, action, key, about...)
	if err == nil && scope == "" {
		scope, err = newID()
	}
	return scope, hash, err
}

// scoped names the caller's key for one kind of step, and the hash of what the step is about; "" for no key. The hash is keyed: it may be about a code.
func (a *Accounts) scoped(v Viewer, action, key string, about ...string) (scope, hash string, err error) {
	if err := checkKey(key); err != nil || key == "" {
		return "", "", err
	}
	return once.Scope(v.KeyScope(), "account", action, key), a.deps.Box.Index("account step", fmt.Sprintf("%q", about)), nil
}
