package chat

import (
	"context"
	"slices"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/netgate"
	"github.com/motcua/motcua/internal/retry"
)

// Reasons for which a message is not sent, beside those of the channels.
const (
	windowClosed = "window_closed" // the network's time for a notice is over
	unfollowed   = "unfollowed"    // the person does not want to hear from the city, or is not there any more
	noTemplate   = "no_template"   // the network has approved no text of that name
	gaveUp       = "gave_up"       // outages for longer than Config.GiveUp
	noChannel    = "no_channel"    // the network is not configured any more
	crashed      = "panic"         // the channel panicked; the log knows where
)

// result is what became of a message that was at the head of its lane.
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

// send sends the queue of a conversation that this worker has claimed, each lane in its order, until it is empty, has to wait, or belongs to another.
func (c *Chats) send(ctx context.Context, x chat, token string) error {
	for x.Claim == token {
		i := x.next(c.now())
		if i < 0 {
			return nil // the clock was set back; the lease ends
		}
		head := x.Queue[i]
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
	r := c.route(x.Channel)
	if wait := r.enter(x.Account, now); wait > 0 {
		return putOff(wait + retry.Jitter(netgate.PauseMin))
	}
	if wait := c.limited(ctx, x.ID, ch.Profile(), laneOf(&head)); wait > 0 {
		r.leave(x.Account)
		return putOff(wait + retry.Jitter(wait))
	}
	return c.attempt(ctx, r, ch, x, head)
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
// What one person is held back by does not count for the others, and notices to many leave a share of the network's limit to answers.
func (c *Chats) limited(ctx context.Context, id string, p channels.Profile, l lane) time.Duration {
	if c.deps.Limiter == nil {
		return 0
	}
	wait, err := c.deps.Limiter.Allow(ctx, "send:"+p.Name+":"+id, limit.Rule{Max: c.cfg.PerPerson, Per: time.Minute})
	if err == nil && p.PerMinute > 0 {
		wait, err = limit.Share(ctx, c.deps.Limiter, "send:"+p.Name, limit.Rule{Max: p.PerMinute, Per: time.Minute}, l == answers)
	}
	if err == nil {
		return 0
	}
	return max(wait, time.Second)
}

func (c *Chats) attempt(ctx context.Context, r *route, ch channels.Channel, x *chat, head outgoing) result {
	began := c.now()
	limited, cancel := context.WithTimeout(ctx, c.cfg.Lease/2)
	defer cancel()
	o := c.guarded(limited, ch, x.Person, outboundOf(x, head, ch.Profile(), began))
	if o.Status == channels.Later && ctx.Err() != nil {
		r.leave(x.Account) // cut short by us
	} else {
		r.report(x.Account, o, c.now())
	}
	c.tell(ctx, r, x, head, o)
	return result{Outcome: o, began: began}
}

func outboundOf(x *chat, m outgoing, p channels.Profile, now time.Time) channels.Outbound {
	late := m.Kind == channels.Staff && p.FreeWindow > 0 && (x.LastAt == nil || now.Sub(*x.LastAt) > p.FreeWindow)
	return channels.Outbound{ID: m.ID, Account: x.Account, Kind: m.Kind, From: m.From, Late: late, Blocks: m.Blocks, Template: m.Template}
}

// guarded keeps a panic of a channel from ending the program. Such a message is not tried again.
func (c *Chats) guarded(ctx context.Context, ch channels.Channel, to channels.Address, m channels.Outbound) (o channels.Outcome) {
	err := retry.Safely(func() error {
		o = ch.Send(ctx, to, m)
		return nil
	})
	if err != nil {
		return channels.Outcome{Status: channels.Never, Reason: crashed, Cause: err}
	}
	if o.Status != channels.Sent && o.Status != channels.Never {
		o.Status = channels.Later // what says nothing clear has not left
	}
	return o
}

// tell logs an attempt that somebody should look at.
func (c *Chats) tell(ctx context.Context, r *route, x *chat, head outgoing, o channels.Outcome) {
	c.metrics.alarm(x.Channel, r.alarms())
	args := []any{"channel", x.Channel, "account", x.Account, "message", head.ID, "kind", head.Kind, "reason", o.Reason, "err", o.Cause}
	switch {
	case o.Alarm && r.of(x.Account).Rings(c.now()):
		c.deps.Log.ErrorContext(ctx, "nothing leaves until an operator acts", args...)
	case o.Status == channels.Never:
		c.deps.Log.WarnContext(ctx, "message not sent", args...)
	}
}
