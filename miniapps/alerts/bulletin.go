package alerts

import (
	"slices"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
)

// Severity says how much harm is to be expected, in the order of the Common Alerting Protocol's severities without "extreme" (OASIS CAP 1.2 §3.2.2).
type Severity string

// The severities.
const (
	Info     Severity = "info"     // good to know
	Advisory Severity = "advisory" // be careful
	Warning  Severity = "warning"  // harm is likely
	Danger   Severity = "danger"   // lives are at risk
)

// State says where a bulletin stands.
type State string

// The states.
const (
	Pending State = "pending" // its first version waits for a second person; nobody was told anything
	Active  State = "active"  // people were told; it ends with its time
	Cleared State = "cleared" // the all-clear was given
	Refused State = "refused" // the second person said no to the first version
)

// maxHistory bounds what a bulletin remembers of who did what.
const maxHistory = 60

// Bulletin is a warning to the people of some wards, with its updates, up to the all-clear.
type Bulletin struct {
	ID        string     `bson:"_id" json:"id"`
	Kind      string     `bson:"kind" json:"kind"` // storm, flood, road, health, other
	State     State      `bson:"state" json:"state"`
	Current   *Version   `bson:"current,omitempty" json:"current,omitempty"` // what people were told; nil before they were told anything
	Next      *Version   `bson:"next,omitempty" json:"next,omitempty"`       // waits for a second person; nil when nothing does
	Revision  int        `bson:"revision" json:"revision"`                   // counts what people were told: 0 for nothing yet
	Written   int        `bson:"written,omitempty" json:"-"`                 // counts its versions, whether people were told them or not
	Announced int        `bson:"announced" json:"announced"`                 // the revision that was handed on to be told
	History   []Step     `bson:"history" json:"history"`                     // oldest first
	CreatedAt time.Time  `bson:"createdAt" json:"createdAt"`
	UpdatedAt time.Time  `bson:"updatedAt" json:"updatedAt"`
	InputHash string     `bson:"inputHash" json:"-"` // of the call that made it
	Marks     once.Marks `bson:"marks,omitempty" json:"-"`
	Until     *time.Time `bson:"until,omitempty" json:"-"`   // Current.Until while it is active: what is on now is found by it
	DueAt     *time.Time `bson:"dueAt,omitempty" json:"-"`   // since when a revision waits to be announced
	AloneBy   string     `bson:"aloneBy,omitempty" json:"-"` // who had people told Current without a second person; "" when two agreed
	AloneAt   *time.Time `bson:"aloneAt,omitempty" json:"-"` // and when
	ExpiresAt time.Time  `bson:"expiresAt" json:"-"`
}

// Version is what a bulletin says at a time.
type Version struct {
	Number   int          `bson:"number,omitempty" json:"version"` // among the bulletin's versions, from 1: what somebody who agrees has read
	Severity Severity     `bson:"severity" json:"severity"`
	Wards    []string     `bson:"wards" json:"wards"` // codes; empty means the whole city
	Title    message.Text `bson:"title" json:"title"`
	Text     message.Text `bson:"text" json:"text"`
	Until    time.Time    `bson:"until" json:"until"`
	Clear    bool         `bson:"clear,omitempty" json:"clear,omitempty"` // it is the all-clear
	Author   string       `bson:"author" json:"-"`
	At       time.Time    `bson:"at" json:"at"`
	Reach    int          `bson:"reach" json:"reach"` // people who follow the wards, counted when it was written
}

// Step is one thing that a member of staff did to a bulletin.
type Step struct {
	At   time.Time `bson:"at" json:"at"`
	By   string    `bson:"by" json:"-"`
	What string    `bson:"what" json:"what"` // written, approved, refused, told
	Note string    `bson:"note,omitempty" json:"note,omitempty"`
}

// On tells whether the bulletin holds for a ward at a time; "" asks for any ward.
func (b *Bulletin) On(ward string, now time.Time) bool {
	if b.State != Active || b.Current == nil || !now.Before(b.Current.Until) {
		return false
	}
	return ward == "" || len(b.Current.Wards) == 0 || slices.Contains(b.Current.Wards, ward)
}

