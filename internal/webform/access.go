package webform

import (
	"fmt"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/miniapps"
)

// Access is how people without an account come to an action.
type Access int

// The ways.
const (
	Closed Access = iota // not at all: it is none of citizens', only a step or helper of others, or asks for what no form can
	Open                 // by a form
	SignIn               // not here: in the app or in a chat the city can know who they are
)

// take prepares the forms of an app.
func (f *Forms) take(m miniapps.Manifest) {
	helps := map[string]bool{}
	for _, a := range m.Actions {
		schema, ok := f.deps.Catalogue.Input(m.AppID, a.ID)
		if !ok {
			continue
		}
		root := newNode("", schema, true, 0)
		root.helpers(helps)
		if a.Audience == miniapps.ByCitizen {
			f.forms[ref{m.AppID, a.ID}] = &form{id: ref{m.AppID, a.ID}, does: a, root: root}
		}
	}
	for _, a := range m.Actions {
		if helps[a.ID] && len(a.OpeningWords) == 0 { // what can be asked for by words is of use by itself
			f.helpers[ref{m.AppID, a.ID}] = true
		}
	}
}

// helpers adds the actions that give options for the values, and those that look at answers.
func (n *node) helpers(to map[string]bool) {
	for _, id := range []string{n.words.Options, n.words.Check} {
		if id != "" {
			to[id] = true
		}
	}
	if n.item != nil {
		n.item.helpers(to)
	}
	for _, c := range n.children {
		c.helpers(to)
	}
}

// Access tells how people without an account come to an action of which nothing is known beforehand.
func (f *Forms) Access(app, action string) Access {
	fm := f.forms[ref{app, action}]
	switch {
	case fm == nil, f.helpers[ref{app, action}], fm.root.blind(nil) != nil:
		return Closed
	case fm.needsAccount():
		return SignIn
	}
	return Open
}

// needsAccount tells whether nobody can do it whom the city does not know.
func (fm *form) needsAccount() bool {
	return fm.does.Personal || !account.Guest.Reaches(fm.does.Assurance) || fm.asksConsent()
}

// asksConsent tells whether a change wants to see personal data, which only an account can allow.
func (fm *form) asksConsent() bool { return len(fm.does.Scopes) > 0 && !fm.does.ReadOnly }

// Can tells whether a guest can do it by a form, when the values of those names are known. It cannot know whether a choice will have anything to choose from.
func (f *Forms) Can(app, action string, known ...string) bool {
	return f.Why(app, action, known...) == nil
}

// Why says what keeps a guest from doing it by a form, in words for those who write manifests; nil when nothing does.
func (f *Forms) Why(app, action string, known ...string) error {
	fm := f.forms[ref{app, action}]
	switch {
	case fm == nil || !account.Guest.Reaches(fm.does.Assurance):
		return fmt.Errorf("webform: %s.%s is no action of guests", app, action)
	case fm.does.Personal:
		return fmt.Errorf("webform: %s.%s is about what its caller has, and the guest of a form has nothing", app, action)
	case fm.asksConsent():
		return fmt.Errorf("webform: %s.%s asks for consent to see personal data, which a guest cannot give", app, action)
	}
	if n := fm.root.blind(known); n != nil {
		return fmt.Errorf("webform: %s.%s needs %s, for which a form has no field", app, action, n.path)
	}
	return nil
}
