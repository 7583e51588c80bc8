package chat

import (
	"context"
	"slices"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/store"
)

// Reasons for which a message is not sent, beside those of the channels.
const (
	windowClosed = "window_closed" // the network's time for a notice is over
	unfollowed   = "unfollowed"    // the person does not want to hear from the city
	noTemplate   = "no_template"   // the network has approved no text of that name
	gaveUp       = "gave_up"       // outages for longer than Config.GiveUp
	noChannel    = "no_channel"    // the network is not configured any more
	crashed      = "panic"         // the channel panicked; the log knows where
)

// result is what became of a message that was at the head of its queue.
type result struct {
	channels.Outcome
	began time.Time // of the attempt; zero when none was made
}

func never(reason string) result {
	return result{Outcome: channels.Outcome{Status: channels.Never, Reason: reason}}
}

func putOff(wait time.Duration) result {
	return result{Outcome: channels.Outcome{Status: channels.Later, Retry: wait}}
}

// dispatch sends what this worker has claimed. What goes wrong is left to the relay.
func (c *Chats) dispatch(ctx context.Context, x chat, token string) {
	if token == "" {
		return
	}
	if err := c.send(ctx, x, token); err != nil {
		c.deps.Log.WarnContext(ctx, "sending was not recorded; it is repeated after the lease", "conversation", x.ID, "channel", x.Channel, "err", err)
	}
}

// send sends the queue of a conversation that this worker has claimed, in its order, until it is empty, has to wait, or belongs to another.
func (c *Chats) send(ctx context.Context, x chat, token string) error {
	for x.Claim == token && len(x.Queue) > 0 {
		head := x.Queue[0]
		r := c.try(ctx, &x, head)
		var err error
		if x, err = c.record(ctx, x.ID, token, head, r); err != nil {
			return err
		}
		c.metrics.sent(x.Channel, head.Kind, r)
	}
	return nil
}

// try makes one attempt at a message, if it may leave now.
func (c *Chats) try(ctx context.Context, x *chat, head outgoing) result {
	now := c.now()
	ch := c.deps.Channels[x.Channel]
	if ch == nil {
		return never(noChannel)
	}
	if reason := c.forbidden(x, head, ch.Profile(), now); reason != "" {
		return never(reason)
	}
	if ctx.Err() != nil {
		return putOff(time.Millisecond)
	}
	g := c.gate(x.Channel)
	if wait := g.enter(now); wait > 0 {
		return putOff(jitter(wait))
	}
	if wait := c.limited(ctx, x.ID, ch.Profile()); wait > 0 {
		g.leave()
		return putOff(wait + jitter(wait))
	}
	return c.attempt(ctx, g, ch, x, head)
}

// forbidden gives the reason for which a message must not leave any more; "" when it may. An answer may always: the network itself knows when not.
func (c *Chats) forbidden(x *chat, head outgoing, p channels.Profile, now time.Time) string {
	if now.Sub(head.At) > c.cfg.GiveUp {
		return gaveUp
	}
	switch {
	case head.Kind != channels.Notice && head.Kind != channels.Staff:
		return ""
	case x.Left:
		return unfollowed
	case head.Ground == GroundApproved:
		if head.Template == nil || !slices.Contains(p.Templates, head.Template.Name) {
			return noTemplate
		}
		return ""
	case p.FreeWindow > 0 && (x.LastAt == nil || now.Sub(*x.LastAt) > c.window(p, head.Kind, head.Ground)):
		return windowClosed
	}
	return ""
}

// window gives how long after the person's last interaction a notice on that ground, or a word of staff, may leave.
func (c *Chats) window(p channels.Profile, kind channels.Kind, ground string) time.Duration {
	paid := ground == GroundPaid || ground == "" && c.cfg.PaidWindows
	w := p.FreeWindow
	if paid {
		w = max(w, p.PaidWindow)
	}
	if kind == channels.Staff {
		w = max(w, p.StaffWindow)
	}
	return w
}

// limited counts one message against what may leave to one person in a minute, then against what the network takes, and gives the time to wait when it is too many.
// What one person is held back by does not count for the others.
func (c *Chats) limited(ctx context.Context, id string, p channels.Profile) time.Duration {
	if c.deps.Limiter == nil {
		return 0
	}
	wait := c.over(ctx, "send:"+p.Name+":"+id, c.cfg.PerPerson)
	if wait == 0 && p.PerMinute > 0 {
		wait = c.over(ctx, "send:"+p.Name, p.PerMinute)
	}
	return wait
}

// over counts one message under a key, and gives the time to wait when there are more than that in a minute.
func (c *Chats) over(ctx context.Context, key string, most int) time.Duration {
	wait, err := c.deps.Limiter.Allow(ctx, key, limit.Rule{Max: most, Per: time.Minute})
	if err == nil {
		return 0
	}
	return max(wait, time.Second)
}

