package field

import (
	"cmp"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/motcua/motcua/miniapps"
)

// maxDepth is how many references, and parts of parts, are followed; schemas can refer to themselves.
const maxDepth = 8

// reading is a declaration on the way, with what only its kind and its choices depend on.
type reading struct {
	Declaration
	types    []string
	enum     []any
	variants [][]*jsonschema.Schema // oneOf and anyOf
	tuple    bool                   // items differ by their places
}

// add reads a schema, then what it refers to, then what it is made of.
func (r *reading) add(s *jsonschema.Schema, depth int) {
	if s == nil || depth > maxDepth {
		return
	}
	r.addValue(s)
	r.addBounds(s)
	r.addParts(s)
	r.add(s.Ref, depth+1)
	for _, part := range s.AllOf {
		r.add(part, depth+1)
	}
}

// addValue reads what the value is and how it is asked for.
func (r *reading) addValue(s *jsonschema.Schema) {
	if s.Types != nil && r.types == nil {
		r.types = s.Types.ToStrings()
	}
	if s.Format != nil {
		r.Format = cmp.Or(r.Format, s.Format.Name)
	}
	if s.Enum != nil && r.enum == nil {
		r.enum = s.Enum.Values
	}
	for _, v := range [][]*jsonschema.Schema{s.OneOf, s.AnyOf} {
		if len(v) > 0 {
			r.variants = append(r.variants, v)
		}
	}
	r.Words = merged(r.Words, miniapps.KeywordsOf(s))
	r.Title = cmp.Or(r.Title, s.Title)
	r.Fixed, r.Standard = cmp.Or(r.Fixed, s.Const), cmp.Or(r.Standard, s.Default)
}

func (r *reading) addBounds(s *jsonschema.Schema) {
	if s.Pattern != nil {
		r.Patterns = append(r.Patterns, s.Pattern)
	}
	r.MinLength, r.MaxLength = cmp.Or(r.MinLength, s.MinLength), cmp.Or(r.MaxLength, s.MaxLength)
	r.MinItems, r.MaxItems = cmp.Or(r.MinItems, s.MinItems), cmp.Or(r.MaxItems, s.MaxItems)
	r.Unique = r.Unique || s.UniqueItems
}

// addParts reads what lies in the value: items of a list, fields of an object.
func (r *reading) addParts(s *jsonschema.Schema) {
	r.Items, r.tuple = cmp.Or(r.Items, s.Items2020), r.tuple || len(s.PrefixItems) > 0
	for name, p := range s.Properties {
		if r.Fields == nil {
			r.Fields = map[string]*jsonschema.Schema{}
		}
		r.Fields[name] = cmp.Or(r.Fields[name], p)
	}
	r.Required = append(r.Required, s.Required...)
}

// merged adds to a what only b says.
func merged(a, b miniapps.Keywords) miniapps.Keywords {
	if a.Label == nil {
		a.Label = b.Label
	}
	if a.Prompt == nil {
		a.Prompt = b.Prompt
	}
	a.Order, a.Ask = cmp.Or(a.Order, b.Order), cmp.Or(a.Ask, b.Ask)
	a.Options, a.Check = cmp.Or(a.Options, b.Options), cmp.Or(a.Check, b.Check)
	a.Mention = cmp.Or(a.Mention, b.Mention)
	a.Sensitive, a.Secret, a.Opening = a.Sensitive || b.Sensitive, a.Secret || b.Secret, a.Opening || b.Opening
	a.Search = a.Search || b.Search
	return a
}
