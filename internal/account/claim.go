package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/store"
)

// claim ties a phone to an account. Its id is the phone's keyed index, so at most one exists for a phone, and of two first sign-ins at once one makes it.
//
// It goes reserved → done, and later released when the account moves to another phone. Whoever finds it half way completes it. The account
// document decides: a claim whose account names another claim is stale, and the phone's next holder takes it over.
type claim struct {
	ID        string     `bson:"_id"`
	Account   string     `bson:"account"`
	State     claimState `bson:"state"`
	Turn      string     `bson:"turn"`                 // new with every change of owner: a decision made on an older reading is void
	Move      *move      `bson:"move,omitempty"`       // with reserved: an account that exists is moving here
	ExpiresAt *time.Time `bson:"expires_at,omitempty"` // with released
	At        time.Time  `bson:"at"`
}

type claimState string

const (
	reserved claimState = "reserved"
	done     claimState = "done"
	released claimState = "released"
)

// move says from where an account is moving. It is void once the account has moved otherwise.
type move struct {
	From  string `bson:"from"`  // id of the claim that the account leaves
	Count int    `bson:"count"` // the account's Moves when it set out
	Phone []byte `bson:"phone"` // the phone it leaves, sealed as in the account, to be told
}

// moveTime is how long a move that was interrupted may be completed by whoever signs in with the new phone. Later the number may be another
// person's; the account's owner can still begin anew.
const moveTime = 10 * time.Minute

// claimKeep is how long a released claim is kept; any time would do.
const claimKeep = 24 * time.Hour

var claimKind = store.Kind{Name: "phone_claims", ExpiresAt: "expires_at"}

// standing is what a claim is worth, judged by the account it names.
type standing int

const (
	stale  standing = iota // leads nowhere any more
	fresh                  // reserved for an account that has still to be made
	moving                 // reserved for an account that is about to move here
	live                   // leads to its account
)

// judge tells what c is worth at now. ids are the phone's indexes under all keys; there tells whether the account exists.
func judge(c claim, r record, there bool, ids []string, now time.Time) standing {
	switch {
	case !there && c.State == reserved && c.Move == nil:
		return fresh
	case there && slices.Contains(ids, r.Claim):
		return live
	case there && c.State == reserved && c.Move.leads(r) && now.Sub(c.At) < moveTime:
		return moving
	}
	return stale
}

// leads tells whether the account still stands where the move set out.
func (m *move) leads(r record) bool { return m != nil && r.Claim == m.From && r.Moves == m.Count }

// rounds is how often a claim that others keep changing is read anew.
const rounds = 8

// enrol gives the account of a phone, and makes it when there is none. Any number of calls at once, on any replicas, killed at any point, end with one account.
func (a *Accounts) enrol(ctx context.Context, phone string, lang message.Lang) (record, error) {
	ids := a.deps.Box.Indexes(phoneContext, phone)
	for range rounds {
		c, there, err := a.findClaim(ctx, ids)
		if err != nil {
			return record{}, err
		}
		if !there {
			owner, err := newID()
			if err != nil {
				return record{}, err
			}
			c, err = a.reserve(ctx, ids[0], owner, nil)
			if fault.CodeOf(err) == fault.Conflict {
				continue // somebody else was first: go on with theirs
			}
			if err != nil {
				return record{}, err
			}
		}
		r, err := a.settle(ctx, c, phone, lang, ids)
		if errors.Is(err, errMoved) {
			continue
		}
		return r, err
	}
	return record{}, busy()
}

// errMoved means that a claim changed between reading and acting on it.
var errMoved = errors.New("account: a claim changed meanwhile")

// busy gives up for now on what others keep changing.
func busy() error {
	return &fault.Error{Code: fault.Unavailable, RetryAfter: time.Second, Cause: errMoved}
}

// findClaim reads the phone's claim: the one under the newest index key when there are several.
func (a *Accounts) findClaim(ctx context.Context, ids []string) (claim, bool, error) {
	found, err := a.claims.GetMany(ctx, ids)
	if err != nil {
		return claim{}, false, fmt.Errorf("account: read claim: %w", err)
	}
	for _, id := range ids {
		if c, ok := found[id]; ok {
			return c, true, nil
		}
	}
	return claim{}, false, nil
}

