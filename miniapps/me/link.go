package me

import (
	"context"
	"encoding/json"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// linkCode takes a code that the app, a page or another chat shows, and links this chat.
func (a *App) linkCode(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct{ Code string }
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	_, err := a.deps.Accounts.TakeCode(ctx, viewerOf(c), in.Code, c.Key)
	switch {
	case is(err, "account.linked_elsewhere"):
		return a.say(c, ended, "linked_elsewhere", nil, miniapps.Suggestion{Action: "join"}, miniapps.Suggestion{Action: "unlink"}), nil
	case is(err, "account.other_identity"):
		return a.say(c, ended, "other_identity", nil), nil
	case err != nil:
		return miniapps.Result{}, err
	}
	return a.say(c, signedIn, "linked", nil, miniapps.Suggestion{Action: "accounts"}), nil
}

// link makes a link that the app or a page opens. The code that it shows there comes back into this chat.
func (a *App) link(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	o, err := a.deps.Accounts.OfferLink(ctx, viewerOf(c), c.Key)
	if err != nil {
		return miniapps.Result{}, err
	}
	res := a.say(c, offered, "link", map[string]any{"minutes": minutes(c, o.ExpiresAt)}, miniapps.Suggestion{Action: ActionLinkCode})
	res.Blocks = append(res.Blocks, message.Link{Label: a.text(c.Lang, "link_open", nil), URL: a.deps.LinkURL(o.Token)})
	return res, nil
}

// showCode shows a code that another chat types to be linked with this account.
func (a *App) showCode(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	o, err := a.deps.Accounts.OfferCode(ctx, viewerOf(c), c.Key)
	if err != nil {
		return miniapps.Result{}, err
	}
	return a.say(c, offered, "show_code", map[string]any{"code": account.GroupCode(o.Code), "minutes": minutes(c, o.ExpiresAt)}), nil
}

// join joins the account that acts here to the one that shows the code.
func (a *App) join(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct{ Code string }
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	l, err := a.deps.Accounts.JoinAccounts(ctx, viewerOf(c), in.Code, c.Key)
	if err != nil {
		return miniapps.Result{}, err
	}
	return a.say(c, done, "joined", map[string]any{"until": a.clock(l.UndoUntil)}, miniapps.Suggestion{Action: "accounts"}), nil
}

// goOn keeps a half-filled form and makes the link under which it is finished.
func (a *App) goOn(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct {
		App, Action string
		Input       json.RawMessage
		Case        miniapps.CaseRef
	}
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	d := account.Draft{App: in.App, Action: in.Action, Input: in.Input, Case: in.Case.ID}
	token, end, err := a.deps.Accounts.SaveDraft(ctx, viewerOf(c), d, c.Key)
	if err != nil {
		return miniapps.Result{}, err
	}
	res := a.say(c, offered, "form", map[string]any{"until": a.clock(end)})
	res.Blocks = append(res.Blocks, message.Link{Label: a.text(c.Lang, "form_open", nil), URL: a.deps.FormURL(token)})
	return res, nil
}
