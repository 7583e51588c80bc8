package damage

import (
	"context"
	"fmt"
)

// List gives the plates of a unit whose owners have something to do about them, those that wait longest first; the unit "" stands for all. Who may see them is
// for the caller to check. first is capped at 100; 0 and less mean 20. INVALID when after belongs to another list.
func (d *Damage) List(ctx context.Context, unit string, first int, after Cursor) (Page[Record], error) {
	page, err := d.records.list(ctx, unit, first, after, func(r *Record) bool { return d.stands(ctx, *r) })
	if err != nil {
		return page, fmt.Errorf("signs: damage: list: %w", err)
	}
	for i := range page.Items {
		page.Items[i] = page.Items[i].whole()
	}
	return page, nil
}

// Of gives what was told of a plate and is not settled; nil when there is nothing.
func (d *Damage) Of(ctx context.Context, plate string) (*Record, error) {
	r, there, err := d.records.find(ctx, plate)
	if err != nil {
		return nil, fmt.Errorf("signs: damage: of: %w", err)
	}
	if !there || !d.stands(ctx, r) {
		return nil, nil
	}
	r = r.whole()
	return &r, nil
}

// stands tells whether a round has still to be settled. One whose case nobody can tell of does.
func (d *Damage) stands(ctx context.Context, r Record) bool {
	return r.Open && (r.Late != nil || d.look(ctx, r).state != ended)
}
