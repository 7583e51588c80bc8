// Package signs is the mini-app of the city's street signs: a plate's code or number opens the story of its street, and what can be done at that spot.
//
// It owns what citizens and staff may do with signs, and ties their parts together: which plates there are (registry), how they come in (intake), their codes
// (platecode), how they are printed (printsheet), how often and how strangely they are scanned (scans), and what happens to broken ones (damage). It does not know
// channels, pages or the gateway; other services it knows only as actions that take a place.
package signs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/signs/damage"
	"github.com/motcua/motcua/miniapps/signs/intake"
	"github.com/motcua/motcua/miniapps/signs/platecode"
	"github.com/motcua/motcua/miniapps/signs/registry"
	"github.com/motcua/motcua/miniapps/signs/scans"
)

// ID is the app's id.
const ID = "signs"

// ActionShow is the action that opens a sign by its code, its address or its number; ActionDamaged tells of a broken one, and ActionCondition takes down the state
// that staff found one in.
const (
	ActionShow      = "show"
	ActionDamaged   = "damaged"
	ActionCondition = "condition"
)

// Texts puts keys of the catalogues into words; *locale.Catalogue is one.
type Texts interface {
	Text(lang message.Lang, key string, params map[string]any) string
}

// Limiter counts what somebody does too often; *limit.Limiter is one.
type Limiter interface {
	// Allow counts one under a key. RATE_LIMITED when that is too many.
	Allow(ctx context.Context, key string, r limit.Rule) (retryAfter time.Duration, err error)
	// Return gives back n that were counted.
	Return(ctx context.Context, key string, n int)
}

// Deps is what signs works with. All are needed but Base, NoteCase, PictureURL and Changed.
type Deps struct {
	City  *city.City
	Texts Texts
	Keys  platecode.Keys // of the codes: they must never be lost, since the codes hang in the streets
	// Base begins the addresses on the plates. Without one no address is read, and none is given.
	Base platecode.Base
	// Services gives the citizens' actions that take a place, of all apps. It is asked when a sign is shown, not before.
	Services func() []miniapps.Placed
	// Raise opens a case about a plate at a unit, once for each key, and CaseOpen tells whether somebody has still to act on it.
	Raise    func(ctx context.Context, r damage.Raise) (id, code string, err error)
	CaseOpen func(ctx context.Context, id string) (bool, error)
	// NoteCase tells those who work on a case that signs opened what is new, once for each key. nil tells nobody.
	NoteCase func(ctx context.Context, id, key, text string) error
	// Limiter counts the broken plates that somebody tells of, by whatever face.
	Limiter Limiter
	// PictureURL gives the address of a picture that the city keeps, by its id. nil shows only pictures from elsewhere in chats.
	PictureURL func(id string) string
	// Changed is told after each change of a plate or story; it must neither block nor fail. nil tells nobody.
	Changed func(ctx context.Context)
	Log     *slog.Logger
	Reg     prometheus.Registerer
}

func (d Deps) validate() error {
	if d.City == nil || d.Texts == nil || d.Keys == nil || d.Services == nil || d.Raise == nil || d.CaseOpen == nil || d.Limiter == nil || d.Log == nil || d.Reg == nil {
		return errors.New("signs: City, Texts, Keys, Services, Raise, CaseOpen, Limiter, Log and Reg are needed")
	}
	return nil
}

// App is the mini-app. It is safe for concurrent use.
type App struct {
	manifest miniapps.Manifest
	cfg      Config
	deps     Deps
	codes    *platecode.Codes
	plates   *registry.Registry
	intake   *intake.Intake
	scans    *scans.Scans
	damage   *damage.Damage
	telling  singleflight.Group // of broken plates
}

var _ miniapps.App = (*App)(nil)

// New makes room for signs in the store.
func New(ctx context.Context, e Engine, deps Deps, cfg Config, now func() time.Time) (*App, error) {
	if err := errors.Join(cfg.Validate(), deps.validate()); err != nil {
		return nil, fmt.Errorf("signs: %w", err)
	}
	if _, ok := deps.City.Category(cfg.Category); cfg.Category != "" && !ok {
		return nil, fmt.Errorf("signs: category: the city has no %q", cfg.Category)
	}
	a := &App{cfg: cfg, deps: deps}
	var err error
	if a.codes, err = platecode.New(deps.Keys, cfg.prefix()); err != nil {
		return nil, err
	}
	if a.manifest, err = manifestOf(a.codes.Numbers()); err != nil {
		return nil, err
	}
	a.plates, err = registry.Open(ctx, e, registry.Deps{City: deps.City, Codes: a.codes, Numbers: a.codes.Numbers().Parse, Now: now, Changed: deps.Changed})
	if err != nil {
		return nil, err
	}
	a.intake = intake.New(intake.Deps{Registry: a.plates, Numbers: a.codes.Numbers(), Texts: deps.Texts})
	if a.scans, err = scans.Open(ctx, e, scans.Deps{Now: now, Log: deps.Log, Reg: deps.Reg, Raise: a.alarm}, cfg.Scans); err != nil {
		return nil, err
	}
	if a.damage, err = damage.Open(ctx, e, a.damageDeps(now)); err != nil {
		return nil, err
	}
	return a, nil
}

// Manifest declares the app.
func (a *App) Manifest() miniapps.Manifest { return a.manifest }

// Registry gives the plates and stories.
func (a *App) Registry() *registry.Registry { return a.plates }

// Existing answers for the city's media: what stories show is kept as long as they show it.
func (a *App) Existing(ctx context.Context, names []string) ([]string, error) {
	return a.plates.Existing(ctx, names)
}

// Intake takes the city's lists.
func (a *App) Intake() *intake.Intake { return a.intake }

// Codes makes and reads what is printed on the plates.
func (a *App) Codes() *platecode.Codes { return a.codes }

// Base begins the addresses on the plates.
func (a *App) Base() platecode.Base { return a.deps.Base }

// Scans counts the scans. Its Run must be running for any to be kept.
func (a *App) Scans() *scans.Scans { return a.scans }

// Damage holds what was told of broken plates.
func (a *App) Damage() *damage.Damage { return a.damage }

// Do carries out one action.
func (a *App) Do(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	do := map[string]func(context.Context, miniapps.Call) (miniapps.Result, error){
		ActionShow: a.show, "near": a.near, "find": a.find, ActionDamaged: a.damaged,
		"plate": a.plate, "list": a.list, "reissue": a.reissue, "revoke": a.revoke, ActionCondition: a.condition,
		"story": a.story, "translate": a.translate, "review": a.review,
		"events": a.events, "settle": a.settle, "silent": a.silent, "heat": a.heat, "damages": a.damages,
	}[c.Action]
	if do == nil {
		return miniapps.Result{}, fault.New(fault.NotFound, "signs.no_action")
	}
	return do(ctx, c)
}

// decode reads an input that has been checked against its schema.
func decode(c miniapps.Call, into any) error {
	if err := json.Unmarshal(c.Input, into); err != nil {
		return fault.Wrap(fault.Invalid, err)
	}
	return nil
}

func (a *App) text(lang message.Lang, key string, params map[string]any) string {
	return a.deps.Texts.Text(lang, "signs."+key, params)
}

// titleOf gives the title of an action.
func (a *App) titleOf(action string) message.Text {
	for _, x := range a.manifest.Actions {
		if x.ID == action {
			return x.Title
		}
	}
	return nil
}
