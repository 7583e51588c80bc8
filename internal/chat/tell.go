package chat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/conversation"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/inbox"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
)

// Notice is something that the city tells a citizen of its own accord.
type Notice struct {
	ID      string // derived from its cause, so that a repeat names the same notice; unique for its recipient
	To      string // the subject it is for
	App     string // the mini-app that declared it
	Notice  string // its id in that app's manifest
	CaseApp string // with CaseID the case that it is about; both empty for none
	CaseID  string
	Words   func(message.Lang) (title, text string)
	At      time.Time // when what it tells happened
	Change  bool      // it tells of a change that somebody made with App, wherever: the dialogue in which they did has told them

	Conversation string             // told in that one only, whoever To is; "" for the latest on each network
	Ground       string             // the right by which it may leave: see the constants; "" goes by Config.PaidWindows
	Template     *channels.Template // sent in place of Words, with GroundApproved
}

// maxChats is how many conversations of one subject a notice looks at, those of the last interaction first.
const maxChats = 3

// Tell puts a notice into the conversations of its recipient, the latest on each network, once however often it comes. Whether it may be sent is decided
// when it is its turn; Fate tells. One that was never sent there may be told again with GroundApproved, or without after that was never sent either: whatever its
// grounds, it leaves once. Nobody to tell is no error. INTERNAL without an id, a recipient or words; UNAVAILABLE when too much waits there already, or the same
// on the other ground; NOT_FOUND when there is no such Conversation.
func (c *Chats) Tell(ctx context.Context, n Notice) error {
	if n.ID == "" || n.To == "" && n.Conversation == "" || n.Words == nil {
		return fault.Wrap(fault.Internal, errors.New("chat: a notice needs an id, a recipient and words"))
	}
	if n.Conversation != "" {
		return c.notify(ctx, n.Conversation, n)
	}
	found, err := c.docs.Collect(ctx, c.queries.bySubject.Where(n.To).Descending().First(maxChats))
	if err != nil {
		return fmt.Errorf("chat: find conversations: %w", err)
	}
	told := map[string]bool{}
	var errs []error
	for _, r := range found {
		if !told[r.Channel] {
			told[r.Channel] = true
			errs = append(errs, c.known(chat{}, c.notify(ctx, r.ID, n)))
		}
	}
	return errors.Join(errs...)
}

// notify puts a notice into one conversation, unless the dialogue itself has told the same: who just sent a report there has its code.
func (c *Chats) notify(ctx context.Context, id string, n Notice) error {
	mark := markOfNotice(n.ID, n.Ground)
	return c.speak(ctx, id, mark, notices, func(x *chat) ([]outgoing, error) {
		if done, err := x.otherwise(n, mark, c.now()); done || err != nil {
			return nil, err
		}
		if n.CaseID != "" && x.told(caseKey(n.CaseApp, n.CaseID), n.At) || n.Change && x.told(caseKey(n.App, ""), n.At) {
			x.expect(fate{Mark: mark, Notice: n.ID, State: stateSeen, Reason: reasonShown, At: c.now()})
			return nil, nil
		}
		if x.changing(n.CaseApp) && c.now().Sub(n.At) < answerTime {
			return nil, errChanging
		}
		x.expect(fate{Mark: mark, Notice: n.ID, State: stateWaiting, At: c.now()})
		return c.messagesOf(x, mark, n), nil
	})
}

func (c *Chats) messagesOf(x *chat, mark string, n Notice) []outgoing {
	title, text := n.Words(x.State.Speaks().Or())
	blocks := message.Blocks{message.Words{Text: title + "\n" + text}}
	out := []outgoing{{ID: mark + "/1", Kind: channels.Notice, Blocks: blocks, At: c.now(), Template: n.Template}}
	if n.Template == nil {
		out = c.fitted(x.Channel, mark, 0, channels.Notice, blocks)
	}
	for i := range out {
		out[i].Ground = n.Ground
		if n.Change && x.changing(n.App) {
			out[i].await(n.App, c.now().Add(answerTime))
		}
	}
	return out
}

// reasonShown is why a notice is not sent at all: the dialogue has shown the person the same.
const reasonShown = "shown"

// answerTime is how long a notice waits for a turn that is making a change, whose answer may tell the same.
const answerTime = 30 * time.Second

var errChanging = &fault.Error{Code: fault.Unavailable, RetryAfter: time.Second, Cause: errors.New("chat: a change is being made in this conversation")}

// changing tells whether the dialogue waits for a change that an app makes.
func (x *chat) changing(app string) bool {
	return x.State.Call != nil && x.State.Call.Key != "" && x.State.Call.App == app
}

