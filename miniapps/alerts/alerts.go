// Package alerts is the mini-app with which the city warns people: of storms, floods, closed roads, dangers to health.
//
// It owns the bulletin: who may write it, when a second person must agree, what replaces what, and which bulletins hold where. How the people of a ward are
// reached belongs to others: they are handed each revision once. It does not know channels, the gateway or accounts.
//
// A warning of danger, or that harm is likely, leaves at any hour. Its all-clear does so too when lives were at risk: people have left their homes, or sit awake.
// The all-clear of other warnings waits for the morning with what else does: nobody is to be woken to hear that there is nothing to fear, and who looks sees
// at once, in the app and in the chat, that the warning holds no more.
package alerts

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/setting"
	"github.com/motcua/motcua/miniapps"
)

// ID is the app's id.
const ID = "alerts"

//go:embed manifest.json
var manifestJSON []byte

//go:embed icon.svg
var icon string

// Icon is the picture that the manifest names, as SVG.
func (a *App) Icon() string { return icon }

// Config holds the settings of alerts.
type Config struct {
	// TwoPersons is from how many people reached a bulletin needs a second person; 0 means 2000. Danger to life and the whole city always do.
	TwoPersons int `koanf:"two_persons"`
	// Retention is how long a bulletin is kept after its last change; 0 means 17520h (two years).
	Retention time.Duration `koanf:"retention"`
	// Longest is how long a bulletin may hold without an update; 0 means 168h.
	Longest time.Duration `koanf:"longest"`
}

// Validate reports all settings that cannot work.
func (c Config) Validate() error {
	var faults setting.Faults
	faults.Refuse(c.TwoPersons < 0, "two_persons", "must not be negative")
	faults.Span("longest", c.Longest, time.Minute, 90*24*time.Hour)
	faults.Refuse(c.Retention != 0 && c.Retention < 90*24*time.Hour, "retention", "must be at least 2160h, or 0 for the default")
	return faults.Err()
}

func (c Config) filled() Config {
	if c.TwoPersons == 0 {
		c.TwoPersons = 2000
	}
	if c.Retention == 0 {
		c.Retention = 2 * 365 * 24 * time.Hour
	}
	if c.Longest == 0 {
		c.Longest = 7 * 24 * time.Hour
	}
	return c
}

// Announcement is one revision of a bulletin, to be told to the people who follow its wards.
type Announcement struct {
	ID       string // of the bulletin: a later revision replaces an earlier one
	Revision int
	Notice   string // id of the declared text
	Params   map[string]any
	Wards    []string // empty means the whole city
	At       time.Time
	Until    time.Time
}

// Progress says how far the telling of a bulletin's last revision is.
type Progress struct {
	Revision int  `json:"revision"` // that the numbers are about; 0 when nothing was handed on yet
	People   int  `json:"people"`   // to be told, as far as they are counted
	Told     int  `json:"told"`     // handed over to a network
	Failed   int  `json:"failed"`   // not reachable on any way; they find it in the app
	Done     bool `json:"done"`     // nothing of the bulletin's last revision is to be told any more
}

// Audience knows who follows which wards, and tells them.
type Audience interface {
	// Announce takes a revision over, once however often it comes.
	Announce(ctx context.Context, n Announcement) error
	// Reach counts the people who follow any of the wards (none: any ward at all), up to most.
	Reach(ctx context.Context, wards []string, most int) (int, error)
	// Progress tells how far the telling is. NOT_FOUND when nothing was announced.
	Progress(ctx context.Context, id string) (Progress, error)
	// Followed gives the wards that a citizen follows.
	Followed(ctx context.Context, c miniapps.Citizen) ([]string, error)
	// Follow sets them; a repeat with the same key changes nothing more.
	Follow(ctx context.Context, c miniapps.Citizen, wards []string, key string) error
}

// Texts puts keys of the catalogues into words; *locale.Catalogue is one.
type Texts interface {
	Text(lang message.Lang, key string, params map[string]any) string
}

// Deps is what alerts works with. All are needed but Nudge.
type Deps struct {
	City     *city.City
	Texts    Texts
	Audience Audience
	Nudge    func(relay string) // wakes a relay early; nil wakes nobody
}

// App is the mini-app. It is safe for concurrent use.
type App struct {
	manifest miniapps.Manifest
	cfg      Config
	deps     Deps
	records  *records
	now      func() time.Time
}

var _ miniapps.App = (*App)(nil)

// New makes room for bulletins in the store.
func New(ctx context.Context, e Engine, deps Deps, cfg Config, now func() time.Time) (*App, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("alerts: %w", err)
	}
	if deps.City == nil || deps.Texts == nil || deps.Audience == nil {
		return nil, errors.New("alerts: City, Texts and Audience are needed")
	}
	m, err := Manifest()
	if err != nil {
		return nil, err
	}
	a := &App{manifest: m, cfg: cfg.filled(), deps: deps, now: now}
	if a.records, err = openRecords(ctx, e); err != nil {
		return nil, fmt.Errorf("alerts: %w", err)
	}
	return a, nil
}

// Manifest reads what the app declares, for those who check settings against it before there is an app.
func Manifest() (miniapps.Manifest, error) {
	m, err := miniapps.ParseManifest(manifestJSON)
	if err != nil {
		return m, fmt.Errorf("alerts: %w", err)
	}
	return m, nil
}

// Manifest declares the app.
func (a *App) Manifest() miniapps.Manifest { return a.manifest }

// Do carries out one action.
func (a *App) Do(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	switch c.Action {
	case "current":
		return a.current(ctx, c)
	case "follow":
		return a.follow(ctx, c)
	case "unfollow":
		return a.unfollow(ctx, c)
	case "wards":
		return a.wards(c)
	case "preview":
		return a.preview(ctx, c)
	case "publish":
		return a.publish(ctx, c)
	case "update":
		return a.update(ctx, c)
	case "clear":
		return a.clear(ctx, c)
	case "approve":
		return a.approve(ctx, c)
	case "refuse":
		return a.refuse(ctx, c)
	case "list":
		return a.list(ctx, c)
	case "progress":
		return a.progress(ctx, c)
	}
	return miniapps.Result{}, fault.New(fault.NotFound, "alerts.no_action")
}

// decode reads an input that has been checked against its schema.
func decode(c miniapps.Call, into any) error {
	if err := json.Unmarshal(c.Input, into); err != nil {
		return fault.Wrap(fault.Invalid, err)
	}
	return nil
}

func (a *App) text(lang message.Lang, key string, params map[string]any) string {
	return a.deps.Texts.Text(lang, "alerts."+key, params)
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

// clock shows a time as the city's clocks do.
func (a *App) clock(t time.Time, lang message.Lang) string {
	return message.Moment(t.In(a.deps.City.Calendar().Zone()), lang)
}

func caseRef(id string) miniapps.CaseRef { return miniapps.CaseRef{App: ID, ID: id} }

func noBulletin() error { return fault.New(fault.NotFound, "alerts.no_bulletin") }
