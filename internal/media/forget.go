package media

import (
	"context"
	"errors"
	"fmt"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// Forget removes what a subject has uploaded and attached to nothing, at once and not after OrphanAfter. What is attached belongs to its case. It may run
// again: killed in between, a repeat removes the rest, and so does the next sweep.
func (m *Media) Forget(ctx context.Context, subject string) error {
	found, err := m.docs.Collect(ctx, m.loose.Where(subject).First(max(m.cfg.MaxLoose, sweepBatch)))
	if err != nil {
		return fmt.Errorf("media: forget: %w", err)
	}
	var errs []error
	for _, d := range found {
		due, err := m.unwanted(ctx, d.ID)
		if err == nil && due {
			_, err = m.retire(ctx, d.ID)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// unwanted makes a loose upload due for removal. False when it was attached meanwhile, or is gone.
func (m *Media) unwanted(ctx context.Context, id string) (bool, error) {
	d, err := m.docs.Update(ctx, id, func(d *document) error {
		if d.Loose == "" || d.State == leaving {
			return store.ErrUnchanged
		}
		d.State = leaving
		return nil
	})
	if fault.CodeOf(err) == fault.NotFound {
		return false, nil
	}
	return err == nil && d.State == leaving, err
}
