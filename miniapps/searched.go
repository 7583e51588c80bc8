package miniapps

import (
	"errors"
	"fmt"
	"slices"
)

// checkSearch checks that the field that takes what was typed to choose can hold any text, and that the action gives options with and without it.
func (f formOf) checkSearch(n map[string]any, at place) error {
	if n["x-search"] != true {
		return nil
	}
	if !at.field || n["type"] != "string" {
		return errors.New("x-search is for a field of the form itself, of type string")
	}
	for _, word := range []string{"enum", "const", "format", "pattern", "x-options", "x-sensitive", "x-secret", "x-opening"} {
		if n[word] != nil {
			return fmt.Errorf("x-search is for free text, so not with %s", word)
		}
	}
	if !f.givesOptions() {
		return errors.New("x-search is for an action that gives options: read-only, with answers and after")
	}
	return nil
}

// givesOptions tells whether a field can take its options from the action.
func (f formOf) givesOptions() bool {
	root, err := node(f.action.Input)
	if err != nil {
		return false
	}
	props, _ := root["properties"].(map[string]any)
	return f.action.ReadOnly && props["answers"] != nil && props["after"] != nil
}

// needs tells whether an object cannot be without a field.
func needs(root map[string]any, name string) bool {
	required, _ := root["required"].([]any)
	return slices.Contains(required, any(name))
}
