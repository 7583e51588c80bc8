package inbox

import (
	"errors"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/retry"
	"github.com/motcua/motcua/internal/store"
)

// Why an event is given up, beside what handlers say.
var (
	errLost   = fault.New(fault.Internal, "inbox.lease_lost") // the replicas that worked on it vanished
	errGaveUp = fault.New(fault.Unavailable, "inbox.gave_up") // outages for longer than Config.GiveUp
	errPanic  = fault.New(fault.Internal, "inbox.panic")      // the handler panicked; the log knows where
	errSealed = fault.New(fault.Internal, "inbox.sealed")     // sealed with another keyset, or damaged
)

// errDrained marks an attempt that was cut short because the program stops.
var errDrained = errors.New("the program stops")

// ending says what an attempt leads to.
type ending string

const (
	endDone   ending = "done"
	endLater  ending = "later"   // an outage: again, as often as needed
	endFailed ending = "failed"  // again, a few times
	endParked ending = "parked"  // given up
	endLeft   ending = "drained" // not the event's fault: again at once, by whoever runs
)

// verdict is what an attempt leads to.
type verdict struct {
	end   ending
	wait  time.Duration // with endLater and endFailed
	cause error         // with endLater, endFailed and endParked
}

const (
	outageMin  = time.Second
	outageMax  = time.Minute
	failureMin = 250 * time.Millisecond
	failureMax = 10 * time.Second
)

// judge says what the outcome of an attempt leads to.
func (c Config) judge(r *record, outcome error, now time.Time) verdict {
	code := fault.CodeOf(outcome)
	switch {
	case outcome == nil:
		return verdict{end: endDone}
	case errors.Is(outcome, errDrained):
		return verdict{end: endLeft}
	case code != fault.Unavailable && code != fault.RateLimited:
		if r.Failures+1 >= c.Failures {
			return verdict{end: endParked, cause: outcome}
		}
		return verdict{end: endFailed, wait: retry.Backoff(r.Failures, failureMin, failureMax), cause: outcome}
	}
	wait := max(fault.Of(outcome).RetryAfter, retry.Backoff(r.Attempts, outageMin, outageMax))
	if now.Add(wait).Sub(r.Since) > c.GiveUp {
		return verdict{end: endParked, cause: errGaveUp.Because(outcome)}
	}
	return verdict{end: endLater, wait: wait, cause: outcome}
}

// apply stores a verdict. A success counts even when another replica has taken over meanwhile: it happened.
func (r *record) apply(v verdict, owner string, now time.Time, c Config) error {
	if r.State != waiting || (r.Owner != owner && v.end != endDone) {
		return store.ErrUnchanged
	}
	switch v.end {
	case endDone:
		r.finish(now, c)
		return nil
	case endLeft:
		return r.release(owner, now, now)
	case endParked:
		r.park(reasonOf(v.cause), now, c)
		return nil
	case endFailed:
		r.Failures++
	}
	r.Attempts++
	r.Reason, r.Pause = reasonOf(v.cause), at(now.Add(v.wait))
	return r.release(owner, now, now.Add(v.wait))
}

// reasonOf gives what an operator reads: never the text of a cause, which may quote what it was about.
func reasonOf(err error) string {
	f := fault.Of(err)
	if f.Key == "" {
		return string(f.Code)
	}
	return string(f.Code) + " " + f.Key
}

// safely gives a panic of f as errPanic.
func safely(f func() error) error {
	err := retry.Safely(f)
	if errors.Is(err, retry.ErrPanic) {
		return errPanic.Because(err)
	}
	return err
}
