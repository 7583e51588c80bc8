package signs

import (
	"context"
	"math"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// shown is how many signs are shown when nobody says.
const shown = 5

type signList struct {
	Signs []sign `json:"signs"`
	After Cursor `json:"after,omitempty"`
}

// near shows the signs around a place.
func (a *App) near(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	in := struct {
		Place struct {
			Lat, Lon *float64
			Address  string
		}
		First int
		After Cursor
	}{First: shown}
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	if in.Place.Lat == nil || in.Place.Lon == nil {
		return a.searched(ctx, c, registry.Filter{Text: in.Place.Address}, in.First, in.After)
	}
	out, metres, err := a.tellers(ctx, registry.Circle{Lat: *in.Place.Lat, Lon: *in.Place.Lon, Radius: registry.MaxRadius}, in.First, in.After)
	if err != nil {
		return miniapps.Result{}, err
	}
	return a.listed(ctx, c, out, metres)
}

// How many plates a list looks at for those that it wants: at once, and at most.
const (
	looked    = 100
	maxLooked = 2000
)

// tellers gives the first plates around a point and behind a cursor that tell different stories, each the nearest of its own: a street has a plate at every
// corner, also behind the cursor. So it begins at the point, however far the cursor is.
func (a *App) tellers(ctx context.Context, at registry.Circle, first int, after Cursor) (out Page[registry.Plate], metres []float64, err error) {
	from, err := a.firstBehind(ctx, at, after)
	if err != nil || after != "" && from == "" {
		return out, nil, err
	}
	told, passed := map[string]bool{}, after == ""
	page := Page[registry.Nearby]{HasNext: true}
	for n := 0; page.HasNext && n < maxLooked; n += looked {
		if page, err = a.plates.Near(ctx, at, registry.Filter{}, looked, next(page)); err != nil {
			return out, nil, err
		}
		for i, p := range page.Items {
			passed = passed || p.ID == from
			if p.Story != "" && told[p.Story] {
				continue
			}
			told[p.Story] = true
			if !passed {
				continue
			}
			if out.HasNext = len(out.Items) == first; out.HasNext {
				return out, metres, nil
			}
			out.Items, out.Cursors, metres = append(out.Items, p.Plate), append(out.Cursors, page.Cursors[i]), append(metres, math.Round(p.Metres))
		}
	}
	return out, metres, nil
}

// firstBehind gives the id of the plate behind a cursor; "" when there is none.
func (a *App) firstBehind(ctx context.Context, at registry.Circle, after Cursor) (string, error) {
	if after == "" {
		return "", nil
	}
	page, err := a.plates.Near(ctx, at, registry.Filter{}, 1, after)
	if err != nil || len(page.Items) == 0 {
		return "", err
	}
	return page.Items[0].ID, nil
}

// find shows the signs whose names hold the words.
func (a *App) find(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	in := struct {
		Text, Ward string
		First      int
		After      Cursor
	}{First: shown}
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	if _, ok := a.deps.City.Ward(in.Ward); in.Ward != "" && !ok {
		return miniapps.Result{}, fault.InvalidField("signs.fault.ward", "ward")
	}
	return a.searched(ctx, c, registry.Filter{Text: in.Text, Ward: in.Ward}, in.First, in.After)
}

func (a *App) searched(ctx context.Context, c miniapps.Call, f registry.Filter, first int, after Cursor) (miniapps.Result, error) {
	page, err := a.plates.Search(ctx, f, first, after)
	if err != nil {
		return miniapps.Result{}, err
	}
	return a.listed(ctx, c, page, nil)
}

// listed shows a page of signs; metres may be nil.
func (a *App) listed(ctx context.Context, c miniapps.Call, page Page[registry.Plate], metres []float64) (miniapps.Result, error) {
	ids := make([]string, len(page.Items))
	for i, p := range page.Items {
		ids[i] = p.Story
	}
	stories, err := a.plates.StoriesByID(ctx, ids)
	if err != nil {
		return miniapps.Result{}, err
	}
	out, res := signList{Signs: []sign{}, After: next(page)}, miniapps.Result{}
	for i, p := range page.Items {
		var s *registry.Story
		if found, ok := stories[p.Story]; ok {
			s = &found
		}
		x := a.signOf(&p, ByNumber, s, c.Lang)
		if metres != nil {
			x.Metres = metres[i]
		}
		out.Signs = append(out.Signs, x)
		res.Blocks = append(res.Blocks, a.card(x, c.Lang))
		res.Next = append(res.Next, miniapps.Suggestion{Action: ActionShow, Input: map[string]any{"sign": x.Number}, Label: label(x)})
	}
	if len(out.Signs) == 0 {
		res.Blocks = message.Blocks{message.Words{Text: a.text(c.Lang, "none", nil)}}
	}
	res.Data = out
	return res, nil
}

// card shows a sign of a list.
func (a *App) card(x sign, lang message.Lang) message.Card {
	out := message.Card{Title: x.Street, Facts: []message.Fact{{Label: a.text(lang, "fact.number", nil), Value: x.Number}, {Label: a.text(lang, "fact.place", nil), Value: x.Place.Address}}}
	if x.Story != nil {
		out.Title, out.Subtitle = x.Story.Title, x.Story.NamedAfter
	}
	if x.Metres > 0 {
		out.Facts = append(out.Facts, message.Fact{Label: a.text(lang, "fact.distance", nil), Value: a.text(lang, "metres", map[string]any{"metres": int(x.Metres)})})
	}
	return out
}

func label(x sign) message.Text {
	name := x.Street
	if x.Story != nil {
		name = x.Story.Title
	}
	return message.Text{message.Vietnamese: name + " (" + x.Number + ")"}
}
