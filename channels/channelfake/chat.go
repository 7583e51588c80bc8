package channelfake

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"
)

// Entry is one line of a chat.
type Entry struct {
	Seq     int64    `json:"seq"`  // ascending within a chat, from 1
	Rev     int64    `json:"rev"`  // ascending with every new entry and every change of one
	ID      string   `json:"id"`   // the network's id of the message; "" for what is no message
	From    string   `json:"from"` // city or citizen
	Kind    string   `json:"kind"` // text, photo, place, …; what a person did that is no message
	Text    string   `json:"text"`
	Staff   bool     `json:"staff,omitempty"` // a person wrote it in the network's own console
	Quote   string   `json:"quote,omitempty"` // id of the message it answers
	Buttons []Button `json:"buttons,omitempty"`
	Files   []File   `json:"files,omitempty"`
	Place   *Place   `json:"place,omitempty"`
	React   string   `json:"react,omitempty"`

	Template string            `json:"template,omitempty"` // id of the approved text that was sent
	Data     map[string]string `json:"data,omitempty"`     // what was put into it
	Tracking string            `json:"tracking_id,omitempty"`

	Hidden bool   `json:"hidden,omitempty"` // said silently, by a button: the phone shows nothing
	Double bool   `json:"double,omitempty"` // the city said the same just before
	At     string `json:"at"`               // RFC 3339
	State  string `json:"state"`            // sent; delivered: the phone, or the city's program, has it; seen: read, or answered; failed: will not arrive
}

// Who an entry is from.
const (
	City    = "city"
	Citizen = "citizen"
)

// States of an entry, in their order.
const (
	StateSent      = "sent"
	StateDelivered = "delivered"
	StateSeen      = "seen"
	StateFailed    = "failed"
)

// Button is one below a message of the city.
type Button struct {
	Title   string          `json:"title"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"` // a string or an object
}

// Value gives the payload when it is a text; "" otherwise.
func (b Button) Value() string {
	var s string
	_ = json.Unmarshal(b.Payload, &s) // an object is no text
	return s
}

// File is a picture, a recording or another file in a chat.
type File struct {
	URL  string `json:"url"`
	Name string `json:"name,omitempty"`
	Type string `json:"type,omitempty"` // media type
	Size int    `json:"size,omitempty"` // bytes
}

// Place is a shared position, WGS 84 degrees.
type Place struct {
	Lat  float64 `json:"lat"`
	Lon  float64 `json:"lon"`
	Name string  `json:"name"`
}

const perChat = 300 // entries kept

// Chat is what one person sees. The zero value is an empty one; it is safe for concurrent use.
type Chat struct {
	mu      sync.Mutex
	entries []Entry // oldest first
	seq     int64   // of the newest entry
	rev     int64   // of the newest change
	changed chan struct{}
}

// Add puts an entry at the end.
func (c *Chat) Add(e Entry, now time.Time) Entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq++
	c.rev++
	e.Seq, e.Rev = c.seq, c.rev
	e.At = now.UTC().Format(time.RFC3339Nano)
	if e.State == "" {
		e.State = StateSent
	}
	c.entries = append(c.entries, e)
	if len(c.entries) > perChat {
		c.entries = slices.Delete(c.entries, 0, len(c.entries)-perChat)
	}
	c.tell()
	return e
}

// Amend changes the entries that it is to, and shows the change.
func (c *Chat) Amend(which func(Entry) bool, change func(*Entry)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.entries {
		if !which(c.entries[i]) {
			continue
		}
		before := c.entries[i]
		change(&c.entries[i])
		if e := c.entries[i]; e.State != before.State || e.React != before.React || e.Text != before.Text {
			c.rev++
			c.entries[i].Rev = c.rev
		}
	}
	c.tell()
}

// Advance moves the state of messages forward, never back.
func (c *Chat) Advance(to string, which func(Entry) bool) {
	rank := []string{StateSent, StateDelivered, StateSeen}
	c.Amend(which, func(e *Entry) {
		if slices.Index(rank, e.State) < slices.Index(rank, to) {
			e.State = to
		}
	})
}

// tell wakes who waits for a change.
func (c *Chat) tell() {
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// Those gives the entries that are asked for, oldest first; never nil.
func (c *Chat) Those(which func(Entry) bool) []Entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.those(which)
}

func (c *Chat) those(which func(Entry) bool) []Entry {
	out := []Entry{}
	for _, e := range c.entries {
		if which(e) {
			out = append(out, e)
		}
	}
	return out
}

// Newest gives the newest entry of those that are asked for.
func (c *Chat) Newest(which func(Entry) bool) (Entry, bool) {
	list := c.Those(which)
	if len(list) == 0 {
		return Entry{}, false
	}
	return list[len(list)-1], true
}

// Button finds the newest button with this title; "" means any that has the payload.
func (c *Chat) Button(title, payload string) (Button, bool) {
	fits := func(b Button) bool {
		return (title == "" || b.Title == title) && (payload == "" || b.Value() == payload)
	}
	e, ok := c.Newest(func(e Entry) bool { return title+payload != "" && slices.ContainsFunc(e.Buttons, fits) })
	if !ok {
		return Button{}, false
	}
	return e.Buttons[slices.IndexFunc(e.Buttons, fits)], true
}

// Mark puts an emoji on the message with an id, or takes it away with ""; id "" takes the city's newest one. It is false when there is none.
func (c *Chat) Mark(id, emoji string) (Entry, bool) {
	e, ok := c.Newest(func(e Entry) bool { return e.ID != "" && (id == e.ID || id == "" && e.From == City) })
	if !ok {
		return Entry{}, false
	}
	e.React = emoji
	c.Amend(e.Same, func(x *Entry) { x.React = emoji })
	return e, true
}

// Same tells whether another entry of the chat is this one, at whatever time it was read.
func (e Entry) Same(x Entry) bool { return x.Seq == e.Seq }

// Settle shows whether the program has got a citizen's message; id "" is none's.
func (c *Chat) Settle(id string, acked bool) {
	which := func(e Entry) bool { return id != "" && e.ID == id && e.From == Citizen }
	if acked {
		c.Advance(StateDelivered, which)
		return
	}
	c.Amend(which, func(e *Entry) { e.State = StateFailed })
}

// Answered shows that the program has dealt with what the citizen said before.
func (c *Chat) Answered() {
	c.Advance(StateSeen, func(e Entry) bool { return e.From == Citizen && e.ID != "" && e.State == StateDelivered })
}

// Read shows that the citizen has read these messages of the city.
func (c *Chat) Read(ids []string) {
	c.Advance(StateSeen, func(e Entry) bool { return e.From == City && slices.Contains(ids, e.ID) })
}

// After gives the entries after one, oldest first.
func (c *Chat) After(seq int64) []Entry { return c.Those(func(e Entry) bool { return e.Seq > seq }) }

// Last gives the newest entry; the zero one when there is none.
func (c *Chat) Last() Entry {
	e, _ := c.Newest(func(Entry) bool { return true })
	return e
}

// Await gives the entries that are asked for as soon as there are any; none when the context ended first.
func (c *Chat) Await(ctx context.Context, which func(Entry) bool) []Entry {
	for {
		c.mu.Lock()
		out := c.those(which)
		if c.changed == nil {
			c.changed = make(chan struct{})
		}
		changed := c.changed
		c.mu.Unlock()
		if len(out) > 0 {
			return out
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return out
		}
	}
}
