package conversation

import (
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

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
