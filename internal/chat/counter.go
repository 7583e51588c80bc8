package chat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/conversation"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/miniapps"
)

// DeskFilter narrows a desk down.
type DeskFilter struct {
	State string // DeskWaiting or DeskTaken; "" for both
}

// DeskItem is a conversation at a desk.
type DeskItem struct {
	ID        string
	Channel   string
	Unit      string
	State     string // DeskWaiting or DeskTaken; "" once it is back with the dialogue
	Since     time.Time
	LastAt    time.Time // the person's last interaction
	OpenUntil time.Time // until then the network lets staff write; zero for ever
	Officer   string    // account of who has taken it; "" for nobody
	Mine      bool      // the viewer has taken it
	Case      miniapps.CaseRef
	Lines     []Line // the oldest first; only from Conversation
}

// Line is one thing that was said.
type Line struct {
	ID    string
	At    time.Time
	From  string // FromPerson, FromBot or FromStaff
	Name  string // of the member of staff; "" when unknown
	Text  string
	Media []string // ids of photos and films
	Lost  []string // kinds of attachments that were not taken: "audio", …
	Place *conversation.Place
	Fate  Fate // with FromStaff: whether it arrived; the zero value when it is not known, or was said on the network itself
}

// Desk gives the conversations that wait for an officer or are with one, the longest first: an officer's own unit's, a dispatcher's or administrator's all.
// It shows no words. UNAUTHORIZED and FORBIDDEN for anybody who is not staff.
func (c *Chats) Desk(ctx context.Context, v account.Viewer, filter DeskFilter, first int, after store.Cursor) (store.Page[DeskItem], error) {
	page := store.Page[DeskItem]{Items: []DeskItem{}}
	if err := atDesk(v); err != nil {
		return page, err
	}
	states := []string{DeskWaiting, DeskTaken}
	if filter.State != "" {
		states = []string{filter.State}
	}
	var queries []store.Query
	for _, s := range states {
		if seesAll(v) {
			queries = append(queries, c.queries.byState.Where(s))
		} else {
			queries = append(queries, c.queries.byUnit.Where(v.Unit, s))
		}
	}
	found, err := c.docs.Page(ctx, first, after, queries...)
	if err != nil {
		return page, fmt.Errorf("chat: desk: %w", err)
	}
	page.Cursors, page.HasNext = found.Cursors, found.HasNext
	for _, r := range found.Items {
		page.Items = append(page.Items, c.item(r, v))
	}
	return page, nil
}

// Conversation gives one conversation at a desk with what was said last. The look is recorded before it is shown. NOT_FOUND when it is at no desk;
// FORBIDDEN for an officer of another unit.
func (c *Chats) Conversation(ctx context.Context, v account.Viewer, id string) (DeskItem, error) {
	x, err := c.answerable(ctx, v, id)
	if err != nil {
		return DeskItem{}, err
	}
	if err := c.look(ctx, &x, v); err != nil {
		return DeskItem{}, err
	}
	item := c.item(x.record, v)
	for _, l := range x.Lines {
		item.Lines = append(item.Lines, x.shownLine(l))
	}
	return item, nil
}

// look records that a member of staff sees what was said.
func (c *Chats) look(ctx context.Context, x *chat, v account.Viewer) error {
	if c.deps.Accesses == nil {
		return fault.Wrap(fault.Internal, errors.New("chat: looks cannot be recorded, so nothing is shown"))
	}
	err := c.deps.Accesses.Record(ctx, account.Access{
		Subject: x.Subject, Actor: v.Account, Unit: v.Unit, Purpose: c.deps.Texts.Text(message.Vietnamese, "chat.desk.look", nil), Claims: []string{"messages"}, Case: x.Desk.CaseID, At: c.now(),
	})
	if err != nil {
		return fmt.Errorf("chat: record the look: %w", err)
	}
	return nil
}

func (x *chat) shownLine(l line) Line {
	out := Line{ID: l.ID, At: l.At, From: l.From, Name: l.Name, Text: l.Text, Media: l.Media, Lost: l.Lost, Place: l.Place}
	if f := x.fateOf(l.ID); l.From == FromStaff && f.State != stateUnknown {
		out.Fate = f
	}
	return out
}

// item gives what a desk shows of a conversation without its words.
func (c *Chats) item(r record, v account.Viewer) DeskItem {
	i := DeskItem{ID: r.ID, Channel: r.Channel}
	if r.LastAt != nil {
		i.LastAt = r.LastAt.UTC()
		if p := c.profile(r.Channel); p.FreeWindow > 0 {
			i.OpenUntil = i.LastAt.Add(c.window(p, channels.Staff, ""))
		}
	}
	if d := r.Desk; d != nil {
		i.Unit, i.State, i.Since, i.Officer, i.Mine = d.Unit, d.State, d.Since.UTC(), d.Officer, d.Officer != "" && d.Officer == v.Account
		i.Case = miniapps.CaseRef{App: d.CaseApp, ID: d.CaseID}
	}
	return i
}

// atDesk refuses those who have nothing to do at any desk.
func atDesk(v account.Viewer) error {
	switch {
	case !v.SignedIn():
		return fault.New(fault.Unauthorized, "")
	case !seesAll(v) && (!v.Has(account.Officer) || v.Unit == ""):
		return fault.New(fault.Forbidden, "")
	}
	return nil
}

func seesAll(v account.Viewer) bool { return v.Has(account.Dispatcher, account.Administrator) }

// mayAnswer tells whether the viewer may see and answer a conversation.
func mayAnswer(x *chat, v account.Viewer) error {
	switch {
	case x.Desk == nil:
		return fault.New(fault.NotFound, "chat.desk.gone")
	case !seesAll(v) && v.Unit != x.Desk.Unit:
		return fault.New(fault.Forbidden, "")
	}
	return nil
}
