package conversation

import (
	"cmp"
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// traits are what a schema says in itself and in the schemas that it refers to or is made of.
type traits struct {
	types    []string
	format   string
	words    miniapps.Keywords
	title    string
	props    map[string]*jsonschema.Schema
	required []string
	items    *jsonschema.Schema
	tuple    bool
	min, max *int
	unique   bool
	enum     []any
	fixed    *any
	standard *any
	pattern  jsonschema.Regexp
	variants [][]*jsonschema.Schema // oneOf and anyOf
}

func (t *traits) read(s *jsonschema.Schema, depth int) {
	if s == nil || depth > maxLevels {
		return
	}
	if s.Types != nil && t.types == nil {
		t.types = s.Types.ToStrings()
	}
	if s.Format != nil {
		t.format = cmp.Or(t.format, s.Format.Name)
	}
	if s.Enum != nil && t.enum == nil {
		t.enum = s.Enum.Values
	}
	t.words = merged(t.words, miniapps.KeywordsOf(s))
	t.title = cmp.Or(t.title, s.Title)
	t.fixed, t.standard = cmp.Or(t.fixed, s.Const), cmp.Or(t.standard, s.Default)
	t.items, t.tuple = cmp.Or(t.items, s.Items2020), t.tuple || len(s.PrefixItems) > 0
	t.min, t.max = cmp.Or(t.min, s.MinItems), cmp.Or(t.max, s.MaxItems)
	t.unique = t.unique || s.UniqueItems
	if s.Pattern != nil && t.pattern == nil {
		t.pattern = s.Pattern
	}
	for name, p := range s.Properties {
		if t.props == nil {
			t.props = map[string]*jsonschema.Schema{}
		}
		t.props[name] = cmp.Or(t.props[name], p)
	}
	t.required = append(t.required, s.Required...)
	for _, v := range [][]*jsonschema.Schema{s.OneOf, s.AnyOf} {
		if len(v) > 0 {
			t.variants = append(t.variants, v)
		}
	}
	t.read(s.Ref, depth+1)
	for _, part := range s.AllOf {
		t.read(part, depth+1)
	}
}

func merged(a, b miniapps.Keywords) miniapps.Keywords {
	if a.Label == nil {
		a.Label = b.Label
	}
	if a.Prompt == nil {
		a.Prompt = b.Prompt
	}
	a.Order, a.Ask = cmp.Or(a.Order, b.Order), cmp.Or(a.Ask, b.Ask)
	a.Options, a.Check = cmp.Or(a.Options, b.Options), cmp.Or(a.Check, b.Check)
	a.Sensitive, a.Opening = a.Sensitive || b.Sensitive, a.Opening || b.Opening
	return a
}

// eitherOf gives the names that the alternatives and conditions in a schema want.
func eitherOf(s *jsonschema.Schema, depth int) []string {
	if s == nil || depth > maxLevels {
		return nil
	}
	var out []string
	for _, part := range slices.Concat(s.AnyOf, s.OneOf, s.AllOf, []*jsonschema.Schema{s.Then, s.Else}) {
		if part != nil {
			out = append(append(out, part.Required...), eitherOf(part, depth+1)...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.DependentSchemas)) {
		out = append(append(out, s.DependentSchemas[name].Required...), eitherOf(s.DependentSchemas[name], depth+1)...)
	}
	return out
}

// kind tells how a value with these traits is asked for.
func (t traits) kind(n *node) kind {
	switch {
	case len(n.choices) > 0:
		return kindChoice
	case t.words.Options != "" && !slices.Contains(t.types, "array"):
		return kindRemote
	case len(t.types) > 1 || len(t.types) == 0 && len(t.variants) > 0:
		return t.mixed()
	case len(t.types) == 0 && t.fixed != nil:
		return kindText
	case len(t.types) == 0:
		return kindNone
	}
	switch t.types[0] {
	case "string":
		return t.text()
	case "number":
		return kindNumber
	case "integer":
		return kindInteger
	case "boolean":
		return kindBool
	case "object":
		return t.object()
	case "array":
		if t.items != nil && !t.tuple {
			return kindList
		}
	}
	return kindNone
}

// mixed is the kind of a value that may be of several types: any of the plain ones can be typed.
func (t traits) mixed() kind {
	types := t.types
	for _, v := range t.variants {
		for _, s := range v {
			var x traits
			x.read(s, 1)
			types = append(types, x.types...)
		}
	}
	for _, plain := range []string{"string", "number", "integer", "boolean"} {
		if slices.Contains(types, plain) {
			return kindAny
		}
	}
	return kindNone
}

func (t traits) text() kind {
	switch t.format {
	case miniapps.FormatPhoto:
		return kindPhoto
	case miniapps.FormatVideo:
		return kindVideo
	case miniapps.FormatPhone:
		return kindPhone
	case miniapps.FormatDate:
		return kindDate
	case "date-time":
		return kindMoment
	case "time":
		return kindTime
	}
	return kindText
}

func (t traits) object() kind {
	switch {
	case t.format == miniapps.FormatLocation:
		return kindPlace
	case len(t.props) > 0:
		return kindObject
	}
	return kindNone
}

// choices gives the values that enum, or alternatives that are all constants, list.
func (t traits) choices() []choice {
	var out []choice
	for _, v := range t.enum {
		if v != nil {
			out = append(out, choice{value: v})
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, v := range t.variants {
		if list := constants(v); list != nil {
			return list
		}
	}
	return nil
}

func constants(variants []*jsonschema.Schema) []choice {
	var out []choice
	for _, s := range variants {
		var t traits
		t.read(s, 1)
		if t.fixed == nil || *t.fixed == nil {
			return nil
		}
		c := choice{value: *t.fixed, label: t.words.Label}
		if c.label == nil {
			c.label = t.words.Prompt
		}
		if c.label == nil && t.title != "" {
			c.label = message.Text{message.Vietnamese: t.title}
		}
		out = append(out, c)
	}
	return out
}
