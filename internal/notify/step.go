package notify

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/motcua/motcua/internal/store"
)

// step takes a letter one step further, unless another worker does. It tells whether the next way is to be tried at once.
func (s *Sender) step(ctx context.Context, lane, id string) (again bool, err error) {
	d, err := s.letters.Get(ctx, id)
	if err != nil {
		return false, err
	}
	if !d.ready(s.now()) {
		return false, nil
	}
	switch {
	case d.Lane == digestLane:
		return false, s.gather(ctx, &d)
	case d.Phase != sending:
		return s.ask(ctx, &d)
	}
	v, err := s.decide(ctx, &d)
	if err != nil {
		return false, err
	}
	if len(v.step) == 0 {
		return false, s.park(ctx, &d, v)
	}
	if wait, err := s.behind(ctx, &d, v.lane); err != nil || wait {
		return false, err
	}
	if d.Bulletin != "" {
		leave, ok := s.crowd.turns.enter(ctx, d.Bulletin, d.To, d.Revision)
		if !ok {
			return false, nil // the next look finds out why
		}
		defer leave()
	}
	token := uuid.NewString()
	claimed, err := s.claim(ctx, &d, v, token)
	if err != nil || claimed.Claim != token {
		return false, err
	}
	return s.settle(ctx, claimed, token, s.send(ctx, v, claimed.Legs))
}

// untouched tells whether nobody has changed the letter's time since it was read.
func (d *dispatch) untouched(seen *dispatch) bool {
	return d.Due != nil && seen.Due != nil && d.Due.Equal(*seen.Due) && d.Claim == seen.Claim && d.Phase == seen.Phase
}

// park ends a letter or leaves it to another time or lane.
func (s *Sender) park(ctx context.Context, seen *dispatch, v verdict) error {
	if v.end == "" && v.lane == seen.Lane && seen.Claim == "" && instant(v.hold).Equal(*seen.Due) {
		return nil // its channel is away
	}
	after, err := s.letters.Update(ctx, seen.ID, func(d *dispatch) error {
		if !d.untouched(seen) {
			return store.ErrUnchanged
		}
		for _, l := range v.closed {
			d.note(l)
		}
		if v.end != "" {
			d.end(v.end, v.reason)
			return nil
		}
		d.hold(v.lane, v.hold)
		if d.Gather = v.tell; v.tell != "" {
			d.Turn = nil
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("notify: park: %w", err)
	}
	if after.State != Pending {
		s.metrics.ended(&after)
	} else if after.ready(s.now()) {
		s.nudge(after.Lane)
	}
	return nil
}

// behind tells whether a letter to the same person, stored earlier, is to be sent first over the same lane. One that waits for its day does not count.
func (s *Sender) behind(ctx context.Context, d *dispatch, lane string) (bool, error) {
	if d.Turn == nil {
		return false, nil
	}
	now := s.now()
	for _, l := range slices.Compact([]string{d.class(), lane}) {
		first, err := s.letters.Collect(ctx, s.queries.turn.Where(d.To, l).Between(nil, *d.Turn).First(1))
		if err != nil {
			return false, fmt.Errorf("notify: turn: %w", err)
		}
		if len(first) == 0 || first[0].ID == d.ID || !first[0].trying(now) {
			continue
		}
		return true, s.queue(ctx, d, &first[0], lane)
	}
	return false, nil
}

// trying tells whether a letter is to leave as soon as it can.
func (d *dispatch) trying(now time.Time) bool {
	return d.Claim != "" || d.Fails > 0 || d.ready(now)
}

// queue puts a letter behind another, so that the other one is found first.
func (s *Sender) queue(ctx context.Context, seen, first *dispatch, lane string) error {
	at := *seen.Due
	if behind := first.Due.Add(time.Millisecond); first.Claim == "" && at.Before(behind) {
		at = behind
	}
	if lane == seen.Lane && at.Equal(*seen.Due) {
		return nil
	}
	_, err := s.letters.Update(ctx, seen.ID, func(d *dispatch) error {
		if !d.untouched(seen) {
			return store.ErrUnchanged
		}
		d.hold(lane, at)
		return nil
	})
	return err
}

// claim takes the letter for this worker until the lease ends. The letter that it gives has another claim when somebody was faster.
func (s *Sender) claim(ctx context.Context, seen *dispatch, v verdict, token string) (dispatch, error) {
	now := s.now()
	after, err := s.letters.Update(ctx, seen.ID, func(d *dispatch) error {
		if !d.untouched(seen) {
			return store.ErrUnchanged
		}
		for _, l := range v.closed {
			d.note(l)
		}
		d.take(v.step, now)
		d.Lane, d.Due, d.Claim = v.lane, instant(now.Add(s.cfg.Lease)), token
		return nil
	})
	if err != nil {
		return dispatch{}, fmt.Errorf("notify: claim: %w", err)
	}
	return after, nil
}

// take begins a step, or goes on with it. Ways of the step before that are still open count as slow.
func (d *dispatch) take(step []Way, now time.Time) {
	var legs []leg
	for _, l := range d.Legs {
		if slices.Contains(step, l.way()) {
			legs = append(legs, l)
			continue
		}
		if l.State == Pending {
			l.Reason = reasonSlow
		}
		d.note(l)
	}
	if len(legs) == 0 {
		d.StepAt, d.Fails = instant(now), 0
	}
	for _, w := range step {
		if !slices.ContainsFunc(legs, func(l leg) bool { return l.way() == w }) {
			legs = append(legs, leg{Channel: w.Channel, Target: w.Target, Ground: w.Ground, State: Pending, At: *instant(now)})
		}
	}
	d.Legs = legs
}
