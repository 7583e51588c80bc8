package inbox

import (
	"context"
	"fmt"

	"github.com/motcua/motcua/internal/store"
)

// Forget empties what was given up of the conversation of an event and happened before it: what the person wrote is gone, and a replay finds nothing to do
// (CONFLICT). What still waits is left to the handler. It may run again; nothing there is no error.
func (in *Inbox) Forget(ctx context.Context, asks Message) error {
	before := asks.Event.At
	if before.IsZero() {
		before = asks.Received
	}
	for seen, err := range in.records.Find(ctx, in.parked.Where(asks.Conversation)) {
		if err != nil {
			return fmt.Errorf("inbox: forget: %w", err)
		}
		_, err = in.records.Update(ctx, seen.ID, func(r *record) error {
			if r.State != parked || !r.At.Before(before) {
				return store.ErrUnchanged
			}
			r.finish(in.now(), in.cfg)
			return nil
		})
		if err != nil {
			return fmt.Errorf("inbox: forget: %w", err)
		}
	}
	return nil
}
