package miniapps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
)

// Request asks for one action of one mini-app. Every face builds one: the gateway, a chat, a timer, a department's event.
type Request struct {
	App    string          // app_id of a manifest
	Action string          // id of one of its actions
	Input  json.RawMessage // JSON object; empty counts as {}
	Viewer account.Viewer  // who asks; with System: the citizen it is for, or the zero value for nobody
	System string          // name of the part of the system that acts ("timer"); "" for a person. Never taken from outside
	Case   CaseRef         // the case that the action is about; App may be left empty
	Key    string          // the caller's idempotency key, at most 128 bytes; needed unless the action is read-only
}

// Consents tells what a citizen agreed to.
type Consents interface {
	// Granted tells whether the subject lets the app see the claim for the purpose whose text has that hash (see Scope.Hash).
	Granted(ctx context.Context, subject, app, claim, purposeHash string) (bool, error)
}

// Claims reads personal data of the citizen who asks.
type Claims interface {
	// Claims gives the values of those names ("phone", "name") that the account has.
	Claims(ctx context.Context, viewer account.Viewer, names []string) (map[string]string, error)
}

// Trail keeps a trace of each look at personal data. It is stored before the data is handed to the app.
type Trail interface {
	// Look records one look; the same ID twice is one record.
	Look(ctx context.Context, l Look) error
}

// Look is one look of an app at personal data of a citizen.
type Look struct {
	ID      string // the call's Key; "" for a read-only action
	Subject string
	App     string
	Action  string
	Actor   Actor
	Claims  []string
	Purpose []string // Vietnamese text of each claim's purpose
	Case    CaseRef
	At      time.Time
}

// Deps are what a Runner works with.
type Deps struct {
	Apps     []App
	Consents Consents                               // nil only while no app declares scopes
	Claims   Claims                                 // nil only while no app declares scopes
	Trail    Trail                                  // nil only while no app declares scopes
	OnChange func(ctx context.Context, ref CaseRef) // told after a call changed a case; must neither block nor fail; nil tells nobody
	Now      func() time.Time
	Log      *slog.Logger
	Reg      prometheus.Registerer
	Tracer   trace.TracerProvider
}

func (d Deps) validate() error {
	var errs []error
	if d.Now == nil || d.Log == nil || d.Reg == nil || d.Tracer == nil {
		errs = append(errs, errors.New("miniapps: Now, Log, Reg and Tracer are needed"))
	}
	return errors.Join(errs...)
}

// Runner carries out actions. Every write, from every face, goes through it: it knows who may do what, checks the input against the
// declared schema, asks for consent, makes a repeated call recognisable, and keeps one app's trouble away from the others.
// It is safe for concurrent use.
type Runner struct {
	cfg       RunnerConfig
	deps      Deps
	services  map[string]*service
	catalogue *Catalogue
	metrics   *metrics
	tracer    trace.Tracer
}

// NewRunner checks all manifests and gives the Runner of their apps. Its error names everything that is wrong.
func NewRunner(cfg RunnerConfig, deps Deps) (*Runner, error) {
	if err := errors.Join(cfg.Validate(), deps.validate()); err != nil {
		return nil, err
	}
	m, err := newMetrics(deps.Reg)
	if err != nil {
		return nil, fmt.Errorf("miniapps: %w", err)
	}
	r := &Runner{cfg: cfg, deps: deps, services: map[string]*service{}, metrics: m, tracer: deps.Tracer.Tracer("github.com/motcua/motcua/miniapps")}
	var errs []error
	for _, app := range deps.Apps {
		errs = append(errs, r.add(app))
	}
	for id := range cfg.Apps {
		if r.services[id] == nil {
			errs = append(errs, fmt.Errorf("miniapps: limits for %q, which is no app", id))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	r.catalogue = newCatalogue(deps.Apps, r.services)
	return r, nil
}

func (r *Runner) add(app App) error {
	m := app.Manifest()
	forms, err := compile(m)
	if err != nil {
		return fmt.Errorf("miniapps: %s: %w", m.AppID, err)
	}
	if r.services[m.AppID] != nil {
		return fmt.Errorf("miniapps: two apps call themselves %s", m.AppID)
	}
	s := &service{app: app, manifest: m, actions: map[string]*action{}, deps: r.deps, metrics: r.metrics, others: r.services}
	for _, a := range m.Actions {
		if len(a.Scopes) > 0 && (r.deps.Consents == nil || r.deps.Claims == nil || r.deps.Trail == nil) {
			return fmt.Errorf("miniapps: %s.%s declares scopes, which needs Consents, Claims and Trail", m.AppID, a.ID)
		}
		s.actions[a.ID] = &action{Action: a, form: forms[a.ID]}
	}
	s.guard = newGuard(m.AppID, r.cfg.limits(m.AppID), r.deps.Now, r.metrics)
	r.services[m.AppID] = s
	return nil
}

// Catalogue tells what there is.
func (r *Runner) Catalogue() *Catalogue { return r.catalogue }

// Run carries out one action.
//
// NOT_FOUND: no such app or action. UNAUTHORIZED: sign in. FORBIDDEN: not for this viewer, a higher level of assurance is needed
// (key runner.step_up), or a consent is missing (key runner.consent_needed, parameters app, action and claims). INVALID: every wrong
// field by its path. CONFLICT: the key was used for another input. UNAVAILABLE: the app is too slow, too busy or resting after
// failures; whether a change took effect is then unknown, and the same key finds out. Other codes are the app's own.
func (r *Runner) Run(ctx context.Context, req Request) (Result, error) {
	start := r.deps.Now()
	s, a := r.find(req)
	ctx, span := r.begin(ctx, s, a, req)
	defer span.End()
	res, err := r.admit(ctx, s, a, req)
	code := codeOf(err)
	finish(span, code)
	r.metrics.observe(s, a, code, r.deps.Now().Sub(start))
	return res, err
}

func (r *Runner) find(req Request) (*service, *action) {
	s := r.services[req.App]
	if s == nil {
		return nil, nil
	}
	return s, s.actions[req.Action]
}

// admit checks a request in the order in which the answers give least away, then makes the call.
func (r *Runner) admit(ctx context.Context, s *service, a *action, req Request) (Result, error) {
	switch {
	case s == nil:
		return Result{}, fault.New(fault.NotFound, "runner.no_app")
	case a == nil:
		return Result{}, fault.New(fault.NotFound, "runner.no_action")
	}
	if err := allowed(a.Action, req); err != nil {
		return Result{}, err
	}
	c, err := r.call(s, a, req)
	if err != nil {
		return Result{}, err
	}
	if c.Citizen.Claims, err = r.claims(ctx, a.Action, req, c); err != nil {
		return Result{}, err
	}
	return s.run(ctx, a, c)
}

// Drain waits until every call under way has ended, also those that were given up, and lets no new one begin: they are UNAVAILABLE.
// Call it once, before what the apps use is closed.
func (r *Runner) Drain(ctx context.Context) error {
	for _, s := range r.services {
		if err := s.guard.drain(ctx); err != nil {
			return fmt.Errorf("miniapps: drain %s: %w", s.manifest.AppID, err)
		}
	}
	return nil
}
