package miniapps

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/message"
)

// derivedName ends the key of what a derived value is called: beside "ward" stands "wardName".
const derivedName = "Name"

// DerivedNames gives what the values that a check derived are called, the nearer first: the ward before the unit.
func DerivedNames(values map[string]any) []string {
	var out []string
	for _, k := range slices.Backward(slices.Sorted(maps.Keys(values))) {
		if name, ok := values[k+derivedName].(string); ok && name != "" {
			out = append(out, name)
		}
	}
	return out
}

// DerivedFact is a value that a check derived and that nothing beside it names.
type DerivedFact struct {
	Key   string
	Label message.Text // empty when the check's result schema has none
	Value any
}

// DerivedFacts gives the values that DerivedNames leaves out, in the order of their keys, under the labels that the result schema of the action, the check,
// has for them: x-label, or title.
func (a Action) DerivedFacts(values map[string]any) []DerivedFact {
	var out []DerivedFact
	labels := a.derivedLabels()
	for _, k := range slices.Sorted(maps.Keys(values)) {
		_, named := values[k+derivedName]
		base, isName := strings.CutSuffix(k, derivedName)
		if _, of := values[base]; named || isName && of {
			continue
		}
		out = append(out, DerivedFact{Key: k, Label: labels[k], Value: values[k]})
	}
	return out
}

func (a Action) derivedLabels() map[string]message.Text {
	var schema struct {
		Properties struct {
			Derived struct {
				Properties map[string]struct {
					Label message.Text `json:"x-label"`
					Title string       `json:"title"`
				} `json:"properties"`
			} `json:"derived"`
		} `json:"properties"`
	}
	if json.Unmarshal(a.Result, &schema) != nil {
		return nil
	}
	out := map[string]message.Text{}
	for k, p := range schema.Properties.Derived.Properties {
		out[k] = p.Label
		if len(p.Label) == 0 && p.Title != "" {
			out[k] = message.Text{message.Vietnamese: p.Title}
		}
	}
	return out
}
