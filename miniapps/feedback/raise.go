package feedback

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/miniapps"
)

// The actions by which other parts of the system open reports and ask after them. Nobody else can call them.
const (
	ActionRaise = "raise"
	ActionState = "state"
)

// raisedScope begins the ids of reports that the system opened. Ids of citizens' reports begin with a subject, which is a UUID, so the two never meet.
const raisedScope = "system:"

// Standing tells a part of the system where a report stands.
type Standing struct {
	ID     string          `json:"id"`
	Code   casework.Code   `json:"code"`
	Status casework.Status `json:"status"`
	Open   bool            `json:"open"` // somebody has still to act: it is neither resolved, closed nor rejected
}

func standing(r *Report) Standing {
	return Standing{ID: r.ID, Code: r.Code, Status: r.Status, Open: slices.Contains(openStatuses(), r.Status)}
}

// raised is the input of raise.
type raised struct {
	Description string `json:"description"`
	Unit        string `json:"unit"`
	Category    string `json:"category"`
	Place       Place  `json:"place"`
	About       string `json:"about"`
}

// raise opens a report in the name of the city, at a unit that the caller names. It has no owner, so nobody is told what comes of it. As with submit, all
// that it writes is derived from the call's key, and a repeat goes on where a killed attempt ended.
func (a *App) raise(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	if c.Actor.Kind != miniapps.BySystem || c.Actor.ID == "" { // the Runner refuses others; a report without an owner is not to depend on that alone
		return miniapps.Result{}, fault.New(fault.Forbidden, "")
	}
	id := raisedScope + c.Actor.ID + "/" + once.ID(c.Key)
	r, err := a.repeated(ctx, id, c.InputHash)
	if err == nil && r == nil {
		r, err = a.raiseNew(ctx, c, id)
	}
	if err != nil {
		return miniapps.Result{}, fmt.Errorf("feedback: raise: %w", err)
	}
	if r == nil {
		return miniapps.Result{}, errors.New("feedback: raise: the report vanished")
	}
	return miniapps.Result{Data: standing(r), Case: caseRef(r.ID)}, nil
}

func (a *App) raiseNew(ctx context.Context, c miniapps.Call, id string) (*Report, error) {
	var in raised
	if err := decode(c, &in); err != nil {
		return nil, err
	}
	out := submission{Description: in.Description, Category: in.Category, Place: in.Place, HideName: true}
	if err := out.clean(); err != nil {
		return nil, err
	}
	if _, ok := a.deps.City.Unit(in.Unit); !ok {
		return nil, fault.InvalidField("feedback.unknown_unit", "unit")
	}
	if _, ok := a.deps.City.Category(out.Category); out.Category != "" && !ok {
		return nil, fault.InvalidField("feedback.unknown_category", "category")
	}
	ward, err := wardOf(a.deps.City, out.Place)
	if err != nil {
		return nil, err
	}
	r := a.report(out, id, "", ward.Code, in.Unit, c.Now)
	r.About, r.InputHash = cleanText(in.About), c.InputHash
	if r.Code, err = a.deps.Codes.Claim(ctx, c.Key, casework.Ref{App: ID, ID: id}); err != nil {
		return nil, err
	}
	return a.file(ctx, r, casework.System, c.Actor.ID)
}

// state tells where a report stands. NOT_FOUND also for one that was removed long after its end.
func (a *App) state(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct{ ID string }
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	if c.Actor.Kind != miniapps.BySystem {
		return miniapps.Result{}, fault.New(fault.Forbidden, "")
	}
	r, err := a.visible(ctx, in.ID, reachOf(c))
	if err != nil {
		return miniapps.Result{}, err
	}
	return miniapps.Result{Data: standing(r)}, nil
}
