package chat

import (
	"context"

	"github.com/motcua/motcua/internal/account"
)

// Show gives one conversation at a desk without its words, so that no look is recorded. It fails as Conversation does.
func (c *Chats) Show(ctx context.Context, v account.Viewer, id string) (DeskItem, error) {
	if err := atDesk(v); err != nil {
		return DeskItem{}, err
	}
	x, err := c.get(ctx, id)
	if err != nil {
		return DeskItem{}, err
	}
	if err := mayAnswer(&x, v); err != nil {
		return DeskItem{}, err
	}
	return c.item(x.record, v), nil
}
