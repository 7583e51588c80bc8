package chat

import (
	"context"
	"time"

	"github.com/motcua/motcua/internal/inbox"
	"github.com/motcua/motcua/internal/store"
)

// hush is silent for a while, because a person speaks on the network itself, or another program. Who waits at a desk has found somebody.
func (c *Chats) hush(ctx context.Context, m inbox.Message, said ...line) error {
	at := when(m, c.now())
	until := at.Add(c.cfg.Silence)
	x, err := c.alter(ctx, m, func(x *chat) error {
		if x.forgot(at) {
			return store.ErrUnchanged
		}
		news := c.keep(x, said...)
		if x.SilentUntil == nil || x.SilentUntil.Before(until) {
			x.SilentUntil, news = &until, true
		}
		if !news {
			return store.ErrUnchanged
		}
		c.servedElsewhere(x, at)
		return nil
	})
	if err == nil {
		c.signalDesk(&x)
	}
	return err
}

// speakAgain ends the silence that began before the event, and gives the conversation back to the dialogue when nobody here has taken it.
func (c *Chats) speakAgain(ctx context.Context, m inbox.Message) error {
	at := when(m, c.now())
	var was chat
	x, err := c.update(ctx, m.Conversation, func(x *chat) error {
		was = *x
		if !x.silent(c.now()) || x.SilentUntil.Add(-c.cfg.Silence).After(at) {
			was.Desk = nil
			return store.ErrUnchanged
		}
		now := c.now()
		x.SilentUntil = &now
		if d := x.Desk; d != nil && d.State == DeskTaken && d.Officer == "" {
			x.back()
			x.Turns++
			c.utter(x, "released", nil)
		}
		return nil
	})
	if err != nil {
		return c.known(x, err)
	}
	c.signalDesk(&was)
	c.nudge()
	return nil
}

func (x *chat) silent(now time.Time) bool { return x.SilentUntil != nil && now.Before(*x.SilentUntil) }
