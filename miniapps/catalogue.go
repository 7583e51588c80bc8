package miniapps

import (
	"encoding/json"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

// Catalogue tells what services there are. What it gives is shared: read it, never change it. It is safe for concurrent use.
type Catalogue struct {
	apps     []Manifest
	services map[string]*service
	index    searchIndex
}

func newCatalogue(apps []App, services map[string]*service) *Catalogue {
	c := &Catalogue{services: services}
	for _, a := range apps {
		c.apps = append(c.apps, services[a.Manifest().AppID].manifest)
	}
	c.index = newSearchIndex(c.apps)
	return c
}

// Apps gives all apps, in the order in which the program lists them.
func (c *Catalogue) Apps() []Manifest { return c.apps }

// App gives the app of that id.
func (c *Catalogue) App(id string) (Manifest, bool) {
	s := c.services[id]
	if s == nil {
		return Manifest{}, false
	}
	return s.manifest, true
}

// Action gives one action of an app.
func (c *Catalogue) Action(app, id string) (Action, bool) {
	s := c.services[app]
	if s == nil || s.actions[id] == nil {
		return Action{}, false
	}
	return s.actions[id].Action, true
}

// Input gives the compiled input schema of an action; KeywordsOf reads what it says about a field.
func (c *Catalogue) Input(app, action string) (*jsonschema.Schema, bool) {
	s := c.services[app]
	if s == nil || s.actions[action] == nil {
		return nil, false
	}
	return s.actions[action].form.schema, true
}

// Check gives an input as the Runner would pass it on to the app: plain JSON without repeated names, where null counts as left out. It tells nothing
// about who may make the call.
//
// NOT_FOUND: no such app or action. INVALID: every wrong field by its path, its label in lang.
func (c *Catalogue) Check(app, action string, input json.RawMessage, lang message.Lang) (json.RawMessage, error) {
	s := c.services[app]
	if s == nil {
		return nil, fault.New(fault.NotFound, "runner.no_app")
	}
	a := s.actions[action]
	if a == nil {
		return nil, fault.New(fault.NotFound, "runner.no_action")
	}
	return a.form.check(input, lang)
}

// Notice gives title and text of a notice that an app declares, with their {param} placeholders.
func (c *Catalogue) Notice(app, id string) (title, text message.Text, ok bool) {
	s := c.services[app]
	if s == nil {
		return nil, nil, false
	}
	for _, n := range s.manifest.Notices {
		if n.ID == id {
			return n.Title, n.Text, true
		}
	}
	return nil, nil, false
}

// Available tells whether an app can be called: false while it rests after failures, and for an id that names none.
func (c *Catalogue) Available(id string) bool {
	s := c.services[id]
	return s != nil && !s.guard.resting()
}

// Search gives the actions and apps whose names, descriptions or opening words hold every word of text, best first, at most maxHits.
// Case and Vietnamese diacritics do not matter. Only what citizens may call is found.
func (c *Catalogue) Search(text string) []Hit { return c.index.search(text) }