// speak puts messages of a lane into a conversation that did not ask for any, once for each mark, and wakes the relay.
func (c *Chats) speak(ctx context.Context, id, mark string, l lane, words func(*chat) ([]outgoing, error)) error {
	changed := false
	_, err := c.update(ctx, id, func(x *chat) error {
		if changed = !x.handled(mark); !changed {
			return store.ErrUnchanged
		}
		if x.full(l, c.cfg.MaxQueue) {
			return errFull
		}
		messages, err := words(x)
		if err != nil {
			return err
		}
		for _, m := range messages {
			c.keep(x, line{ID: m.ID, From: FromBot, Text: cut(textOf(m.Blocks), maxBotLine), At: m.At})
		}
		if len(messages) > 0 {
			c.post(x, messages)
		}
		x.handle(mark)
		return nil
	})
	if err == nil && changed {
		c.nudge()
	}
	return err
}

// Apologise tells the person, once for each cause, that an event of theirs could not be acted on, and begins the dialogue anew: what was remembered may be
// what broke it. One that cannot be read at all is removed. Call it when the event is given up; cause is the event's id or that of its parking. A conversation
// that is not there is no error.
func (c *Chats) Apologise(ctx context.Context, conversationID, cause string) error {
	mark := "s/" + once.ID("chat apology\x00"+cause)
	err := c.speak(ctx, conversationID, mark, answers, func(x *chat) ([]outgoing, error) {
		x.restart()
		return c.fitted(x.Channel, mark, 0, channels.Reply, c.words(x, "chat.sorry")), nil
	})
	return c.dropUnreadable(ctx, conversationID, c.known(chat{}, err))
}

// restart forgets what was talked about, but not in which language.
func (x *chat) restart() {
	x.Turns++
	x.State = conversation.State{Lang: x.State.Lang, Page: x.State.Page}
	x.Pending, x.Replies = "", 0
}

func (c *Chats) words(x *chat, key string) message.Blocks { return c.wordsWith(x, key, nil) }

func (c *Chats) wordsWith(x *chat, key string, params map[string]any) message.Blocks {
	return message.Blocks{message.Words{Text: c.deps.Texts.Text(x.State.Speaks().Or(), key, params)}}
}

// forgotten is how long a conversation that a person asked to be forgotten is still kept: the id of the event tells its repeats, its time what comes late.
const forgotten = 7 * 24 * time.Hour

// forget removes what others keep of the person, then what the conversation holds about them, and confirms it.
func (c *Chats) forget(ctx context.Context, m inbox.Message) error {
	was, err := c.get(ctx, m.Conversation)
	switch {
	case err == nil && was.handled(m.ID):
		return nil
	case err != nil && fault.CodeOf(err) != fault.NotFound && !errors.Is(err, errUnreadable):
		return err
	}
	if err := c.forgetElsewhere(ctx, m); err != nil {
		return err
	}
	token := ""
	x, err := c.alter(ctx, m, func(x *chat) error {
		token = ""
		if x.handled(m.ID) {
			return store.ErrUnchanged
		}
		x.restart()
		x.private = private{Person: x.Person, State: x.State}
		x.Subject, x.LastAt, x.Sent, x.Unsent, x.Shown, x.SilentUntil = "", nil, nil, nil, nil, nil
		x.Desk, x.Marks, x.Fates = nil, nil, nil
		at := when(m, c.now())
		x.ForgotAt = &at
		x.handle(m.ID)
		x.ExpiresAt = c.now().Add(forgotten)
		token = c.enqueue(x, c.fitted(x.Channel, m.ID, 0, channels.Reply, c.words(x, "chat.forgotten")))
		return nil
	})
	if err != nil {
		return c.dropUnreadable(ctx, m.Conversation, err)
	}
	c.signalDesk(&was)
	c.dispatch(ctx, x, token)
	return nil
}

func (c *Chats) forgetElsewhere(ctx context.Context, m inbox.Message) error {
	if c.deps.Forget == nil {
		return nil
	}
	v, err := c.deps.People.Guest(ctx, whoIs(m), "")
	if err != nil {
		return fmt.Errorf("chat: viewer: %w", err)
	}
	if err := c.deps.Forget(ctx, v, m); err != nil {
		return fmt.Errorf("chat: forget: %w", err)
	}
	return nil
}

// leave notes that the person ceased to follow: no notices until they come back.
func (c *Chats) leave(ctx context.Context, m inbox.Message) error {
	return c.known(c.update(ctx, m.Conversation, func(x *chat) error {
		if x.Left || x.LastAt != nil && x.LastAt.After(when(m, c.now())) {
			return store.ErrUnchanged
		}
		x.Left = true
		return nil
	}))
}