func (c *Chats) attempt(ctx context.Context, g *gate, ch channels.Channel, x *chat, head outgoing) result {
	began := c.now()
	limited, cancel := context.WithTimeout(ctx, c.cfg.Lease/2)
	defer cancel()
	o := c.guarded(limited, ch, x.Person, outboundOf(x, head))
	if o.Status == channels.Later && ctx.Err() != nil {
		g.leave() // cut short by us
	} else {
		g.report(o, c.now())
	}
	c.tell(ctx, g, x.Channel, head, o)
	return result{Outcome: o, began: began}
}

func outboundOf(x *chat, m outgoing) channels.Outbound {
	return channels.Outbound{ID: m.ID, Account: x.Account, Kind: m.Kind, Blocks: m.Blocks, Template: m.Template}
}

// guarded keeps a panic of a channel from ending the program. Such a message is not tried again.
func (c *Chats) guarded(ctx context.Context, ch channels.Channel, to channels.Address, m channels.Outbound) (o channels.Outcome) {
	defer func() {
		if p := recover(); p != nil {
			o = channels.Outcome{Status: channels.Never, Reason: crashed, Cause: panicked(p)}
		}
	}()
	o = ch.Send(ctx, to, m)
	if o.Status != channels.Sent && o.Status != channels.Never {
		o.Status = channels.Later // what says nothing clear has not left
	}
	return o
}

// tell logs an attempt that somebody should look at.
func (c *Chats) tell(ctx context.Context, g *gate, channel string, head outgoing, o channels.Outcome) {
	c.metrics.alarm(channel, o)
	args := []any{"channel", channel, "message", head.ID, "kind", head.Kind, "reason", o.Reason, "err", o.Cause}
	switch {
	case o.Alarm && g.rings(c.now()):
		c.deps.Log.ErrorContext(ctx, "nothing leaves until an operator acts", args...)
	case o.Status == channels.Never:
		c.deps.Log.WarnContext(ctx, "message not sent", args...)
	}
}

// record stores what became of a message, before the next one is tried. Neither the end of ctx nor a short absence of the store keeps it from that.
func (c *Chats) record(ctx context.Context, id, token string, head outgoing, r result) (chat, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.cfg.Lease/4)
	defer cancel()
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		x, err := c.update(ctx, id, func(x *chat) error { return c.settle(x, token, head.ID, r) })
		if fault.CodeOf(err) == fault.NotFound {
			return chat{}, nil // its time was over
		}
		if err == nil || fault.CodeOf(err) != fault.Unavailable || !sleep(ctx, wait) {
			return x, err
		}
	}
}

// settle applies a result to the conversation. A message that left counts even when another worker has taken over: it happened.
func (c *Chats) settle(x *chat, token, id string, r result) error {
	now := c.now()
	mine := x.Claim == token
	i := slices.IndexFunc(x.Queue, func(m outgoing) bool { return m.ID == id })
	if i < 0 && !mine {
		return store.ErrUnchanged
	}
	if i >= 0 {
		if r.Status == channels.Later && !x.echoed(i, r) {
			return c.postpone(x, mine, i, r)
		}
		c.remove(x, i, r)
	}
	if x.tidy(); mine && len(x.Queue) > 0 {
		x.lease(token, now.Add(c.cfg.Lease))
	}
	return nil
}

// remove takes message i out of the queue, sent or never to be.
func (c *Chats) remove(x *chat, i int, r result) {
	m := x.Queue[i]
	x.Queue = slices.Delete(x.Queue, i, i+1)
	if r.Status == channels.Never {
		c.drop(x, m, r.Reason)
		return
	}
	network := r.MessageID
	if r.Status == channels.Later {
		network = x.heardEcho(m, r.began)
	}
	x.noteSent(m.ID, network, c.now())
}

// postpone leaves a message at the head for another attempt.
func (c *Chats) postpone(x *chat, mine bool, i int, r result) error {
	if !mine {
		return store.ErrUnchanged
	}
	m := &x.Queue[i]
	wait := r.Retry
	if !r.began.IsZero() {
		m.Attempts++
		if wait == 0 {
			wait = c.backoff(m.Attempts)
		}
	}
	if r.Unsure {
		m.Unsure = r.began
		wait = max(wait, echoWait)
	}
	x.put(c.now().Add(wait))
	x.Held = r.Retry > 0
	return nil
}

func (c *Chats) backoff(attempts int) time.Duration {
	most := c.cfg.BackoffMax
	d := most
	if n := max(attempts-1, 0); n < 32 && c.cfg.BackoffMin < most>>n {
		d = c.cfg.BackoffMin << n
	}
	return jitter(d)
}
