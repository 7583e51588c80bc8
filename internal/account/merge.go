package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// maxSubjects is how many subjects one account may list.
const maxSubjects = 16

// merge records that two identities became one account, or were about to: both sides, how each was proved, by which flow and when. It never changes who
// owns what: it ends in one write on each side, of which the survivor's counts. Done or not is decided there alone; a merge that was killed half way is
// completed by the same request again, or by the identity's next message, or has not begun as far as anybody can see.
type merge struct {
	ID        string     `bson:"_id"`
	State     mergeState `bson:"state"`
	Account   string     `bson:"account"`            // the survivor
	Identity  string     `bson:"identity,omitempty"` // claim of the chat that joined; "" when an account did
	Other     string     `bson:"other,omitempty"`    // the account that joined
	Subject   string     `bson:"subject"`            // of the side that joined
	Network   string     `bson:"network"`            // of the chat; "phone" for an account
	Flow      Flow       `bson:"flow"`
	Strong    bool       `bson:"strong,omitempty"` // more than the phone proved the survivor's side
	By        string     `bson:"by"`               // what proved it: id of the challenge, code, recovery or request
	At        time.Time  `bson:"at"`
	EndedAt   *time.Time `bson:"ended_at,omitempty"`
	ExpiresAt *time.Time `bson:"expires_at,omitempty"` // while it is not done: an account has at most 15 that are
}

type mergeState string

const (
	begun  mergeState = "begun"
	merged mergeState = "done"
	parted mergeState = "undone"
	void   mergeState = "void" // overtaken before it was done
)

var mergeKind = store.Kind{Name: "merges", ExpiresAt: "expires_at"}

// phoneNetwork stands for an account among the networks.
const phoneNetwork = "phone"

// tie is what the survivor keeps of a merge. It is there from the write that makes the merge count to the one that ends it.
type tie struct {
	Merge    string    `bson:"merge"`
	Identity string    `bson:"identity,omitempty"`
	Other    string    `bson:"other,omitempty"`
	Subjects []string  `bson:"subjects"`
	Network  string    `bson:"network"`
	At       time.Time `bson:"at"`
}

// Linked is a chat that now acts for an account.
type Linked struct {
	ID        string // of the link, for Unlink
	Account   string
	Network   string // of the chat; "phone" when two accounts were joined
	At        time.Time
	UndoUntil time.Time // until then Unlink also parts what each side made before
}

func (a *Accounts) linked(m merge) Linked {
	return Linked{ID: m.ID, Account: m.Account, Network: m.Network, At: m.At, UndoUntil: m.At.Add(a.link.UndoFor)}
}

// join brings a merge to its end. Any number of calls at once and any kill leave it done, or as if not begun. CONFLICT when the other side belongs to
// somebody else, when the survivor is full, or when it needs more than the phone (account.other_identity).
func (a *Accounts) join(ctx context.Context, m merge) (Linked, error) {
	m, err := a.begin(ctx, m)
	if err != nil {
		return Linked{}, err
	}
	if m.State == merged {
		return a.linked(m), nil
	}
	for range rounds {
		err = a.carry(ctx, m)
		if errors.Is(err, errMoved) {
			continue
		}
		if err != nil {
			return Linked{}, a.abandon(ctx, m, err)
		}
		return a.linked(m), a.complete(ctx, m)
	}
	return Linked{}, busy()
}

// begin stores the merge, or finds it. CONFLICT when it has been undone or overtaken: what was proved then is used up.
func (a *Accounts) begin(ctx context.Context, m merge) (merge, error) {
	end := m.At.Add(a.link.History)
	m.State, m.ExpiresAt = begun, &end
	err := a.merges.Insert(ctx, m)
	if fault.CodeOf(err) == fault.Conflict {
		m, err = a.merges.Get(ctx, m.ID)
	}
	if err != nil {
		return merge{}, fmt.Errorf("account: join: %w", err)
	}
	if m.State == parted || m.State == void {
		return merge{}, fault.New(fault.Conflict, "account.link_over")
	}
	return m, nil
}

// carry makes the two writes: the side that joins is reserved, then the survivor lists it.
func (a *Accounts) carry(ctx context.Context, m merge) error {
	subjects, ties := []string{m.Subject}, []tie(nil)
	var err error
	if m.Other != "" {
		subjects, ties, err = a.reserveAccount(ctx, m)
	} else {
		err = a.reserveIdentity(ctx, m)
	}
	if err != nil {
		return err
	}
	ties = append(ties, tie{Merge: m.ID, Identity: m.Identity, Other: m.Other, Subjects: subjects, Network: m.Network, At: m.At})
	_, err = a.accounts.Update(ctx, m.Account, func(r *record) error { return a.enlist(r, m, ties) })
	if errors.Is(err, errInto) {
		return a.standAlone(ctx, m.Account)
	}
	return err
}

var (
	errVoid = fault.New(fault.Conflict, "account.link_over")
	errFull = fault.New(fault.Conflict, "account.link_full").With("max", maxSubjects)
	errHeld = fault.New(fault.Conflict, "account.linked_elsewhere")
	errInto = errors.New("account: the survivor is about to join another account")
)

// enlist makes the merge count. It runs inside the survivor's update, so that of two merges at once the second sees the first.
func (a *Accounts) enlist(r *record, m merge, ties []tie) error {
	if slices.Contains(r.Void, m.ID) {
		return errVoid
	}
	if r.tied(m.ID) >= 0 {
		return store.ErrUnchanged
	}
	if r.Into != "" {
		return errInto
	}
	if m.Other != "" && r.Staff {
		return errStaff()
	}
	for _, t := range ties {
		if !m.Strong && a.twin(*r, t.Network, t.Identity) {
			return a.errTwin()
		}
		r.Ties = append(r.Ties, t)
		for _, s := range t.Subjects {
			if !slices.Contains(r.Subjects, s) {
				r.Subjects = append(r.Subjects, s)
			}
		}
	}
	if len(r.Subjects) > maxSubjects {
		return errFull
	}
	r.UpdatedAt = a.now()
	return nil
}

