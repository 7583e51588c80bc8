package inbox

import (
	"fmt"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// state says where an event stands.
type state string

const (
	waiting state = "waiting" // to be acted on; also while it is
	done    state = "done"    // acted on, or nobody's to act on; remembered so that a repeat does nothing
	parked  state = "parked"  // given up; an operator can replay it
)

// record is an event as it is stored. Its methods are the only changes it goes through; each is one write.
type record struct {
	ID           string             `bson:"_id"`
	Channel      string             `bson:"channel"`
	Kind         channels.EventKind `bson:"kind"`
	Conversation string             `bson:"conversation"`
	At           time.Time          `bson:"at"`       // by the network's clock
	Received     time.Time          `bson:"received"` // by ours
	Since        time.Time          `bson:"since"`    // received, or replayed last
	State        state              `bson:"state"`
	Sealed       []byte             `bson:"sealed,omitempty"`     // the event as JSON; dropped when done
	Turn         string             `bson:"turn,omitempty"`       // while waiting: its place in the conversation
	Owner        string             `bson:"owner,omitempty"`      // the replica that holds it until Due
	Working      bool               `bson:"working,omitempty"`    // the owner has begun, so that a lapsed lease tells that it died over this
	Due          *time.Time         `bson:"due,omitempty"`        // while waiting: the end of the lease; without an owner, when to look at it again
	Pause        *time.Time         `bson:"pause,omitempty"`      // after a failed attempt: not before
	Fetch        bool               `bson:"fetch,omitempty"`      // it has attachments that are still to be fetched
	Fetched      []Fetched          `bson:"fetched,omitempty"`    // what became of them
	Attempts     int                `bson:"attempts,omitempty"`   // that ended without success
	Failures     int                `bson:"failures,omitempty"`   // those that count towards its parking
	Parks        int                `bson:"parks,omitempty"`      // times that it was parked
	ParkedAt     *time.Time         `bson:"parked_at,omitempty"`  // while parked: since when
	Reason       string             `bson:"reason,omitempty"`     // of the last attempt: code and key of the fault
	ExpiresAt    *time.Time         `bson:"expires_at,omitempty"` // when done or parked
}

// place gives an event's place in its conversation: by the network's clock, then by arrival (Unix microseconds).
func place(when time.Time, arrival int64) string {
	const most = 9_999_999_999_999 // milliseconds that 13 digits hold: the year 2286
	return fmt.Sprintf("%013d.%016d", min(max(when.UnixMilli(), 0), most), arrival)
}

// foreign tells whether another replica holds the event.
func (r *record) foreign(owner string, now time.Time) bool {
	return r.Owner != "" && r.Owner != owner && r.Due.After(now)
}

// firm tells whether owner holds the event for long enough to begin with it.
func (r *record) firm(owner string, now time.Time, c Config) bool {
	return r.Owner == owner && r.Due.Sub(now) > c.Lease/2
}

// paused tells whether the event rests after a failed attempt.
func (r *record) paused(now time.Time) bool { return r.Pause != nil && r.Pause.After(now) }

// settled gives when the event may be acted on. A received time ahead of the clock comes from a replica whose clock is ahead; it counts as past.
func (r *record) settled(now time.Time, c Config) time.Time {
	if r.Received.After(now) {
		return now
	}
	return r.Received.Add(c.Settle)
}

// lost tells whether a replica vanished while it worked on the event.
func (r *record) lost(now time.Time) bool {
	return r.Owner != "" && r.Working && !r.Due.After(now)
}

// claim gives the event to a replica that begins with it. ErrUnchanged when another holds it or it rests.
func (r *record) claim(owner string, now time.Time, c Config) error {
	if r.State != waiting || r.foreign(owner, now) || r.paused(now) {
		return store.ErrUnchanged
	}
	if r.lost(now) {
		r.Attempts++
		r.Failures++
		r.Reason = reasonOf(errLost)
	}
	r.Owner, r.Working, r.Due = owner, true, at(now.Add(c.Lease))
	return nil
}

// extend renews a lease.
func (r *record) extend(owner string, now time.Time, c Config) error {
	if r.State != waiting || r.Owner != owner {
		return store.ErrUnchanged
	}
	r.Due = at(now.Add(c.Lease))
	return nil
}

// release lets go of an event that owner or nobody holds, to be looked at again when due.
func (r *record) release(owner string, now, due time.Time) error {
	if r.State != waiting || r.foreign(owner, now) {
		return store.ErrUnchanged
	}
	r.Owner, r.Working, r.Due = "", false, at(due)
	return nil
}

// attach stores what became of the attachments.
func (r *record) attach(owner string, got []Fetched, now time.Time, c Config) error {
	if r.State != waiting || !r.Fetch {
		return store.ErrUnchanged
	}
	r.Fetch, r.Fetched = false, got
	if r.Owner == owner {
		r.Due = at(now.Add(c.Lease))
	}
	return nil
}

func (r *record) finish(now time.Time, c Config) {
	r.State, r.Reason, r.ParkedAt = done, "", nil
	r.Sealed, r.Fetch, r.Fetched = nil, false, nil
	r.leave(now.Add(c.Retention))
}

func (r *record) park(reason string, now time.Time, c Config) {
	r.State, r.Reason, r.ParkedAt = parked, reason, at(now)
	r.Parks++
	r.leave(now.Add(c.ParkedRetention))
}

// leave takes the event out of its conversation.
func (r *record) leave(expires time.Time) {
	r.Turn, r.Owner, r.Working, r.Due, r.Pause = "", "", false, nil, nil
	r.ExpiresAt = at(expires)
}

// replay lets a parked event be tried again, at its old place.
func (r *record) replay(now time.Time) error {
	if r.State != parked {
		return fault.New(fault.Conflict, "inbox.not_parked")
	}
	r.State, r.Reason, r.ParkedAt, r.Failures, r.Attempts = waiting, "", nil, 0, 0
	r.Turn = place(r.At, r.Received.UnixMicro())
	r.Since, r.Due, r.ExpiresAt = *at(now), at(now), nil
	return nil
}

// parking names the parking to come: the event's id, and from the second time on a number after a dot.
func (r *record) parking() string {
	if r.Parks == 0 {
		return r.ID
	}
	return fmt.Sprintf("%s.%d", r.ID, r.Parks+1)
}

// at gives a time as the store keeps it.
func at(t time.Time) *time.Time {
	t = t.UTC().Truncate(time.Millisecond)
	return &t
}
