package outbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/retry"
	"github.com/motcua/motcua/internal/store"
)

// job is something that recurs.
type job struct {
	name  string
	every time.Duration
	run   func(ctx context.Context) error
}

// jobRecord is when a job is due and who runs it.
type jobRecord struct {
	ID       string    `bson:"_id"`
	Due      time.Time `bson:"due"`             // the next run, or the end of the lease of the one under way
	Planned  time.Time `bson:"planned"`         // what Due was when the run under way began
	Lease    string    `bson:"lease,omitempty"` // of the replica that runs it
	Failures int       `bson:"failures,omitempty"`
}

const (
	jobLease    = 20 * time.Second // a killed replica's job is taken over after this
	jobBeat     = 6 * time.Second  // the running replica renews its lease this often
	jobLook     = time.Minute      // a waiting replica reads the record at least this often
	jobRetry    = 30 * time.Second // after a first failure, doubling
	jobRetryMax = time.Hour
)

// Schedule lets f run in one replica at a time: the first time at once, then every so often, counted from the planned time and skipping what was missed. A
// failed run is repeated sooner. f stops when its context ends, because the program stops or because another replica has taken over; it must be safe to
// run again after it was killed half-way. Call it before Run. The period is at least one second.
func (o *Outbox) Schedule(name string, every time.Duration, f func(ctx context.Context) error) error {
	if name == "" || f == nil || every < time.Second {
		return errors.New("outbox: a job needs a name, a function and a period of at least 1s")
	}
	if slices.ContainsFunc(o.plan, func(j job) bool { return j.name == name }) {
		return fmt.Errorf("outbox: there is a job %s already", name)
	}
	o.plan = append(o.plan, job{name: name, every: every, run: f})
	return nil
}

// repeat waits for a job's time and runs it, until the context ends.
func (o *Outbox) repeat(ctx, work context.Context, j job) {
	ready := false
	failing := false
	for ctx.Err() == nil {
		var wait time.Duration
		err := o.plant(ctx, j, &ready)
		if err == nil {
			wait, err = o.turn(ctx, work, j)
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			wait = o.cfg.Poll
		}
		if (err != nil) != failing {
			failing = err != nil
			o.log.WarnContext(ctx, "job "+j.name, "working", !failing, "err", err)
		}
		retry.Sleep(ctx, min(wait, jobLook))
	}
}

// plant makes sure that the job has a record, once, and that a shorter period counts from now.
func (o *Outbox) plant(ctx context.Context, j job, ready *bool) error {
	if *ready {
		return nil
	}
	now := o.now()
	err := o.jobs.Insert(ctx, jobRecord{ID: j.name, Due: *at(now), Planned: *at(now)})
	if fault.CodeOf(err) == fault.Conflict {
		_, err = o.jobs.Update(ctx, j.name, func(r *jobRecord) error {
			if r.Lease != "" || r.Due.Sub(now) <= j.every {
				return store.ErrUnchanged
			}
			r.Due = *at(now.Add(j.every))
			return nil
		})
	}
	*ready = err == nil
	return err
}

// turn runs the job if it is due and free, and gives the time until the next look.
func (o *Outbox) turn(ctx, work context.Context, j job) (time.Duration, error) {
	seen, err := o.jobs.Get(ctx, j.name)
	if err != nil {
		return 0, err
	}
	if wait := seen.Due.Sub(o.now()); wait > 0 {
		return wait, nil
	}
	token := uuid.NewString()
	r, err := o.jobs.Update(ctx, j.name, func(r *jobRecord) error { return r.claim(token, o.now()) })
	if err != nil {
		return 0, err
	}
	if r.Lease != token {
		return max(r.Due.Sub(o.now()), time.Millisecond), nil
	}
	outcome := o.runJob(ctx, j, token)
	err = retry.Stored(work, leaseMargin/2, func(ctx context.Context) error {
		_, err := o.jobs.Update(ctx, j.name, func(r *jobRecord) error { return r.settle(token, outcome, j.every, o.now()) })
		return err
	})
	return 0, err
}

func (r *jobRecord) claim(token string, now time.Time) error {
	if r.Due.After(now) {
		return store.ErrUnchanged
	}
	if r.Lease == "" {
		r.Planned = r.Due
	}
	r.Lease, r.Due = token, *at(now.Add(jobLease))
	return nil
}

func (r *jobRecord) settle(token string, outcome error, every time.Duration, now time.Time) error {
	if r.Lease != token {
		return store.ErrUnchanged
	}
	r.Lease = ""
	switch {
	case errors.Is(outcome, errDrained):
		r.Due = *at(now) // another replica, or the next start, goes on
	case outcome != nil:
		wait := min(retry.Doubled(r.Failures, jobRetry, jobRetryMax), every)
		r.Failures++
		r.Due = *at(now.Add(wait))
	default:
		r.Failures = 0
		r.Due = *at(r.Planned.Add(every))
		if r.Due.Before(now) {
			r.Due = *at(now.Add(every))
		}
	}
	return nil
}

// runJob runs the job while it renews the lease. The job's context ends when the program stops or the lease is lost.
func (o *Outbox) runJob(ctx context.Context, j job, token string) error {
	mine, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ended := make(chan struct{})
	beating := make(chan struct{})
	go func() {
		defer close(beating)
		o.beat(mine, j.name, token, ended, cancel)
	}()
	began := o.now()
	err := retry.Safely(func() error { return j.run(mine) })
	close(ended)
	<-beating
	if err != nil && ctx.Err() != nil {
		err = errDrained
	}
	o.metrics.ran(j.name, err, o.now().Sub(began), o.now())
	if err != nil && !errors.Is(err, errDrained) {
		o.log.ErrorContext(ctx, "job failed", "job", j.name, "err", err)
	}
	return err
}

var errLeaseLost = errors.New("another replica runs the job")

// beat renews the lease until the job has ended. It cancels the job when the lease is lost, or cannot be renewed in its time.
func (o *Outbox) beat(ctx context.Context, name, token string, ended <-chan struct{}, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(jobBeat)
	defer tick.Stop()
	until := o.now().Add(jobLease)
	for {
		select {
		case <-ended:
			return
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		limited, stop := context.WithTimeout(ctx, jobBeat)
		r, err := o.jobs.Update(limited, name, func(r *jobRecord) error {
			if r.Lease != token {
				return store.ErrUnchanged
			}
			r.Due = *at(o.now().Add(jobLease))
			return nil
		})
		stop()
		if err == nil && r.Lease == token {
			until = r.Due
			continue
		}
		if err == nil || !o.now().Before(until) {
			cancel(errLeaseLost)
			return
		}
	}
}
