package graph

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/internal/geo"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// Sign resolves Query.sign. Look-ups by number and tries that hit nothing are limited.
func (q queries) Sign(ctx context.Context, code string, at *GeoPointInput) (*Sign, error) {
	signs, err := q.signs()
	if err != nil {
		return nil, err
	}
	visit, err := visitOf(ctx, at)
	if err != nil {
		return nil, err
	}
	var found registry.Coded
	err = q.lookLimited(ctx, code, func() (err error) {
		found, err = signs.Look(ctx, code, visit)
		return err
	})
	if err != nil {
		return nil, err
	}
	s := &q.view(ctx).signsOf([]registry.Plate{found.Plate})[0]
	s.asked = found
	return s, nil
}

// visitOf tells who asks for a sign. INVALID for a place that is none.
func visitOf(ctx context.Context, at *GeoPointInput) (Visit, error) {
	c := callerOf(ctx)
	var v Visit
	switch {
	case c.viewer.SignedIn():
		v.Client = c.viewer.Subject
	case c.address != "":
		v.Client = limit.Network(c.address)
	}
	if at == nil {
		return v, nil
	}
	if !geo.Valid(at.Lat, at.Lon) {
		return v, fault.InvalidField("signs.fault.degrees", "at")
	}
	v.Where = &Point{at.Lat, at.Lon}
	return v, nil
}

// Signs resolves Query.signs.
func (q queries) Signs(ctx context.Context, near *NearInput, ward, text *string, first *int, after *string) (*SignConnection, error) {
	signs, err := q.signs()
	if err != nil {
		return nil, err
	}
	f, err := q.filter(ward, text)
	if err != nil {
		return nil, err
	}
	if near != nil || f.Text != "" {
		if err := q.searchLimited(ctx); err != nil {
			return nil, err
		}
	}
	if near != nil {
		return q.signsNear(ctx, signs.Registry(), *near, f, first, after)
	}
	page, err := signs.Registry().Search(ctx, f, pageLength(first), cursorOf(after))
	if err != nil {
		return nil, err
	}
	return q.view(ctx).signPage(page, nil, after), nil
}

func (q queries) signsNear(ctx context.Context, plates *registry.Registry, near NearInput, f registry.Filter, first *int, after *string) (*SignConnection, error) {
	circle := registry.Circle{Lat: near.Lat, Lon: near.Lon, Radius: registry.DefaultRadius}
	if near.RadiusMetres != nil {
		circle.Radius = float64(*near.RadiusMetres)
	}
	if circle.Radius < 1 || circle.Radius > registry.MaxRadius {
		return nil, fault.InvalidField("graph.radius", "near", "radiusMetres").With("max", registry.MaxRadius)
	}
	page, err := plates.Near(ctx, circle, f, pageLength(first), cursorOf(after))
	if err != nil {
		return nil, err
	}
	found := registry.Page[registry.Plate]{Cursors: page.Cursors, HasNext: page.HasNext}
	metres := make([]float64, len(page.Items))
	for i, n := range page.Items {
		found.Items, metres[i] = append(found.Items, n.Plate), n.Metres
	}
	return q.view(ctx).signPage(found, metres, after), nil
}

// filter says which signs are asked for. Blanks are no text. INVALID for a ward that there is not, and for a text that is too long or has no word in it.
func (q queries) filter(ward, text *string) (registry.Filter, error) {
	f := registry.Filter{Ward: textOr(ward), Text: strings.TrimSpace(textOr(text))}
	if _, ok := q.deps.City.Ward(f.Ward); f.Ward != "" && !ok {
		return f, fault.InvalidField("signs.fault.ward", "ward")
	}
	if f.Text == "" {
		return f, nil
	}
	if utf8.RuneCountInString(f.Text) > maxSearch || len(fold.Words(f.Text)) == 0 {
		return f, fault.InvalidField("graph.search_length", "text").With("max", maxSearch)
	}
	return f, nil
}

// StreetStory resolves Query.streetStory.
func (q queries) StreetStory(ctx context.Context, id string) (*StreetStory, error) {
	inner, err := idIn(kindStory, id)
	if err != nil {
		return nil, err
	}
	return q.story(ctx, inner)
}

// story reads one story. NOT_FOUND when there is none.
func (q queries) story(ctx context.Context, id string) (*StreetStory, error) {
	signs, err := q.signs()
	if err != nil {
		return nil, err
	}
	s, err := signs.Registry().Story(ctx, id)
	if err != nil {
		return nil, err
	}
	return q.view(ctx).storyOf(ctx, &s, true), nil
}

// signByID reads one sign. NOT_FOUND when there is none.
func (q queries) signByID(ctx context.Context, id string) (*Sign, error) {
	signs, err := q.signs()
	if err != nil {
		return nil, err
	}
	p, err := signs.Registry().Plate(ctx, id)
	if err != nil {
		return nil, err
	}
	return &q.view(ctx).signsOf([]registry.Plate{p})[0], nil
}
