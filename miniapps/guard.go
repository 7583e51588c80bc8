package miniapps

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/motcua/motcua/internal/fault"
)

// guard keeps one app from hurting the rest: places for a bounded number of calls, and a breaker that lets a failing app rest.
type guard struct {
	limits  Limits
	places  chan struct{} // one element per call that runs
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
	now     func() time.Time
	opened  atomic.Int64 // when the breaker last opened, Unix nanoseconds
}

// errLeft marks the end of a call that says nothing about the app: the caller left or had too little time.
var errLeft = errors.New("miniapps: the caller left")

func newGuard(app string, l Limits, now func() time.Time, m *metrics) *guard {
	g := &guard{limits: l, places: make(chan struct{}, l.Concurrent), now: now}
	m.state(app, gobreaker.StateClosed)
	g.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name:         app,
		MaxRequests:  1, // one probe at a time
		Timeout:      l.Rest,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return int(c.ConsecutiveFailures) >= l.Failures },
		IsSuccessful: func(err error) bool { return !ourFault(err) },
		IsExcluded:   func(err error) bool { return errors.Is(err, errLeft) },
		OnStateChange: func(_ string, _, to gobreaker.State) {
			if to == gobreaker.StateOpen {
				g.opened.Store(now().UnixNano())
			}
			m.state(app, to)
		},
	})
	return g
}

// ourFault tells whether an error says that the app is not well. A wrong input, a missing case or a lost race does not.
func ourFault(err error) bool {
	code := fault.CodeOf(err)
	return code == fault.Unavailable || code == fault.Internal
}

// enter takes a place and the breaker's leave. The caller must call leave when the app has really ended, and report exactly once.
func (g *guard) enter(ctx context.Context) (leave func(), report func(error), err error) {
	if g.resting() {
		return nil, nil, g.rest() // no use in waiting for a place
	}
	if err := g.take(ctx); err != nil {
		return nil, nil, err
	}
	report, err = g.breaker.Allow()
	if err != nil {
		g.leave()
		return nil, nil, g.rest()
	}
	return g.leave, report, nil
}

func (g *guard) take(ctx context.Context) error {
	select {
	case g.places <- struct{}{}:
		return nil
	default:
	}
	t := time.NewTimer(g.limits.Wait)
	defer t.Stop()
	select {
	case g.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fault.Wrap(fault.Unavailable, ctx.Err())
	case <-t.C:
		return fault.New(fault.Unavailable, "runner.busy").After(time.Second)
	}
}

func (g *guard) leave() { <-g.places }

func (g *guard) resting() bool { return g.breaker.State() == gobreaker.StateOpen }

// rest is the error while the app rests. It says when the next try makes sense.
func (g *guard) rest() error {
	left := g.limits.Rest - g.now().Sub(time.Unix(0, g.opened.Load()))
	return fault.New(fault.Unavailable, "runner.resting").After(min(max(left, time.Second), g.limits.Rest))
}

// drain takes every place and keeps it.
func (g *guard) drain(ctx context.Context) error {
	for range cap(g.places) {
		select {
		case g.places <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
