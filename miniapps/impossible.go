package miniapps

import (
	"encoding/json"
	"errors"
	"fmt"
)

// checkPossible refuses a schema that no value can fit.
func checkPossible(n map[string]any) []error { return append(checkRequired(n), checkLimits(n)...) }

// checkRequired refuses a name that must be there and may not.
func checkRequired(n map[string]any) []error {
	if n["additionalProperties"] != false || n["patternProperties"] != nil {
		return nil
	}
	props, _ := n["properties"].(map[string]any)
	required, _ := n["required"].([]any)
	var errs []error
	for _, x := range required {
		name, _ := x.(string)
		if _, ok := props[name]; !ok {
			errs = append(errs, fmt.Errorf("%q is required and not declared", name))
		}
	}
	return errs
}

// limits are the pairs of keywords between which a value lies.
var limits = []struct {
	least, most string
	open        bool // they may not be equal either
}{
	{"minLength", "maxLength", false}, {"minItems", "maxItems", false}, {"minContains", "maxContains", false}, {"minProperties", "maxProperties", false},
	{"minimum", "maximum", false}, {"minimum", "exclusiveMaximum", true}, {"exclusiveMinimum", "maximum", true}, {"exclusiveMinimum", "exclusiveMaximum", true},
}

// checkLimits refuses limits that no value can keep.
func checkLimits(n map[string]any) []error {
	var errs []error
	for _, l := range limits {
		least, ok := limit(n[l.least])
		most, also := limit(n[l.most])
		if ok && also && (least > most || l.open && least == most) {
			errs = append(errs, fmt.Errorf("%s %v and %s %v: no value can keep both", l.least, n[l.least], l.most, n[l.most]))
		}
	}
	if choices, ok := n["enum"].([]any); ok && len(choices) == 0 {
		errs = append(errs, errors.New("enum is empty: no value can be one of it"))
	}
	return errs
}

func limit(v any) (float64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	f, err := n.Float64()
	return f, err == nil
}

// checkPossibleIn does the same for a schema whose values nobody is asked for: what an action gives, what a notice is told.
func checkPossibleIn(what string, schema json.RawMessage) []error {
	root, err := node(schema)
	if err != nil {
		return nil // true, false or nothing
	}
	var errs []error
	walk(root, place{}, func(n map[string]any, at place) {
		for _, err := range checkPossible(n) {
			errs = append(errs, fmt.Errorf("%s%s: %w", what, at.path, err))
		}
	})
	return errs
}

// checkAsked refuses a field of the form that is asked for and can hold nothing, and one that is needed and that nothing asks for.
func (f formOf) checkAsked(n map[string]any, at place, required bool) []error {
	if !at.field {
		return nil
	}
	var errs []error
	for _, word := range []string{"maxItems", "maxLength"} {
		if most, ok := limit(n[word]); ok && most == 0 && n["x-prompt"] != nil && n["x-ask"] != string(AskNever) {
			errs = append(errs, fmt.Errorf("%s 0: a field that is asked for must be able to hold something", word))
		}
	}
	if f.action.ReadOnly && len(f.action.OpeningWords) > 0 && required && n["x-prompt"] == nil {
		errs = append(errs, errors.New("words open the action, and it cannot do without this field: it needs x-prompt"))
	}
	return errs
}

// checkPlace refuses a place that can have neither a point nor an address: none would be in the format.
func checkPlace(n map[string]any) error {
	if n["format"] != FormatLocation || n["additionalProperties"] != false || n["patternProperties"] != nil {
		return nil
	}
	props, _ := n["properties"].(map[string]any)
	if props["address"] != nil || props["lat"] != nil && props["lon"] != nil {
		return nil
	}
	return errors.New("format location needs the fields lat and lon, or address, or all three")
}
