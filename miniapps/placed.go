package miniapps

import (
	"cmp"
	"maps"
	"slices"
)

// Placed is an action that asks where something is.
type Placed struct {
	App    string
	Action Action
	Field  string // name of the input's field that takes the place, format location
}

// Placed gives the citizens' actions whose input has a field for a place, in the order of the apps. Of several such fields it names the one that is asked
// for first.
func (c *Catalogue) Placed() []Placed {
	var out []Placed
	for _, app := range c.apps {
		for _, a := range app.Actions {
			if a.Audience != ByCitizen {
				continue
			}
			if field := c.services[app.AppID].actions[a.ID].form.placeField(); field != "" {
				out = append(out, Placed{App: app.AppID, Action: a, Field: field})
			}
		}
	}
	return out
}

// placeField gives the name of the field that takes a place; "" when there is none.
func (f *form) placeField() string {
	if f.schema == nil {
		return ""
	}
	order := func(name string) int { return KeywordsOf(f.schema.Properties[name]).Order }
	names := slices.SortedFunc(maps.Keys(f.schema.Properties), func(a, b string) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(a, b))
	})
	for _, name := range names {
		if p := f.schema.Properties[name]; p.Format != nil && p.Format.Name == FormatLocation {
			return name
		}
	}
	return ""
}
