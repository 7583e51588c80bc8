package notify

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/retry"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/miniapps"
)

// settle stores what became of the step, before anything else is tried. Neither the end of ctx nor a short absence of the store keeps it from that. It
// tells whether the next way is to be tried at once.
func (s *Sender) settle(ctx context.Context, seen dispatch, token string, results []result) (again bool, err error) {
	var after dispatch
	var now time.Time
	err = retry.Stored(ctx, s.cfg.Lease/4, func(ctx context.Context) error {
		now = s.now()
		var err error
		after, err = s.letters.Update(ctx, seen.ID, func(d *dispatch) error { return s.apply(d, &seen, token, results, now) })
		return err
	})
	if err != nil {
		return false, fmt.Errorf("notify: settle: %w", err)
	}
	return s.settled(&seen, &after, now), nil
}

// settled counts and wakes, and tells whether the next way is to be tried at once.
func (s *Sender) settled(seen, after *dispatch, now time.Time) bool {
	if rank[seen.best()] < rank[Sent] && rank[after.best()] >= rank[Sent] {
		s.metrics.first(after, now)
	}
	switch {
	case after.State != Pending:
		s.metrics.ended(after)
		s.nudge(seen.Lane) // for those whose turn comes
	case after.Claim == "" && after.ready(now):
		s.nudge(after.Lane)
		return after.Phase == sending
	}
	return false
}

// apply puts results into a letter. What left counts even when another worker has taken over: it happened.
func (s *Sender) apply(d, seen *dispatch, token string, results []result, now time.Time) error {
	mine := d.State == Pending && d.Claim == token && d.Phase == seen.Phase
	changed := false
	for _, r := range results {
		changed = d.hear(r, now, mine) || changed
	}
	if !mine && !changed {
		return store.ErrUnchanged
	}
	if d.State != Pending { // it was ended meanwhile
		if best := d.best(); rank[best] > rank[d.State] {
			d.State, d.Reason = best, ""
		}
		return nil
	}
	s.proceed(d, results, now)
	return nil
}

// hear notes a result on its way, and tells whether the letter got further by it.
func (d *dispatch) hear(r result, now time.Time, mine bool) bool {
	i := slices.IndexFunc(d.Legs, func(l leg) bool { return l.way() == r.way })
	if i < 0 {
		return d.advance(r.way.Channel, r.fate.State, now)
	}
	l := &d.Legs[i]
	forward := rank[r.fate.State] > rank[l.State]
	if !forward && !mine || l.left() && !forward {
		return false
	}
	l.Taken, l.Unsure, l.Reason, l.At = r.fate.Taken, r.fate.Unsure, r.fate.Reason, *instant(now)
	l.State = r.fate.State
	if l.State == Refused {
		d.note(*l)
		d.Legs = slices.Delete(d.Legs, i, i+1)
	}
	return forward || l.State == Refused
}

// advance moves what left over a channel forward.
func (d *dispatch) advance(channel string, to State, now time.Time) bool {
	for _, legs := range [][]leg{d.Legs, d.Tries} {
		for i := range legs {
			l := &legs[i]
			if (channel == "" || l.Channel == channel) && l.State != Refused && rank[to] > rank[l.State] && rank[to] >= rank[Sent] {
				l.State, l.At = to, *instant(now)
				return true
			}
		}
	}
	return false
}

// proceed decides what comes after the results of a step.
func (s *Sender) proceed(d *dispatch, results []result, now time.Time) {
	d.Claim = ""
	state := d.best()
	retry := time.Duration(0)
	for _, r := range results {
		retry = max(retry, r.fate.Retry)
	}
	has := func(f func(leg) bool) bool { return slices.ContainsFunc(d.Legs, f) }
	switch {
	case has(leg.left):
		s.arrived(d, state, now)
	case len(d.Legs) == 0:
		d.nextWay(now)
	case has(func(l leg) bool { return l.Taken }):
		s.await(d, taken, retry, now)
	case has(func(l leg) bool { return l.Unsure }):
		s.await(d, unsure, retry, now)
	case d.Phase != sending: // the carrier does not know of it: send it again
		d.Phase = sending
		d.hold(d.Lane, now.Add(retry))
	default:
		d.Fails++
		s.retry(d, s.pause(d, retry, now), now)
	}
}

