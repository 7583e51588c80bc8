package grant

import (
	"context"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// unsaved is a pair that was got and not yet stored. It is used by nobody.
type unsaved struct {
	pair   Pair
	serial int64 // of the pair that was spent for it
}

const (
	saveTries = 6
	firstWait = 50 * time.Millisecond // between them; then twice as long
)

// save stores the unsaved pair and gives its token. It tries several times, and keeps the pair for the next call when it fails: UNAVAILABLE then. The caller
// holds the gate.
func (s *Source) save(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer cancel()
	r, err := s.store(ctx)
	for wait, n := firstWait, 1; fault.CodeOf(err) == fault.Unavailable && n < saveTries; wait, n = 2*wait, n+1 {
		if pause(ctx, wait) != nil {
			break
		}
		r, err = s.store(ctx)
	}
	if err != nil {
		s.keeper.meters.ends.WithLabelValues(s.name, endUnsaved).Inc()
		s.keeper.alarm(s.name, "a new pair could not be stored; it is lost if this process ends before it is", "error", err)
		return "", fault.Wrap(fault.Unavailable, fmt.Errorf("grant: %s: save: %w", s.name, err))
	}
	s.unsaved = nil
	h, err := s.adopt(r)
	if err != nil {
		return "", err
	}
	s.keeper.watch(r)
	s.keeper.meters.ends.WithLabelValues(s.name, endDone).Inc()
	return h.access, nil
}

// store puts the unsaved pair in the place of the one that was spent for it. Another one in that place is newer, or this one from an attempt whose answer was
// lost; either way what is stored then holds. The lease does not matter: whoever took it over has only the spent token.
func (s *Source) store(ctx context.Context) (record, error) {
	next, err := s.keeper.seal(s.name, s.unsaved.pair)
	if err != nil {
		return record{}, err
	}
	return s.keeper.grants.Update(ctx, s.name, func(r *record) error {
		if r.Serial != s.unsaved.serial {
			return store.ErrUnchanged
		}
		r.replace(next)
		return nil
	})
}
