package outbox

import (
	"errors"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/retry"
	"github.com/motcua/motcua/internal/store"
)

// State says where an intent stands.
type State string

// The states.
const (
	Waiting State = "waiting" // to be tried when due; also while a worker tries
	Done    State = "done"    // carried out; remembered so that the same id does nothing
	Dead    State = "dead"    // given up; an operator can retry it
)

// States gives all states.
func States() []State { return []State{Waiting, Done, Dead} }

// record is an intent as it is stored. Its methods are the only changes it goes through; each is one write.
type record struct {
	ID        string     `bson:"_id"`
	Lane      Lane       `bson:"lane"`
	Kind      string     `bson:"kind"`
	Group     string     `bson:"group,omitempty"`
	Payload   []byte     `bson:"payload,omitempty"`
	State     State      `bson:"state"`
	Since     time.Time  `bson:"since"`                // when it could first leave
	Due       *time.Time `bson:"due,omitempty"`        // while waiting: the next attempt; while leased: the end of the lease
	Queue     *time.Time `bson:"queue,omitempty"`      // while waiting in a group: its place there
	Blocked   bool       `bson:"blocked,omitempty"`    // put off only because another of its group comes first
	Lease     string     `bson:"lease,omitempty"`      // of the worker that tries it now
	Attempts  int        `bson:"attempts,omitempty"`   // begun, whatever became of them
	Failures  int        `bson:"failures,omitempty"`   // those that count towards its death
	Until     *time.Time `bson:"until,omitempty"`      // useless after this
	Reason    string     `bson:"reason,omitempty"`     // of the last failed attempt
	ExpiresAt *time.Time `bson:"expires_at,omitempty"` // when done or dead
}

// Reasons that the outbox itself gives. Others come from handlers: the name given to Permanent, or a fault's code and key.
const (
	reasonExpired   = "expired"     // Until has passed
	reasonGaveUp    = "gave_up"     // outages for longer than Config.GiveUp
	reasonLeaseLost = "lease_lost"  // the worker vanished: killed, or it did not heed its deadline
	reasonPanic     = "panic"       // the handler panicked; the log knows where
	reasonNoHandler = "no_handler"  // no replica that saw it handles its kind
	reasonDrained   = "interrupted" // the program stopped during the attempt
)

// claim gives the record to a worker for the time of a lease. ErrUnchanged when somebody else has it or it is not due; afterwards the caller checks the
// lease, because claiming may also find the record dead.
func (r *record) claim(token string, now time.Time, c Config) error {
	if r.State != Waiting || r.Due == nil || r.Due.After(now) {
		return store.ErrUnchanged
	}
	if r.Lease != "" {
		r.Failures++
		r.Reason = reasonLeaseLost
		if r.Failures >= c.Failures {
			r.die(reasonLeaseLost, now, c)
			return nil
		}
	}
	if r.Until != nil && !r.Until.After(now) {
		r.die(reasonExpired, now, c)
		return nil
	}
	r.Attempts++
	r.Lease, r.Blocked = token, false
	r.Due = at(now.Add(c.lease()))
	return nil
}

// settle stores what became of an attempt.
func (r *record) settle(token string, outcome error, now time.Time, c Config) error {
	if r.State != Waiting {
		return store.ErrUnchanged
	}
	if outcome == nil { // it happened, even when another worker has taken over meanwhile
		r.finish(now, c)
		return nil
	}
	if r.Lease != token {
		return store.ErrUnchanged
	}
	r.Lease = ""
	var perm *permanent
	switch code := fault.CodeOf(outcome); {
	case errors.As(outcome, &perm):
		r.die(perm.reason, now, c)
	case errors.Is(outcome, errDrained):
		r.postpone(now, 0, reasonDrained, c)
	case code == fault.Unavailable || code == fault.RateLimited:
		r.outage(outcome, now, c)
	default:
		r.fail(outcome, now, c)
	}
	return nil
}

// outage puts the record off because the other side is away or asks for patience.
func (r *record) outage(err error, now time.Time, c Config) {
	wait := max(fault.Of(err).RetryAfter, r.backoff(r.Attempts, c))
	if now.Add(wait).Sub(r.Since) > c.GiveUp {
		r.die(reasonGaveUp, now, c)
		return
	}
	r.postpone(now, wait, reasonOf(err), c)
}

func (r *record) fail(err error, now time.Time, c Config) {
	r.Failures++
	if r.Failures >= c.Failures {
		r.die(reasonOf(err), now, c)
		return
	}
	r.postpone(now, r.backoff(r.Failures, c), reasonOf(err), c)
}

func (r *record) postpone(now time.Time, wait time.Duration, reason string, c Config) {
	due := now.Add(wait)
	if r.Until != nil && due.After(*r.Until) {
		r.die(reasonExpired, now, c)
		return
	}
	r.Due, r.Reason = at(due), reason
}

// orphan notes that nobody handles the record's kind: a replica of another version may, but none does for ever.
func (r *record) orphan(now time.Time, c Config) {
	r.Reason = reasonNoHandler
	if now.Sub(r.Since) > c.GiveUp {
		r.die(reasonNoHandler, now, c)
	}
}

func (r *record) finish(now time.Time, c Config) {
	r.State, r.Reason = Done, ""
	r.Payload, r.Due, r.Queue, r.Lease, r.Blocked = nil, nil, nil, "", false
	r.ExpiresAt = at(now.Add(c.DoneRetention))
}

func (r *record) die(reason string, now time.Time, c Config) {
	r.State, r.Reason = Dead, reason
	r.Due, r.Queue, r.Lease, r.Blocked = nil, nil, "", false
	r.ExpiresAt = at(now.Add(c.DeadRetention))
	if reason == reasonExpired { // nobody wants it any more, so what it held is not kept for a replay
		r.Payload = nil
		r.ExpiresAt = at(now.Add(c.DoneRetention))
	}
}

// revive lets a dead record be tried again, at the end of its group.
func (r *record) revive(now time.Time) error {
	if r.State != Dead {
		return fault.New(fault.Conflict, "outbox.not_dead")
	}
	if r.Reason == reasonExpired {
		return fault.New(fault.Conflict, "outbox.expired")
	}
	r.State, r.Reason, r.Failures = Waiting, "", 0
	r.Since, r.Due = *at(now), at(now)
	r.Until, r.ExpiresAt = nil, nil
	if r.Group != "" {
		r.Queue = at(now)
	}
	return nil
}

func (r *record) backoff(attempts int, c Config) time.Duration {
	return retry.Backoff(attempts-1, c.BackoffMin, c.backoffMax(r.Lane))
}

// at gives a time as the store keeps it.
func at(t time.Time) *time.Time {
	t = t.UTC().Truncate(time.Millisecond)
	return &t
}

func reasonOf(err error) string {
	if errors.Is(err, retry.ErrPanic) {
		return reasonPanic
	}
	f := fault.Of(err)
	if f.Key == "" {
		return string(f.Code)
	}
	return string(f.Code) + " " + f.Key
}
