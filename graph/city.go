package graph

import (
	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/message"
)

// gazette is what the city's data looks like in one language, made once: it never changes while the program runs.
type gazette struct {
	wards      map[string]*Ward             // by code
	units      map[string]*Unit             // by id
	categories []FeedbackCategory           // in the order to show them
	byCode     map[string]*FeedbackCategory // of categories
}

// newGazettes makes one for each language.
func newGazettes(c *city.City) map[message.Lang]*gazette {
	out := map[message.Lang]*gazette{}
	for _, l := range []message.Lang{message.Vietnamese, message.English} {
		out[l] = newGazette(c, l)
	}
	return out
}

func newGazette(c *city.City, l message.Lang) *gazette {
	g := &gazette{wards: map[string]*Ward{}, units: map[string]*Unit{}, byCode: map[string]*FeedbackCategory{}}
	for _, w := range c.Wards() {
		g.wards[w.Code] = wardOf(w, l)
	}
	for _, u := range c.Units() {
		g.units[u.ID] = &Unit{ID: idOf(kindUnit, u.ID), Code: u.ID, Name: u.Name.In(l), Phone: optionalText(u.Phone)}
	}
	groups := map[string]string{}
	for _, x := range c.Groups() {
		groups[x.Code] = x.Name.In(l)
	}
	for _, x := range c.Categories() {
		g.categories = append(g.categories, FeedbackCategory{
			ID: idOf(kindCategory, x.Code), Code: x.Code, Name: x.Name.In(l),
			Group: x.Group, GroupName: groups[x.Group], ServiceHours: x.ServiceHours,
		})
	}
	for i := range g.categories {
		g.byCode[g.categories[i].Code] = &g.categories[i]
	}
	return g
}

func wardOf(w city.Ward, l message.Lang) *Ward {
	out := &Ward{
		ID: idOf(kindWard, w.Code), Code: w.Code, Name: w.Name, FullName: w.FullName,
		Population: w.Population, AreaKm2: w.AreaKm2, Office: optionalText(w.Office),
		Center: &GeoPoint{Lat: w.Lat, Lon: w.Lon},
	}
	if l == message.English && w.NameEn != "" {
		out.Name = w.NameEn
	}
	if l == message.English && w.FullNameEn != "" {
		out.FullName = w.FullNameEn
	}
	return out
}

// optionalText gives null for a text that is not there.
func optionalText(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
