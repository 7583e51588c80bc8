package chat

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/fit"
	"github.com/motcua/motcua/internal/message"
)

// How large a conversation may become, so that its document stays under 64 KB.
const (
	maxSealed = 24 << 10 // bytes of state and queue beyond which nothing is added while messages wait
	maxAdded  = 16 << 10 // bytes of messages that one write adds: five long ones
)

// errFull says that too much waits to be sent to the person.
var errFull = fault.New(fault.Unavailable, "").After(5 * time.Second).Because(errors.New("chat: too many messages wait to be sent"))

// full tells whether so much waits that nothing of that lane may be added. Notices may fill half of the room, so that those that wait for a better time leave
// room for answers.
func (x *chat) full(l lane, most int) bool {
	size := maxSealed
	if l == notices {
		most, size = max(1, most/2), size/2
	}
	n := 0
	for i := range x.Queue {
		if l == notices || laneOf(&x.Queue[i]) == answers {
			n++
		}
	}
	return n >= most || len(x.Queue) > 0 && len(x.Sealed)-sizeOf(x.Lines) > size
}

// fitted makes messages out of blocks, numbered behind the first n of the same cause.
func (c *Chats) fitted(channel, cause string, n int, kind channels.Kind, blocks message.Blocks) []outgoing {
	var out []outgoing
	now := c.now()
	for i, m := range fit.Fit(c.profile(channel), blocks) {
		out = append(out, outgoing{ID: cause + "/" + strconv.Itoa(n+i+1), Kind: kind, Blocks: m, At: now})
	}
	return out
}

// add puts messages at the end of the queue. What one cause says beyond all measure is recorded as not sent.
func (c *Chats) add(x *chat, messages []outgoing) {
	size := 0
	for _, m := range messages {
		data, err := json.Marshal(m)
		if size += len(data); err != nil || size > maxAdded {
			c.drop(x, m, "too_much")
			continue
		}
		x.Queue = append(x.Queue, m)
	}
	x.tidy()
}

// enqueue adds messages and claims the sending for this worker. It gives the token of the claim: "" when nothing is to be sent, another worker sends
// already and will go on with these, or the network has to be waited for.
func (c *Chats) enqueue(x *chat, messages []outgoing) string {
	c.add(x, messages)
	x.hurry(messages)
	now := c.now()
	switch {
	case len(x.Queue) == 0, x.claimed(now):
		return ""
	case x.next(now) < 0, c.route(x.Channel).wait(x.Account, now) > 0:
		x.put(x.dueAt(now))
		return ""
	}
	token := uuid.NewString()
	x.lease(token, now.Add(c.cfg.Lease))
	return token
}

// stash adds messages that this worker will send soon. Should it not, others do after the lease.
func (c *Chats) stash(x *chat, messages []outgoing) {
	c.add(x, messages)
	x.hurry(messages)
	now := c.now()
	if soon := now.Add(c.cfg.Lease); len(x.Queue) > 0 && !x.claimed(now) && (x.SendAt == nil || x.SendAt.After(soon)) {
		x.put(soon)
	}
}

// post adds messages and leaves the sending to the relay.
func (c *Chats) post(x *chat, messages []outgoing) {
	c.add(x, messages)
	x.hurry(messages)
	if now := c.now(); len(x.Queue) > 0 && !x.claimed(now) {
		x.put(x.dueAt(now))
	}
}

// claimed tells whether a worker sends now.
func (x *chat) claimed(now time.Time) bool {
	return x.Claim != "" && x.SendAt != nil && x.SendAt.After(now)
}

// lease gives the sending to a worker until the lease ends.
func (x *chat) lease(token string, until time.Time) { x.Claim, x.SendAt = token, &until }

// put gives the sending to whoever looks from then on.
func (x *chat) put(at time.Time) { x.Claim, x.SendAt = "", &at }

// tidy keeps the fields beside the queue true.
func (x *chat) tidy() {
	if len(x.Queue) == 0 {
		x.Queue, x.SendAt, x.Since, x.Claim = nil, nil, nil, ""
		return
	}
	since := x.Queue[0].At
	x.Since = &since
}

// drop records that a message is not sent.
func (c *Chats) drop(x *chat, m outgoing, reason string) {
	x.Unsent = last(append(x.Unsent, unsent{ID: m.ID, Kind: string(m.Kind), Reason: reason, At: c.now()}), maxUnsent)
	x.meet(markOf(m.ID), fate{State: stateNever, Reason: reason, At: c.now()})
}
