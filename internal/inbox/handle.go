package inbox

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/retry"
)

// handle hands one event over and stores what became of it.
func (s *shift) handle(work context.Context, r record) {
	in := s.in
	began := in.now()
	outcome := s.attempt(work, r)
	now := in.now()
	in.metrics.attempt(r.Channel, now.Sub(began))
	v := in.cfg.judge(&r, outcome, now)
	if v.end == endParked {
		if err := s.tell(work, r, v.cause); err != nil {
			in.deps.Log.ErrorContext(work, "an event could not be parked; it is tried again", "event", r.ID, "channel", r.Channel, "err", err)
			v = verdict{end: endLater, wait: retry.Backoff(r.Attempts, outageMin, outageMax), cause: v.cause}
		}
	}
	_ = s.conclude(work, r, v, func(r *record) error { return r.apply(v, in.owner, now, in.cfg) }) // it has been logged
}

// attempt runs the handler within its time, while the lease is renewed. A panic is an error like others.
func (s *shift) attempt(work context.Context, r record) error {
	m, err := s.in.message(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(work, s.in.cfg.Attempt)
	defer cancel()
	err = s.leased(ctx, r.ID, func(ctx context.Context) error {
		return safely(func() error { return s.handler(ctx, m) })
	})
	if err != nil && work.Err() != nil {
		return errDrained
	}
	return err
}

// conclude stores how an attempt ended. If the store stays away for longer than the lease, the event comes again: that is the price of at least once.
func (s *shift) conclude(work context.Context, r record, v verdict, change func(*record) error) error {
	in := s.in
	var after record
	err := retry.Stored(work, in.cfg.Lease/2, func(ctx context.Context) error {
		var err error
		after, err = in.records.Update(ctx, r.ID, change)
		return err
	})
	if err != nil {
		in.deps.Log.ErrorContext(work, "the outcome of an event could not be stored; it comes again", "event", r.ID, "channel", r.Channel, "err", err)
		return err
	}
	s.report(work, after, v)
	return nil
}

// tell shows an operator what is given up. The cause is a fault, because only its code and key are shown.
func (s *shift) tell(work context.Context, r record, cause error) error {
	return retry.Stored(work, s.in.cfg.Lease/2, func(ctx context.Context) error {
		return safely(func() error { return s.in.deps.Park(ctx, r.parking(), r.Conversation, fault.Of(cause)) })
	})
}

// report counts an outcome and logs those that somebody should look at.
func (s *shift) report(ctx context.Context, r record, v verdict) {
	in := s.in
	in.metrics.ended(r.Channel, v.end)
	args := []any{"event", r.ID, "channel", r.Channel, "attempts", r.Attempts, "reason", r.Reason}
	switch v.end {
	case endDone:
		in.metrics.delay.WithLabelValues(r.Channel).Observe(in.now().Sub(r.Received).Seconds())
	case endParked:
		in.deps.Log.ErrorContext(ctx, "event parked", append(args, "err", v.cause)...)
	case endFailed, endLater:
		in.deps.Log.WarnContext(ctx, "event put off", append(args, "wait", v.wait, "err", v.cause)...)
	}
}

var errTaken = errors.New("the lease was lost")

// leased runs f while it renews the lease. The context of f ends when the lease is lost or could not be renewed in its time.
func (s *shift) leased(ctx context.Context, id string, f func(ctx context.Context) error) error {
	mine, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	var beating sync.WaitGroup
	beating.Go(func() { s.beat(mine, id, ended, cancel) })
	err := f(mine)
	close(ended)
	beating.Wait()
	cancel(nil)
	return err
}

// beat renews the lease until f has ended.
func (s *shift) beat(ctx context.Context, id string, ended <-chan struct{}, cancel context.CancelCauseFunc) {
	in := s.in
	every := in.cfg.Lease / 3
	tick := time.NewTicker(every)
	defer tick.Stop()
	until := in.now().Add(in.cfg.Lease / 2) // what firm promises at least
	for {
		select {
		case <-ended:
			return
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		limited, stop := context.WithTimeout(ctx, every)
		r, err := in.records.Update(limited, id, func(r *record) error { return r.extend(in.owner, in.now(), in.cfg) })
		stop()
		held := err == nil && r.Owner == in.owner && r.State == waiting
		if held {
			until = *r.Due
			continue
		}
		if err == nil || !in.now().Before(until) {
			cancel(errTaken)
			return
		}
	}
}
