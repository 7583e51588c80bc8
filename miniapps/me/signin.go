package me

import (
	"context"
	"errors"
	"strings"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// signIn sends a one-time code to a phone. The code follows at once.
func (a *App) signIn(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	if c.Citizen.Assurance.Reaches(account.Phone) {
		return a.already(ctx, c)
	}
	return a.sendCode(ctx, c, "code", false)
}

// already answers somebody who is signed in.
func (a *App) already(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	p, err := a.deps.Accounts.Me(ctx, viewerOf(c))
	if err != nil {
		return miniapps.Result{}, err
	}
	key := "signed_in_already"
	if p.MaskedPhone == "" {
		key = "signed_in_no_phone"
	}
	res := a.say(c, signedIn, key, map[string]any{"phone": p.MaskedPhone}, miniapps.Suggestion{Action: "accounts"})
	res.Data = outcome{State: signedIn, Phone: p.MaskedPhone}
	return res, nil
}

// sendCode has a code sent and goes on with the action that takes it.
func (a *App) sendCode(ctx context.Context, c miniapps.Call, then string, finish bool) (miniapps.Result, error) {
	var in struct{ Phone string }
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	ch, err := a.deps.Accounts.RequestChatCode(ctx, viewerOf(c), in.Phone, c.Key)
	if err != nil {
		return miniapps.Result{}, err
	}
	input := map[string]any{"challenge": ch.ID}
	if finish {
		input["finish"] = true
	}
	params := map[string]any{"minutes": minutes(c, ch.ExpiresAt)}
	return a.say(c, codeSent, "code_sent", params, miniapps.Suggestion{Action: then, Input: input, Now: true}), nil
}

// answer is the input of the actions that take a one-time code.
type answer struct {
	Challenge, Code string
	Finish          bool // ends a wait instead of beginning one
}

// code takes the one-time code and links the chat.
func (a *App) code(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in answer
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	_, err := a.deps.Accounts.SignInChat(ctx, viewerOf(c), in.Challenge, in.Code, c.Key)
	switch {
	case over(err):
		return a.codeOver(c, err, ActionSignIn), nil
	case is(err, "account.other_identity"): // it takes more than another try
		return a.otherIdentity(c, err), nil
	case err != nil:
		return a.refused(c, err, miniapps.Suggestion{Action: ActionSignIn})
	}
	return a.say(c, signedIn, "signed_in", nil), nil
}

// codeOver says that a code cannot be used any more, which another try would not change, and begins anew.
func (a *App) codeOver(c miniapps.Call, err error, again string) miniapps.Result {
	key := "code_ended"
	if is(err, "account.code_exhausted") {
		key = "code_exhausted"
	}
	return a.say(c, codeOver, key, nil, miniapps.Suggestion{Action: again})
}

// refused ends a dialogue that no other code would bring further, with the reason. What another try can mend is passed on.
func (a *App) refused(c miniapps.Call, err error, next ...miniapps.Suggestion) (miniapps.Result, error) {
	f := fault.Of(err)
	if !strings.HasPrefix(f.Key, "account.") {
		return miniapps.Result{}, err
	}
	switch f.Code {
	case fault.Conflict, fault.Forbidden, fault.NotFound, fault.RateLimited:
		text := a.deps.Texts.Text(c.Lang, f.Key, f.Params)
		return miniapps.Result{Data: outcome{State: ended}, Blocks: message.Blocks{message.Words{Text: text}}, Next: next}, nil
	}
	return miniapps.Result{}, err
}

// over tells whether a code has ended, so that no answer to the same question can be right.
func over(err error) bool { return is(err, "account.code_ended") || is(err, "account.code_exhausted") }

// is tells whether an error, or its first field, bears that key.
func is(err error, key string) bool {
	var f *fault.Error
	if !errors.As(err, &f) {
		return false
	}
	return f.Key == key || len(f.Fields) > 0 && f.Fields[0].Key == key
}

// check looks at a phone number before a code is sent there.
func (a *App) check(_ context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct {
		Answers struct {
			Phone any
		}
	}
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	phone, given := in.Answers.Phone.(string)
	out := miniapps.Checked{}
	if given && account.CheckPhone(phone) != nil {
		out.Errors = []miniapps.WrongAnswer{{Path: []string{"phone"}, Text: a.deps.Texts.Text(c.Lang, "account.bad_phone", nil)}}
	}
	return miniapps.Result{Data: out}, nil
}
