package device

import (
	"context"
	"fmt"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// Leave forgets the devices that a session or a chat has registered (Viewer.Session, Viewer.Identity) which acts for its account no more: a phone that was lost,
// or a browser that somebody else uses now, shows that account's notices no longer. A repeat changes nothing.
func (d *Devices) Leave(ctx context.Context, by string) error {
	if by == "" {
		return nil
	}
	all, err := d.docs.Collect(ctx, d.byWhom.Where(by).First(store.MaxPage))
	if err != nil {
		return fmt.Errorf("device: leave: %w", err)
	}
	for _, r := range all {
		_, err := d.docs.Update(ctx, r.ID, func(r *record) error {
			if r.By != by { // registered anew meanwhile
				return store.ErrUnchanged
			}
			d.giveUp(r, d.now())
			return nil
		})
		if err != nil && fault.CodeOf(err) != fault.NotFound {
			return fmt.Errorf("device: leave: %w", err)
		}
	}
	if len(all) > 0 {
		d.nudge()
	}
	return nil
}
