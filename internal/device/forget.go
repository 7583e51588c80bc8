package device

import (
	"context"
	"fmt"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
)

// RemoveKnown forgets the one of the viewer's devices that its network knows by that name (what Channel.Check gives for it): a browser that ends its notices
// knows its endpoint and not our id. A repeat finds it gone: NOT_FOUND, as for one that is not theirs. UNAUTHORIZED for nobody.
func (d *Devices) RemoveKnown(ctx context.Context, v account.Viewer, kind, known string) error {
	if v.Subject == "" {
		return fault.New(fault.Unauthorized, "")
	}
	found, err := d.docs.GetMany(ctx, d.deps.Box.Indexes(indexContext, kind+"\x00"+known))
	if err != nil {
		return fmt.Errorf("device: remove: %w", err)
	}
	for id := range found {
		return d.Remove(ctx, v, id)
	}
	return fault.New(fault.NotFound, "device.none")
}
