package signs

import (
	"context"

	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/signs/damage"
	"github.com/motcua/motcua/miniapps/signs/registry"
	"github.com/motcua/motcua/miniapps/signs/scans"
)

// reachOf gives which units' plates the one who acts may see and change: an officer those of the own unit, dispatchers and administrators all.
func reachOf(c miniapps.Call) casework.Reach {
	return casework.Reach{Roles: c.Actor.Roles, Unit: c.Actor.Unit, System: c.Actor.Kind == miniapps.BySystem}
}

func actOf(c miniapps.Call) registry.Act {
	return registry.Act{By: c.Actor.ID, Key: c.Key, Hash: c.InputHash}
}

// workable gives a plate that is within reach. A plate of another unit is as good as none.
func (a *App) workable(ctx context.Context, c miniapps.Call, text string) (registry.Plate, error) {
	got, err := known(a.resolve(ctx, text))
	if err != nil {
		return registry.Plate{}, err
	}
	if !reachOf(c).WorksFor(got.Plate.Unit) {
		return registry.Plate{}, fault.New(fault.NotFound, "signs.no_plate")
	}
	return got.Plate, nil
}

// file is all that is recorded of a plate.
type file struct {
	Number  string            `json:"number"`
	Plate   registry.Plate    `json:"plate"`
	Story   *registry.Story   `json:"story,omitempty"`
	History []registry.Change `json:"history"`
	Dropped int               `json:"dropped"`
	Scans   scans.Counts      `json:"scans"`
	Damage  *damage.Record    `json:"damage,omitempty"`
}

// plate shows a plate's file.
func (a *App) plate(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct{ Sign string }
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	p, err := a.workable(ctx, c, in.Sign)
	if err != nil {
		return miniapps.Result{}, err
	}
	out := file{Number: a.Number(&p), Plate: p, History: p.History, Dropped: p.Dropped}
	if out.Story, err = a.tale(ctx, p.Story); err != nil {
		return miniapps.Result{}, err
	}
	if out.Scans, err = a.scans.Plate(ctx, p.ID); err != nil {
		return miniapps.Result{}, err
	}
	if out.Damage, err = a.damage.Of(ctx, p.ID); err != nil {
		return miniapps.Result{}, err
	}
	return miniapps.Result{Data: out, Blocks: message.Blocks{a.plateCard(&p, c.Lang)}}, nil
}

// plateCard shows a plate to staff.
func (a *App) plateCard(p *registry.Plate, lang message.Lang) message.Card {
	out := message.Card{Title: a.Number(p), Subtitle: p.Street, Facts: []message.Fact{
		{Label: a.text(lang, "fact.place", nil), Value: joined(", ", p.Place.Address, a.wardName(p.Ward, lang))},
		{Label: a.text(lang, "fact.condition", nil), Value: a.text(lang, "condition."+string(p.Condition), nil)},
	}}
	if u, ok := a.deps.City.Unit(p.Unit); ok {
		out.Facts = append(out.Facts, message.Fact{Label: a.text(lang, "fact.unit", nil), Value: u.Name.In(lang)})
	}
	if code, ok := p.Current(); ok {
		out.Facts = append(out.Facts, message.Fact{Label: a.text(lang, "fact.code", nil), Value: code.Code})
	}
	return out
}

// unitOf gives the unit whose plates are listed: an officer's own, whatever was asked for; for others the one that they name, "" for all.
func (a *App) unitOf(c miniapps.Call, asked string) (string, error) {
	if reachOf(c).WorksFor("") {
		if _, ok := a.deps.City.Unit(asked); asked != "" && !ok {
			return "", fault.InvalidField("signs.fault.unit", "unit")
		}
		return asked, nil
	}
	if asked != "" && asked != c.Actor.Unit || c.Actor.Unit == "" {
		return "", fault.New(fault.Forbidden, "runner.other_role")
	}
	return c.Actor.Unit, nil
}

// orNone says so when there is nothing to show.
func (a *App) orNone(c miniapps.Call, res miniapps.Result) miniapps.Result {
	if len(res.Blocks) == 0 {
		res.Blocks = message.Blocks{message.Words{Text: a.text(c.Lang, "none_listed", nil)}}
	}
	return res
}

// next gives the cursor behind a page; "" when it is the last.
func next[T any](p Page[T]) Cursor {
	if !p.HasNext || len(p.Cursors) == 0 {
		return ""
	}
	return p.Cursors[len(p.Cursors)-1]
}

// reissue gives a plate a new code.
func (a *App) reissue(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct{ Number, Reason, Batch string }
	return a.changed(ctx, c, &in, &in.Number, func(id string) (registry.Plate, error) {
		return a.plates.Reissue(ctx, id, in.Batch, in.Reason, actOf(c))
	})
}

// revoke ends a plate's code.
func (a *App) revoke(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct{ Number, Reason string }
	return a.changed(ctx, c, &in, &in.Number, func(id string) (registry.Plate, error) {
		return a.plates.Revoke(ctx, id, in.Reason, actOf(c))
	})
}

// condition notes the state that somebody found a plate in, who saw it with it.
func (a *App) condition(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct {
		Number, Reason string
		Condition      registry.Condition
	}
	return a.changed(ctx, c, &in, &in.Number, func(id string) (registry.Plate, error) {
		if in.Condition != registry.Missing {
			if err := a.plates.Saw(ctx, id, c.Now); err != nil {
				return registry.Plate{}, err
			}
		}
		return a.plates.SetCondition(ctx, id, in.Condition, in.Reason, actOf(c))
	})
}

// Mended offers whoever has settled a case about a plate to say that the plate is whole again. A case says nothing of that by itself: it may have ended
// otherwise. code is the case's, for the plate's history.
func (a *App) Mended(plate, code string) []miniapps.Suggestion {
	return []miniapps.Suggestion{{
		App: ID, Action: ActionCondition, Label: message.Text{message.Vietnamese: a.text(message.Vietnamese, "mended", nil), message.English: a.text(message.English, "mended", nil)},
		Input: map[string]any{"number": a.numberOf(plate), "condition": string(registry.Good), "reason": a.text(message.Vietnamese, "mended_why", map[string]any{"code": code})},
	}}
}

// changed makes one change of a plate within reach and shows it. number points into in.
func (a *App) changed(ctx context.Context, c miniapps.Call, in any, number *string, change func(id string) (registry.Plate, error)) (miniapps.Result, error) {
	if err := decode(c, in); err != nil {
		return miniapps.Result{}, err
	}
	p, err := a.workable(ctx, c, *number)
	if err != nil {
		return miniapps.Result{}, err
	}
	if p, err = change(p.ID); err != nil {
		return miniapps.Result{}, err
	}
	return miniapps.Result{Data: p, Blocks: message.Blocks{a.plateCard(&p, c.Lang)}}, nil
}
