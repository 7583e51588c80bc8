package damage

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// resumed is how many plates one Resume looks at.
const resumed = 200

// Resume makes good what was left: it opens the cases that rounds still lack, writes the notes that cases do, and finds the place of taps that came while
// nobody could say whether their case was open. It also ends the rounds whose cases have ended. It is to be called every minute or so, may run on several
// machines at once, and gives how many plates it settled; what fails comes again later. Its error is of the first that failed, or of the store.
func (d *Damage) Resume(ctx context.Context) (int, error) {
	list, err := d.records.dueBy(ctx, d.now(), resumed)
	if err != nil {
		return 0, fmt.Errorf("signs: damage: resume: %w", err)
	}
	n, first := 0, error(nil)
	for _, r := range list {
		if err := d.settle(ctx, r); err == nil {
			n++
		} else if first == nil {
			first = fmt.Errorf("signs: damage: resume plate %s: %w", r.ID, err)
		}
		if ctx.Err() != nil {
			return n, errors.Join(first, ctx.Err())
		}
	}
	return n, first
}

// settle does what is due about a plate.
func (d *Damage) settle(ctx context.Context, r Record) error {
	if r.Case != "" {
		is, err := d.isOpen(ctx, r.Case)
		fresh, noted := d.change(ctx, r, func(r *Record, now time.Time) {
			if err != nil {
				r.failed(now, err)
				return
			}
			r.settle(now, is)
		})
		if err := errors.Join(err, noted); err != nil {
			return err
		}
		r = fresh
	}
	if r.Open && r.Case == "" {
		var err error
		if r, err = d.raise(ctx, r); err != nil {
			return err
		}
	}
	_, err := d.tell(ctx, r)
	return err
}
