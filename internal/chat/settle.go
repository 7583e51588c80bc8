package chat

import (
	"context"
	"slices"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/retry"
	"github.com/motcua/motcua/internal/store"
)

// record stores what became of a message, before the next one is tried. Neither the end of ctx nor a short absence of the store keeps it from that.
func (c *Chats) record(ctx context.Context, id, token string, head outgoing, r result) (chat, error) {
	var x chat
	err := retry.Stored(ctx, c.cfg.Lease/4, func(ctx context.Context) (err error) {
		x, err = c.update(ctx, id, func(x *chat) error { return c.settle(x, token, head.ID, r) })
		return err
	})
	if fault.CodeOf(err) == fault.NotFound {
		return chat{}, nil // its time was over
	}
	return x, err
}

// settle applies a result to the conversation. A message that left counts even when another worker has taken over: it happened.
func (c *Chats) settle(x *chat, token, id string, r result) error {
	mine := x.Claim == token
	i := slices.IndexFunc(x.Queue, func(m outgoing) bool { return m.ID == id })
	if i < 0 && !mine {
		return store.ErrUnchanged
	}
	switch {
	case i < 0:
	case r.Status == channels.Later && !x.echoed(i, r) && !mine:
		return store.ErrUnchanged
	case r.Status == channels.Later && !x.echoed(i, r) && !x.hopeless(i, r):
		c.postpone(x, i, r)
	default:
		c.remove(x, i, r)
	}
	if x.tidy(); mine {
		c.proceed(x, token)
	}
	return nil
}

// proceed gives the sending to a worker while something may be tried, and else to whoever looks when something may.
func (c *Chats) proceed(x *chat, token string) {
	now := c.now()
	switch {
	case len(x.Queue) == 0:
	case x.next(now) >= 0:
		x.lease(token, now.Add(c.cfg.Lease))
	default:
		x.put(x.dueAt(now))
	}
}

// hopeless tells whether the network has refused a message so often that it is not tried again.
func (x *chat) hopeless(i int, r result) bool { return r.Tries > 0 && x.Queue[i].Attempts+1 >= r.Tries }

// remove takes message i out of the queue, sent or never to be.
func (c *Chats) remove(x *chat, i int, r result) {
	hopeless := x.hopeless(i, r)
	m := x.Queue[i]
	x.Queue = slices.Delete(x.Queue, i, i+1)
	if r.Status == channels.Never || hopeless {
		if r.Gone && (x.LastAt == nil || x.LastAt.Before(r.began)) {
			x.Left = true
		}
		c.drop(x, m, r.Reason)
		return
	}
	network := r.MessageID
	if r.Status == channels.Later {
		network = x.heardEcho(m, r.began)
	}
	x.noteSent(m.ID, network, c.now())
}

// postpone leaves a message at the head of its lane for another attempt. Where none was made the other lane waits as well.
func (c *Chats) postpone(x *chat, i int, r result) {
	if r.began.IsZero() {
		x.hold(c.now().Add(r.Retry))
		return
	}
	m := &x.Queue[i]
	m.Attempts++
	wait := r.Retry
	if wait == 0 {
		wait = retry.Backoff(m.Attempts-1, c.cfg.BackoffMin, c.cfg.BackoffMax)
	}
	if r.Unsure {
		m.Unsure = r.began
		wait = max(wait, echoWait)
	}
	m.Until, m.Held = c.now().Add(wait), r.Retry > 0 || r.Unsure
}
