package conversation

import (
	"encoding/json"
	"maps"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// fieldAfter is where a list goes on: an action that takes it gives it with its result when there is more, as miniapps.Options does.
const fieldAfter = "after"

// onward gives what shows the rest of a list, of which a result of the draft is a part: the same action with the same input, behind what has come. It is false
// when there is no rest, or the result is no list. Only its button and asking for more mean it: words that lead to the action begin anew.
func (t *turn) onward(r miniapps.Result) (Next, bool) {
	f := t.form
	if f == nil || !f.action.ReadOnly || f.root.child(fieldAfter) == nil {
		return Next{}, false
	}
	var page struct{ After string }
	if json.Unmarshal(encode(r.Data), &page) != nil || page.After == "" {
		return Next{}, false
	}
	input := maps.Clone(t.input())
	input[fieldAfter] = page.After
	n := Next{Ref: f.ref, Input: encode(input), More: true}
	return n, len(n.Input) <= maxInput
}

// rest gives what goes on with the list that the last result was a part of; nil when that was all.
func (s *State) rest() *Next {
	for i := range s.Next {
		if s.Next[i].More {
			return &s.Next[i]
		}
	}
	return nil
}

// moreControls offers the rest of a list, if there is one, before other commands.
func (t *turn) moreControls(commands ...command) []message.Choice {
	out := t.controls(commands...)
	if n := t.s.rest(); n != nil {
		out = append([]message.Choice{{Label: t.text("control."+string(cmdMore), nil), Value: n.token()}}, out...)
	}
	return out
}
