// Package casework holds what every service with cases shares: the case itself with its time-line, the table of moves between states,
// tracking codes, the relay that carries a case's notices out, and the counts that events feed.
//
// It owns how a case stays whole when the process dies between two writes: what a change has to tell others is stored in the same
// document as the change (Outbound) and carried out afterwards by a Relay whose steps may each run twice.
// It does not know any service's own fields or rules, nor how a notice reaches a person.
package casework

import (
	"time"
	"unicode/utf8"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/setting"
)

// Config holds the settings of casework.
type Config struct {
	// CodeReservation is how long a tracking code stays reserved for a case that was never stored. It must be longer than a client may
	// go on repeating a request with the same key. Default 168h: keys are remembered for 7 days.
	CodeReservation time.Duration `koanf:"code_reservation"`
}

// Validate reports all settings that cannot work.
func (c Config) Validate() error {
	var faults setting.Faults
	faults.Refuse(c.CodeReservation <= 0, "code_reservation", "must be positive")
	return faults.Err()
}

// Limits of one case, which keep its document under 64 KB together with 4,000 characters of description and 32 remembered keys.
const (
	MaxText    = 500 // characters of the text of one time-line entry
	MaxNotices = 6   // notices that wait for the relay in one document

	keptEntries = 50     // entries that stay in the case; older ones move to the archive
	keptBytes   = 8_000  // bytes of entries' texts that stay
	maxEntries  = 56     // entries before a change must wait for the relay
	maxBytes    = 12_000 // bytes of entries' texts before a change must wait for the relay
)

// Status is the state of a case.
type Status string

// Entry is one line of a case's history.
type Entry struct {
	Seq    int       `bson:"n" json:"seq"` // counts the case's entries from 1
	At     time.Time `bson:"at" json:"at"`
	Kind   EntryKind `bson:"kind" json:"kind"`
	From   Status    `bson:"from,omitempty" json:"from,omitempty"` // "" with the first entry
	To     Status    `bson:"to,omitempty" json:"to,omitempty"`     // the state after the entry
	Unit   string    `bson:"unit,omitempty" json:"unit,omitempty"` // the responsible unit after the entry
	By     ActorKind `bson:"by" json:"by"`
	Actor  string    `bson:"actor,omitempty" json:"-"`                 // account of the citizen or member of staff; for staff only
	Reason string    `bson:"reason,omitempty" json:"reason,omitempty"` // at most MaxText characters
}

// EntryKind says what an entry records.
type EntryKind string

// The kinds of entry.
const (
	Opened   EntryKind = "opened"
	Assigned EntryKind = "assigned" // another unit, another category, or taken on
	Moved    EntryKind = "moved"    // another state
)

// ActorKind says in which part somebody acted. The values are those of the mini-app contract.
type ActorKind string

// The parts.
const (
	Citizen ActorKind = "citizen"
	Staff   ActorKind = "staff"
	System  ActorKind = "system"
)

// Case is what all cases have in common. A service embeds it inline in its own document.
type Case struct {
	ID        string     `bson:"_id" json:"id"` // <owner>/<uuid>
	Code      Code       `bson:"code" json:"code"`
	Owner     string     `bson:"owner" json:"-"` // the subject that made it; never changes
	Unit      string     `bson:"unit" json:"unit"`
	Status    Status     `bson:"status" json:"status"`
	CreatedAt time.Time  `bson:"createdAt" json:"createdAt"`
	UpdatedAt time.Time  `bson:"updatedAt" json:"updatedAt"`
	DueAt     time.Time  `bson:"dueAt" json:"dueAt"`
	Timeline  []Entry    `bson:"timeline" json:"timeline"` // the newest entries, oldest first; older ones are in the Archive
	Entries   int        `bson:"entries" json:"-"`         // how many entries were ever written
	Marks     once.Marks `bson:"marks,omitempty" json:"-"`
	Outbound  `bson:",inline" json:"-"`
}

// Record appends an entry at the time now and gives its number. The case's state and unit become the entry's.
func (c *Case) Record(now time.Time, e Entry) int {
	now = Instant(now)
	if now.After(c.UpdatedAt) { // another machine's clock may be ahead
		c.UpdatedAt = now
	}
	c.Entries++
	e.Seq, e.At = c.Entries, now
	c.Status, c.Unit = e.To, e.Unit
	c.Timeline = append(c.Timeline, e)
	if len(c.Spill()) > 0 {
		c.wake(now)
	}
	return e.Seq
}

// Room tells whether the document can take one more change. RATE_LIMITED while the relay has not yet made room, which takes it moments; it is not
// UNAVAILABLE, because one case that is changed too often says nothing about the service.
func (c *Case) Room() error {
	if len(c.Timeline) >= maxEntries || textBytes(c.Timeline) >= maxBytes || len(c.Pending) >= MaxNotices {
		return &fault.Error{Code: fault.RateLimited, Key: "casework.busy", RetryAfter: 5 * time.Second}
	}
	return nil
}

// Spill gives the oldest entries that should move to the archive, oldest first; none while all fit.
func (c *Case) Spill() []Entry {
	kept, bytes := 0, 0
	for i := len(c.Timeline) - 1; i >= 0; i-- {
		bytes += len(c.Timeline[i].Reason)
		if kept == keptEntries || bytes > keptBytes {
			return c.Timeline[:i+1]
		}
		kept++
	}
	return nil
}

// Settle drops from the case what the relay has carried out of it, as it was then in done, but for what is left.
func (c *Case) Settle(done *Case, left Left) {
	if spilled := done.Spill(); len(spilled) > 0 && !left.has(historyStep) {
		last := spilled[len(spilled)-1].Seq
		for len(c.Timeline) > 0 && c.Timeline[0].Seq <= last {
			c.Timeline = c.Timeline[1:]
		}
	}
	c.Outbound.Settle(&done.Outbound, left)
	if c.RelayAt == nil && len(c.Spill()) > 0 {
		c.wake(c.UpdatedAt)
	}
}

// CheckReason refuses a reason that is longer than MaxText characters, or missing where one is needed. path names the field.
func CheckReason(reason string, needed bool, path ...string) error {
	if needed && reason == "" {
		return fault.InvalidField("casework.reason_needed", path...)
	}
	if utf8.RuneCountInString(reason) > MaxText {
		f := fault.InvalidField("casework.reason_too_long", path...)
		f.Fields[0].Params = map[string]any{"max": MaxText}
		return f
	}
	return nil
}

// Instant gives t as it is stored: UTC, in milliseconds.
func Instant(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

func textBytes(entries []Entry) (n int) {
	for _, e := range entries {
		n += len(e.Reason)
	}
	return n
}
