package chat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/inbox"
	"github.com/motcua/motcua/internal/store"
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
	endKept     = "kept"     // for an officer, who answers or will
	endNoted    = "noted"    // a receipt, an echo, …
	endIgnored  = "ignored"
)

func (c *Chats) turn(ctx context.Context, m inbox.Message) (end string, err error) {
	if m.Event.Foreign || m.Event.Closed {
		return endIgnored, nil
	}
	if m.Event.Template {
		return endNoted, c.templateReceipt(ctx, m)
	}
	if m.Event.Kind == channels.Said && len(m.Event.About) > 0 {
		return endNoted, c.reworded(ctx, m)
	}
	switch m.Event.Kind {
	case channels.Said, channels.Opened, channels.Followed, channels.Proved:
		return c.talk(ctx, m)
	case channels.Shared:
		if m.Event.Contact == nil {
			return endIgnored, nil
		}
		return c.talk(ctx, m)
	case channels.TakenOver:
		return endNoted, c.hush(ctx, m)
	case channels.HandedBack:
		return endNoted, c.speakAgain(ctx, m)
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

// reworded notes that a person edited what they had said. It has been acted on; that they are there opens windows.
func (c *Chats) reworded(ctx context.Context, m inbox.Message) error {
	return c.known(c.update(ctx, m.Conversation, func(x *chat) error {
		at := when(m, c.now())
		if x.handled(m.ID) || x.forgot(at) {
			return store.ErrUnchanged
		}
		x.handle(m.ID)
		x.touch(at, c.cfg.Retention)
		return nil
	}))
}

// talk takes a turn of the dialogue, again when somebody else was faster.
func (c *Chats) talk(ctx context.Context, m inbox.Message) (end string, err error) {
	seen := &looked{}
	for range maxRaces {
		end, err = c.answer(ctx, m, seen)
		if !errors.Is(err, errMoved) {
			break
		}
	}
	if errors.Is(err, errMoved) {
		return "", &fault.Error{Code: fault.Unavailable, RetryAfter: time.Second, Cause: err}
	}
	return end, err
}

func (c *Chats) answer(ctx context.Context, m inbox.Message, seen *looked) (end string, err error) {
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
	case x.forgot(when(m, c.now())):
		return endIgnored, nil
	}
	if end := c.onlyHears(&x, m); end != "" {
		return end, c.listen(ctx, m)
	}
	if x.full(answers, c.cfg.MaxQueue) {
		return "", errFull
	}
	c.typing(ctx, &x)
	t := &turn{c: c, m: m, chat: x, fresh: fresh, at: when(m, c.now()), back: x.Desk != nil && m.Event.Kind != channels.Proved, looked: seen}
	if err := t.run(ctx); err != nil {
		c.remember(ctx, t, err)
		return "", err
	}
	c.dispatch(ctx, t.chat, t.token)
	return endAnswered, nil
}

// onlyHears gives how an event ends that the dialogue does not answer, because somebody else speaks with the person; "" when it does. A sign-in that has
// come to its end goes on all the same: its code would be lost.
func (c *Chats) onlyHears(x *chat, m inbox.Message) (end string) {
	switch {
	case m.Event.Kind == channels.Proved:
		return ""
	case x.Desk != nil && !c.leaves(x, m):
		return endKept
	case x.Desk == nil && (m.Event.Standby || x.silent(c.now())):
		return endSilent
	}
	return ""
}

// listen notes an event that nobody here answers, and keeps what was said for whoever does. errMoved when the dialogue is to answer after all.
func (c *Chats) listen(ctx context.Context, m inbox.Message) error {
	x, err := c.alter(ctx, m, func(x *chat) error {
		if c.onlyHears(x, m) == "" {
			return errMoved
		}
		x.handle(m.ID)
		x.touch(when(m, c.now()), c.cfg.Retention)
		c.keep(x, c.linesOf(x, m, when(m, c.now()))...)
		c.assure(x, m)
		return nil
	})
	if err == nil {
		c.signalDesk(&x)
	}
	return err
}

// templateReceipt hands on what became of a template that was sent to a phone number: no conversation knows of it.
func (c *Chats) templateReceipt(ctx context.Context, m inbox.Message) error {
	state := stateDelivered
	if m.Event.Kind == channels.Seen {
		state = stateSeen
	}
	if c.deps.Receipt == nil {
		return nil
	}
	for _, id := range m.Event.About {
		if err := c.deps.Receipt(ctx, id, state); err != nil {
			return fmt.Errorf("chat: receipt: %w", err)
		}
	}
	return nil
}

// Typer is a Channel that can show that an answer is being written. Typing neither blocks nor fails.
type Typer interface {
	Typing(ctx context.Context, to channels.Address, on bool)
}

func (c *Chats) typing(ctx context.Context, x *chat) {
	if ch, ok := c.deps.Channels[x.Channel].(Typer); ok {
		ch.Typing(ctx, x.Person, true)
	}
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
