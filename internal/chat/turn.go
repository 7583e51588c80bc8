package chat

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/conversation"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/inbox"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// What one turn may do at most: a dialogue that goes beyond is broken.
const (
	maxCalls = 10
	maxRaces = 8 // others that move the same conversation meanwhile
)

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
	if err := t.take(ctx); err != nil {
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

// turn is one event in work. It changes its own copy of the conversation and stores it by commit.
type turn struct {
	c      *Chats
	m      inbox.Message
	chat   chat // as it was read or last committed
	fresh  bool // not stored yet
	viewer account.Viewer
	at     time.Time // when the person did it
	token  string    // of this worker, once it has claimed the sending

	state conversation.State
	event string // on whose behalf the dialogue speaks: the event's, or that of one whose call was left open
	said  []outgoing
	count int // of messages that event has led to
	calls int
	ended []string // events that are done with
}

// take takes the turn: it finishes what a death or a parked event left open, puts the event to the dialogue, makes the calls, and stores all in one write.
func (t *turn) take(ctx context.Context) error {
	t.state = t.chat.State
	var err error
	who := account.Identity{Network: t.m.Channel, Account: t.m.Event.Account, User: string(t.m.Event.From)}
	if t.viewer, err = t.c.deps.People.Guest(ctx, who, t.state.Lang); err != nil {
		return fmt.Errorf("chat: viewer: %w", err)
	}
	if t.state.Call != nil {
		if err := t.resume(ctx); err != nil {
			return err
		}
	}
	if t.event != t.m.ID {
		t.event, t.count = t.m.ID, 0
		h := heardOf(t.m, t.at)
		h.Assurance = t.viewer.Assurance
		if err := t.step(h); err != nil {
			return err
		}
		if err := t.make(ctx, false); err != nil {
			return err
		}
		t.ended = append(t.ended, t.m.ID)
	}
	return t.finish(ctx)
}

// resume makes the call that the stored state waits for. It may have been made before; the key tells.
func (t *turn) resume(ctx context.Context) error {
	t.event, t.count = t.chat.Pending, t.chat.Replies
	if err := t.make(ctx, true); err != nil {
		return err
	}
	t.ended = append(t.ended, t.event)
	return nil
}

// make makes the calls of the dialogue until it waits for the person. stored says that the first one is in the store already.
func (t *turn) make(ctx context.Context, stored bool) error {
	for ; t.state.Call != nil; stored = false {
		if t.calls++; t.calls > maxCalls {
			return fault.Wrap(fault.Internal, errors.New("chat: the dialogue makes calls without end"))
		}
		call := *t.state.Call
		if call.Key != "" && !stored {
			if err := t.commit(ctx, t.pend); err != nil {
				return err
			}
		}
		res, failed := t.c.call(ctx, t.viewer, call)
		if err := ctx.Err(); err != nil {
			return fault.Wrap(fault.Unavailable, err) // the call failed because we are stopping: whoever comes next makes it again
		}
		if err := t.step(conversation.Returned{At: t.c.now(), Result: res, Err: failed}); err != nil {
			return err
		}
	}
	return nil
}

// step puts an input to the dialogue and collects what it says.
func (t *turn) step(in conversation.Input) error {
	state, effects, err := safely(func() (conversation.State, []conversation.Effect) { return t.c.deps.Steps.Step(t.state, in) })
	if err != nil {
		return err
	}
	t.state = state
	for _, e := range effects {
		if say, ok := e.(conversation.Say); ok {
			t.say(say.Blocks)
		}
	}
	return nil
}

// say fits blocks to the network and puts the messages behind those of the turn so far.
func (t *turn) say(blocks message.Blocks) {
	made := t.c.fitted(t.chat.Channel, t.event, t.count, channels.Reply, blocks)
	t.count += len(made)
	t.said = append(t.said, made...)
}

// pend stores that a change is about to be asked for.
func (t *turn) pend(x *chat) {
	x.Pending, x.Replies = t.event, t.count
}

// finish stores what the turn has come to.
func (t *turn) finish(ctx context.Context) error {
	return t.commit(ctx, func(x *chat) {
		x.Pending, x.Replies = "", 0
		for _, id := range t.ended {
			x.handle(id)
		}
	})
}

// commit is the one write of a turn, or one of two when it asks for a change. errMoved when somebody else has moved the conversation.
func (t *turn) commit(ctx context.Context, change func(*chat)) error {
	apply := func(x *chat) error {
		if x.Turns != t.chat.Turns {
			return errMoved
		}
		x.Turns++
		x.State, x.Subject = t.state, t.viewer.Subject
		x.touch(t.at, t.c.cfg.Retention)
		t.token = t.c.enqueue(x, t.token, t.said)
		change(x)
		return nil
	}
	x, err := t.store(ctx, apply)
	if err != nil {
		return err
	}
	t.chat, t.fresh, t.said = x, false, nil
	return nil
}

func (t *turn) store(ctx context.Context, apply func(*chat) error) (chat, error) {
	if !t.fresh {
		x, err := t.c.update(ctx, t.chat.ID, apply)
		if fault.CodeOf(err) == fault.NotFound {
			return x, errMoved // its time was over
		}
		return x, err
	}
	x := t.chat
	if err := apply(&x); err != nil {
		return x, err
	}
	err := t.c.insert(ctx, &x)
	if fault.CodeOf(err) == fault.Conflict {
		return x, errMoved
	}
	return x, err
}

// safely keeps a panic of the dialogue from ending the program.
func safely(step func() (conversation.State, []conversation.Effect)) (s conversation.State, effects []conversation.Effect, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.Wrap(fault.Internal, panicked(p))
		}
	}()
	s, effects = step()
	return s, effects, nil
}

// panicked describes a panic for the log. Its text may repeat what a person said, so only that of the runtime itself is kept.
func panicked(p any) error {
	what := fmt.Sprintf("%T", p)
	if e, ok := p.(runtime.Error); ok {
		what = e.Error()
	}
	return fmt.Errorf("chat: panic: %s\n%s", what, debug.Stack())
}

// call asks the Runner. A change that cannot be made just now is tried again, with the same key, for a while; a read is not.
func (c *Chats) call(ctx context.Context, v account.Viewer, call conversation.Call) (miniapps.Result, error) {
	req := miniapps.Request{App: call.App, Action: call.Action, Input: call.Input, Viewer: v, Case: call.Case, Key: call.Key}
	end := c.deps.Now().Add(c.cfg.CallRetry)
	for wait := c.cfg.CallRetry / 32; ; wait *= 2 {
		res, err := c.deps.Runner.Run(ctx, req)
		if call.Key == "" || fault.CodeOf(err) != fault.Unavailable || ctx.Err() != nil {
			return res, err
		}
		pause := jitter(max(wait, fault.Of(err).RetryAfter))
		if c.deps.Now().Add(pause).After(end) || !sleep(ctx, pause) {
			return res, err
		}
	}
}
