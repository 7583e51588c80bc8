package conversation

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/message"
)

// derived gives what the check of the answer at path derived.
func (t *turn) derived(path string) map[string]any {
	var out map[string]any
	if json.Unmarshal(t.s.Draft.Derived[path], &out) != nil {
		return nil
	}
	return out
}

// derivedNames gives what a derived value is called: beside "ward" stands "wardName".
func (t *turn) derivedNames(path string) []string {
	values := t.derived(path)
	var out []string
	for _, k := range slices.Sorted(maps.Keys(values)) {
		if name, ok := values[k+nameSuffix].(string); ok && name != "" {
			out = append(out, name)
		}
	}
	slices.Reverse(out) // the nearer first: the ward before the unit
	return out
}

const nameSuffix = "Name"

// derivedFacts gives the other derived values under the names that the check's result schema has for them.
func (t *turn) derivedFacts() []message.Fact {
	var out []message.Fact
	for _, path := range slices.Sorted(maps.Keys(t.s.Draft.Derived)) {
		n := t.form.root.at(path)
		values := t.derived(path)
		if n == nil {
			continue
		}
		labels := t.derivedLabels(n.words.Check)
		for _, k := range slices.Sorted(maps.Keys(values)) {
			_, named := values[k+nameSuffix]
			base, isName := strings.CutSuffix(k, nameSuffix)
			if _, of := values[base]; named || isName && of {
				continue
			}
			if s := t.showDerived(values[k]); s != "" {
				label := labels[k].In(t.lang())
				if label == "" {
					label = k
				}
				out = append(out, message.Fact{Label: label, Value: s})
			}
		}
	}
	return out
}

func (t *turn) showDerived(v any) string {
	switch v := v.(type) {
	case string:
		return cut(v, maxShown)
	case float64:
		return showNumber(number(v), t.lang())
	}
	return ""
}

// derivedLabels reads the names of derived values from the result schema of a check: x-label, or title.
func (t *turn) derivedLabels(check string) map[string]message.Text {
	a, _ := t.m.services.Action(t.form.ref.App, check)
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
