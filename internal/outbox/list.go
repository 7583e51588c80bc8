package outbox

import (
	"context"
	"time"

	"github.com/motcua/motcua/internal/store"
)

// Entry is what an operator sees of an intent: never its payload.
type Entry struct {
	ID       string    `json:"id"`
	Lane     Lane      `json:"lane"`
	Kind     string    `json:"kind"`
	Group    string    `json:"group,omitempty"`
	State    State     `json:"state"`
	Since    time.Time `json:"since"`            // when it could first leave
	Due      time.Time `json:"due,omitzero"`     // the next attempt, or the end of the one under way; zero when done or dead
	Running  bool      `json:"running"`          // a worker holds it
	Attempts int       `json:"attempts"`         // begun so far
	Reason   string    `json:"reason,omitempty"` // why the last attempt failed
}

// List gives intents in one state, the longest waiting first, of one lane or with lane "" of all. INVALID for a cursor that is not ours.
func (o *Outbox) List(ctx context.Context, state State, l Lane, first int, after store.Cursor) (store.Page[Entry], error) {
	lanes := []Lane{l}
	if l == "" {
		lanes = Lanes()
	}
	queries := make([]store.Query, len(lanes))
	for i, x := range lanes {
		queries[i] = o.states.Where(string(state), string(x))
	}
	page, err := o.records.Page(ctx, first, after, queries...)
	if err != nil {
		return store.Page[Entry]{}, err
	}
	out := store.Page[Entry]{Items: make([]Entry, len(page.Items)), Cursors: page.Cursors, HasNext: page.HasNext}
	for i, r := range page.Items {
		out.Items[i] = entryOf(r)
	}
	return out, nil
}

func entryOf(r record) Entry {
	e := Entry{
		ID: r.ID, Lane: r.Lane, Kind: r.Kind, Group: r.Group, State: r.State, Since: r.Since.UTC(),
		Running: r.Lease != "", Attempts: r.Attempts, Reason: r.Reason,
	}
	if r.Due != nil {
		e.Due = r.Due.UTC()
	}
	return e
}
