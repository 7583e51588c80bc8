package chat

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/inbox"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/store"
)

const (
	echoWait  = 10 * time.Second // for the echo of a message that got no answer, before it is sent again
	earlyKept = 5 * time.Minute  // a receipt that came before its message was recorded
	skew      = 5 * time.Second  // between the clocks of replicas
	lag       = 2 * time.Second  // between a message's time at the network and our record of it, for receipts that are about all messages until a time
)

// The states of a message. Of one that left they only go forward.
const (
	stateWaiting   = "waiting"
	stateSent      = "sent"
	stateDelivered = "delivered"
	stateSeen      = "seen"
	stateNever     = "never"
	stateUnknown   = "unknown" // it was never here, or too long ago
)

var rank = map[string]int{stateSent: 1, stateDelivered: 2, stateSeen: 3}

// echo acts on the network's repetition of what the city said there. What a person said in the network's console silences the program for a while; what
// the program said proves that it left.
func (c *Chats) echo(ctx context.Context, m inbox.Message) error {
	if m.Event.Human {
		return c.hush(ctx, m, line{ID: m.ID, From: FromStaff, Text: cut(m.Event.Text, maxLine), At: when(m, c.now())})
	}
	if len(m.Event.About) == 0 {
		return nil
	}
	return c.known(c.update(ctx, m.Conversation, func(x *chat) error {
		return x.hearEcho(early{Network: m.Event.About[0], State: stateSent, Words: hash(m.Event.Text), Ref: m.Event.Ref, At: c.now()})
	}))
}

// known lets an event about a conversation that is not there, or not any more, pass.
func (c *Chats) known(_ chat, err error) error {
	if fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	return err
}

// hearEcho counts a message that got no answer as sent when the echo says the same; else it remembers the echo for a while, because the sending may not be
// recorded yet.
func (x *chat) hearEcho(e early) error {
	if x.knows(e.Network) || len(x.Queue) == 0 {
		return store.ErrUnchanged
	}
	i := slices.IndexFunc(x.Queue, func(m outgoing) bool { return !m.Unsure.IsZero() && e.repeats(m) })
	if i < 0 {
		x.keep(e)
		return nil
	}
	id := x.Queue[i].ID
	x.Queue = slices.Delete(x.Queue, i, i+1)
	x.noteSent(id, e.Network, e.At)
	if x.tidy(); len(x.Queue) > 0 && x.Claim == "" {
		x.put(x.dueAt(e.At))
	}
	return nil
}

// repeats tells whether an echo is that of a message: by our own id where the network repeats it, else by the words.
func (e early) repeats(m outgoing) bool {
	if e.Ref != "" {
		return e.Ref == m.ID
	}
	return e.Words == hash(wordsOf(m.Blocks))
}

// echoed tells whether an attempt without an answer has been heard to succeed.
func (x *chat) echoed(i int, r result) bool {
	return r.Unsure && x.heardEcho(x.Queue[i], r.began) != ""
}

// heardEcho gives the network's id of a message whose echo came after the attempt began; "" when none did.
func (x *chat) heardEcho(m outgoing, began time.Time) string {
	for _, e := range x.Early {
		if e.State == stateSent && e.repeats(m) && !e.At.Before(began.Add(-skew)) && !x.knows(e.Network) {
			return e.Network
		}
	}
	return ""
}

// receipt notes that messages arrived or were looked at.
func (c *Chats) receipt(ctx context.Context, m inbox.Message) error {
	state := stateDelivered
	if m.Event.Kind == channels.Seen {
		state = stateSeen
	}
	return c.known(c.update(ctx, m.Conversation, func(x *chat) error {
		if !x.advance(m.Event, state, c.now()) {
			return store.ErrUnchanged
		}
		return nil
	}))
}

// advance moves the messages that an event is about forward, all until then when it names none, and tells whether anything changed.
func (x *chat) advance(e channels.Event, state string, now time.Time) (changed bool) {
	for i := range x.Sent {
		s := &x.Sent[i]
		about := slices.Contains(e.About, s.Network) || len(e.About) == 0 && !s.At.After(e.At.Add(lag))
		if about && rank[state] > rank[s.State] {
			s.State, changed = state, true
		}
	}
	changed = x.receive(e, state) || changed
	if len(x.Queue) == 0 {
		return changed // nothing is under way that the rest could be about
	}
	for _, id := range e.About {
		if id != "" && !x.knows(id) {
			x.keep(early{Network: id, State: state, At: now})
			changed = true
		}
	}
	return changed
}

func (x *chat) knows(network string) bool {
	return slices.ContainsFunc(x.Sent, func(s sent) bool { return s.Network == network })
}

func (x *chat) keep(e early) {
	x.Early = slices.DeleteFunc(x.Early, func(o early) bool { return e.At.Sub(o.At) > earlyKept })
	x.Early = last(append(x.Early, e), maxEarly)
}

// noteSent remembers a message that left, with what was heard of it before.
func (x *chat) noteSent(id, network string, now time.Time) {
	s := sent{ID: id, Network: network, State: stateSent, At: now}
	x.Early = slices.DeleteFunc(x.Early, func(e early) bool {
		if network != "" && e.Network == network && rank[e.State] > rank[s.State] {
			s.State = e.State
		}
		return e.Network == network || now.Sub(e.At) > earlyKept
	})
	x.Sent = last(append(x.Sent, s), maxSent)
	x.meet(markOf(id), fate{State: s.State, Network: network, At: now})
}

// wordsOf gives the text of a message.
func wordsOf(blocks message.Blocks) string {
	for _, b := range blocks {
		switch b := b.(type) {
		case message.Words:
			return b.Text
		case message.Choices:
			return b.Text
		case message.QR:
			return b.Caption
		}
	}
	return ""
}

// hash tells texts apart as people read them: blanks may differ. "" for a text that says nothing.
func hash(text string) string {
	text = strings.Join(strings.Fields(norm.NFC.String(text)), " ")
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}
