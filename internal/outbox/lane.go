package outbox

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/motcua/motcua/internal/retry"
	"github.com/motcua/motcua/internal/store"
)

// batch is how many due intents a lane reads at once.
const batch = 64

var errDrained = errors.New("the program stops")

// lane finds due intents and hands them to its workers.
type lane struct {
	o    *Outbox
	name Lane
	pool *pool
	wake chan struct{} // capacity 1
}

func newLane(o *Outbox, name Lane) *lane {
	return &lane{o: o, name: name, pool: newPool(o.cfg.Workers.of(name)), wake: make(chan struct{}, 1)}
}

func (l *lane) run(ctx, work context.Context) {
	var signal <-chan struct{}
	if l.o.signals != nil {
		signal = l.o.signals.Watch(ctx, topic(l.name))
	}
	l.o.cycle(ctx, "outbox lane "+string(l.name), l.wake, signal, func() (time.Duration, error) { return l.sweep(ctx, work) })
}

// sweep starts work on what is due, waiting for free workers, and gives the time until it should look again.
func (l *lane) sweep(ctx, work context.Context) (time.Duration, error) {
	found, err := l.o.records.Collect(ctx, l.o.due.Where(string(l.name)).First(batch))
	if err != nil {
		return 0, err
	}
	now := l.o.now()
	wait := l.o.cfg.Poll
	if n := len(found); n == batch && found[n-1].due(now) { // a backlog: replicas begin at different places, to meet less often
		k := rand.IntN(n)
		found = append(found[k:n:n], found[:k]...)
		wait = 0
	}
	started := 0
	for _, r := range found {
		if !r.due(now) {
			wait = min(wait, r.Due.Sub(now))
			continue
		}
		ok, err := l.pool.start(ctx, &l.o.flights, r.ID, func() { l.attempt(work, r) })
		if err != nil {
			return 0, nil // stopping
		}
		if ok {
			started++
		}
	}
	if wait == 0 && started == 0 { // all of a full batch is in the hands of workers that have not claimed it yet
		wait = 10 * time.Millisecond
	}
	return wait, nil
}

func (r *record) due(now time.Time) bool { return r.Due != nil && !r.Due.After(now) }

// attempt claims one intent, tries it and stores what became of it.
func (l *lane) attempt(work context.Context, seen record) {
	o := l.o
	if o.handlers[seen.Kind] == nil {
		_ = l.postpone(work, seen, o.cfg.backoffMax(l.name), func(r *record) { r.orphan(o.now(), o.cfg) }) // otherwise the next sweep finds it again
		return
	}
	if seen.Group != "" {
		first, err := l.waitTurn(work, seen)
		if err != nil || !first {
			return // the next sweep finds it again
		}
	}
	token := uuid.NewString()
	r, err := o.records.Update(work, seen.ID, func(r *record) error { return r.claim(token, o.now(), o.cfg) })
	if err != nil {
		return // gone, or the store is away: the lane's sweep says so
	}
	if r.Lease != token {
		if r.State == Dead && seen.State == Waiting {
			l.report(work, r, nil, outcomeDead)
			l.promote(work, r.Group)
		}
		return
	}
	began := o.now()
	outcome := l.handle(work, r)
	l.settle(work, r, token, outcome)
	o.metrics.attempt(l.name, r.Kind, o.now().Sub(began))
}

// handle runs the handler within its time. A panic is an error like others.
func (l *lane) handle(work context.Context, r record) error {
	ctx, cancel := context.WithTimeout(work, l.o.cfg.Attempt)
	defer cancel()
	in := Intent{ID: r.ID, Lane: r.Lane, Kind: r.Kind, Payload: r.Payload, Due: r.Since, Group: r.Group, Attempt: r.Attempts}
	if r.Until != nil {
		in.Until = *r.Until
	}
	err := retry.Safely(func() error { return l.o.handlers[r.Kind](ctx, in) })
	if err != nil && work.Err() != nil {
		return errDrained
	}
	return err
}

// settle stores the outcome. If the store stays away for longer than the lease, another worker tries again: that is the price of at least once.
func (l *lane) settle(work context.Context, r record, token string, outcome error) {
	o := l.o
	var after record
	err := retry.Stored(work, leaseMargin/2, func(ctx context.Context) error {
		var err error
		after, err = o.records.Update(ctx, r.ID, func(r *record) error { return r.settle(token, outcome, o.now(), o.cfg) })
		return err
	})
	if err != nil {
		o.log.ErrorContext(work, "outcome of an intent could not be stored; it will be tried again", "lane", l.name, "kind", r.Kind, "intent", r.ID, "err", err)
		return
	}
	switch {
	case after.State == Done:
		o.metrics.done(l.name, o.now().Sub(after.Since))
		l.report(work, after, outcome, outcomeDone)
	case after.State == Dead:
		l.report(work, after, outcome, outcomeDead)
	default:
		l.report(work, after, outcome, outcomeLater)
		nudge(l.wake) // the lane looks when to come back
	}
	if after.State != Waiting {
		l.promote(work, after.Group)
	}
}

// report counts an outcome and logs those that somebody should look at.
func (l *lane) report(ctx context.Context, r record, cause error, outcome string) {
	l.o.metrics.outcome(l.name, r.Kind, outcome)
	args := []any{"lane", l.name, "kind", r.Kind, "intent", r.ID, "attempts", r.Attempts, "reason", r.Reason}
	if cause != nil {
		args = append(args, "err", cause)
	}
	switch outcome {
	case outcomeDead:
		l.o.log.ErrorContext(ctx, "intent given up", args...)
	case outcomeLater:
		l.o.log.InfoContext(ctx, "intent put off", args...)
	}
}

// waitTurn tells whether the intent is the first of its group; otherwise it is put off until the first one's time.
func (l *lane) waitTurn(work context.Context, r record) (bool, error) {
	head, err := l.head(work, r.Group)
	if err != nil {
		return false, err
	}
	if head == nil || head.ID == r.ID {
		return true, nil
	}
	wait := time.Second
	if head.Due != nil {
		wait = max(wait, head.Due.Sub(l.o.now()))
	}
	return false, l.postpone(work, r, wait, func(r *record) { r.Blocked = true })
}

// postpone moves an intent's due time and changes it if nobody has touched it since it was seen.
func (l *lane) postpone(ctx context.Context, seen record, wait time.Duration, change func(*record)) error {
	_, err := l.o.records.Update(ctx, seen.ID, func(r *record) error {
		if r.State != Waiting || r.Lease != "" || r.Due == nil || seen.Due == nil || !r.Due.Equal(*seen.Due) {
			return store.ErrUnchanged
		}
		r.Due = at(l.o.now().Add(wait))
		change(r)
		return nil
	})
	return err
}

// promote makes the group's next intent due at once if it only waited for its turn. If the program is killed before this, its own due time comes later.
func (l *lane) promote(work context.Context, group string) {
	if group == "" {
		return
	}
	head, err := l.head(work, group)
	if err != nil || head == nil || !head.Blocked {
		return
	}
	_, err = l.o.records.Update(work, head.ID, func(r *record) error {
		if !r.Blocked || r.Lease != "" {
			return store.ErrUnchanged
		}
		r.Blocked, r.Due = false, at(l.o.now())
		return nil
	})
	if err == nil {
		l.o.wake(work, head.Lane)
	}
}

func (l *lane) head(ctx context.Context, group string) (*record, error) {
	found, err := l.o.records.Collect(ctx, l.o.groups.Where(group).First(1))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}
