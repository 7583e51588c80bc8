package chat

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// Due gives the ids of conversations in which something is to be done, at most limit: at a desk first, then messages, the longest due first. Those of a network that is away are left out; after
// a pause one of them tries.
func (c *Chats) Due(ctx context.Context, limit int) ([]string, error) {
	now := c.now()
	var found []record
	for _, name := range c.names {
		part, err := c.ready(ctx, name, now, limit)
		if err != nil {
			return nil, fmt.Errorf("chat: due: %w", err)
		}
		found = append(found, part...)
	}
	desks, err := c.docs.Collect(ctx, c.queries.byAct.Between(nil, now.Add(time.Millisecond)).First(limit))
	if err != nil {
		return nil, fmt.Errorf("chat: due desks: %w", err)
	}
	slices.SortStableFunc(found, func(a, b record) int { return sendAt(a).Compare(sendAt(b)) })
	var ids []string
	for _, r := range append(desks, found...) {
		if len(ids) < limit && !slices.Contains(ids, r.ID) {
			ids = append(ids, r.ID)
		}
	}
	return ids, nil
}

// ready gives the conversations of a network whose messages are due, as many as may be tried now. Those of an account with an alarm come on top: their turn
// only puts them off, so that they do not stand before the others.
func (c *Chats) ready(ctx context.Context, channel string, now time.Time, limit int) ([]record, error) {
	r := c.route(channel)
	room := r.network.Room(now, limit)
	if room == 0 {
		return nil, nil
	}
	found, err := c.docs.Collect(ctx, c.queries.bySend.Where(channel).Between(nil, now.Add(time.Millisecond)).First(limit))
	var out []record
	for _, x := range found {
		shut := r.of(x.Account).Wait(now) > 0
		if !shut && room == 0 {
			continue
		}
		if out = append(out, x); !shut {
			room--
		}
	}
	return out, err
}

// sendAt tolerates that a conversation was sent to since it was found.
func sendAt(r record) time.Time { return *cmp.Or(r.SendAt, &time.Time{}) }

// Waiting counts the conversations in which messages wait, up to max, and gives since when the first does; the zero time when none does.
func (c *Chats) Waiting(ctx context.Context, max int) (n int, since time.Time, err error) {
	n, err = c.docs.Count(ctx, c.queries.byWaiting, max)
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("chat: waiting: %w", err)
	}
	first, err := c.docs.Collect(ctx, c.queries.byWaiting.First(1))
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("chat: waiting: %w", err)
	}
	if len(first) > 0 && first[0].Since != nil {
		since = first[0].Since.UTC()
	}
	return n, since, nil
}

// Carry does what is due at the desk of a conversation, and sends what waits there, unless another worker does.
func (c *Chats) Carry(ctx context.Context, id string) error {
	if err := c.tick(ctx, id); err != nil {
		return err
	}
	token := uuid.NewString()
	x, err := c.update(ctx, id, func(x *chat) error {
		now := c.now()
		if len(x.Queue) == 0 || x.SendAt == nil || x.SendAt.After(now) {
			return store.ErrUnchanged
		}
		c.proceed(x, token)
		return nil
	})
	if fault.CodeOf(err) == fault.NotFound {
		return nil // its time was over
	}
	if err != nil {
		return fmt.Errorf("chat: claim: %w", err)
	}
	return c.send(ctx, x, token)
}

// Wake has what waits for a network tried again soon, spread over some seconds: an operator has mended what held it up.
func (c *Chats) Wake(ctx context.Context, channel string) error {
	c.route(channel).open()
	now := c.now()
	waiting, err := c.docs.Collect(ctx, c.queries.bySend.Where(channel).Between(now.Add(wakeTime), nil).First(maxWoken))
	if err != nil {
		return fmt.Errorf("chat: wake: %w", err)
	}
	for i, r := range waiting {
		at := now.Add(wakeTime * time.Duration(i) / time.Duration(len(waiting)))
		_, err := c.update(ctx, r.ID, func(x *chat) error {
			if x.Claim != "" || x.SendAt == nil || !x.SendAt.After(at) {
				return store.ErrUnchanged
			}
			x.wake(at)
			return nil
		})
		if err != nil && fault.CodeOf(err) != fault.NotFound {
			return fmt.Errorf("chat: wake: %w", err)
		}
	}
	c.nudge()
	return nil
}

const (
	wakeTime = 5 * time.Second
	maxWoken = 5000 // the rest is tried when it is its time
)
