package account

import (
	"context"
	"fmt"
	"slices"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// An account that joined another one stays as it is but for naming it in Into. Its phone signs in to the survivor, its chats act for the survivor, and its
// sessions end. As with chats the survivor decides: Into counts while the survivor lists the account's own subject.

// survivor gives the account that r went up in, or r itself.
func (a *Accounts) survivor(ctx context.Context, r record) (record, error) {
	end := r
	for range maxSubjects {
		if end.Into == "" {
			break
		}
		next, err := a.accounts.Get(ctx, end.Into)
		if fault.CodeOf(err) == fault.NotFound {
			break
		}
		if err != nil {
			return record{}, fmt.Errorf("account: survivor: %w", err)
		}
		if !slices.Contains(next.Subjects, end.ID) {
			break
		}
		end = next
	}
	if !slices.Contains(end.Subjects, r.ID) {
		return r, nil
	}
	return end, nil
}

// tieTo gives the merge by which an account went up in r; "" for r itself. It is false when r has no such tie.
func (r record) tieTo(account string) (merge string, ok bool) {
	if account == r.ID {
		return "", true
	}
	i := slices.IndexFunc(r.Ties, func(t tie) bool { return t.Other == account })
	if i < 0 {
		return "", false
	}
	return r.Ties[i].Merge, true
}

// reserveAccount makes the account that joins name the survivor, and gives what it brings.
func (a *Accounts) reserveAccount(ctx context.Context, m merge) ([]string, []tie, error) {
	r, err := a.accounts.Get(ctx, m.Other)
	if err != nil {
		return nil, nil, gone(err)
	}
	if r.Into != "" && r.Merge != m.ID {
		if err := a.free(ctx, r.Into, r.ID, r.Merge); err != nil {
			return nil, nil, err
		}
	}
	seen := r
	r, err = a.accounts.Update(ctx, m.Other, func(r *record) error {
		switch {
		case r.Merge == m.ID && r.Into != "":
			return store.ErrUnchanged
		case r.Staff:
			return errStaff()
		case r.Into != seen.Into || r.Merge != seen.Merge:
			return errMoved
		}
		r.Into, r.Merge, r.Pending = m.Account, m.ID, true
		return nil
	})
	if err != nil {
		return nil, nil, gone(err)
	}
	return r.Subjects, r.Ties, nil
}

// standAlone lets an account be joined to that is itself about to join another: that is void now, unless it counts.
func (a *Accounts) standAlone(ctx context.Context, id string) error {
	r, err := a.accounts.Get(ctx, id)
	if err != nil {
		return err
	}
	if r.Into == "" {
		return errMoved
	}
	if err := a.free(ctx, r.Into, r.ID, r.Merge); err != nil {
		return err
	}
	_, err = a.accounts.Update(ctx, id, func(x *record) error {
		if x.Into != r.Into || x.Merge != r.Merge {
			return errMoved
		}
		x.Into, x.Merge, x.Pending = "", "", false
		return nil
	})
	if err != nil {
		return err
	}
	return errMoved // now it can be joined to
}

func errStaff() error { return fault.New(fault.Forbidden, "account.staff_joined") }

// surviving gives the account of an id as it counts now. NOT_FOUND when there is none.
func (a *Accounts) surviving(ctx context.Context, id string) (record, error) {
	r, err := a.accounts.Get(ctx, id)
	if err != nil {
		return record{}, err
	}
	return a.survivor(ctx, r)
}

// arrived completes what a kill left open about the account that somebody just signed in to by its phone, and gives the survivor.
func (a *Accounts) arrived(ctx context.Context, r record) (record, error) {
	if r.Into == "" {
		return r, nil
	}
	end, err := a.survivor(ctx, r)
	switch {
	case err != nil:
		return record{}, err
	case end.ID != r.ID && r.Pending:
		return end, a.resume(ctx, r.Merge)
	case end.ID == r.ID && !r.Pending: // it came back, and does not know yet
		return end, a.settleParted(ctx, merge{ID: r.Merge, Other: r.ID})
	}
	return end, nil
}
