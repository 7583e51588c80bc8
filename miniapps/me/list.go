package me

import (
	"context"
	"strings"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// What an entry of the list is, in front of its id.
const (
	linkEntry    = "link:"
	sessionEntry = "session:"
)

// entry is one way by which the account is used: a linked chat, an account that was joined, or a device that is signed in.
type entry struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"` // "chat", "phone" or "device"
	Name    string `json:"name"` // in words
	Since   string `json:"since"`
	Current bool   `json:"current,omitempty"`
}

// listing is what "accounts" gives.
type listing struct {
	State   string  `json:"state"`
	Phone   string  `json:"phone,omitempty"` // masked
	Entries []entry `json:"entries"`
}

// accounts shows by what the citizen is known: the phone, every chat and every device, and what waits.
func (a *App) accounts(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	v := viewerOf(c)
	p, err := a.deps.Accounts.Me(ctx, v)
	if err != nil {
		return miniapps.Result{}, err
	}
	all, err := a.entries(ctx, c)
	if err != nil {
		return miniapps.Result{}, err
	}
	waiting, err := a.deps.Accounts.Recoveries(ctx, v)
	if err != nil {
		return miniapps.Result{}, err
	}
	card := message.Card{Title: a.text(c.Lang, "accounts", nil), Subtitle: p.MaskedPhone}
	for _, e := range all {
		card.Facts = append(card.Facts, message.Fact{Label: e.Name, Value: e.Since})
	}
	res := miniapps.Result{Data: listing{State: signedIn, Phone: p.MaskedPhone, Entries: all}, Blocks: message.Blocks{card}}
	for _, r := range waiting {
		res.Blocks = append(res.Blocks, message.Words{Text: a.waiting(c, r)})
		res.Next = []miniapps.Suggestion{{Action: "cancel_recovery"}}
	}
	if len(all) > 0 {
		res.Next = append(res.Next, miniapps.Suggestion{Action: "unlink"})
	}
	res.Next = append(res.Next, miniapps.Suggestion{Action: "show_code"})
	return res, nil
}

// entries gives the whole list: chats and accounts first, then devices.
func (a *App) entries(ctx context.Context, c miniapps.Call) ([]entry, error) {
	v := viewerOf(c)
	links, err := a.deps.Accounts.Identities(ctx, v)
	if err != nil {
		return nil, err
	}
	sessions, err := a.deps.Accounts.Sessions(ctx, v)
	if err != nil {
		return nil, err
	}
	out := []entry{}
	for _, l := range links {
		out = append(out, a.linkEntry(c, l))
	}
	for _, s := range sessions {
		name := s.DeviceName
		if name == "" {
			name = a.text(c.Lang, "device", nil)
		}
		out = append(out, entry{ID: sessionEntry + s.ID, Kind: "device", Name: name, Since: a.text(c.Lang, "seen", map[string]any{"at": a.clock(s.SeenAt, c.Lang)})})
	}
	return out, nil
}

func (a *App) linkEntry(c miniapps.Call, l account.LinkedIdentity) entry {
	e := entry{ID: linkEntry + l.ID, Kind: "chat", Name: a.network(c, l.Network), Current: l.Current}
	if l.Phone != "" {
		e.Kind, e.Name = "phone", e.Name+" "+l.Phone
	}
	key := "since"
	if l.Current {
		key = "since_here"
	}
	e.Since = a.text(c.Lang, key, map[string]any{"at": a.clock(l.LinkedAt, c.Lang)})
	return e
}

// linked gives the entries to choose from.
func (a *App) linked(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	out := miniapps.Options{Choices: []miniapps.Option{}}
	if !c.Citizen.Assurance.Reaches(account.Phone) {
		return miniapps.Result{Data: out}, nil
	}
	all, err := a.entries(ctx, c)
	if err != nil {
		return miniapps.Result{}, err
	}
	for _, e := range all {
		out.Choices = append(out.Choices, miniapps.Option{Value: e.ID, Label: e.Name, Hint: e.Since})
	}
	return miniapps.Result{Data: out}, nil
}

// unlink ends one entry of the list. A chat that has ended its own link asks again as a guest: it is told that it is done.
func (a *App) unlink(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	if !c.Citizen.Assurance.Reaches(account.Phone) {
		return a.say(c, nothing, "not_signed_in", nil, miniapps.Suggestion{Action: ActionSignIn}), nil
	}
	var in struct{ Entry string }
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	if id, ok := strings.CutPrefix(in.Entry, sessionEntry); ok {
		if err := a.deps.Accounts.RevokeSession(ctx, viewerOf(c), id); err != nil {
			return miniapps.Result{}, err
		}
		return a.say(c, ended, "device_ended", nil), nil
	}
	id, ok := strings.CutPrefix(in.Entry, linkEntry)
	if !ok {
		return miniapps.Result{}, fault.New(fault.NotFound, "account.no_link")
	}
	if err := a.deps.Accounts.Unlink(ctx, viewerOf(c), id, c.Key); err != nil {
		return miniapps.Result{}, err
	}
	return a.say(c, ended, "unlinked", nil), nil
}
