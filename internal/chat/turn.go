package chat

import (
	"context"
	"errors"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/inbox"
)

// maxRaces is how often a turn begins anew because others move the same conversation.
const maxRaces = 8

// errMoved says that somebody else has moved the conversation since it was read.
var errMoved = errors.New("chat: the conversation was moved by another")

// Turn acts on one event, once however often it comes; it is an inbox's handler. Events of one conversation must come one after the other: two at once
// cost a repetition, but neither is lost.
//
// UNAVAILABLE and RATE_LIMITED: nothing of it took effect that a repeat would not find, come again. INTERNAL: it will not get better; see Apologise.
func (c *Chats) Turn(ctx context.Context, m inbox.Message) error {
	start := c.deps.Now()
	end, err := c.turn(ctx, m)
	c.metrics.turn(m, end, err, c.deps.Now().Sub(start))
	return err
}

// The ends of a turn, as labels; one that fails ends with the code of its fault.
const (
	endAnswered = "answered"
	endRepeated = "repeated" // it had been acted on before
	endSilent   = "silent"   // a person answers
	endNoted    = "noted"    // a receipt, an echo, …
	endIgnored  = "ignored"
)

func (c *Chats) turn(ctx context.Context, m inbox.Message) (end string, err error) {
	if m.Event.Foreign || m.Event.Closed {
		return endIgnored, nil
	}
	switch m.Event.Kind {
	case channels.Said, channels.Opened, channels.Followed:
		return c.talk(ctx, m)
	case channels.Withdrew:
		return endAnswered, c.forget(ctx, m)
	case channels.Echoed:
		return endNoted, c.echo(ctx, m)
	case channels.Delivered, channels.Seen:
		return endNoted, c.receipt(ctx, m)
	case channels.Unfollowed:
		return endNoted, c.leave(ctx, m)
	default:
		return endIgnored, nil
	}
}

// talk takes a turn of the dialogue, again when somebody else was faster.
func (c *Chats) talk(ctx context.Context, m inbox.Message) (end string, err error) {
	for range maxRaces {
		end, err = c.answer(ctx, m)
		if !errors.Is(err, errMoved) {
			break
		}
	}
	if errors.Is(err, errMoved) {
		return "", &fault.Error{Code: fault.Unavailable, RetryAfter: time.Second, Cause: err}
	}
	return end, err
}

func (c *Chats) answer(ctx context.Context, m inbox.Message) (end string, err error) {
	x, err := c.get(ctx, m.Conversation)
	fresh := fault.CodeOf(err) == fault.NotFound
	if fresh {
		x, err = c.begin(m), nil
	}
	switch {
	case err != nil:
		return "", err
	case x.handled(m.ID):
		return endRepeated, nil
	case x.full(c.cfg.MaxQueue):
		return "", errFull
	case x.silent(c.now()):
		return endSilent, c.listen(ctx, m)
	}
	t := &turn{c: c, m: m, chat: x, fresh: fresh, at: when(m, c.now())}
	if err := t.run(ctx); err != nil {
		c.remember(ctx, t, err)
		return "", err
	}
	c.dispatch(ctx, t.chat, t.token)
	return endAnswered, nil
}

// listen notes an event that nobody here answers.
func (c *Chats) listen(ctx context.Context, m inbox.Message) error {
	_, err := c.alter(ctx, m, func(x *chat) error {
		x.handle(m.ID)
		x.touch(when(m, c.now()), c.cfg.Retention)
		return nil
	})
	return err
}

// remember keeps at least the address of somebody whose first event could not be acted on, so that an apology reaches them.
func (c *Chats) remember(ctx context.Context, t *turn, cause error) {
	if !t.fresh || passes(cause) {
		return
	}
	x := c.begin(t.m)
	x.touch(t.at, c.cfg.Retention)
	if err := c.insert(ctx, &x); err != nil && fault.CodeOf(err) != fault.Conflict {
		c.deps.Log.WarnContext(ctx, "conversation not remembered", "conversation", x.ID, "err", err)
	}
}

// passes tells whether the same may work later.
func passes(err error) bool {
	code := fault.CodeOf(err)
	return code == fault.Unavailable || code == fault.RateLimited || errors.Is(err, errMoved)
}
