package account

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/store"
)

// Identity is a person as a network knows them. It says nothing about who that is in life.
type Identity struct {
	Network string // name of the channel: "zalo"
	Account string // the city's account there, which the person's id holds for; "" where there is none
	User    string // the network's id of the person; personal data
	Origin  string // hides where their message came from, as Accounts.Origin gives it; "" when unknown. It is no part of who they are
}

// identity is the claim of a network identity: its id is a keyed index, so at most one exists for a person there, and of many first messages at once one
// makes it. Nothing has to be made beside it, so it has no state: it is done when it is there.
type identity struct {
	ID        string       `bson:"_id"`
	Subject   string       `bson:"subject"`           // owns what the person makes there while they are a guest
	Account   string       `bson:"account,omitempty"` // that the identity was linked to; "" for none. It counts while the account lists the subject
	Merge     string       `bson:"merge,omitempty"`   // that linked it
	Pending   bool         `bson:"pending,omitempty"` // the merge may not be completed
	Network   string       `bson:"network"`
	Side      string       `bson:"side"` // the city's account on the network
	User      []byte       `bson:"user"` // the network's id, sealed: where notices go
	Lang      message.Lang `bson:"lang"`
	CreatedAt time.Time    `bson:"created_at"`
	Kept      bool         `bson:"kept,omitempty"` // they did something: kept for guestRetention, on whichever network
	SeenAt    time.Time    `bson:"seen_at"`        // to within what seenStep gives
	ExpiresAt time.Time    `bson:"expires_at"`
}

var identityKind = store.Kind{Name: "identities", ExpiresAt: "expires_at", Indexes: []store.Index{{Name: "of_subject", Equal: []string{"subject"}}}}

// identityContext is the context of an identity's keyed index.
const identityContext = "account identity"

// seenStep is how exactly it is known when somebody was there last: most messages need no write. Visitors of the city's own pages go sooner.
const seenStep = 30 * day

func (a *Accounts) seenStep(network string) time.Duration {
	if network == webNetwork {
		return min(day, a.cfg.SessionIdle/4)
	}
	return seenStep
}

// keptFor gives how long somebody is kept who is not seen any more.
func (a *Accounts) keptFor(x identity) time.Duration {
	if x.Network == webNetwork && !x.Kept {
		return a.cfg.webGuestRetention()
	}
	return a.cfg.guestRetention()
}

// Guest gives the viewer that stands for a person on a network, made at first sight: with a subject of their own, which owns what they make, and no account,
// so that they count as signed in nowhere. lang is what they are answered in and is remembered; "" takes what is remembered.
//
// An identity that was linked to an account shows that account's subjects and acts for it; reads see a link with the next call. Nobody is staff here.
// INTERNAL for an identity without a network or a user.
func (a *Accounts) Guest(ctx context.Context, who Identity, lang message.Lang) (Viewer, error) {
	if who.Network == "" || who.User == "" {
		return Viewer{}, fault.Wrap(fault.Internal, errors.New("account: an identity needs a network and a user"))
	}
	if lang != lang.Or() {
		lang = ""
	}
	ids := a.deps.Box.Indexes(identityContext, who.key())
	for range rounds {
		x, err := a.meet(ctx, ids, who, lang)
		if errors.Is(err, errMoved) {
			continue
		}
		if err != nil {
			return Viewer{}, fmt.Errorf("account: identity: %w", err)
		}
		v, err := a.guest(ctx, x, lang)
		v.Origin = who.Origin
		return v, err
	}
	return Viewer{}, busy()
}

// key is what an identity is found by. No part of it holds the byte between them.
func (i Identity) key() string { return strings.Join([]string{i.Network, i.Account, i.User}, "\x00") }

// meet gives the claim of an identity, of those under several index keys the one under the newest, and makes it when there is none. errMoved when it must be
// looked for again.
func (a *Accounts) meet(ctx context.Context, ids []string, who Identity, lang message.Lang) (identity, error) {
	found, err := a.identities.GetMany(ctx, ids)
	if err != nil {
		return identity{}, err
	}
	for _, id := range ids {
		x, ok := found[id]
		switch {
		case !ok:
		case a.lapsed(x):
			return identity{}, cmp.Or(a.lapse(ctx, x), errMoved)
		default:
			return a.see(ctx, x, lang)
		}
	}
	x, err := a.newIdentity(ids[0], who, lang)
	if err != nil {
		return identity{}, err
	}
	err = a.identities.Insert(ctx, x)
	if fault.CodeOf(err) == fault.Conflict {
		return identity{}, errMoved // somebody else was first: go on with theirs
	}
	if err == nil {
		a.count("identity_made")
	}
	return x, err
}