// rule says when one person alone may not tell the people.
type rule struct {
	threshold int // people reached
	before    int // that the same person has had told alone lately, by other bulletins: many little ones are a great one. 0 for an all-clear
}

// lately is for how long what one person had told counts together.
const lately = time.Hour

// two tells whether a version needs a second person: when lives are at risk, when it is for the whole city, or when it reaches many. What replaces such a
// version needs one too, for an all-clear given in error is as dangerous as the warning.
func (r rule) two(v, replaces *Version) bool {
	if v.Severity == Danger || len(v.Wards) == 0 || v.Reach+r.before >= r.threshold {
		return true
	}
	return replaces != nil && rule{threshold: r.threshold}.two(replaces, nil)
}

// write puts a new version forward. It is told at once when one person is enough.
func (b *Bulletin) write(v Version, r rule, now time.Time) error {
	switch {
	case b.State == Cleared || b.State == Refused:
		return fault.New(fault.Conflict, "alerts.over")
	case b.Next != nil:
		return fault.New(fault.Conflict, "alerts.waits")
	}
	b.note(now, v.Author, "written", "")
	b.UpdatedAt = now
	b.Written++
	v.Number = b.Written
	if r.two(&v, b.Current) {
		b.Next = &v
		return nil
	}
	b.tell(&v, now)
	b.AloneBy, b.AloneAt = v.Author, &now
	return nil
}

// read tells whether what waits is what somebody has read.
func (b *Bulletin) read(version int) error {
	switch {
	case b.Next == nil:
		return fault.New(fault.Conflict, "alerts.nothing_waits")
	case b.Next.Number != version:
		return fault.New(fault.Conflict, "alerts.another_version")
	}
	return nil
}

// approve lets the version that was read be told. Whoever wrote it cannot. CONFLICT when another waits by now.
func (b *Bulletin) approve(by string, version int, now time.Time) error {
	if err := b.read(version); err != nil {
		return err
	}
	switch {
	case b.Next.Author == by:
		return fault.New(fault.Forbidden, "alerts.own")
	case !now.Before(b.Next.Until):
		return fault.New(fault.Conflict, "alerts.too_late")
	}
	b.note(now, by, "approved", "")
	b.tell(b.Next, now)
	b.AloneBy, b.AloneAt = "", nil
	return nil
}

// refuse drops the version that was read. The author may too: that is taking it back. CONFLICT as approve.
func (b *Bulletin) refuse(by string, version int, why string, now time.Time) error {
	if err := b.read(version); err != nil {
		return err
	}
	b.note(now, by, "refused", why)
	b.Next, b.UpdatedAt = nil, now
	if b.Current == nil {
		b.State = Refused
	}
	return nil
}

// tell makes a version what people are told.
func (b *Bulletin) tell(v *Version, now time.Time) {
	b.Current, b.Next = v, nil
	b.Revision++
	b.State, b.UpdatedAt, b.DueAt = Active, now, &now
	until := v.Until
	b.Until = &until
	if v.Clear {
		b.State, b.Until = Cleared, nil
	}
	b.note(now, v.Author, "told", "")
}

func (b *Bulletin) note(at time.Time, by, what, text string) {
	b.History = append(b.History, Step{At: at, By: by, What: what, Note: text})
	if n := len(b.History); n > maxHistory {
		b.History = slices.Clone(b.History[n-maxHistory:])
	}
}

// notice names the declared text that tells a version.
func (v *Version) notice() string {
	switch {
	case v.Clear && v.Severity == Danger:
		return "danger_over" // says the same, at any hour
	case v.Clear:
		return "all_clear"
	case v.Severity == Info:
		return "info"
	case v.Severity == Advisory:
		return "advisory"
	}
	return "warning"
}

// clean gives a text without blanks around its lines and without control characters.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' {
			return -1
		}
		return r
	}, s))
}
