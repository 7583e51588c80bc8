package conversation

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// derived gives what the check of the answer at path derived.
func (t *turn) derived(path string) map[string]any {
	var out map[string]any
	if json.Unmarshal(t.s.Draft.Derived[path], &out) != nil {
		return nil
	}
	return out
}

// derivedNames gives what the values that the check of the answer at path derived are called.
func (t *turn) derivedNames(path string) []string { return miniapps.DerivedNames(t.derived(path)) }

// derivedFacts gives the other derived values.
func (t *turn) derivedFacts() []message.Fact {
	var out []message.Fact
	for _, path := range slices.Sorted(maps.Keys(t.s.Draft.Derived)) {
		n := t.form.root.at(path)
		if n == nil {
			continue
		}
		check, _ := t.m.services.Action(t.form.ref.App, n.words.Check)
		for _, f := range check.DerivedFacts(t.derived(path)) {
			if s := t.showDerived(f.Value); s != "" {
				out = append(out, message.Fact{Label: cmp.Or(f.Label.In(t.lang()), f.Key), Value: s})
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
