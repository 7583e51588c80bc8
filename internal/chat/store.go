package chat

import (
	"context"
	"errors"
	"slices"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/inbox"
	"github.com/motcua/motcua/internal/store"
)

// get gives a conversation. NOT_FOUND when there is none.
func (c *Chats) get(ctx context.Context, id string) (chat, error) {
	r, err := c.docs.Get(ctx, id)
	if err != nil {
		return chat{}, err
	}
	return c.open(r)
}

// insert stores a new conversation. CONFLICT when somebody else was first.
func (c *Chats) insert(ctx context.Context, x *chat) error {
	r, err := c.close(x)
	if err != nil {
		return err
	}
	return c.docs.Insert(ctx, r)
}

// update changes a conversation by compare-and-swap; change may run several times, each time on a fresh copy. An error of change, ErrUnchanged excepted,
// is returned as it is. NOT_FOUND when there is no such conversation.
func (c *Chats) update(ctx context.Context, id string, change func(*chat) error) (chat, error) {
	var out chat
	var news []fate
	_, err := c.docs.Update(ctx, id, func(r *record) error {
		x, err := c.open(*r)
		if err != nil {
			return err
		}
		out, news = x, nil
		before := slices.Clone(x.Fates)
		if err := change(&x); err != nil {
			return err
		}
		*r, err = c.close(&x)
		out, news = x, changedFates(before, x.Fates)
		return err
	})
	if err == nil {
		c.announce(id, news)
	}
	return out, err
}

// begin makes the conversation that an event belongs to.
func (c *Chats) begin(m inbox.Message) chat {
	return chat{
		record: record{
			ID: m.Conversation, Channel: m.Channel, Account: m.Event.Account,
			ExpiresAt: c.now().Add(c.cfg.Retention),
		},
		private: private{Person: m.Event.From},
	}
}

// alter changes the conversation of an event, and makes it when there is none.
func (c *Chats) alter(ctx context.Context, m inbox.Message, change func(*chat) error) (chat, error) {
	x, err := c.update(ctx, m.Conversation, change)
	if fault.CodeOf(err) != fault.NotFound {
		return x, err
	}
	x = c.begin(m)
	if err := change(&x); err != nil {
		if errors.Is(err, store.ErrUnchanged) {
			return x, nil
		}
		return x, err
	}
	err = c.insert(ctx, &x)
	if fault.CodeOf(err) == fault.Conflict {
		return c.update(ctx, m.Conversation, change)
	}
	return x, err
}