func (a *Accounts) newIdentity(id string, who Identity, lang message.Lang) (identity, error) {
	subject, err := newID()
	if err != nil {
		return identity{}, err
	}
	sealed, err := a.deps.Box.Seal([]byte(who.User), identitySeal(id))
	if err != nil {
		return identity{}, err
	}
	now := a.now()
	x := identity{ID: id, Subject: subject, Network: who.Network, Side: who.Account, User: sealed, Lang: lang.Or(), CreatedAt: now, SeenAt: now}
	x.ExpiresAt = now.Add(a.keptFor(x))
	return x, nil
}

// see remembers that somebody was there, and which language they speak, when what is remembered is not so any more.
func (a *Accounts) see(ctx context.Context, x identity, lang message.Lang) (identity, error) {
	now := a.now()
	if !a.outdated(x, now, lang) {
		return x, nil
	}
	x, err := a.identities.Update(ctx, x.ID, func(x *identity) error {
		if !a.outdated(*x, now, lang) {
			return store.ErrUnchanged
		}
		x.SeenAt, x.ExpiresAt = now, now.Add(a.keptFor(*x))
		if lang != "" {
			x.Lang = lang
		}
		return nil
	})
	if fault.CodeOf(err) == fault.NotFound { // it had expired
		return x, errMoved
	}
	return x, err
}

func (a *Accounts) outdated(x identity, now time.Time, lang message.Lang) bool {
	return !now.Before(x.SeenAt.Add(a.seenStep(x.Network))) || lang != "" && lang != x.Lang
}

// guest gives the viewer of a claim. The account decides about a link: one that does not list the subject is not, or no longer, linked.
//
// A linked chat was proved to be its account's owner, so it acts as one who proved the phone, and what it makes from then on is the account's. Roles are for
// sessions only. Its keys keep the scope that they had: a request that is repeated after the link is still the same request.
func (a *Accounts) guest(ctx context.Context, x identity, lang message.Lang) (Viewer, error) {
	if lang == "" {
		lang = x.Lang
	}
	v := Viewer{Subject: x.Subject, Subjects: []string{x.Subject}, Identity: x.ID, Assurance: Guest, Lang: lang.Or()}
	if x.Account == "" {
		return v, nil
	}
	r, err := a.surviving(ctx, x.Account)
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		return Viewer{}, fmt.Errorf("account: identity: %w", err)
	}
	switch {
	case err == nil && !r.lists(x.Subject) && !x.Pending: // the link was ended, and the chat does not know yet
		return v, a.settleParted(ctx, merge{ID: x.Merge, Identity: x.ID})
	case err != nil || !r.lists(x.Subject):
		return v, nil
	case x.Pending:
		if err := a.resume(ctx, x.Merge); err != nil {
			return Viewer{}, err
		}
	}
	v.Account, v.Subject, v.Scope, v.Subjects, v.Assurance = r.ID, r.ID, x.Subject, r.Subjects, Phone
	return v, nil
}

// ActsFor gives the subject for which a person on a network acts, as Guest does, and changes nothing: nobody counts as seen because something is sent to them. ""
// for somebody who is not known, and for a chat in a browser that was not used for so long that it acts for its account no more.
func (a *Accounts) ActsFor(ctx context.Context, who Identity) (subject string, err error) {
	ids := a.deps.Box.Indexes(identityContext, who.key())
	found, err := a.identities.GetMany(ctx, ids)
	if err != nil {
		return "", fmt.Errorf("account: identity: %w", err)
	}
	for _, id := range ids {
		x, ok := found[id]
		switch {
		case !ok:
		case a.lapsed(x):
			return "", nil
		case x.Account == "":
			return x.Subject, nil
		default:
			return a.linkedSubject(ctx, x)
		}
	}
	return "", nil
}

// linkedSubject gives the subject of the account that a chat was linked to, while that one lists it, else the chat's own.
func (a *Accounts) linkedSubject(ctx context.Context, x identity) (string, error) {
	r, err := a.surviving(ctx, x.Account)
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		return "", fmt.Errorf("account: identity: %w", err)
	}
	if err == nil && r.lists(x.Subject) {
		return r.ID, nil
	}
	return x.Subject, nil
}

func identitySeal(id string) string { return "account identity/" + id }