// errTwin says that more than the phone is needed, and how old what proves it must be.
func (a *Accounts) errTwin() error {
	return fault.New(fault.Conflict, "account.other_identity").With("hours", hours(a.link.RecoveryWait))
}

// twin tells whether the account has another identity on a network where a person has one.
func (a *Accounts) twin(r record, network, identity string) bool {
	return slices.Contains(a.link.OneEach, network) && slices.ContainsFunc(r.Ties, func(t tie) bool {
		return t.Network == network && t.Identity != identity
	})
}

// tied gives the place of a merge among the account's ties; -1 when it is not there.
func (r record) tied(merge string) int {
	return slices.IndexFunc(r.Ties, func(t tie) bool { return t.Merge == merge })
}

// reserveIdentity makes the chat's claim name the merge. It counts once the account lists the subject. CONFLICT when it is linked to another account.
func (a *Accounts) reserveIdentity(ctx context.Context, m merge) error {
	x, err := a.identities.Get(ctx, m.Identity)
	if err != nil {
		return gone(err)
	}
	if x.Subject != m.Subject {
		return errVoid
	}
	if x.Merge == m.ID {
		return nil
	}
	if x.Account != "" {
		if err := a.free(ctx, x.Account, x.Subject, x.Merge); err != nil {
			return err
		}
	}
	_, err = a.identities.Update(ctx, m.Identity, func(y *identity) error {
		if y.Merge != x.Merge || y.Account != x.Account || y.Subject != m.Subject {
			return errMoved
		}
		y.Account, y.Merge, y.Pending = m.Account, m.ID, true
		a.keep(y)
		return nil
	})
	return gone(err)
}

// unlessGone passes an error on, with what was done, unless it says that the document is not there any more: then there is nothing to do.
func unlessGone(what string, err error) error {
	if err == nil || fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	return fmt.Errorf("account: %s: %w", what, err)
}

// gone says of a side that is not there any more that the proof about it is used up.
func gone(err error) error {
	if fault.CodeOf(err) == fault.NotFound {
		return errVoid
	}
	return err
}

// free makes sure that a merge which reserved a subject for an account, and was left behind, never counts: the account remembers that it is void. CONFLICT
// when the subject is the account's, or that of the one which it joined.
func (a *Accounts) free(ctx context.Context, account, subject, merge string) error {
	end, err := a.surviving(ctx, account)
	if fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = a.accounts.Update(ctx, end.ID, func(r *record) error {
		if r.lists(subject) {
			return errHeld
		}
		if slices.Contains(r.Void, merge) {
			return store.ErrUnchanged
		}
		r.forbid(merge)
		return nil
	})
	return err
}

// forbid remembers that a merge must not count (any more). The last 32 are remembered: each was begun on proof, so there cannot be many.
func (r *record) forbid(merge string) {
	r.Void = append(r.Void, merge)
	if over := len(r.Void) - 32; over > 0 {
		r.Void = slices.Clone(r.Void[over:])
	}
}

// abandon makes sure that a merge which was refused for good never counts, lets go of the side that it reserved, and passes the refusal on.
func (a *Accounts) abandon(ctx context.Context, m merge, cause error) error {
	code := fault.CodeOf(cause)
	if code != fault.Conflict && code != fault.Forbidden {
		return fmt.Errorf("account: join: %w", cause)
	}
	err := a.free(ctx, m.Account, m.Subject, m.ID)
	if fault.CodeOf(err) == fault.Conflict {
		return cause // the survivor has the subject all the same, by this merge or another
	}
	if err == nil {
		err = a.letGo(ctx, m)
	}
	if err == nil {
		err = a.mark(ctx, m.ID, begun, void)
	}
	if err != nil {
		return err
	}
	return cause
}

// letGo ends the reservation of the side that was to join, or had joined.
func (a *Accounts) letGo(ctx context.Context, m merge) error {
	var err error
	if m.Other != "" {
		_, err = a.accounts.Update(ctx, m.Other, func(r *record) error {
			if r.Merge != m.ID {
				return store.ErrUnchanged
			}
			r.Into, r.Merge, r.Pending = "", "", false
			return nil
		})
	} else {
		_, err = a.identities.Update(ctx, m.Identity, func(x *identity) error {
			if x.Merge != m.ID {
				return store.ErrUnchanged
			}
			x.Account, x.Merge, x.Pending = "", "", false
			return nil
		})
	}
	return unlessGone("merge", err)
}

// mark moves a merge on. A record that has expired meanwhile is not missed.
func (a *Accounts) mark(ctx context.Context, id string, from, to mergeState) error {
	now := a.now()
	_, err := a.merges.Update(ctx, id, func(m *merge) error {
		if m.State != from {
			return store.ErrUnchanged
		}
		m.State, m.ExpiresAt = to, nil
		if to != merged {
			end := now.Add(a.link.History)
			m.EndedAt, m.ExpiresAt = &now, &end
		}
		return nil
	})
	return unlessGone("merge", err)
}

// resume completes a merge that counts and was not completed when the program was killed.
func (a *Accounts) resume(ctx context.Context, id string) error {
	m, err := a.merges.Get(ctx, id)
	if fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("account: resume: %w", err)
	}
	return a.complete(ctx, m)
}
