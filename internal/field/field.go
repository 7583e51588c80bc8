// Package field says what the declaration of an action's input says about one of its fields: what kind of value it takes, which values it lists, how long or
// how many they may be, and in which words it is asked for. Whoever asks people for values, in a dialogue or on a page, reads the declaration here, so that all
// of them ask for the same thing.
//
// It owns the reading of one compiled schema, together with the schemas that it refers to or is made of. It does not know who asks, what a network or a
// browser can do, or what was answered. Whether a value is valid is for the schema alone to say.
package field

import (
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/motcua/motcua/miniapps"
)

// Declaration is what is declared about one field. Where the schema and one that it refers to or is made of say the same thing differently, the nearest has
// its way. The zero value declares nothing: its Kind is "", which Read never gives.
type Declaration struct {
	Kind                 Kind
	Words                miniapps.Keywords
	Title                string
	Format               string              // "" for none
	Choices              []Choice            // the values that the schema lists; nil when it lists none
	Fixed                *any                // the only value there is; nil when there are more
	Standard             *any                // default; nil for none
	Patterns             []jsonschema.Regexp // all of them, the nearest first
	MinLength, MaxLength *int                // of a text: runes; nil for no bound
	MinItems, MaxItems   *int                // of a list; nil for no bound
	Unique               bool                // of a list: no item twice
	Items                *jsonschema.Schema  // of a list: each of its items; nil when nothing is said about them
	Fields               map[string]*jsonschema.Schema
	Required             []string // names of Fields; one can be there twice
}

// Read reads the declaration of a field. Of nil it reads that nothing can be asked for.
func Read(s *jsonschema.Schema) Declaration {
	var r reading
	r.add(s, 0)
	d := r.Declaration
	d.Choices = r.choices()
	d.Kind = r.kind(len(d.Choices) > 0)
	if len(d.Choices) == 1 && d.Fixed == nil {
		d.Fixed = &d.Choices[0].Value
	}
	return d
}

// Count gives how many items a list may have, where nobody takes more than most of them.
func (d Declaration) Count(most int) (from, to int) {
	to = most
	if d.MaxItems != nil {
		to = min(*d.MaxItems, most)
	}
	if d.MinItems != nil {
		from = *d.MinItems
	}
	return from, to
}
