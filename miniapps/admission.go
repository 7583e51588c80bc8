package miniapps

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
)

// allowed tells whether the one who asks may call the action at all: audience, then roles, then assurance.
func allowed(a Action, req Request) error {
	if (a.Audience == BySystem) != (req.System != "") {
		return fault.New(fault.Forbidden, "runner.other_audience")
	}
	if a.Audience == BySystem {
		return nil
	}
	v := req.Viewer
	if a.Audience == ByStaff && !v.SignedIn() {
		return fault.New(fault.Unauthorized, "")
	}
	if a.Audience == ByStaff && !v.IsStaff() {
		return fault.New(fault.Forbidden, "runner.staff_only")
	}
	if a.Audience == ByStaff && len(a.Roles) > 0 && !v.Has(a.Roles...) {
		return fault.New(fault.Forbidden, "runner.other_role")
	}
	if v.Assurance.Reaches(a.Assurance) {
		return nil
	}
	if !v.Assurance.Reaches(account.Phone) {
		return fault.New(fault.Unauthorized, "")
	}
	return fault.New(fault.Forbidden, "runner.step_up").With("assurance", string(a.Assurance))
}

// call checks what the request carries and builds the app's call from it.
func (r *Runner) call(s *service, a *action, req Request) (Call, error) {
	input, err := a.form.check(req.Input, req.Viewer.Lang.Or())
	if err != nil {
		return Call{}, err
	}
	ref := req.Case
	if ref.App != "" && ref.App != s.manifest.AppID {
		return Call{}, fault.New(fault.Invalid, "runner.other_case")
	}
	if ref.ID != "" {
		ref.App = s.manifest.AppID
	}
	key, err := scope(s.manifest.AppID, a.Action, req)
	if err != nil {
		return Call{}, err
	}
	hash, err := hashCall(input, ref)
	if err != nil {
		return Call{}, fmt.Errorf("miniapps: hash input: %w", err)
	}
	return Call{
		Action: a.ID, Input: input, Actor: actor(a.Action, req), Citizen: citizen(a.Action, req.Viewer), Case: ref,
		Key: key, InputHash: hash, Lang: req.Viewer.Lang.Or(), Now: r.deps.Now().UTC(),
	}, nil
}

// scope gives the call's Key. A change by somebody without a subject has no scope that only they share, so it is refused: else one
// guest's key would meet another's.
func scope(app string, a Action, req Request) (string, error) {
	if a.ReadOnly {
		return "", nil
	}
	switch {
	case req.Key == "":
		return "", fault.InvalidField("runner.key_missing", keyField)
	case len(req.Key) > once.MaxKey:
		return "", &fault.Error{Code: fault.Invalid, Fields: []fault.Field{{Path: []string{keyField}, Key: "runner.key_too_long", Params: map[string]any{"max": once.MaxKey}}}}
	case req.System != "":
		return once.Scope("system:"+req.System, app, a.ID, req.Key), nil
	case req.Viewer.Subject == "":
		return "", fault.New(fault.Unauthorized, "")
	}
	return once.Scope(req.Viewer.KeyScope(), app, a.ID, req.Key), nil
}

// keyField is how every face names the idempotency key.
const keyField = "idempotencyKey"

// hashCall hashes what a repeat must share: the input and the case it is about.
func hashCall(input json.RawMessage, ref CaseRef) (string, error) {
	if ref == (CaseRef{}) {
		return once.HashInput(input)
	}
	whole, err := json.Marshal(struct {
		Input json.RawMessage `json:"input"`
		Case  CaseRef         `json:"case"`
	}{input, ref})
	if err != nil {
		return "", err
	}
	return once.HashInput(whole)
}

// actor says in which capacity the caller acts: the action's audience decides. Roles come along whenever the caller has them, so that an
// action open to citizens can let an officer do more.
func actor(a Action, req Request) Actor {
	if req.System != "" {
		return Actor{Kind: BySystem, ID: req.System}
	}
	return Actor{Kind: a.Audience, ID: req.Viewer.Account, Roles: req.Viewer.Roles, Unit: req.Viewer.Unit}
}

func citizen(a Action, v account.Viewer) Citizen {
	if a.Audience == ByStaff || v.Subject == "" {
		return Citizen{}
	}
	level := v.Assurance
	if level == "" {
		level = account.Guest
	}
	return Citizen{Subject: v.Subject, Subjects: v.Subjects, Scope: v.KeyScope(), Assurance: level, Identity: v.Identity, Origin: v.Origin}
}

// claims reads the personal data that the action declares, if the citizen agreed to each, and leaves a trace before anybody sees it.
func (r *Runner) claims(ctx context.Context, a Action, req Request, c Call) (map[string]string, error) {
	if len(a.Scopes) == 0 || c.Citizen.Subject == "" {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, r.cfg.limits(req.App).Timeout)
	defer cancel()
	var names, missing, purposes []string
	for _, s := range a.Scopes {
		ok, err := r.deps.Consents.Granted(ctx, c.Citizen.Subject, req.App, s.Claim, s.Hash())
		if err != nil {
			return nil, fmt.Errorf("miniapps: consents: %w", err)
		}
		if !ok {
			missing = append(missing, s.Claim)
		}
		names, purposes = append(names, s.Claim), append(purposes, s.Purpose.In(message.Vietnamese))
	}
	if len(missing) > 0 {
		return nil, fault.New(fault.Forbidden, "runner.consent_needed").With("app", req.App).With("action", a.ID).With("claims", missing)
	}
	look := Look{ID: c.Key, Subject: c.Citizen.Subject, App: req.App, Action: a.ID, Actor: c.Actor, Claims: names, Purpose: purposes, Case: c.Case, At: c.Now}
	if err := r.deps.Trail.Look(ctx, look); err != nil {
		return nil, fmt.Errorf("miniapps: trail: %w", err)
	}
	values, err := r.deps.Claims.Claims(ctx, req.Viewer, names)
	if err != nil {
		return nil, fmt.Errorf("miniapps: claims: %w", err)
	}
	only := make(map[string]string, len(names))
	for _, n := range names {
		if v, ok := values[n]; ok {
			only[n] = v
		}
	}
	return only, nil
}