// retry puts a letter off. An urgent one leaves a way at once that is not to be tried within the letter's time there, and is taken back to it when there is no
// other.
func (s *Sender) retry(d *dispatch, wait time.Duration, now time.Time) {
	if d.Urgency == miniapps.Urgent && wait > s.cfg.UrgentWait-d.waited(now) && !d.alone() {
		s.leave(d, now.Add(wait), now)
		return
	}
	d.hold(d.Lane, now.Add(wait))
}

// leave gives the ways of the step up for others. They are tried again, not before until, when no other is left.
func (s *Sender) leave(d *dispatch, until, now time.Time) {
	for _, l := range d.Legs {
		l.Reason, l.Until = reasonSlow, instant(until)
		d.note(l)
	}
	d.nextWay(now)
}

// pause gives the wait after an attempt that failed. While the channel is away it is for the gate to say when the next may try.
func (s *Sender) pause(d *dispatch, retry time.Duration, now time.Time) time.Duration {
	switch {
	case retry > 0:
		return retry
	case s.gates[d.Legs[0].Channel].Wait(now) > 0:
		return 0
	}
	return s.backoff(d.Fails)
}

// arrived ends a letter that left; an urgent one waits until it is known to have arrived, where the network tells that.
func (s *Sender) arrived(d *dispatch, state State, now time.Time) {
	if d.Urgency != miniapps.Urgent || state != Sent || !s.reports(d.Legs) {
		d.end(state, "")
		return
	}
	if d.Phase == waiting && d.waited(now) >= s.cfg.UrgentWait {
		for _, l := range d.Legs {
			d.note(l)
		}
		d.nextWay(now)
		return
	}
	if d.Phase != waiting {
		d.StepAt = instant(now)
	}
	d.Phase, d.Turn = waiting, nil
	d.hold(d.Lane, d.StepAt.Add(s.cfg.UrgentWait))
}

// reports tells whether all networks that have the letter say when it arrives.
func (s *Sender) reports(legs []leg) bool {
	return !slices.ContainsFunc(legs, func(l leg) bool { return l.left() && !slices.Contains(s.cfg.Receipts, l.Channel) })
}

// nextWay leaves the step.
func (d *dispatch) nextWay(now time.Time) {
	d.Phase, d.Legs, d.StepAt, d.Fails = sending, nil, nil, 0
	d.hold(d.class(), now)
}

// await has the carrier asked later. An urgent letter that it keeps for too long takes the next way as well.
func (s *Sender) await(d *dispatch, p phase, retry time.Duration, now time.Time) {
	if reason := d.over(now, s.cfg.GiveUp); reason != "" {
		v := ended(d, reason)
		d.end(v.end, v.reason)
		return
	}
	left := s.cfg.UrgentWait - d.waited(now)
	if d.Urgency == miniapps.Urgent && left <= 0 && !d.alone() {
		s.leave(d, now, now)
		return
	}
	d.Fails++
	wait := max(retry, s.backoff(d.Fails))
	if d.Urgency == miniapps.Urgent && left > 0 {
		wait = min(wait, left)
	}
	d.Phase = p
	if p == taken {
		d.Turn = nil // the carrier keeps the order from here
	}
	d.hold(d.Lane, now.Add(wait))
}

// alone tells whether the step is the repetition of ways that were slow before: there was no other.
func (d *dispatch) alone() bool {
	return !slices.ContainsFunc(d.Legs, func(l leg) bool { return !d.slow(l.way()) })
}

func (s *Sender) backoff(n int) time.Duration {
	return retry.Backoff(n-1, s.cfg.BackoffMin, s.cfg.BackoffMax)
}
