package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/motcua/motcua/graph"
	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/feedback"
	"github.com/motcua/motcua/miniapps/signs"
	"github.com/motcua/motcua/miniapps/signs/damage"
	"github.com/motcua/motcua/miniapps/signs/intake"
	"github.com/motcua/motcua/miniapps/signs/platecode"
	"github.com/motcua/motcua/miniapps/signs/registry"
	"github.com/motcua/motcua/miniapps/signs/scans"
)

// openSigns opens the street signs.
func (sys *system) openSigns(ctx context.Context) error {
	base, err := signBase(sys.address)
	if err != nil {
		return fmt.Errorf("http.public_url: %w", err)
	}
	sys.signs, err = signs.New(ctx, sys.engine, signs.Deps{
		City: sys.city, Texts: sys.texts, Keys: sys.box, Base: base, Raise: sys.raise, CaseOpen: sys.caseOpen, NoteCase: sys.noteCase, Limiter: limit.New(sys.redis, sys.now, sys.log), Log: sys.log, Reg: sys.reg,
		Services:   func() []miniapps.Placed { return sys.runner.Catalogue().Placed() },
		Changed:    sys.signsChanged,
		PictureURL: func(id string) string { return sys.media.PublicURL(id, media.Medium) },
	}, sys.settings.Signs.Config, sys.now)
	return err
}

// casesPerHour is how many cases about plates a unit is given in an hour when no setting says.
const casesPerHour = 30

// signsChanged drops the pages that are kept ready before a change is acknowledged, and tells the other replicas.
func (sys *system) signsChanged(ctx context.Context) {
	if sys.plates != nil { // commands have none
		sys.plates.Forget()
	}
	sys.hub.Signal(ctx, signTopic)
}

// signTopic is what replicas tell each other by that plates or stories have changed.
const signTopic = "signs"

// signBase is the address that plates begin with; none while the city has no address yet, as in a command.
func signBase(address string) (platecode.Base, error) {
	if address == "" {
		return platecode.Base{}, nil
	}
	return platecode.NewBase(address)
}

// raise opens a case about a plate.
// So many at one unit in an hour, and the next wait: taps are kept, and their cases are opened bit by bit.
func (sys *system) raise(ctx context.Context, r damage.Raise) (id, code string, err error) {
	most := limit.Rule{Max: cmp.Or(sys.settings.Signs.CasesPerHour, casesPerHour), Per: time.Hour}
	if _, err := sys.sends.Allow(ctx, "signs:cases:"+r.Unit, most); err != nil {
		return "", "", err
	}
	what := map[string]any{
		"description": r.Description, "unit": r.Unit, "about": r.About, "place": map[string]any{"lat": r.Place.Lat, "lon": r.Place.Lon, "address": r.Place.Address},
	}
	if r.Category != "" { // so that a case that waits without one is asked for in the same words
		what["category"] = r.Category
	}
	in, err := json.Marshal(what)
	if err != nil {
		return "", "", err
	}
	k, err := sys.aboutCase(ctx, miniapps.Request{Action: feedback.ActionRaise, Input: in, Key: r.Key})
	return k.ID, k.Code.Grouped(), err
}

// caseOpen tells whether somebody has still to act on a case.
func (sys *system) caseOpen(ctx context.Context, id string) (bool, error) {
	in, err := json.Marshal(map[string]string{"id": id})
	if err != nil {
		return false, err
	}
	k, err := sys.aboutCase(ctx, miniapps.Request{Action: feedback.ActionState, Input: in})
	return k.Open, err
}

// followCase gives what can be done about what a case is about.
func (sys *system) followCase(r *feedback.Report) []miniapps.Suggestion {
	plate, ok := strings.CutPrefix(r.About, damage.About)
	if !ok || r.Status != feedback.Resolved {
		return nil
	}
	return sys.signs.Mended(plate, r.Code.Grouped())
}

// noteCase tells those who work on a case what is new.
func (sys *system) noteCase(ctx context.Context, id, key, text string) error {
	in, err := json.Marshal(map[string]string{"id": id, "text": text})
	if err != nil {
		return err
	}
	_, err = sys.aboutCase(ctx, miniapps.Request{Action: feedback.ActionNote, Input: in, Key: key})
	return err
}

// aboutCase makes a call of the signs to the service that keeps the cases.
func (sys *system) aboutCase(ctx context.Context, req miniapps.Request) (feedback.Standing, error) {
	req.App, req.System = feedback.ID, signs.ID
	res, err := sys.runner.Run(ctx, req)
	if err != nil {
		return feedback.Standing{}, err
	}
	k, ok := res.Data.(feedback.Standing)
	if !ok {
		return feedback.Standing{}, fault.Wrap(fault.Internal, fmt.Errorf("%s gives a %T", req.Action, res.Data))
	}
	return k, nil
}

// sampleSigns fills an empty registry with the sample signs of the city. A city without any has none.
func (sys *system) sampleSigns(ctx context.Context) error {
	if !sys.settings.Signs.Sample {
		return nil
	}
	held, err := sys.signs.Registry().Plates(ctx, 1, "")
	if err != nil || len(held.Items) > 0 {
		return err
	}
	files, err := sys.settings.sampleSignFiles()
	if err != nil || len(files) == 0 {
		return err
	}
	const by = "sample"
	_, rows, err := sys.signs.Intake().Check(ctx, files, by)
	if err != nil {
		return err
	}
	_, err = sys.signs.Intake().Apply(ctx, rows, intake.Options{By: by})
	return err
}

// signFolder holds the sample signs of a city.
const signFolder = "signs"

// sampleSignFiles gives the files of the sample signs; none when the city has none.
func (s *settings) sampleSignFiles() ([]intake.File, error) {
	files, err := s.cityFiles()
	if err != nil {
		return nil, err
	}
	if _, err := fs.Stat(files, signFolder); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	sub, err := fs.Sub(files, signFolder)
	if err != nil {
		return nil, err
	}
	return intake.FromFS(sub)
}

// signFinder looks at signs for the gateway.
type signFinder struct {
	*signs.App
	now func() time.Time
}

// Look opens what a text names. It counts as a scan by the app.
func (f signFinder) Look(ctx context.Context, text string, v graph.Visit) (registry.Coded, error) {
	x := signs.Visit{Face: scans.App, Client: v.Client, At: f.now()}
	if v.Where != nil {
		x.Where = &scans.Point{Lat: v.Where.Lat, Lon: v.Where.Lon}
	}
	return f.App.Look(ctx, text, x)
}

// Numbered tells whether a text names a plate by its number.
func (f signFinder) Numbered(text string) bool {
	found, ok := f.Codes().FromText(text, f.Base())
	return ok && found.Number > 0
}

// signOps are the operators' works on signs.
func (sys *system) signOps() admin.Signs {
	return newSignOps(signParts{
		registry: sys.signs.Registry(), intake: sys.signs.Intake(), media: sys.media, codes: sys.signs.Codes(), base: sys.signs.Base(), scans: sys.signs.Scans(),
		texts: sys.texts, city: sys.city, now: sys.now, lasting: !sys.box.Development(),
	})
}
