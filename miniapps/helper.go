package miniapps

import "github.com/motcua/motcua/internal/message"

// Helpers are the read-only actions that x-options and x-check name. Both take {"answers": {…}}: what is known so far of the input they help
// with, which may be incomplete and is not checked. One that gives options also takes "after" and gives the next page.

// Options is what an x-options action gives as Result.Data.
type Options struct {
	Choices []Option `json:"choices"`
	After   string   `json:"after,omitempty"` // asks for the next page; "" when this is the last
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
