package signs

import (
	"context"
	"strconv"
	"time"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/signs/damage"
	"github.com/motcua/motcua/miniapps/signs/registry"
	"github.com/motcua/motcua/miniapps/signs/scans"
)

// window is which part of a list is asked for.
type window struct {
	First int
	After Cursor
}

type eventList struct {
	Events []scans.Event `json:"events"`
	After  Cursor        `json:"after,omitempty"`
}

// events shows what is suspicious: what is open, or what was settled.
func (a *App) events(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct {
		Settled bool
		window
	}
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	page, err := a.scans.Events(ctx, !in.Settled, in.First, in.After)
	if err != nil {
		return miniapps.Result{}, err
	}
	res := miniapps.Result{Data: eventList{page.Items, next(page)}}
	for i := range page.Items {
		res.Blocks = append(res.Blocks, a.eventCard(&page.Items[i], c.Lang))
	}
	return a.orNone(c, res), nil
}

func (a *App) eventCard(e *scans.Event, lang message.Lang) message.Card {
	card := message.Card{
		Title: a.deps.Texts.Text(lang, e.Kind.TitleKey(), nil), Subtitle: a.deps.Texts.Text(lang, e.TextKey(), e.Params(a.codes.Numbers().Format)),
		Facts: []message.Fact{{Label: a.text(lang, "fact.last", nil), Value: a.clock(e.Last, lang)}},
	}
	if e.Ward != "" {
		card.Facts = append(card.Facts, message.Fact{Label: a.text(lang, "fact.ward", nil), Value: a.wardName(e.Ward, lang)})
	}
	return card
}

// numberOf gives the printed number of a plate's id.
func (a *App) numberOf(id string) string {
	n, err := strconv.Atoi(id)
	if err != nil {
		return id
	}
	return a.codes.Numbers().Format(n)
}

// clock shows a time as the city's clocks do.
func (a *App) clock(t time.Time, lang message.Lang) string {
	return message.Moment(t.In(a.deps.City.Calendar().Zone()), lang)
}

// settle notes what came of an event.
func (a *App) settle(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct{ ID, Note string }
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	e, err := a.scans.Settle(ctx, in.ID, in.Note, actOf(c))
	if err != nil {
		return miniapps.Result{}, err
	}
	return miniapps.Result{Data: e, Blocks: message.Blocks{message.Words{Text: a.text(c.Lang, "settled", nil)}, a.eventCard(&e, c.Lang)}}, nil
}

type silenceList struct {
	Plates []scans.Silence `json:"plates"`
	After  Cursor          `json:"after,omitempty"`
}

// silent lists the plates that nobody has scanned for long: an officer's own, for others all.
func (a *App) silent(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct {
		Days int
		window
	}
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	unit, err := a.unitOf(c, "")
	if err != nil {
		return miniapps.Result{}, err
	}
	page, err := a.scans.Silent(ctx, a.lookedAfter(ctx, unit), in.Days, in.First, in.After)
	if err != nil {
		return miniapps.Result{}, err
	}
	res := miniapps.Result{Data: silenceList{page.Items, next(page)}}
	for _, s := range page.Items {
		res.Blocks = append(res.Blocks, message.Card{Title: a.codes.Numbers().Format(s.Number), Subtitle: s.Street, Facts: []message.Fact{
			{Label: a.text(c.Lang, "fact.place", nil), Value: joined(", ", s.Address, a.wardName(s.Ward, c.Lang))},
			{Label: a.text(c.Lang, "fact.silent", nil), Value: a.text(c.Lang, "days", map[string]any{"days": s.Days})},
		}})
	}
	return a.orNone(c, res), nil
}

// lookedAfter yields the plates of a unit; of all units for "".
func (a *App) lookedAfter(ctx context.Context, unit string) func(func(registry.Plate, error) bool) {
	return func(yield func(registry.Plate, error) bool) {
		for p, err := range a.plates.AllPlates(ctx) {
			if err == nil && unit != "" && p.Unit != unit {
				continue
			}
			if !yield(p, err) {
				return
			}
		}
	}
}

type damageList struct {
	Damages []damage.Record `json:"damages"`
	After   Cursor          `json:"after,omitempty"`
}

// damages shows the plates that were told to be broken: an officer's own, for others those of a unit or all.
func (a *App) damages(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	var in struct {
		Unit string
		window
	}
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	unit, err := a.unitOf(c, in.Unit)
	if err != nil {
		return miniapps.Result{}, err
	}
	page, err := a.damage.List(ctx, unit, in.First, in.After)
	if err != nil {
		return miniapps.Result{}, err
	}
	res := miniapps.Result{Data: damageList{page.Items, next(page)}}
	for _, r := range page.Items {
		res.Blocks = append(res.Blocks, message.Card{Title: a.numberOf(r.ID), Facts: []message.Fact{
			{Label: a.text(c.Lang, "fact.taps", nil), Value: strconv.Itoa(r.Taps)},
			{Label: a.text(c.Lang, "fact.last", nil), Value: a.clock(r.Last, c.Lang)},
			{Label: a.text(c.Lang, "fact.case", nil), Value: r.Code},
		}})
	}
	return a.orNone(c, res), nil
}
