package me

import (
	"context"
	"slices"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// recover begins what a lost phone, or a number that is newly somebody's, needs: the phone is proved by a code, then there is a wait. Asked for again after
// the wait it ends it, by another code.
func (a *App) recover(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	all, err := a.deps.Accounts.Recoveries(ctx, viewerOf(c))
	if err != nil {
		return miniapps.Result{}, err
	}
	i := slices.IndexFunc(all, func(r account.Recovery) bool { return r.Own })
	switch cancel := (miniapps.Suggestion{Action: "cancel_recovery"}); {
	case i >= 0 && c.Now.Before(all[i].Ready):
		return a.say(c, waits, "recovery_own", map[string]any{"phone": all[i].Phone, "until": a.clock(all[i].Ready, c.Lang)}, cancel), nil
	case i < 0 && len(all) > 0: // another chat of the account was first
		return miniapps.Result{Data: outcome{State: waits}, Blocks: message.Blocks{message.Words{Text: a.waiting(c, all[0])}}, Next: []miniapps.Suggestion{cancel}}, nil
	}
	return a.sendCode(ctx, c, "recover_code", i >= 0)
}

// recoverCode takes the code: it begins the wait, or ends it.
func (a *App) recoverCode(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in answer
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	act, key, state := a.deps.Accounts.StartRecovery, "recovery_started", waits
	if in.Finish {
		act, key, state = a.deps.Accounts.ConfirmRecovery, "recovery_done", done
	}
	r, err := act(ctx, viewerOf(c), in.Challenge, in.Code, c.Key)
	switch {
	case over(err):
		return a.codeOver(c, err, "recover"), nil
	case is(err, "account.nothing_to_recover"):
		return a.say(c, nothing, "nothing_to_recover", nil, miniapps.Suggestion{Action: ActionSignIn}), nil
	case is(err, "account.recovery_waits"):
		return a.refused(c, err, miniapps.Suggestion{Action: "cancel_recovery"})
	case err != nil:
		return a.refused(c, err)
	}
	return a.say(c, state, key, map[string]any{"phone": r.Phone, "until": a.clock(r.Ready, c.Lang), "ends": a.clock(r.Ends, c.Lang)}), nil
}

// cancelRecovery stops everything that waits for the citizen's account, or that this chat asked for.
func (a *App) cancelRecovery(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	all, err := a.deps.Accounts.Recoveries(ctx, viewerOf(c))
	if err != nil {
		return miniapps.Result{}, err
	}
	for _, r := range all {
		if err := a.deps.Accounts.CancelRecovery(ctx, viewerOf(c), r.ID, c.Key); err != nil {
			return miniapps.Result{}, err
		}
	}
	return a.say(c, done, "recovery_cancelled", nil), nil
}

// waiting describes a wait to the account's owner.
func (a *App) waiting(c miniapps.Call, r account.Recovery) string {
	params := map[string]any{"phone": r.Phone, "network": a.network(c, r.Network), "until": a.clock(r.Ready, c.Lang)}
	if r.Kind == account.ReleasePhone {
		return a.text(c.Lang, "waits_release", params)
	}
	return a.text(c.Lang, "waits_replace", params)
}
