package account

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
)

// Draft is a half-filled form on its way from a chat to a page: for answers that no chat may hold, or that are easier given there.
type Draft struct {
	App    string          `json:"app"`
	Action string          `json:"action"`
	Input  json.RawMessage `json:"input,omitempty"` // what is known so far; need not be valid
	Case   string          `json:"case,omitempty"`  // id of the app's case that it is about; "" for none
	From   string          `json:"-"`               // subject of the chat that it began in; given by OpenDraft
	Sent   bool            `json:"-"`               // it was carried out, see SentDraft; given by OpenDraft
}

// draft is a form as it is stored: by the keyed index of its token, sealed.
type draft struct {
	ID        string    `bson:"_id"`
	From      string    `bson:"from"`              // subject of the chat
	Account   string    `bson:"account,omitempty"` // that the chat was linked with, or else the first that opened it: from then on it is theirs
	Sent      bool      `bson:"sent,omitempty"`    // what it is for was done
	Data      []byte    `bson:"data"`              // sealed
	Deadline  time.Time `bson:"deadline"`
	ExpiresAt time.Time `bson:"expires_at"`
}

var draftKind = store.Kind{Name: "form_drafts", ExpiresAt: "expires_at", Indexes: []store.Index{{Name: "from", Equal: []string{"from"}}}}

const (
	draftContext = "account draft"
	maxDraft     = 64 << 10 // bytes of a sealed form
)

// SaveDraft keeps a form and gives the token of the link that opens it, with its end. A repeat with the same key gives the same token. UNAUTHORIZED for
// nobody, INVALID for a form that is too long, RATE_LIMITED beyond the day's forms, CONFLICT for a key that was used for another form.
func (a *Accounts) SaveDraft(ctx context.Context, v Viewer, d Draft, key string) (token string, expires time.Time, err error) {
	if v.Subject == "" {
		return "", time.Time{}, signedOut(nil)
	}
	plain, err := json.Marshal(d)
	if err != nil {
		return "", time.Time{}, fault.Wrap(fault.Invalid, err)
	}
	if len(plain) > maxDraft {
		return "", time.Time{}, fault.New(fault.Invalid, "account.draft_too_long").With("max", maxDraft>>10)
	}
	by, hash, err := a.scopedAnyway(v, "saveDraft", key, string(plain))
	if err != nil {
		return "", time.Time{}, err
	}
	// A form costs no more than the messages that led to it; five times as many as links are enough for anybody.
	if err := a.chargeLink(ctx, "drafts", v.KeyScope(), 5*a.link.OffersPerDay, by, hash); err != nil {
		return "", time.Time{}, err
	}
	if token, err = a.token("account draft value", v.KeyScope(), by); err != nil {
		return "", time.Time{}, err
	}
	id := a.deps.Box.Index(draftContext, token)
	sealed, err := a.deps.Box.Seal(plain, draftSeal(id))
	if err != nil {
		return "", time.Time{}, err
	}
	end := a.now().Add(a.link.DraftTTL)
	x := draft{ID: id, From: v.KeyScope(), Account: v.Account, Data: sealed, Deadline: end, ExpiresAt: end.Add(time.Hour)}
	err = a.drafts.Insert(ctx, x)
	if fault.CodeOf(err) == fault.Conflict {
		x, err = a.drafts.Get(ctx, id)
	}
	if err != nil {
		return "", time.Time{}, fmt.Errorf("account: save draft: %w", err)
	}
	return token, x.Deadline, nil
}

// OpenDraft gives the form of a token to the account that the chat was linked with, or else to the first that opens it, as often as it asks until the form
// ends. What is sent with it belongs to that account. NOT_FOUND, with one text for every cause, for anybody else; UNAUTHORIZED without a session; RATE_LIMITED
// beyond the day's tries.
func (a *Accounts) OpenDraft(ctx context.Context, v Viewer, token string) (Draft, error) {
	if !v.SignedIn() || v.Identity != "" {
		return Draft{}, signedOut(nil)
	}
	if len(token) == 0 || len(token) > maxToken43 {
		return Draft{}, draftMissing()
	}
	ids := a.deps.Box.Indexes(draftContext, token)
	if err := a.chargeLink(ctx, "forms", v.Account, 5*a.link.OffersPerDay, ids[0], ids[0]); err != nil {
		return Draft{}, err
	}
	for _, id := range ids {
		x, err := a.drafts.Update(ctx, id, func(x *draft) error {
			if x.Account != "" || !a.now().Before(x.Deadline) {
				return store.ErrUnchanged
			}
			x.Account = v.Account
			return nil
		})
		if fault.CodeOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return Draft{}, fmt.Errorf("account: open draft: %w", err)
		}
		switch {
		case !v.Owns(x.Account):
			return Draft{}, a.draftGone(ctx, v, x, "other_account")
		case !a.now().Before(x.Deadline):
			return Draft{}, a.draftGone(ctx, v, x, "ended")
		}
		return a.readDraft(x)
	}
	return Draft{}, a.draftGone(ctx, v, draft{ID: ids[0]}, "wrong")
}

// draftGone records a form that was not opened, once, with the account that tried and the chat that it came from.
func (a *Accounts) draftGone(ctx context.Context, v Viewer, x draft, reason string) error {
	e := LinkEvent{ID: "refused-" + once.ID(once.Scope(v.Account, "account", "open "+reason, x.ID)), Flow: ByLink, Reason: reason}
	return a.deny(ctx, e, draftMissing(), v, x.From)
}

func draftMissing() error { return fault.New(fault.NotFound, "account.draft_gone") }

func (a *Accounts) readDraft(x draft) (Draft, error) {
	plain, err := a.deps.Box.Unseal(x.Data, draftSeal(x.ID))
	if err != nil {
		return Draft{}, fmt.Errorf("account: open draft: %w", err)
	}
	var d Draft
	if err := json.Unmarshal(plain, &d); err != nil {
		return Draft{}, fault.Wrap(fault.Internal, fmt.Errorf("account: a draft that is not ours"))
	}
	d.From, d.Sent = x.From, x.Sent
	return d, nil
}

// SentDraft notes that the form of a token was carried out. Nothing happens to a form that is not the viewer's, or has ended.
func (a *Accounts) SentDraft(ctx context.Context, v Viewer, token string) error {
	for _, id := range a.deps.Box.Indexes(draftContext, token) {
		_, err := a.drafts.Update(ctx, id, func(x *draft) error {
			if !v.Owns(x.Account) || x.Sent {
				return store.ErrUnchanged
			}
			x.Sent = true
			return nil
		})
		if err != nil && fault.CodeOf(err) != fault.NotFound {
			return fmt.Errorf("account: sent draft: %w", err)
		}
	}
	return nil
}

// forgetDrafts removes the forms that began in the chat of a subject, whoever has opened them.
func (a *Accounts) forgetDrafts(ctx context.Context, subject string) error {
	for {
		found, err := a.drafts.Collect(ctx, a.draftsFrom.Where(subject).First(manyDrafts))
		if err != nil || len(found) == 0 {
			return err
		}
		for _, x := range found {
			if err := a.drafts.Delete(ctx, x.ID); err != nil && fault.CodeOf(err) != fault.NotFound {
				return err
			}
		}
	}
}

const manyDrafts = 100

func draftSeal(id string) string { return "account draft/" + id }