// reserve makes the claim of a phone that nobody has. CONFLICT when somebody was first.
func (a *Accounts) reserve(ctx context.Context, id, owner string, m *move) (claim, error) {
	turn, err := newID()
	if err != nil {
		return claim{}, err
	}
	c := claim{ID: id, Account: owner, State: reserved, Turn: turn, Move: m, At: a.now()}
	return c, a.claims.Insert(ctx, c)
}

// settle brings a claim to its end and gives the account it leads to. errMoved when the claim must be read again.
func (a *Accounts) settle(ctx context.Context, c claim, phone string, lang message.Lang, ids []string) (record, error) {
	r, there, err := a.owner(ctx, c)
	if err != nil {
		return record{}, err
	}
	switch judge(c, r, there, ids, a.now()) {
	case live:
		return r, a.finish(ctx, c)
	case fresh:
		if r, err = a.makeAccount(ctx, c, phone, lang); err != nil {
			return record{}, err
		}
		return r, a.finish(ctx, c)
	case moving: // its owner proved the phone before reserving it, and so did whoever is here now
		if r, err = a.arrive(ctx, c, phone); err != nil {
			return record{}, err
		}
		return r, a.finish(ctx, c)
	}
	owner, err := newID()
	if err != nil {
		return record{}, err
	}
	if _, err := a.take(ctx, c, owner, nil); err != nil {
		return record{}, err
	}
	return record{}, errMoved // now it is fresh
}

// owner reads the account that a claim names.
func (a *Accounts) owner(ctx context.Context, c claim) (record, bool, error) {
	r, err := a.accounts.Get(ctx, c.Account)
	if fault.CodeOf(err) == fault.NotFound {
		return record{}, false, nil
	}
	return r, err == nil, err
}

// makeAccount stores the account that a claim was reserved for. Made by somebody else meanwhile, it is theirs and ours.
func (a *Accounts) makeAccount(ctx context.Context, c claim, phone string, lang message.Lang) (record, error) {
	sealed, err := a.deps.Box.Seal([]byte(phone), phoneSeal(c.Account))
	if err != nil {
		return record{}, err
	}
	now := a.now()
	r := record{ID: c.Account, Subjects: []string{c.Account}, Claim: c.ID, Phone: sealed, Lang: lang.Or(), CreatedAt: now, UpdatedAt: now}
	err = a.accounts.Insert(ctx, r)
	if fault.CodeOf(err) == fault.Conflict {
		return a.accounts.Get(ctx, c.Account)
	}
	if err == nil {
		a.count("account_made")
	}
	return r, err
}

// take gives a stale or free claim to another owner, unless it changed since it was read.
func (a *Accounts) take(ctx context.Context, c claim, owner string, m *move) (claim, error) {
	turn, err := newID()
	if err != nil {
		return claim{}, err
	}
	return a.claims.Update(ctx, c.ID, func(x *claim) error {
		if x.Turn != c.Turn || x.State != c.State {
			return errMoved
		}
		x.Account, x.Turn, x.State, x.Move, x.ExpiresAt, x.At = owner, turn, reserved, m, nil, a.now()
		return nil
	})
}

// finish marks a claim as done, after what a move leaves behind has been seen to: each step may be repeated, so a kill in between loses none.
// A claim that changed hands meanwhile is left alone: the account is there, which is what counts.
func (a *Accounts) finish(ctx context.Context, c claim) error {
	if c.State == done {
		return nil
	}
	if c.Move != nil {
		if err := a.leave(ctx, c); err != nil {
			return err
		}
	}
	_, err := a.claims.Update(ctx, c.ID, func(x *claim) error {
		if x.Turn != c.Turn || x.State == done {
			return store.ErrUnchanged
		}
		x.State, x.Move, x.ExpiresAt = done, nil, nil
		return nil
	})
	if err != nil {
		return fmt.Errorf("account: finish claim: %w", err)
	}
	return nil
}

// release gives up the claim that an account left, if nobody else has taken it since.
func (a *Accounts) release(ctx context.Context, id string) error {
	c, err := a.claims.Get(ctx, id)
	if fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	r, there, err := a.owner(ctx, c)
	if err != nil || judge(c, r, there, []string{id}, a.now()) != stale {
		return err
	}
	end := a.now().Add(claimKeep)
	_, err = a.claims.Update(ctx, id, func(x *claim) error {
		if x.Turn != c.Turn || x.State == released {
			return store.ErrUnchanged
		}
		x.State, x.Move, x.ExpiresAt = released, nil, &end
		return nil
	})
	if fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	return err
}

func phoneSeal(account string) string { return "account phone/" + account }
