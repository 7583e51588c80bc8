package me

import (
	"context"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/miniapps"
)

// join joins the account that acts here to the one that shows the code. In a chat, where somebody else may sit, a one-time code goes to the account's own phone
// first and follows at once.
func (a *App) join(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct{ Code string }
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	v := viewerOf(c)
	if _, err := a.deps.Accounts.LookAtJoin(ctx, v, in.Code, c.Key); err != nil {
		return a.refused(c, err, miniapps.Suggestion{Action: "join"})
	}
	if v.Identity != "" {
		code, err := a.deps.Accounts.RequestJoinCode(ctx, v, c.Key)
		switch {
		case err == nil:
			next := miniapps.Suggestion{Action: "join_code", Input: map[string]any{"link": in.Code, "challenge": code.ID}, Now: true}
			return a.say(c, codeSent, "join_code_sent", map[string]any{"phone": code.Phone, "minutes": minutes(c, code.ExpiresAt)}, next), nil
		case !is(err, "account.no_phone"):
			return a.refused(c, err, miniapps.Suggestion{Action: "join"})
		}
	}
	l, err := a.deps.Accounts.JoinAccounts(ctx, v, in.Code, c.Key)
	if err != nil {
		return a.refused(c, err, miniapps.Suggestion{Action: "join"})
	}
	return a.joined(c, l), nil
}

// joinCode takes the one-time code and joins the accounts.
func (a *App) joinCode(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct{ Link, Challenge, Code string }
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	proof := account.JoinProof{Code: in.Link, ChallengeID: in.Challenge, PhoneCode: in.Code}
	l, err := a.deps.Accounts.JoinProved(ctx, viewerOf(c), proof, c.Key)
	switch {
	case over(err):
		return a.codeOver(c, err, "join"), nil
	case is(err, "account.link_code_refused"):
		return a.say(c, ended, "link_code_over", nil, miniapps.Suggestion{Action: "join"}), nil
	case err != nil:
		return a.refused(c, err, miniapps.Suggestion{Action: "join"})
	}
	return a.joined(c, l), nil
}

func (a *App) joined(c miniapps.Call, l account.Linked) miniapps.Result {
	return a.say(c, done, "joined", map[string]any{"until": a.clock(l.UndoUntil, c.Lang)}, miniapps.Suggestion{Action: "accounts"})
}

// checkCode names the account that a link code belongs to, for whoever is asked whether to link this chat with it. That it is good was found before; what came
// between, the action itself tells.
func (a *App) checkCode(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	res, err := a.lookAt(c, func(code string) (account.Offered, error) {
		return a.deps.Accounts.LookAtCode(ctx, viewerOf(c), code, "")
	})
	if out, ok := res.Data.(miniapps.Checked); err != nil || ok && len(out.Errors) > 0 {
		return miniapps.Result{Data: miniapps.Checked{}}, nil
	}
	return res, nil
}

// checkJoin names the account that the one here would go into.
func (a *App) checkJoin(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	return a.lookAt(c, func(code string) (account.Offered, error) {
		return a.deps.Accounts.LookAtJoin(ctx, viewerOf(c), code, "")
	})
}

func (a *App) lookAt(c miniapps.Call, look func(code string) (account.Offered, error)) (miniapps.Result, error) {
	var in struct {
		Answers struct {
			Code any
		}
	}
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	code, given := in.Answers.Code.(string)
	if !given {
		return miniapps.Result{Data: miniapps.Checked{}}, nil
	}
	o, err := look(code)
	switch fault.CodeOf(err) {
	case "":
		return miniapps.Result{Data: miniapps.Checked{Derived: map[string]any{"account": a.named(c, o)}}}, nil
	case fault.Conflict, fault.Forbidden, fault.NotFound, fault.RateLimited:
		f := fault.Of(err)
		wrong := miniapps.WrongAnswer{Path: []string{"code"}, Text: a.deps.Texts.Text(c.Lang, f.Key, f.Params)}
		return miniapps.Result{Data: miniapps.Checked{Errors: []miniapps.WrongAnswer{wrong}}}, nil
	}
	return miniapps.Result{}, err
}
