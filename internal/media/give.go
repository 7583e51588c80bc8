package media

import (
	"context"
	"fmt"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// Give makes those of the items that one subject uploaded and attached to nothing the own of another: what was sent into a chat goes with the form that it
// was sent for. All others stay as they are, so that a repeat changes nothing. It asks for nobody's leave.
func (m *Media) Give(ctx context.Context, ids []string, from, to string) error {
	if from == "" || to == "" || from == to {
		return nil
	}
	for _, id := range ids {
		_, err := m.docs.Update(ctx, id, func(d *document) error {
			if d.Owner != from || d.Loose != from {
				return store.ErrUnchanged
			}
			if d.StrangerAt != nil {
				d.StrangerAt, d.SweepAt = nil, d.CreatedAt.Add(m.cfg.OrphanAfter)
			}
			d.Owner, d.Loose = to, to
			return nil
		})
		if err != nil && fault.CodeOf(err) != fault.NotFound {
			return fmt.Errorf("media: give: %w", err)
		}
	}
	return nil
}
