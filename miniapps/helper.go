package miniapps

import (
	"fmt"
	"slices"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

// Helpers are the read-only actions that x-options and x-check name. Both take {"answers": {…}}: what is known so far of the input they help
// with, which may be incomplete and is not checked. One that gives options also takes "after" and gives the next page, and may take "first", how many a page
// holds at most. Given what was typed, in its field with x-search, it gives only what that may mean.

// Options is what an x-options action gives as Result.Data.
type Options struct {
	Choices []Option `json:"choices"`
	After   string   `json:"after,omitempty"` // asks for the next page; "" when this is the last
}

// PageOf gives up to first of all options, those behind the one whose value is after; "" begins with the first. INVALID when after names none.
func PageOf(all []Option, after string, first int) (Options, error) {
	from := 0
	if after != "" {
		i := slices.IndexFunc(all, func(o Option) bool { return o.Value == after })
		if i < 0 {
			return Options{}, fault.InvalidField("store.bad_cursor", "after")
		}
		from = i + 1
	}
	to := min(from+first, len(all))
	out := Options{Choices: all[from:to]}
	if to < len(all) {
		out.After = all[to-1].Value
	}
	return out, nil
}

// Option is one possible answer.
type Option struct {
	Value string `json:"value"`
	Label string `json:"label"`          // in the language of the call
	Hint  string `json:"hint,omitempty"` // tells options apart that look alike
}

// Checked is what an x-check action gives as Result.Data. The zero value says that the answer is fine.
type Checked struct {
	Errors  []WrongAnswer  `json:"errors,omitempty"`
	Derived map[string]any `json:"derived,omitempty"` // what follows from the answers, such as a price
	Suggest *Instead       `json:"suggest,omitempty"` // another action that may serve better, such as following a duplicate
}

// WrongAnswer says what is wrong with one answer.
type WrongAnswer struct {
	Path []string `json:"path"` // from the root of the input
	Text string   `json:"text"` // in the language of the call
}

// Instead is another action of the same app, with what is already known of its input.
type Instead struct {
	Action string         `json:"action"`
	Input  map[string]any `json:"input,omitempty"`
	Label  message.Text   `json:"label"`
}

// anyAnswers is a field that takes whatever was answered so far.
const anyAnswers = `{"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "array", "object", "null"]}}`

// checkHelper checks that a field's helper is a read-only action that the same caller may call.
func (f formOf) checkHelper(word, id string) error {
	i := slices.IndexFunc(f.manifest.Actions, func(a Action) bool { return a.ID == id })
	if i < 0 {
		return fmt.Errorf("%s names no action: %s", word, id)
	}
	helper := f.manifest.Actions[i]
	switch {
	case !helper.ReadOnly:
		return fmt.Errorf("%s names an action that is not read-only: %s", word, id)
	case helper.Audience != f.action.Audience:
		return fmt.Errorf("%s names an action for another audience: %s", word, id)
	case !f.action.Assurance.Reaches(helper.Assurance):
		return fmt.Errorf("%s names an action that needs more assurance: %s", word, id)
	}
	wants := []string{"answers"}
	if word == "x-options" {
		wants = append(wants, "after")
	}
	input, err := node(helper.Input)
	if err != nil {
		return err
	}
	props, _ := input["properties"].(map[string]any)
	for _, name := range wants {
		if props[name] == nil {
			return fmt.Errorf("%s names an action that does not take %s: %s", word, name, id)
		}
	}
	if a, _ := props["answers"].(map[string]any); a["additionalProperties"] == false && a["properties"] == nil {
		return fmt.Errorf("%s names an action whose answers can hold nothing: %s (they may be anything with %s)", word, id, anyAnswers)
	}
	if size, _ := props["first"].(map[string]any); word == "x-options" && size != nil && size["type"] != "integer" {
		return fmt.Errorf("%s names an action whose first is no integer: %s", word, id)
	}
	return nil
}
