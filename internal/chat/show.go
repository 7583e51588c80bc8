package chat

import (
	"context"

	"github.com/motcua/motcua/internal/account"
)

// Show gives one conversation at a desk without its words, so that no look is recorded. It fails as Conversation does.
func (c *Chats) Show(ctx context.Context, v account.Viewer, id string) (DeskItem, error) {
	x, err := c.answerable(ctx, v, id)
	if err != nil {
		return DeskItem{}, err
	}
	return c.item(x.record, v), nil
}

// answerable gives a conversation that the viewer may see and answer.
func (c *Chats) answerable(ctx context.Context, v account.Viewer, id string) (chat, error) {
	if err := atDesk(v); err != nil {
		return chat{}, err
	}
	x, err := c.get(ctx, id)
	if err == nil {
		err = mayAnswer(&x, v)
	}
	return x, err
}
