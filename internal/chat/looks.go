package chat

import (
	"context"

	"github.com/motcua/motcua/internal/conversation"
	"github.com/motcua/motcua/internal/fault"
)

// maxLooked is how many photos of one event are looked at for codes.
const maxLooked = 3

// Looker is a Stepper that wants to know what the codes in photos say.
type Looker interface {
	// Looks tells whether the photos of what the person did, in that state, may have been sent for a code in them.
	Looks(s conversation.State, h conversation.Heard) bool
}

// looked is what was read from the photos of an event. It is looked at once for all attempts at a turn.
type looked struct {
	done  bool
	texts []string
}

// scanned gives what the codes in the photos say; nothing while photos are sent for themselves. The look comes before the turn's step and leaves no trace but in what
// is stored of it: a turn that was killed before that begins anew, and one that was killed later goes on from there. UNAVAILABLE only when we are stopping.
func (t *turn) scanned(ctx context.Context, h conversation.Heard) ([]string, error) {
	l, wants := t.c.deps.Steps.(Looker)
	if t.c.deps.Scan == nil || !wants || len(h.Photos) == 0 || !l.Looks(t.state, h) {
		return nil, nil
	}
	if t.looked.done {
		return t.looked.texts, nil
	}
	for _, id := range h.Photos[:min(len(h.Photos), maxLooked)] {
		texts, err := t.c.deps.Scan(ctx, id)
		if ctx.Err() != nil {
			return nil, fault.Wrap(fault.Unavailable, ctx.Err())
		}
		if err != nil { // then it is a photo like any other
			t.c.deps.Log.WarnContext(ctx, "a photo could not be looked at for codes", "conversation", t.chat.ID, "err", err)
		}
		t.looked.texts = append(t.looked.texts, texts...)
	}
	t.looked.done = true
	return t.looked.texts, nil
}
