package notify

import (
	"context"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// Withdraw ends the letter of a notice that has become useless: where it still waits for its way it is dropped. What has left has left, and the inbox keeps the
// notice. One that was never posted is no error. Of the notice only To and ID count.
func (s *Sender) Withdraw(ctx context.Context, in Notice) error {
	var now time.Time
	var seen dispatch
	after, err := s.letters.Update(ctx, letterID(in), func(d *dispatch) error {
		if d.State != Pending {
			return store.ErrUnchanged
		}
		now, seen = s.now(), *d
		if best := d.best(); rank[best] >= rank[Sent] {
			d.end(best, "")
		} else {
			d.end(Dropped, reasonWithdrawn)
		}
		return nil
	})
	if fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("notify: withdraw: %w", err)
	}
	if seen.ID != "" {
		s.settled(&seen, &after, now)
	}
	return nil
}
