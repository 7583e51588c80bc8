package chat

import (
	"time"

	"github.com/motcua/motcua/channels"
)

// lane says which messages of a conversation keep their order among each other. What the city tells of its own accord may have to wait for a better time; an
// answer to what a person has just said must not wait behind it.
type lane int

const (
	answers lane = iota // of the dialogue and of staff
	notices
	lanes // how many there are
)

func laneOf(m *outgoing) lane {
	if m.Kind == channels.Notice {
		return notices
	}
	return answers
}

// heads gives the places in the queue of the first message of each lane; -1 for none.
func (x *chat) heads() [lanes]int {
	at := [lanes]int{-1, -1}
	for i := range x.Queue {
		if l := laneOf(&x.Queue[i]); at[l] < 0 {
			at[l] = i
		}
	}
	return at
}

// next gives the place of the message to try now: the older one of those that their lanes begin with and that may be tried; -1 when none may.
func (x *chat) next(now time.Time) int {
	found := -1
	for _, i := range x.heads() {
		if i >= 0 && !x.Queue[i].Until.After(now) && (found < 0 || i < found) {
			found = i
		}
	}
	return found
}

// dueAt gives when the next message may be tried, now at the soonest.
func (x *chat) dueAt(now time.Time) time.Time {
	var due time.Time
	for _, i := range x.heads() {
		if i >= 0 && (due.IsZero() || x.Queue[i].Until.Before(due)) {
			due = x.Queue[i].Until
		}
	}
	if due.Before(now) {
		return now
	}
	return due
}

// hurry has the lanes of new messages tried at once, where nobody but us chose to wait.
func (x *chat) hurry(added []outgoing) {
	for l, i := range x.heads() {
		for k := range added {
			if i >= 0 && laneOf(&added[k]) == lane(l) && !x.Queue[i].Held {
				x.Queue[i].Until = time.Time{}
			}
		}
	}
}

// hold has no lane tried before a time that the network, or our own limit, named.
func (x *chat) hold(until time.Time) {
	for _, i := range x.heads() {
		if i >= 0 && x.Queue[i].Until.Before(until) {
			x.Queue[i].Until, x.Queue[i].Held = until, true
		}
	}
}

// wake has every lane tried from a time on, whatever it waits for.
func (x *chat) wake(at time.Time) {
	for _, i := range x.heads() {
		if i >= 0 && x.Queue[i].Until.After(at) {
			x.Queue[i].Until, x.Queue[i].Held = at, false
		}
	}
	x.put(x.dueAt(at))
}
