package chat

import (
	"slices"
	"time"

	"github.com/motcua/motcua/internal/conversation"
	"github.com/motcua/motcua/miniapps"
)

// A notice of a change may come while the dialogue that asked for the change is still making it: whoever makes it has people told before they answer. In that
// conversation the notice waits for the answer, which tells the same. Elsewhere it leaves at once.

// await holds a message back until the turn that makes a change with the app has ended, but no longer than until a time: the turn may not live to see its end.
func (m *outgoing) await(app string, until time.Time) { m.Change, m.Until, m.Held = app, until, true }

// answered takes what waited for the answer of a turn out of the queue, and gives what is to be sent all the same, behind that answer: what the dialogue has told
// itself is not.
func (x *chat) answered(now time.Time) (rest []outgoing) {
	x.Queue = slices.DeleteFunc(slices.Clone(x.Queue), func(m outgoing) bool {
		switch {
		case m.Change == "":
			return false
		case x.told(caseKey(m.Change, ""), m.At):
			x.meet(markOf(m.ID), fate{State: stateSeen, Reason: reasonShown, At: now})
		default:
			m.Change, m.Until, m.Held = "", time.Time{}, false
			rest = append(rest, m)
		}
		return true
	})
	return rest
}

// tells notes what the answer to a call that began then lets the dialogue tell of.
func (t *turn) tells(call conversation.Call, res miniapps.Result, began time.Time) {
	if res.Case.ID != "" {
		t.cases = append(t.cases, shown{Case: caseKey(call.App, res.Case.ID), At: res.AsOf})
	}
	if call.Key == "" {
		return
	}
	key := caseKey(call.App, "")
	for _, s := range t.cases {
		if s.Case == key && s.From.Before(began) {
			began = s.From
		}
	}
	t.cases = append(t.cases, shown{Case: key, From: began, At: t.c.now().Add(time.Millisecond)}) // our clock leaves out what is less
}
