package me

import (
	"context"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/miniapps"
)

// recover begins what a lost phone, or a number that is newly somebody's, needs: the phone is proved by a code, then there is a wait. Asked for again after
// the wait it ends it, by another code.
func (a *App) recover(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	r, ok, err := a.own(ctx, c)
	if err != nil {
		return miniapps.Result{}, err
	}
	if ok && c.Now.Before(r.Ready) {
		res := a.say(c, waits, "recovery_own", map[string]any{"phone": r.Phone, "until": a.clock(r.Ready)}, miniapps.Suggestion{Action: "cancel_recovery"})
		return res, nil
	}
	return a.sendCode(ctx, c, "recover_code", ok)
}

// own gives what this chat waits for.
func (a *App) own(ctx context.Context, c miniapps.Call) (account.Recovery, bool, error) {
	all, err := a.deps.Accounts.Recoveries(ctx, viewerOf(c))
	if err != nil {
		return account.Recovery{}, false, err
	}
	for _, r := range all {
		if r.Own {
			return r, true, nil
		}
	}
	return account.Recovery{}, false, nil
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
	case err != nil:
		return miniapps.Result{}, err
	}
	return a.say(c, state, key, map[string]any{"phone": r.Phone, "until": a.clock(r.Ready), "ends": a.clock(r.Ends)}), nil
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
	params := map[string]any{"phone": r.Phone, "network": a.network(c, r.Network), "until": a.clock(r.Ready)}
	if r.Kind == account.ReleasePhone {
		return a.text(c.Lang, "waits_release", params)
	}
	return a.text(c.Lang, "waits_replace", params)
}
