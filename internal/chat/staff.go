package chat

import (
	"context"
	"strings"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
)

// maxStaffText is the longest text of a member of staff, in runes.
const maxStaffText = 2000

// Take makes the viewer the one who answers, and tells the person. CONFLICT when somebody else has taken it.
func (c *Chats) Take(ctx context.Context, v account.Viewer, id, key string) (DeskItem, error) {
	name, err := c.officer(ctx, v)
	if err != nil {
		return DeskItem{}, err
	}
	x, err := c.serve(ctx, v, id, service{action: "take", key: key}, func(x *chat, now time.Time) error {
		d := *x.Desk
		switch {
		case d.Officer == v.Account:
			return nil
		case d.Officer != "":
			return fault.New(fault.Conflict, "chat.desk.taken")
		}
		d.State, d.Since, d.Officer, d.ActAt = DeskTaken, now, v.Account, now.Add(c.cfg.DeskSilence)
		x.Desk = &d
		c.utterNamed(x, "joined", name)
		return nil
	})
	if err != nil {
		return DeskItem{}, err
	}
	return c.item(x.record, v), nil
}

// SendStaff sends a text of the viewer, who has taken the conversation, under their name. INVALID for an empty or too long
// text; CONFLICT when the viewer has not taken the conversation, or the network does not let staff write any more.
func (c *Chats) SendStaff(ctx context.Context, v account.Viewer, id, text, key string) (Line, error) {
	text = strings.TrimSpace(text)
	switch n := len([]rune(text)); {
	case n == 0:
		return Line{}, fault.InvalidField("chat.desk.text_needed", "text")
	case n > maxStaffText:
		return Line{}, &fault.Error{Code: fault.Invalid, Fields: []fault.Field{{Path: []string{"text"}, Key: "chat.desk.text_too_long", Params: map[string]any{"max": maxStaffText}}}}
	}
	name, err := c.officer(ctx, v)
	if err != nil {
		return Line{}, err
	}
	s := service{action: "send", key: key, input: text}
	mark := "d/" + once.ID(s.scope(v)+"\x00"+id)
	said := line{ID: mark, From: FromStaff, Name: name, Text: text}
	x, err := c.serve(ctx, v, id, s, func(x *chat, now time.Time) error {
		if err := c.mayWrite(x, v, now); err != nil {
			return err
		}
		d := *x.Desk
		d.ActAt = now.Add(c.cfg.DeskSilence)
		x.Desk, said.At = &d, now
		c.staffSays(x, said)
		return nil
	})
	if err != nil {
		return Line{}, err
	}
	for _, l := range x.Lines {
		if l.ID == mark {
			said = l
		}
	}
	return x.shownLine(said), nil
}

// mayWrite tells whether a text of the viewer could leave now.
func (c *Chats) mayWrite(x *chat, v account.Viewer, now time.Time) error {
	switch reason := c.forbidden(x, outgoing{Kind: channels.Staff, At: now}, c.profile(x.Channel), now); {
	case x.Desk.Officer != v.Account:
		return fault.New(fault.Conflict, "chat.desk.not_yours")
	case reason != "":
		return fault.New(fault.Conflict, "chat.desk."+reason)
	case x.full(answers, c.cfg.MaxQueue):
		return errFull
	}
	return nil
}

// staffSays puts a line of staff into the queue. Where the network does not show who speaks, the first of several in a row says it.
func (c *Chats) staffSays(x *chat, l line) {
	blocks := wordsOnly(l.Text)
	n := len(x.Lines)
	first := n == 0 || x.Lines[n-1].From != FromStaff || x.Lines[n-1].Name != l.Name
	if first && !c.profile(x.Channel).Native {
		key, params := named("says", l.Name)
		params["text"] = l.Text
		blocks = c.wordsWith(x, "chat.desk."+key, params)
	}
	c.keep(x, l)
	x.expect(fate{Mark: l.ID, State: stateWaiting, At: l.At})
	messages := c.fitted(x.Channel, l.ID, 0, channels.Staff, blocks)
	for i := range messages {
		messages[i].From = l.Name
	}
	c.post(x, messages)
}

// Release gives the conversation back to the dialogue, and tells the person. Whoever has taken it may do so, a dispatcher or administrator any, an officer
// one of the unit that nobody has taken. CONFLICT when somebody else has.
func (c *Chats) Release(ctx context.Context, v account.Viewer, id, key string) (DeskItem, error) {
	x, err := c.serve(ctx, v, id, service{action: "release", key: key}, func(x *chat, _ time.Time) error {
		if d := x.Desk; d.Officer != "" && d.Officer != v.Account && !seesAll(v) {
			return fault.New(fault.Conflict, "chat.desk.taken")
		}
		x.back()
		c.utter(x, "released", nil)
		return nil
	})
	if err != nil {
		return DeskItem{}, err
	}
	return c.item(x.record, v), nil
}
