package chat

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
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

// full tells whether so much waits that nothing may be added.
func (x *chat) full(most int) bool {
	return len(x.Queue) >= most || len(x.Queue) > 0 && len(x.Sealed)-sizeOf(x.Lines) > maxSealed
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
	now := c.now()
	switch {
	case len(x.Queue) == 0, x.waits(now):
		return ""
	case c.gate(x.Channel).wait(now) > 0:
		x.put(now)
		return ""
	}
	token := uuid.NewString()
	x.lease(token, now.Add(c.cfg.Lease))
	return token
}

// stash adds messages that this worker will send soon. Should it not, others do after the lease.
func (c *Chats) stash(x *chat, messages []outgoing) {
	c.add(x, messages)
	if len(x.Queue) > 0 && x.SendAt == nil {
		x.put(c.now().Add(c.cfg.Lease))
	}
}

// post adds messages and leaves the sending to the relay.
func (c *Chats) post(x *chat, messages []outgoing) {
	c.add(x, messages)
	now := c.now()
	if len(x.Queue) > 0 && !x.waits(now) {
		x.put(now)
	}
}

// waits tells whether nobody else may send now: a worker does, or the time to go on was named to us.
func (x *chat) waits(now time.Time) bool {
	return x.SendAt != nil && x.SendAt.After(now) && (x.Held || x.Claim != "")
}

// lease gives the sending to a worker until the lease ends.
func (x *chat) lease(token string, until time.Time) {
	x.Claim, x.SendAt, x.Held = token, &until, false
}

// put gives the sending to whoever looks from then on.
func (x *chat) put(at time.Time) { x.Claim, x.SendAt, x.Held = "", &at, false }

// tidy keeps the fields beside the queue true.
func (x *chat) tidy() {
	if len(x.Queue) == 0 {
		x.Queue, x.SendAt, x.Since, x.Claim, x.Held = nil, nil, nil, "", false
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

// jitter varies a wait, so that what failed together does not come back together.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }

// sleep waits and tells whether it could to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
