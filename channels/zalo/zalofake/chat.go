package zalofake

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// Entry is one line of a chat.
type Entry struct {
	Seq     int64    `json:"seq"`  // ascending within a chat, from 1
	Rev     int64    `json:"rev"`  // ascending with every new entry and every change of one
	ID      string   `json:"id"`   // Zalo's msg_id; "" for what is no message
	From    string   `json:"from"` // city or citizen
	Kind    string   `json:"kind"` // text, photo, gif, sticker, audio, video, file, link, card, place, request_info, template; follow, unfollow, open, withdraw, info
	Text    string   `json:"text"`
	Staff   bool     `json:"staff,omitempty"` // a person wrote it in Zalo's console
	Quote   string   `json:"quote,omitempty"` // id of the message it answers
	Buttons []Button `json:"buttons,omitempty"`
	Files   []File   `json:"files,omitempty"`
	Place   *Place   `json:"place,omitempty"`
	React   string   `json:"react,omitempty"`

	Template string            `json:"template,omitempty"` // id of the template that was sent
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
	Payload json.RawMessage `json:"payload"` // as Zalo has it: a string or an object
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

// add puts an entry at the end of a chat. It is called with mu held.
func (n *Network) add(p *person, e Entry) Entry {
	p.seq++
	p.rev++
	e.Seq, e.Rev = p.seq, p.rev
	e.At = n.cfg.Now().UTC().Format(time.RFC3339Nano)
	if e.State == "" {
		e.State = StateSent
	}
	p.chat = append(p.chat, e)
	if len(p.chat) > perChat {
		p.chat = slices.Delete(p.chat, 0, len(p.chat)-perChat)
	}
	p.tell()
	return e
}

// amend changes the entries that it is to, and shows the change. It is called with mu held.
func (p *person) amend(which func(Entry) bool, change func(*Entry)) {
	for i := range slices.Backward(p.chat) {
		if !which(p.chat[i]) {
			continue
		}
		before := p.chat[i]
		change(&p.chat[i])
		if p.chat[i].State != before.State || p.chat[i].React != before.React {
			p.rev++
			p.chat[i].Rev = p.rev
		}
	}
	p.tell()
}

// advance moves the state of messages forward, never back.
func (p *person) advance(to string, which func(Entry) bool) {
	rank := []string{StateSent, StateDelivered, StateSeen}
	p.amend(which, func(e *Entry) {
		if slices.Index(rank, e.State) < slices.Index(rank, to) {
			e.State = to
		}
	})
}

// tell wakes who waits for a change.
func (p *person) tell() {
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// Chat gives the entries of a person's chat after one, oldest first.
func (n *Network) Chat(user string, after int64) []Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.person(user).newer(func(e Entry) bool { return e.Seq > after })
}

func (p *person) newer(which func(Entry) bool) []Entry {
	out := []Entry{}
	for _, e := range p.chat {
		if which(e) {
			out = append(out, e)
		}
	}
	return out
}

// Wait gives the entries after one as soon as there are any; none when the context ended first.
func (n *Network) Wait(ctx context.Context, user string, after int64) []Entry {
	return n.await(ctx, user, func(e Entry) bool { return e.Seq > after })
}

// await gives the entries that are asked for as soon as there are any.
func (n *Network) await(ctx context.Context, user string, which func(Entry) bool) []Entry {
	for {
		n.mu.Lock()
		p := n.person(user)
		out := p.newer(which)
		if p.changed == nil {
			p.changed = make(chan struct{})
		}
		changed := p.changed
		n.mu.Unlock()
		if len(out) > 0 {
			return out
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return out
		case <-n.done:
			return out
		}
	}
}
