package chat

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/conversation"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/inbox"
	"github.com/motcua/motcua/internal/message"
)

// maxCalls is how many calls one turn makes at most: a dialogue that goes beyond is broken.
const maxCalls = 10

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
	back  bool // the person wants the dialogue back instead of an officer
	hand  *conversation.HandOver
	desk  *desk    // that the turn hands the conversation to
	lines []line   // what was said
	ended []string // events that are done with
	cases []shown  // what results let the dialogue tell of

	looked *looked // at the event's photos
}

// run takes the turn: it finishes what a death or a parked event left open, puts the event to the dialogue, makes the calls, and stores all in one write.
func (t *turn) run(ctx context.Context) error {
	t.state = t.chat.State
	if err := t.know(ctx); err != nil {
		return err
	}
	if t.state.Call != nil {
		if err := t.resume(ctx); err != nil {
			return err
		}
	}
	if t.event != t.m.ID {
		t.event, t.count = t.m.ID, 0
		t.announceItself()
		t.lines = append(t.lines, t.c.linesOf(t.spoken(), t.m, t.at)...)
		in, err := t.input(ctx)
		if err != nil {
			return err
		}
		if err := t.step(in); err != nil {
			return err
		}
		if err := t.ask(ctx, false); err != nil {
			return err
		}
		t.ended = append(t.ended, t.m.ID)
	}
	t.handOver(ctx)
	return t.finish(ctx)
}

// know learns who the person is now.
func (t *turn) know(ctx context.Context) error {
	var err error
	if t.viewer, err = t.c.deps.People.Guest(ctx, whoIs(t.m), t.state.Speaks()); err != nil {
		return fmt.Errorf("chat: viewer: %w", err)
	}
	return nil
}

// announceItself says that it is the program that speaks, after a person did on the network itself.
func (t *turn) announceItself() {
	if t.chat.SilentUntil != nil && t.chat.Desk == nil && !t.chat.silent(t.c.now()) {
		t.say(t.c.words(&t.chat, "chat.back"))
	}
}

func whoIs(m inbox.Message) account.Identity {
	return account.Identity{Network: m.Channel, Account: m.Event.Account, User: string(m.Event.From), Origin: m.Event.Origin}
}

// input is what the event means to the dialogue.
func (t *turn) input(ctx context.Context) (conversation.Input, error) {
	if t.back {
		t.say(t.c.words(&t.chat, "chat.desk.left"))
		return conversation.HandedBack{At: t.at}, nil
	}
	h := heardOf(t.m, t.at)
	h.Assurance = t.viewer.Assurance
	var err error
	h.Scanned, err = t.scanned(ctx, h)
	return h, err
}

// resume makes the call that the stored state waits for. It may have been made before; the key tells.
func (t *turn) resume(ctx context.Context) error {
	t.event, t.count = t.chat.Pending, t.chat.Replies
	if err := t.ask(ctx, true); err != nil {
		return err
	}
	t.ended = append(t.ended, t.event)
	return nil
}

// ask makes the calls of the dialogue until it waits for the person. stored says that the first one is in the store already.
func (t *turn) ask(ctx context.Context, stored bool) error {
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
		began := t.c.now()
		if at := t.state.At; stored && !at.IsZero() && at.Before(began) {
			began = at // it may have been made before
		}
		res, failed := t.c.call(ctx, t.viewer, call)
		if err := ctx.Err(); err != nil {
			return fault.Wrap(fault.Unavailable, err) // the call failed because we are stopping: whoever comes next makes it again
		}
		if failed == nil {
			t.tells(call, res, began)
		}
		if t.state.SigningIn() && call.Key != "" && failed == nil {
			if err := t.know(ctx); err != nil {
				return err
			}
		}
		if err := t.step(conversation.Returned{At: t.c.now(), Result: res, Err: failed, Assurance: t.viewer.Assurance}); err != nil {
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
	t.viewer.Lang = cmp.Or(state.Speaks(), t.viewer.Lang) // the step may have learnt it: what is called for is answered in it
	for _, e := range effects {
		switch e := e.(type) {
		case conversation.Say:
			t.say(e.Blocks)
		case conversation.HandOver:
			t.hand = &e
		}
	}
	return nil
}

// say fits blocks to the network and puts the messages behind those of the turn so far.
func (t *turn) say(blocks message.Blocks) {
	made := t.c.fitted(t.chat.Channel, t.event, t.count, channels.Reply, blocks)
	t.count += len(made)
	t.said = append(t.said, made...)
	t.lines = append(t.lines, line{ID: t.event + "/" + strconv.Itoa(t.count), From: FromBot, Text: cut(textOf(blocks), maxBotLine), At: t.c.now()})
}

// pend stores that a change is about to be asked for. What was said so far waits for the end of the turn, unless this worker does not live to see it.
func (t *turn) pend(x *chat) {
	x.Pending, x.Replies = t.event, t.count
	t.c.stash(x, t.said)
}

// finish stores what the turn has come to, and claims the sending.
func (t *turn) finish(ctx context.Context) error {
	return t.commit(ctx, func(x *chat) {
		x.Pending, x.Replies = "", 0
		if t.desk != nil || t.back {
			x.Desk = t.desk
		}
		if t.back || !x.silent(t.c.now()) {
			x.SilentUntil = nil
		}
		for _, s := range t.cases {
			x.show(s)
		}
		t.token = t.c.enqueue(x, slices.Concat(t.said, x.answered(t.c.now())))
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
		change(x)
		t.c.keep(x, t.lines...)
		return nil
	}
	was := t.chat
	x, err := t.store(ctx, apply)
	if err != nil {
		return err
	}
	t.chat, t.fresh, t.said, t.lines = x, false, nil, nil
	if was.Desk != nil || x.Desk != nil {
		t.c.signalDesk(&was)
		t.c.signalDesk(&x)
	}
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
