package notify

import (
	"slices"
	"time"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// Dropped is the state of a letter that is not needed any more: read in the inbox, gathered into a digest, replaced by a later one, over.
const Dropped State = "dropped"

// Reasons for which a letter did not leave, beside those of the carriers.
const (
	reasonNoWay      = "no_way"     // no carrier knows a way to the person
	reasonOptedOut   = "opted_out"  // the person does not want it there
	reasonOff        = "off"        // the city does not use the channel
	reasonCostly     = "too_costly" // only ways that cost something are open to a digest
	reasonNoPerson   = "no_person"  // the recipient is gone
	reasonExpired    = "expired"    // useless by now
	reasonGaveUp     = "gave_up"    // outages for longer than Config.GiveUp
	reasonSlow       = "slow"       // it took so long that another way was tried
	reasonCrashed    = "panic"      // the carrier panicked; the log knows where
	reasonRead       = "read"       // in the inbox, before it left
	reasonGathered   = "gathered"   // it leaves with the digest
	reasonSuperseded = "superseded" // by a later revision
	reasonTopic      = "topic"      // the devices got it by their wards' topics
	reasonGone       = "gone"       // its words are not kept any more
	reasonWithdrawn  = "withdrawn"  // what it tells is over
)

// phase says what is to be done next with a letter on the ways of its step.
type phase string

const (
	sending phase = ""       // an attempt
	taken   phase = "taken"  // the carrier goes on by itself: ask what became of it
	unsure  phase = "unsure" // the network may have it: ask before it is tried again
	waiting phase = "sent"   // it left; an urgent one waits until it has arrived
)

// leg is one way of a step.
type leg struct {
	Channel string    `bson:"channel"`
	Target  string    `bson:"target,omitempty"`
	Ground  Ground    `bson:"ground"`
	State   State     `bson:"state"`
	Reason  string    `bson:"reason,omitempty"`
	Taken   bool      `bson:"taken,omitempty"`
	Unsure  bool      `bson:"unsure,omitempty"`
	At      time.Time `bson:"at"` // of the last attempt, or of what was heard last
	// Until is when the network, or what holds the way back, lets it be tried again, for a way that was left because that is later than the letter can wait.
	Until *time.Time `bson:"until,omitempty"`
}

func (l leg) way() Way   { return Way{Channel: l.Channel, Target: l.Target, Ground: l.Ground} }
func (l leg) left() bool { return rank[l.State] >= rank[Sent] }

// rank orders states; a letter only goes forward.
var rank = map[State]int{Refused: -1, Pending: 0, Sent: 1, Delivered: 2, Seen: 3}

// dispatch is a letter on its way to one person. When it has come to its end, nothing of its words stays here.
type dispatch struct {
	ID       string                  `bson:"_id"` // derived from recipient and cause
	To       string                  `bson:"to"`
	Item     string                  `bson:"item,omitempty"`     // the notice in the inbox that holds its words
	Bulletin string                  `bson:"bulletin,omitempty"` // or the bulletin, with Revision
	Revision int                     `bson:"revision,omitempty"`
	Fanout   string                  `bson:"fanout,omitempty"` // bulletin and revision, to count by
	Told     *time.Time              `bson:"told,omitempty"`   // when the bulletin was stored; keeps other letters out of that index
	App      string                  `bson:"app"`
	Notice   string                  `bson:"notice"`
	Urgency  miniapps.Urgency        `bson:"urgency"`
	Title    message.Text            `bson:"title,omitempty"` // of a digest
	Text     message.Text            `bson:"text,omitempty"`
	Params   map[string]message.Text `bson:"params,omitempty"`
	Members  []string                `bson:"members,omitempty"` // of a digest: the letters it stands for
	Digest   string                  `bson:"digest,omitempty"`  // of a letter that left with one: which
	CaseApp  string                  `bson:"case_app,omitempty"`
	CaseID   string                  `bson:"case_id,omitempty"`
	Case     string                  `bson:"case,omitempty"` // <app>/<id>, to find it by
	Link     string                  `bson:"link,omitempty"`
	Collapse string                  `bson:"collapse,omitempty"`
	At       time.Time               `bson:"at"`
	Until    *time.Time              `bson:"until,omitempty"`
	Since    time.Time               `bson:"since"` // when it was stored

	State  State      `bson:"state"`
	Reason string     `bson:"reason,omitempty"`
	Lane   string     `bson:"lane,omitempty"`   // whose worker acts next: see lanes
	Due    *time.Time `bson:"due,omitempty"`    // when; while a worker has it, the end of the lease. Absent at the end
	Turn   *time.Time `bson:"turn,omitempty"`   // its place among the letters to the same person that are to be sent; absent when its turn does not matter
	Gather string     `bson:"gather,omitempty"` // while it waits for a digest: whose
	Claim  string     `bson:"claim,omitempty"`  // which worker sends it
	Phase  phase      `bson:"phase,omitempty"`
	Legs   []leg      `bson:"legs,omitempty"`    // the ways of the step under way: several devices are one step
	StepAt *time.Time `bson:"step_at,omitempty"` // first attempt of the step
	Fails  int        `bson:"fails,omitempty"`   // attempts or questions of the step that did not decide it
	Tries  []leg      `bson:"tries,omitempty"`   // ways that are done with, closed ones too

	ExpiresAt time.Time `bson:"expires_at"`
}

// maxTries bounds what is remembered of ways.
const maxTries = 32

func (d *dispatch) ready(now time.Time) bool { return d.Due != nil && !d.Due.After(now) }
func (d *dispatch) digest() bool             { return len(d.Members) > 0 }
func (d *dispatch) class() string            { return classOf(d) }

// over gives the reason for which a letter must not leave any more; "" when it may.
func (d *dispatch) over(now time.Time, giveUp time.Duration) string {
	switch {
	case d.Until != nil && !now.Before(*d.Until):
		return reasonExpired
	case now.Sub(d.Since) > giveUp:
		return reasonGaveUp
	}
	return ""
}

// waited gives for how long the step under way has been tried.
func (d *dispatch) waited(now time.Time) time.Duration {
	if d.StepAt == nil {
		return 0
	}
	return now.Sub(*d.StepAt)
}

// best gives how far the letter got on any way.
func (d *dispatch) best() State {
	out := Refused
	for _, l := range slices.Concat(d.Tries, d.Legs) {
		if rank[l.State] > rank[out] {
			out = l.State
		}
	}
	return out
}

// spent tells whether a way has refused the letter, or has it already: it is not taken again.
func (d *dispatch) spent(w Way) bool {
	return slices.ContainsFunc(d.Tries, func(l leg) bool { return l.way() == w && (l.State == Refused || l.left()) })
}

// allows tells whether what a way waits for has come: a refusal of another one to the same place, for the reason that it names.
func (d *dispatch) allows(w Way) bool {
	return w.After == "" || slices.ContainsFunc(d.Tries, func(l leg) bool {
		return l.Channel == w.Channel && l.Target == w.Target && l.State == Refused && l.Reason == w.After
	})
}

// takeable gives the ways that the letter may take now, as legs know them.
func (d *dispatch) takeable(open []Way) []Way {
	var out []Way
	for _, w := range open {
		if !d.allows(w) {
			continue
		}
		if w.After = ""; !d.spent(w) {
			out = append(out, w)
		}
	}
	return out
}

// slow tells whether a way had its time and did not take the letter. It is taken again when there is no other.
func (d *dispatch) slow(w Way) bool {
	return slices.ContainsFunc(d.Tries, func(l leg) bool { return l.way() == w && l.State == Pending })
}

// rest gives until when a way that was left for that is not to be tried; the zero time when it may be.
func (d *dispatch) rest(w Way, now time.Time) time.Time {
	for _, l := range d.Tries {
		if l.way() == w && l.Until != nil && l.Until.After(now) {
			return *l.Until
		}
	}
	return time.Time{}
}

// note remembers a way that is done with, or closed.
func (d *dispatch) note(l leg) {
	for i, t := range d.Tries {
		if t.way() == l.way() && rank[t.State] < rank[Sent] {
			d.Tries[i] = l
			return
		}
	}
	if len(d.Tries) < maxTries {
		d.Tries = append(d.Tries, l)
	}
}

// hold leaves the letter to a lane until some time.
func (d *dispatch) hold(lane string, at time.Time) {
	d.Lane, d.Due, d.Claim = lane, instant(at), ""
}

// end closes the letter. What it said is forgotten.
func (d *dispatch) end(state State, reason string) {
	for _, l := range d.Legs {
		d.note(l)
	}
	d.State, d.Reason = state, reason
	d.Lane, d.Due, d.Turn, d.Gather, d.Claim, d.Phase, d.Legs, d.StepAt, d.Fails = "", nil, nil, "", "", sending, nil, nil, 0
	d.Title, d.Text, d.Params, d.Link, d.Collapse = nil, nil, nil, "", ""
}

// instant gives a time as the store keeps it.
func instant(t time.Time) *time.Time {
	t = t.UTC().Truncate(time.Millisecond)
	return &t
}
