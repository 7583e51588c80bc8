package conversation

import "github.com/motcua/motcua/internal/message"

// State is all that a conversation remembers between two steps. It is kept as JSON; the zero value is a conversation that has just begun.
type State struct {
	Lang message.Lang `json:"lang,omitempty"` // "" until the person has shown one
	Call *Call        `json:"call,omitempty"` // the call that the next input answers; nil when none is under way
}
