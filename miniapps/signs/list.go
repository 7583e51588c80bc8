package signs

import (
	"context"
	"slices"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// plateFilter says which plates are asked for; what is zero leaves any. Text is as in registry.Filter.
type plateFilter struct {
	Ward, Unit, Text string
	Conditions       []registry.Condition
}

func (f *plateFilter) wants(p *registry.Plate) bool {
	return (f.Ward == "" || p.Ward == f.Ward) && (f.Unit == "" || p.Unit == f.Unit) && (len(f.Conditions) == 0 || slices.Contains(f.Conditions, p.Condition))
}

type plateList struct {
	Plates []registry.Plate `json:"plates"`
	After  Cursor           `json:"after,omitempty"`
}

// staffPage is how many plates staff are shown when they do not say.
const staffPage = 20

// list shows the plates of a unit, of a ward, with some words, in some conditions: an officer only those of the own unit.
func (a *App) list(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	in := struct {
		plateFilter
		window
	}{window: window{First: staffPage}}
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	var err error
	if in.Unit, err = a.unitOf(c, in.Unit); err != nil {
		return miniapps.Result{}, err
	}
	if _, ok := a.deps.City.Ward(in.Ward); in.Ward != "" && !ok {
		return miniapps.Result{}, fault.InvalidField("signs.fault.ward", "ward")
	}
	plates, after, err := a.filtered(ctx, in.plateFilter, in.First, in.After, maxLooked)
	if err != nil {
		return miniapps.Result{}, err
	}
	res := miniapps.Result{Data: plateList{plates, after}}
	for i := range plates {
		res.Blocks = append(res.Blocks, a.plateCard(&plates[i], c.Lang))
	}
	return a.orNone(c, res), nil
}

// filtered gives the first plates behind a cursor that a filter wants, and where the list goes on; "" at its end. It looks at so many plates at most: then the
// list goes on behind those, and there may be fewer than asked for.
func (a *App) filtered(ctx context.Context, f plateFilter, first int, after Cursor, most int) (plates []registry.Plate, goesOn Cursor, err error) {
	plates = []registry.Plate{}
	for left := most; left > 0; {
		page, err := a.narrowest(ctx, f, min(looked, left), after)
		if err != nil {
			return nil, "", err
		}
		for i := range page.Items {
			if !f.wants(&page.Items[i]) {
				continue
			}
			if len(plates) == first {
				return plates, goesOn, nil
			}
			plates, goesOn = append(plates, page.Items[i]), page.Cursors[i]
		}
		if after = next(page); after == "" {
			return plates, "", nil
		}
		left -= len(page.Items)
	}
	return plates, after, nil
}

// narrowest gives a page of the shortest list of the registry's that has all that a filter wants.
func (a *App) narrowest(ctx context.Context, f plateFilter, first int, after Cursor) (Page[registry.Plate], error) {
	if f.Unit != "" && f.Text == "" {
		return a.plates.ByUnit(ctx, f.Unit, f.Conditions, first, after)
	}
	return a.plates.Search(ctx, registry.Filter{Text: f.Text, Ward: f.Ward}, first, after)
}
