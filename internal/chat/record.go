package chat

import (
	"slices"
	"time"

	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
)

// record is a conversation as it is stored. What the person said and is told lies in Sealed.
type record struct {
	ID        string    `bson:"_id"` // channels.ConversationID
	Channel   string    `bson:"channel"`
	Account   string    `bson:"account,omitempty"` // the city's own account there
	Subject   string    `bson:"subject,omitempty"` // who the person is to us; "" until a turn has found out
	Sealed    []byte    `bson:"sealed"`
	ExpiresAt time.Time `bson:"expires_at"`

	Turns   int      `bson:"turns"`             // how often the state, or who answers, was changed: tells whether somebody else did
	Handled []string `bson:"handled,omitempty"` // ids of the last events and notices that took effect
	Pending string   `bson:"pending,omitempty"` // the event whose call the state waits for
	Replies int      `bson:"replies,omitempty"` // messages that Pending has led to so far

	LastAt      *time.Time `bson:"last_at,omitempty"`      // the person's last interaction
	SilentUntil *time.Time `bson:"silent_until,omitempty"` // a person answers in the network's own console; in the past, until the dialogue has said that it is back
	ForgotAt    *time.Time `bson:"forgot_at,omitempty"`    // when the person asked to be forgotten last: what they did before is nobody's to act on
	Left        bool       `bson:"left,omitempty"`         // the person ceased to follow, or the network knows them no more, and they have not come back

	SendAt *time.Time `bson:"send_at,omitempty"` // when to look at the queue next; the end of the lease while Claim is set; absent when nothing waits
	Since  *time.Time `bson:"since,omitempty"`   // since when the head of the queue waits
	Claim  string     `bson:"claim,omitempty"`   // the worker that sends now

	Desk  *desk      `bson:"desk,omitempty"`  // nil while the dialogue answers
	Marks once.Marks `bson:"marks,omitempty"` // of what staff did here
	Fates []fate     `bson:"fates,omitempty"` // what became of the last notices and words of staff

	Sent   []sent   `bson:"sent,omitempty"`
	Unsent []unsent `bson:"unsent,omitempty"`
	Shown  []shown  `bson:"shown,omitempty"` // what the dialogue itself has told of cases
}

// shown says that the person has seen in the dialogue how a case stood, or what came of a change that they made: notices of what happened in that time tell
// nothing new.
type shown struct {
	Case string    `bson:"case"`           // app and id; "" of a change for the id
	From time.Time `bson:"from,omitempty"` // zero for all that was before At
	At   time.Time `bson:"at"`
}

// sent is a message that the network took.
type sent struct {
	ID      string    `bson:"id"`
	Network string    `bson:"network"` // the network's id of it
	State   string    `bson:"state"`   // sent, delivered, seen; it only goes forward
	At      time.Time `bson:"at"`
}

// unsent is a message that was not sent and why, for the desk.
type unsent struct {
	ID     string    `bson:"id"`
	Kind   string    `bson:"kind"`
	Reason string    `bson:"reason"`
	At     time.Time `bson:"at"`
}

// How much a conversation remembers.
const (
	maxHandled = 64
	maxSent    = 20
	maxUnsent  = 20
	maxEarly   = 20
	maxShown   = 8
	maxFates   = 30
)

func kind() store.Kind {
	return store.Kind{
		Name: "chats",
		Indexes: []store.Index{
			{Name: "by_subject", Equal: []string{"subject"}, Order: "last_at"},
			{Name: "by_send", Equal: []string{"channel"}, Order: "send_at"},
			{Name: "by_waiting", Order: "since"},
			{Name: "by_desk_unit", Equal: []string{"desk.unit", "desk.state"}, Order: "desk.since"},
			{Name: "by_desk_state", Equal: []string{"desk.state"}, Order: "desk.since"},
			{Name: "by_desk_act", Order: "desk.act_at"},
		},
		ExpiresAt: "expires_at",
	}
}

func caseKey(app, id string) string { return app + "/" + id }

// show notes what the dialogue tells of.
func (x *chat) show(s shown) {
	x.Shown = slices.DeleteFunc(slices.Clone(x.Shown), func(o shown) bool { return o.Case == s.Case })
	x.Shown = last(append(x.Shown, s), maxShown)
}

// told tells whether the dialogue has told of what happened at that moment.
func (x *chat) told(key string, at time.Time) bool {
	return slices.ContainsFunc(x.Shown, func(s shown) bool { return s.Case == key && !at.Before(s.From) && !at.After(s.At) })
}

func (x *chat) handled(id string) bool { return slices.Contains(x.Handled, id) }

func (x *chat) handle(id string) {
	if !x.handled(id) {
		x.Handled = last(append(x.Handled, id), maxHandled)
	}
}

// touch notes an interaction of the person, which opens the windows anew.
func (x *chat) touch(at time.Time, retention time.Duration) {
	x.Left = false
	if x.LastAt == nil || at.After(*x.LastAt) {
		x.LastAt = &at
	}
	if end := at.Add(retention); end.After(x.ExpiresAt) {
		x.ExpiresAt = end
	}
}

// forgot tells whether the person has asked to be forgotten since then.
func (x *chat) forgot(at time.Time) bool { return x.ForgotAt != nil && at.Before(*x.ForgotAt) }

// last gives the last n of a list in an array of their own, so that a forgotten one is not kept by the array.
func last[T any](list []T, n int) []T {
	if len(list) <= n {
		return list
	}
	return slices.Clone(list[len(list)-n:])
}
