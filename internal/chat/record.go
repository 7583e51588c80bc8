package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/conversation"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/inbox"
	"github.com/motcua/motcua/internal/message"
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

	Turns   int      `bson:"turns"`             // how often the state was changed: tells whether somebody else did
	Handled []string `bson:"handled,omitempty"` // ids of the last events and notices that took effect
	Pending string   `bson:"pending,omitempty"` // the event whose call the state waits for
	Replies int      `bson:"replies,omitempty"` // messages that Pending has led to so far

	LastAt      *time.Time `bson:"last_at,omitempty"`      // the person's last interaction
	SilentUntil *time.Time `bson:"silent_until,omitempty"` // a person answers in the network's own console
	Left        bool       `bson:"left,omitempty"`         // the person ceased to follow and has not come back

	SendAt *time.Time `bson:"send_at,omitempty"` // when to look at the queue next; the end of the lease while Claim is set; absent when nothing waits
	Since  *time.Time `bson:"since,omitempty"`   // since when the head of the queue waits
	Claim  string     `bson:"claim,omitempty"`   // the worker that sends now
	Held   bool       `bson:"held,omitempty"`    // the network, or our own limit, named SendAt: nobody tries before

	Sent   []sent   `bson:"sent,omitempty"`
	Unsent []unsent `bson:"unsent,omitempty"`
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
)

func kind() store.Kind {
	return store.Kind{
		Name: "chats",
		Indexes: []store.Index{
			{Name: "by_subject", Equal: []string{"subject"}, Order: "last_at"},
			{Name: "by_send", Equal: []string{"channel"}, Order: "send_at"},
			{Name: "by_waiting", Order: "since"},
		},
		ExpiresAt: "expires_at",
	}
}

// private is the sealed part.
type private struct {
	Person channels.Address   `json:"person"`
	State  conversation.State `json:"state"`
	Queue  []outgoing         `json:"queue,omitempty"` // the oldest first
	Early  []early            `json:"early,omitempty"`
}

// outgoing is one message to be sent: fitted already.
type outgoing struct {
	ID       string         `json:"id"` // <event or notice>/<number>
	Kind     channels.Kind  `json:"kind"`
	Blocks   message.Blocks `json:"blocks"`
	At       time.Time      `json:"at"`
	Attempts int            `json:"attempts,omitempty"`
	Unsure   time.Time      `json:"unsure,omitzero"` // begin of an attempt that got no answer: the network may have taken it
}

// early is a receipt or an echo of a message whose sending is not recorded yet.
type early struct {
	Network string    `json:"network"`
	State   string    `json:"state"`
	Words   string    `json:"words,omitempty"` // of an echo: hash of what it says
	At      time.Time `json:"at"`              // when it came
}

// chat is a conversation in work.
type chat struct {
	record
	private
}

func seal(id string) string { return "chat/" + id }

func (c *Chats) open(r record) (chat, error) {
	x := chat{record: r}
	plain, err := c.deps.Box.Unseal(r.Sealed, seal(r.ID))
	if err == nil {
		err = json.Unmarshal(plain, &x.private)
	}
	if err != nil {
		return chat{}, fault.Wrap(fault.Internal, fmt.Errorf("chat: open %s: %w", r.ID, err))
	}
	return x, nil
}

// close gives the document of a conversation.
func (c *Chats) close(x *chat) (record, error) {
	plain, err := json.Marshal(x.private)
	if err != nil {
		return record{}, fault.Wrap(fault.Internal, fmt.Errorf("chat: %w", err))
	}
	if x.Sealed, err = c.deps.Box.Seal(plain, seal(x.ID)); err != nil {
		return record{}, fault.Wrap(fault.Internal, fmt.Errorf("chat: %w", err))
	}
	return x.record, nil
}

// get gives a conversation. NOT_FOUND when there is none.
func (c *Chats) get(ctx context.Context, id string) (chat, error) {
	r, err := c.docs.Get(ctx, id)
	if err != nil {
		return chat{}, err
	}
	return c.open(r)
}

// insert stores a new conversation. CONFLICT when somebody else was first.
func (c *Chats) insert(ctx context.Context, x *chat) error {
	r, err := c.close(x)
	if err != nil {
		return err
	}
	return c.docs.Insert(ctx, r)
}

// update changes a conversation by compare-and-swap; change may run several times, each time on a fresh copy. An error of change, ErrUnchanged excepted,
// is returned as it is. NOT_FOUND when there is no such conversation.
func (c *Chats) update(ctx context.Context, id string, change func(*chat) error) (chat, error) {
	var out chat
	_, err := c.docs.Update(ctx, id, func(r *record) error {
		x, err := c.open(*r)
		if err != nil {
			return err
		}
		out = x
		if err := change(&x); err != nil {
			return err
		}
		*r, err = c.close(&x)
		out = x
		return err
	})
	return out, err
}

// begin makes the conversation that an event belongs to.
func (c *Chats) begin(m inbox.Message) chat {
	return chat{
		record: record{
			ID: m.Conversation, Channel: m.Channel, Account: m.Event.Account,
			ExpiresAt: c.now().Add(c.cfg.Retention),
		},
		private: private{Person: m.Event.From},
	}
}

// alter changes the conversation of an event, and makes it when there is none.
func (c *Chats) alter(ctx context.Context, m inbox.Message, change func(*chat) error) (chat, error) {
	x, err := c.update(ctx, m.Conversation, change)
	if fault.CodeOf(err) != fault.NotFound {
		return x, err
	}
	x = c.begin(m)
	if err := change(&x); err != nil {
		if errors.Is(err, store.ErrUnchanged) {
			return x, nil
		}
		return x, err
	}
	err = c.insert(ctx, &x)
	if fault.CodeOf(err) == fault.Conflict {
		return c.update(ctx, m.Conversation, change)
	}
	return x, err
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

// last gives the last n of a list in an array of their own, so that a forgotten one is not kept by the array.
func last[T any](list []T, n int) []T {
	if len(list) <= n {
		return list
	}
	return slices.Clone(list[len(list)-n:])
}
