package chat

import (
	"context"
	"strconv"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/conversation"
	"github.com/motcua/motcua/internal/inbox"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/miniapps"
)

// The states of a conversation at a desk.
const (
	DeskWaiting = "waiting" // for an officer
	DeskTaken   = "taken"   // by one
)

// desk says that officers answer a conversation, or will. The dialogue is silent meanwhile.
type desk struct {
	Unit    string    `bson:"unit"`
	State   string    `bson:"state"`
	Since   time.Time `bson:"since"`             // of the state
	Officer string    `bson:"officer,omitempty"` // account of who has taken it; "" for somebody who speaks on the network itself
	CaseApp string    `bson:"case_app,omitempty"`
	CaseID  string    `bson:"case_id,omitempty"`
	ActAt   time.Time `bson:"act_at"`            // when to look whether somebody has answered
	Told    bool      `bson:"told,omitempty"`    // the person was told that nobody has yet
	SaidAt  time.Time `bson:"said_at,omitempty"` // when somebody who waits and asked again was last told so; zero before
}

const (
	topicDesk         = "desk:"
	topicConversation = "conversation:"
)

func (c *Chats) signal(topic string) {
	if c.deps.Signal != nil {
		c.deps.Signal(topic)
	}
}

// signalDesk tells those who watch the desk of a conversation, and the conversation, that there is something new; when it is at none, nobody.
func (c *Chats) signalDesk(x *chat) {
	if x.Desk != nil {
		c.signal(topicDesk + x.Desk.Unit)
		c.signal(topicConversation + x.ID)
	}
}

// office tells whether somebody of the unit is at work, and when next.
func (c *Chats) office(unit string, at time.Time) (opens time.Time, open bool) {
	if c.deps.Office == nil {
		return at, true
	}
	if opens, open = c.deps.Office(unit, at); open || opens.Before(at) {
		return at, open
	}
	return opens.UTC().Truncate(time.Millisecond), false
}

// back gives the conversation to the dialogue.
func (x *chat) back() { x.Desk, x.SilentUntil = nil, nil }

// servedElsewhere notes at the desk that somebody of the city speaks on the network itself: the person is not told that nobody is free.
func (c *Chats) servedElsewhere(x *chat, at time.Time) {
	if x.Desk == nil {
		return
	}
	d := *x.Desk
	if d.State == DeskWaiting {
		d.State, d.Since, d.ActAt = DeskTaken, at, at
	}
	if end := at.Add(c.cfg.DeskSilence); d.ActAt.Before(end) {
		d.ActAt = end
	}
	x.Desk = &d
	x.Turns++
}

// leaves tells whether the person wants the dialogue back.
func (c *Chats) leaves(x *chat, m inbox.Message) bool {
	if m.Event.Kind != channels.Said || m.Event.Standby {
		return false
	}
	return c.deps.Steps.Leaves(heardOf(m, when(m, c.now())), x.Desk.State == DeskTaken)
}

// Asker is a Stepper that knows when somebody asks for a person of the city.
type Asker interface {
	AsksPerson(h conversation.Heard) bool
}

// assureEvery is the least time between two answers to those who wait and ask again.
const assureEvery = time.Minute

// assure tells a person who waits, and asks for somebody once more, that they were heard.
func (c *Chats) assure(x *chat, m inbox.Message) {
	asker, knows := c.deps.Steps.(Asker)
	now := c.now()
	if !knows || x.Desk == nil || x.Desk.State != DeskWaiting || m.Event.Standby || m.Event.Kind != channels.Said || !asker.AsksPerson(heardOf(m, when(m, now))) {
		return
	}
	d := *x.Desk
	if !d.SaidAt.IsZero() && now.Sub(d.SaidAt) < assureEvery {
		return
	}
	d.SaidAt = now
	x.Desk = &d
	c.utter(x, "again", nil)
}

// handOver puts the conversation into the queue of the unit that can answer, and tells the person.
func (t *turn) handOver(ctx context.Context) {
	if t.hand == nil {
		return
	}
	d := t.c.deskFor(ctx, t.hand.Case)
	if d == nil {
		t.say(t.c.words(t.spoken(), "chat.desk.none"))
		return
	}
	t.desk = d
	t.say(t.c.joinedQueue(t.spoken(), d))
}

// spoken is the conversation in the language that the dialogue now speaks.
func (t *turn) spoken() *chat {
	x := t.chat
	x.State = t.state
	return &x
}

// deskFor makes the place in the queue; nil when nobody can answer.
func (c *Chats) deskFor(ctx context.Context, about miniapps.CaseRef) *desk {
	d := &desk{Unit: c.cfg.Desk, State: DeskWaiting, Since: c.now(), CaseApp: about.App, CaseID: about.ID}
	if about.ID != "" && c.deps.UnitOf != nil {
		if unit, ok := c.deps.UnitOf(ctx, about); ok && unit != "" {
			d.Unit = unit
		}
	}
	if d.Unit == "" {
		return nil
	}
	opens, _ := c.office(d.Unit, d.Since)
	d.ActAt = opens.Add(c.cfg.DeskWait)
	return d
}

func (c *Chats) joinedQueue(x *chat, d *desk) message.Blocks {
	opens, open := c.office(d.Unit, d.Since)
	if open {
		return c.words(x, "chat.desk.queued")
	}
	return c.wordsWith(x, "chat.desk.queued_closed", map[string]any{"opens": opens.In(zone).Format("15:04, 02/01")})
}

// zone is where the city's clocks are. Vietnam has had one offset and no summer time since 1975.
var zone = time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60)

// tick does what is due at the desk of a conversation: it tells a person who waits that nobody was free, or gives the conversation back to the dialogue.
func (c *Chats) tick(ctx context.Context, id string) error {
	var was chat
	x, err := c.update(ctx, id, func(x *chat) error {
		now := c.now()
		if was = *x; x.Desk == nil || x.Desk.ActAt.After(now) {
			was.Desk = nil
			return store.ErrUnchanged
		}
		c.act(x, now)
		x.Turns++
		return nil
	})
	if err != nil {
		return c.known(chat{}, err)
	}
	c.signalDesk(&was)
	c.signalDesk(&x)
	return nil
}

func (c *Chats) act(x *chat, now time.Time) {
	d := *x.Desk
	opens, open := c.office(d.Unit, now)
	switch {
	case d.State == DeskTaken:
		x.back()
		c.utter(x, "silent", nil)
	case !open:
		d.ActAt = opens.Add(c.cfg.DeskWait)
		x.Desk = &d
	case !d.Told:
		d.Told, d.ActAt = true, now.Add(c.cfg.DeskSilence)
		x.Desk = &d
		c.utter(x, "wait", nil)
	default:
		x.back()
		c.utter(x, "nobody", nil)
	}
}

// utter has the person told how things stand at the desk.
func (c *Chats) utter(x *chat, what string, params map[string]any) {
	cause := "d/" + what + strconv.FormatInt(c.now().UnixMilli(), 36)
	blocks := c.wordsWith(x, "chat.desk."+what, params)
	c.keep(x, line{ID: cause, From: FromBot, Text: cut(textOf(blocks), maxBotLine), At: c.now()})
	c.post(x, c.fitted(x.Channel, cause, 0, channels.Notice, blocks))
}
