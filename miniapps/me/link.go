package me

import (
	"context"
	"encoding/json"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// linkCode looks at a code that the app, a page or another chat shows, and says whose account it is. Nothing is linked: the code may be a stranger's, who had
// this person type it or open a link that holds it. They are asked next.
func (a *App) linkCode(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct{ Code string }
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	o, err := a.deps.Accounts.LookAtCode(ctx, viewerOf(c), in.Code, c.Key)
	if err != nil {
		return a.notLinked(c, err)
	}
	ask := miniapps.Suggestion{Action: "link_join", Input: map[string]any{"code": in.Code}, Now: true}
	return a.say(c, found, "code_found", map[string]any{"account": a.named(c, o)}, ask), nil
}

// linkJoin links this chat, once its person has agreed.
func (a *App) linkJoin(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct{ Code string }
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	switch _, err := a.deps.Accounts.TakeCode(ctx, viewerOf(c), in.Code, c.Key); {
	case is(err, "account.link_code_refused"): // it was good when it was looked at
		return a.say(c, ended, "link_code_over", nil, miniapps.Suggestion{Action: ActionLinkCode}), nil
	case err != nil:
		return a.notLinked(c, err)
	}
	return a.say(c, signedIn, "linked", nil, miniapps.Suggestion{Action: "accounts"}), nil
}

// notLinked says why a code does not link this chat, and what may.
func (a *App) notLinked(c miniapps.Call, err error) (miniapps.Result, error) {
	switch {
	case is(err, "account.linked_elsewhere"):
		return a.say(c, ended, "linked_elsewhere", nil, miniapps.Suggestion{Action: "join"}, miniapps.Suggestion{Action: "unlink"}), nil
	case is(err, "account.other_identity"):
		return a.otherIdentity(c, err), nil
	}
	return a.refused(c, err)
}

// otherIdentity says that it takes more than the phone, and offers both ways.
func (a *App) otherIdentity(c miniapps.Call, err error) miniapps.Result {
	return a.say(c, ended, "other_identity", fault.Of(err).Params, miniapps.Suggestion{Action: ActionLinkCode}, miniapps.Suggestion{Action: "recover"})
}

// named writes an account for people: by its phone.
func (a *App) named(c miniapps.Call, o account.Offered) string {
	if o.Phone == "" {
		return a.text(c.Lang, "no_phone", nil)
	}
	return o.Phone
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
	words := a.text(c.Lang, "show_code", map[string]any{"code": account.GroupCode(o.Code), "minutes": minutes(c, o.ExpiresAt)})
	return miniapps.Result{Data: outcome{State: offered}, Blocks: message.Blocks{message.Words{Text: words, Secret: true}}}, nil
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
	res := a.say(c, offered, "form", map[string]any{"until": a.clock(end, c.Lang)})
	res.Blocks = append(res.Blocks, message.Link{Label: a.text(c.Lang, "form_open", nil), URL: a.deps.FormURL(token)})
	return res, nil
}
