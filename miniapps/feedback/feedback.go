// Package feedback is the mini-app with which citizens report what needs attention in the city, and units work on it. Other parts of the system report
// through it too; such a report has no owner.
//
// It owns the report: how it finds its ward, unit and deadline, its states, its comments, who may see which part of it, and how many there are.
// Everything is reached through its manifest. It does not know channels, the gateway, how a file is stored or how a notice reaches a person.
package feedback

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/setting"
	"github.com/motcua/motcua/miniapps"
)

// ID is the app's id.
const ID = "feedback"

// ActionTrack is the action that shows everybody the public part of a report by its tracking code. Whoever offers it bounds the tries.
const ActionTrack = "track"

//go:embed manifest.json
var manifestJSON []byte

//go:embed icon.svg
var icon string

// Icon is the picture that the manifest names, as SVG.
func (a *App) Icon() string { return icon }

// Config holds the settings of feedback.
type Config struct {
	// Retention is how long a report is kept after it was closed or rejected, and a comment after it was written. An open report is never removed.
	// Default 43800h: five years, as files of complaints are kept.
	Retention time.Duration `koanf:"retention"`
	// UnsureHours is within how many working hours a report without a category is due. Default 40: the longest common service level.
	UnsureHours int `koanf:"unsure_hours"`
}

// Validate reports all settings that cannot work.
func (c Config) Validate() error {
	var faults setting.Faults
	faults.Refuse(c.Retention < 31*24*time.Hour, "retention", "must be at least 744h, a month")
	faults.Refuse(c.UnsureHours <= 0, "unsure_hours", "must be positive")
	return faults.Err()
}

// Media holds the photos and videos that citizens uploaded; *media.Media is one.
type Media interface {
	// Items gives those of the items that are ready, in the order of ids.
	Items(ctx context.Context, ids []string) ([]media.Item, error)
	// Attach ties items to a case, once however often it is asked. INVALID names each wrong one by its place in ids.
	Attach(ctx context.Context, subjects, ids []string, ref media.Ref) ([]media.Item, error)
}

// Texts puts keys of the catalogues into words; *locale.Catalogue is one.
type Texts interface {
	Text(lang message.Lang, key string, params map[string]any) string
}

// Names gives the display names of those subjects that have one.
type Names interface {
	Names(ctx context.Context, subjects []string) (map[string]string, error)
}

// Deps is what feedback works with.
type Deps struct {
	City  *city.City
	Media Media
	Codes *casework.Codes
	Texts Texts
	Names Names // nil shows no names
	// Follow gives what staff who have just taken a step with a report of the system may do about what it is about (Report.About); nil gives nothing.
	Follow func(r *Report) []miniapps.Suggestion
	// Deliver stores a notice for a citizen, once for each id however often it comes.
	Deliver func(ctx context.Context, n casework.Notice) error
	// Park keeps for an operator what the relay of that name cannot carry out, once however often it comes, for casework.Carrier.Again. nil parks nothing: a
	// report with a notice that nobody takes then fills up.
	Park func(ctx context.Context, relay string, p casework.Parked) error
	// Signal tells whoever watches a case that it changed; it may be lost. nil signals nothing.
	Signal func(ctx context.Context, ref miniapps.CaseRef)
	// Nudge wakes a relay of that name early; it may be lost. nil wakes nobody.
	Nudge func(relay string)
}

// App is the mini-app. It is safe for concurrent use.
type App struct {
	manifest miniapps.Manifest
	cfg      Config
	deps     Deps
	records  *records
	relays   map[string]casework.Carrier
	now      func() time.Time
}

var _ miniapps.App = (*App)(nil)

// New makes room for reports in the store.
func New(ctx context.Context, e Engine, deps Deps, cfg Config, now func() time.Time) (*App, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("feedback: %w", err)
	}
	if deps.City == nil || deps.Media == nil || deps.Codes == nil || deps.Texts == nil || deps.Deliver == nil {
		return nil, errors.New("feedback: City, Media, Codes, Texts and Deliver are needed")
	}
	m, err := Manifest()
	if err != nil {
		return nil, err
	}
	a := &App{manifest: m, cfg: cfg, deps: deps, now: now}
	if a.records, err = openRecords(ctx, e); err != nil {
		return nil, fmt.Errorf("feedback: %w", err)
	}
	if a.relays, err = a.newRelays(); err != nil {
		return nil, fmt.Errorf("feedback: %w", err)
	}
	return a, nil
}

// Manifest reads what the app declares, for those who check settings against it before there is an app.
func Manifest() (miniapps.Manifest, error) {
	m, err := miniapps.ParseManifest(manifestJSON)
	if err != nil {
		return m, fmt.Errorf("feedback: %w", err)
	}
	return m, nil
}

// Manifest declares the app.
func (a *App) Manifest() miniapps.Manifest { return a.manifest }

// Do carries out one action.
func (a *App) Do(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	switch c.Action {
	case "submit":
		return a.submit(ctx, c)
	case "comment":
		return a.comment(ctx, c)
	case ActionRaise:
		return a.raise(ctx, c)
	case ActionState:
		return a.state(ctx, c)
	case ActionNote:
		return a.note(ctx, c)
	case "assign":
		return a.assign(ctx, c)
	case "transition":
		return a.transition(ctx, c)
	case "mine":
		return a.mine(ctx, c)
	case ActionTrack:
		return a.track(ctx, c)
	case "categories":
		return a.categories(c)
	case "check":
		return a.check(c)
	}
	return miniapps.Result{}, fault.New(fault.NotFound, "feedback.no_action")
}

// decode reads an input that has been checked against its schema.
func decode(c miniapps.Call, into any) error {
	if err := json.Unmarshal(c.Input, into); err != nil {
		return fault.Wrap(fault.Invalid, err)
	}
	return nil
}

// reachOf gives what the one who acts may see and do.
func reachOf(c miniapps.Call) casework.Reach {
	r := casework.Reach{Subjects: c.Citizen.Subjects, Roles: c.Actor.Roles, Unit: c.Actor.Unit, System: c.Actor.Kind == miniapps.BySystem}
	if len(r.Subjects) == 0 && c.Citizen.Subject != "" {
		r.Subjects = []string{c.Citizen.Subject}
	}
	return r
}

func caseRef(id string) miniapps.CaseRef { return miniapps.CaseRef{App: ID, ID: id} }

func noReport() error { return fault.New(fault.NotFound, "feedback.no_report") }

func (a *App) nudge(relay string) {
	if a.deps.Nudge != nil {
		a.deps.Nudge(relay)
	}
}
