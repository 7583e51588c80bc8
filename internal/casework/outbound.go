package casework

import (
	"maps"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/message"
)

// Outbound is what a document still has to tell others. It is embedded inline, so that it is stored in one write with the change that causes it.
type Outbound struct {
	Pending    []Notice   `bson:"pending,omitempty"`
	Counts     []Count    `bson:"counts,omitempty"`
	RelayAt    *time.Time `bson:"relayAt,omitempty"`     // when the relay is to come; nil when nothing waits
	RelaySince *time.Time `bson:"relaySince,omitempty"`  // since when something waits; nil when nothing does
	Tries      int        `bson:"relayTries,omitempty"`  // attempts that failed since the relay last succeeded
	Failed     []Failure  `bson:"relayFailed,omitempty"` // items that failed for a reason that does not pass
}

// Failure counts how often an item failed.
type Failure struct {
	Item  string    `bson:"item"`
	Times int       `bson:"times"`
	Since time.Time `bson:"since"` // of the first time
}

// Left names the items that a relay could not carry out, and tells whether the failure is one that does not pass by itself.
type Left map[string]bool

func (l Left) has(item string) bool {
	_, ok := l[item]
	return ok
}

// Notice is a message to a citizen that the manifest declares.
type Notice struct {
	ID     string                  `bson:"id"`     // unique and the same at each attempt: case id and number of the entry
	To     string                  `bson:"to"`     // subject
	Notice string                  `bson:"notice"` // id in the manifest
	Params map[string]string       `bson:"params,omitempty"`
	Names  map[string]message.Text `bson:"names,omitempty"` // parameters that differ by language
	Times  map[string]time.Time    `bson:"times,omitempty"` // parameters that are shown in the city's time
	Case   string                  `bson:"case"`            // id of the case it is about
	At     time.Time               `bson:"at"`
}

// Values gives all parameters in one map: string, message.Text or time.Time.
func (n Notice) Values() map[string]any {
	out := make(map[string]any, len(n.Params)+len(n.Names)+len(n.Times))
	for k, v := range n.Params {
		out[k] = v
	}
	for k, v := range n.Names {
		out[k] = v
	}
	for k, v := range n.Times {
		out[k] = v
	}
	return out
}

// Count moves one from a slot to another in a Tally.
type Count struct {
	ID   string `bson:"id"`             // unique and the same at each attempt
	From string `bson:"from,omitempty"` // slot that loses one; "" for none
	To   string `bson:"to,omitempty"`   // slot that gains one; "" for none
}

// Tell adds a notice to be sent.
func (o *Outbound) Tell(n Notice) {
	n.At = Instant(n.At)
	o.Pending = append(o.Pending, n)
	o.wake(n.At)
}

// Count adds a count to be made at the time now. One that moves nothing is left out.
func (o *Outbound) Count(now time.Time, c Count) {
	if c.From == c.To {
		return
	}
	o.Counts = append(o.Counts, c)
	o.wake(now)
}

// Settle drops what the relay has carried, as it was then in done, but for what is left. What came later stays, and the relay comes again for it.
func (o *Outbound) Settle(done *Outbound, left Left) {
	o.Pending = slices.DeleteFunc(o.Pending, func(n Notice) bool {
		return !left.has(n.item()) && slices.ContainsFunc(done.Pending, func(d Notice) bool { return d.ID == n.ID })
	})
	o.Counts = slices.DeleteFunc(o.Counts, func(c Count) bool {
		return !left.has(c.item()) && slices.ContainsFunc(done.Counts, func(d Count) bool { return d.ID == c.ID })
	})
	o.Tries = 0
	if len(o.Pending)+len(o.Counts) == 0 {
		o.RelayAt, o.RelaySince = nil, nil
	}
}

// remember counts the failures of what is left and forgets those of what is not.
func (o *Outbound) remember(left Left, now time.Time) {
	var failed []Failure
	for _, item := range slices.Sorted(maps.Keys(left)) {
		f := o.failure(item)
		if left[item] {
			f.Times++
		}
		if f.Since.IsZero() {
			f.Since = Instant(now)
		}
		if f.Times > 0 {
			failed = append(failed, f)
		}
	}
	o.Failed = failed
}

// failure gives what is remembered of an item.
func (o *Outbound) failure(item string) Failure {
	for _, f := range o.Failed {
		if f.Item == item {
			return f
		}
	}
	return Failure{Item: item}
}

// Postpone makes the relay come later, the longer the more often it failed: from one second up to a minute.
func (o *Outbound) Postpone(now time.Time) {
	wait := min(time.Second<<min(o.Tries, 6), time.Minute)
	at := Instant(now.Add(wait))
	o.Tries++
	o.RelayAt = &at
	if o.RelaySince == nil {
		since := Instant(now)
		o.RelaySince = &since
	}
}

// Wake makes the relay come at once also when nothing else waits.
func (o *Outbound) Wake(now time.Time) { o.wake(now) }

func (o *Outbound) wake(now time.Time) {
	if o.RelayAt != nil {
		return // it comes already; after failures it keeps its distance
	}
	at := Instant(now)
	o.RelayAt, o.RelaySince = &at, &at
}
