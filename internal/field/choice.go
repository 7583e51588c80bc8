package field

import (
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/motcua/motcua/internal/message"
)

// Choice is one value that a schema lists.
type Choice struct {
	Value any          // as the schema's JSON was decoded: numbers are json.Number; never nil
	Label message.Text // nil when the value speaks for itself
}

// choices gives the values that enum, or else alternatives that are all constants, list. No one chooses null: it is left out of enum.
func (r *reading) choices() []Choice {
	var out []Choice
	for _, v := range r.enum {
		if v != nil {
			out = append(out, Choice{Value: v})
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, v := range r.variants {
		if list := constants(v); list != nil {
			return list
		}
	}
	return nil
}

// constants gives the values of alternatives; nil when one of them is no constant, or null.
func constants(variants []*jsonschema.Schema) []Choice {
	var out []Choice
	for _, s := range variants {
		r := variant(s)
		if r.Fixed == nil || *r.Fixed == nil {
			return nil
		}
		out = append(out, Choice{Value: *r.Fixed, Label: r.label()})
	}
	return out
}

// variant reads one alternative.
func variant(s *jsonschema.Schema) *reading {
	var r reading
	r.add(s, 1)
	return &r
}

// label is what an alternative is called; a title is Vietnamese.
func (r *reading) label() message.Text {
	switch {
	case r.Words.Label != nil:
		return r.Words.Label
	case r.Words.Prompt != nil:
		return r.Words.Prompt
	case r.Title != "":
		return message.Text{message.Vietnamese: r.Title}
	}
	return nil
}
