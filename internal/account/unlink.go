package account

import (
	"context"
	"fmt"
	"slices"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// Unlink ends a link: the chat acts for the account no more, and is a guest again. Within the time that Identities shows it also parts what was joined: the
// chat has back what it made before the link, and the account keeps what was made since. Later the account keeps both, and the chat begins anew. An account
// that was joined comes back likewise; later only its phone is let go. Either way the sessions end that its phone opened meanwhile. The owner is told. A repeat changes nothing more. NOT_FOUND for a link that is not
// the account's; CONFLICT while a recovery waits that this chat asked for, or when nothing would lead to the account any more (account.last_link).
func (a *Accounts) Unlink(ctx context.Context, v Viewer, id, key string) error {
	r, err := a.own(ctx, v)
	if err != nil {
		return err
	}
	mark, err := newMark(v, "unlink", key, id)
	if err != nil {
		return err
	}
	if seen, err := mark.seen(r); err != nil {
		return err
	} else if seen {
		return a.partedAgain(ctx, id)
	}
	i := r.tied(id)
	if i < 0 {
		return fault.New(fault.NotFound, "account.no_link")
	}
	t := r.Ties[i]
	if r.Claim == "" && len(r.Ties) == 1 {
		return fault.New(fault.Conflict, "account.last_link")
	}
	if v.Identity != "" && v.Identity != t.Identity {
		if err := a.mayPartOthers(ctx, v); err != nil {
			return err
		}
	}
	if err := a.tell(ctx, Alert{ID: "unlinked-" + id, Account: r.ID, Notice: NoticeUnlinked, Network: t.Network}); err != nil {
		return err
	}
	return a.part(ctx, r.ID, t, func(r *record) error {
		if v.Identity != "" && v.Identity != t.Identity {
			now := a.now()
			r.PartedAt = &now
		}
		if mark == nil {
			return nil
		}
		return mark.add(r)
	})
}

// part ends a tie. In the write that ends it, also is made too. What the chat has left with the account is taken away before that write, because who finds the tie
// ended after a kill does not look for more; and once more by settleParted, because something may have been left until then.
func (a *Accounts) part(ctx context.Context, account string, t tie, also func(*record) error) error {
	if err := a.left(ctx, t.Identity); err != nil {
		return err
	}
	undo := a.now().Before(t.At.Add(a.link.UndoFor))
	var err error
	switch {
	case undo && t.Other != "":
		err = a.prune(ctx, account, t)
	case t.Other != "":
		err = a.dropPhone(ctx, t.Other)
	case !undo:
		err = a.beginAnew(ctx, t)
	}
	if err != nil {
		return err
	}
	without := func(r *record) {
		if undo {
			r.drop(t)
		} else {
			r.Ties = slices.DeleteFunc(r.Ties, func(x tie) bool { return x.Merge == t.Merge })
		}
	}
	if t.Other != "" { // before that write and after it, as with what a chat has left
		if err := a.shutOut(ctx, account, without); err != nil {
			return err
		}
	}
	_, err = a.accounts.Update(ctx, account, func(r *record) error {
		if r.tied(t.Merge) < 0 {
			return store.ErrUnchanged
		}
		without(r)
		r.forbid(t.Merge)
		r.UpdatedAt = a.now()
		return also(r)
	})
	if err != nil {
		return fmt.Errorf("account: unlink: %w", err)
	}
	if t.Other != "" {
		if err := a.shutOut(ctx, account, without); err != nil {
			return err
		}
	}
	if err := a.note(ctx, account, "parted-"+t.Merge, LinkEvent{Kind: LinkParted, Network: t.Network}); err != nil {
		return err
	}
	if !undo && t.Other != "" { // its subjects stay with the survivor, so it goes on leading there
		return a.mark(ctx, t.Merge, merged, parted)
	}
	return a.settleParted(ctx, merge{ID: t.Merge, Identity: t.Identity, Other: t.Other})
}

// drop takes a tie out of the account, with its subjects and with the ties that came with it.
func (r *record) drop(t tie) {
	r.Subjects = slices.DeleteFunc(r.Subjects, func(s string) bool { return s != r.ID && slices.Contains(t.Subjects, s) })
	r.Ties = slices.DeleteFunc(r.Ties, func(x tie) bool { return x.Merge == t.Merge || !slices.ContainsFunc(x.Subjects, r.lists) })
	for i, x := range r.Ties { // what an account brought and has parted from does not go back with it
		r.Ties[i].Subjects = slices.DeleteFunc(x.Subjects, func(s string) bool { return !r.lists(s) })
	}
}

// lists tells whether a subject is one of the account's.
func (r record) lists(subject string) bool { return slices.Contains(r.Subjects, subject) }

// settleParted lets go of the side of a merge that has ended, and of what it left with the account.
func (a *Accounts) settleParted(ctx context.Context, m merge) error {
	if err := a.left(ctx, m.Identity); err != nil {
		return err
	}
	if err := a.letGo(ctx, m); err != nil {
		return err
	}
	if err := a.mark(ctx, m.ID, begun, parted); err != nil {
		return err
	}
	return a.mark(ctx, m.ID, merged, parted)
}

// partedAgain answers a repeat: whatever a kill left undone behind the write that counted is done.
func (a *Accounts) partedAgain(ctx context.Context, id string) error {
	m, err := a.merges.Get(ctx, id)
	if fault.CodeOf(err) == fault.NotFound || err == nil && m.State == parted {
		return nil
	}
	if err != nil {
		return fmt.Errorf("account: unlink: %w", err)
	}
	if err := a.note(ctx, m.Account, "parted-"+m.ID, LinkEvent{Kind: LinkParted, Network: m.Network}); err != nil {
		return err
	}
	if m.Other == "" || a.now().Before(m.At.Add(a.link.UndoFor)) {
		return a.settleParted(ctx, m)
	}
	return a.mark(ctx, m.ID, merged, parted)
}

// beginAnew gives a chat a new subject, which no account lists: the old one stays with the account. That the chat was linked it knows until settleParted, so that
// whoever finds it after a kill goes on.
func (a *Accounts) beginAnew(ctx context.Context, t tie) error {
	subject, err := newID()
	if err != nil {
		return err
	}
	_, err = a.identities.Update(ctx, t.Identity, func(x *identity) error {
		if x.Merge != t.Merge {
			return store.ErrUnchanged
		}
		x.Subject, x.Pending = subject, false
		return nil
	})
	return unlessGone("unlink", err)
}

// prune takes out of an account that is about to come back what it brought and the survivor has parted from since.
func (a *Accounts) prune(ctx context.Context, account string, t tie) error {
	r, err := a.accounts.Get(ctx, account)
	if err != nil {
		return fmt.Errorf("account: unlink: %w", err)
	}
	_, err = a.accounts.Update(ctx, t.Other, func(o *record) error {
		o.Subjects = slices.DeleteFunc(o.Subjects, func(s string) bool { return s != o.ID && !slices.Contains(t.Subjects, s) })
		o.Ties = slices.DeleteFunc(o.Ties, func(x tie) bool { return r.tied(x.Merge) < 0 })
		return nil
	})
	return unlessGone("unlink", err)
}

// dropPhone takes the phone from an account: whoever proves it next begins anew.
func (a *Accounts) dropPhone(ctx context.Context, account string) error {
	_, err := a.accounts.Update(ctx, account, func(r *record) error {
		if r.Claim == "" {
			return store.ErrUnchanged
		}
		r.Claim, r.Phone, r.Moves, r.UpdatedAt = "", nil, r.Moves+1, a.now()
		return nil
	})
	return unlessGone("give up phone", err)
}

// mayPartOthers refuses a chat that waits for a recovery: those who could still object must not be put out of the way.
func (a *Accounts) mayPartOthers(ctx context.Context, v Viewer) error {
	all, err := a.recoveriesOf(ctx, v.Account)
	if err != nil {
		return err
	}
	now := a.now()
	if slices.ContainsFunc(all, func(r recovery) bool { return r.By == v.Identity && r.open(now) }) {
		return fault.New(fault.Conflict, "account.recovery_waits")
	}
	return nil
}
