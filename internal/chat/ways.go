package chat

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/store"
)

// Way is a conversation in which somebody can be told something.
type Way struct {
	Conversation string
	Channel      string
	LastAt       time.Time // the person's last interaction
	Left         bool      // they ceased to follow, or the network knows them no more
}

const (
	maxSubjects = 16 // that an account has at most
	maxWays     = 20 // conversations of one subject that are looked at, those of the last interaction first
)

// Ways gives the latest conversation on each network of somebody with those subjects, the latest first.
func (c *Chats) Ways(ctx context.Context, subjects []string) ([]Way, error) {
	all, err := c.Everywhere(ctx, subjects)
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(w Way) bool {
		again := seen[w.Channel]
		seen[w.Channel] = true
		return again
	}), err
}

// Everywhere gives all conversations of somebody with those subjects, the latest first: on one network they may have several.
func (c *Chats) Everywhere(ctx context.Context, subjects []string) ([]Way, error) {
	out := []Way{}
	for _, s := range subjects[:min(len(subjects), maxSubjects)] {
		if s == "" {
			continue
		}
		found, err := c.docs.Collect(ctx, c.queries.bySubject.Where(s).Descending().First(maxWays))
		if err != nil {
			return nil, fmt.Errorf("chat: ways: %w", err)
		}
		for _, r := range found {
			theirs, err := c.actsFor(ctx, r, subjects)
			if err != nil {
				return nil, fmt.Errorf("chat: ways: %w", err)
			}
			if theirs {
				out = append(out, wayOf(r))
			}
		}
	}
	slices.SortFunc(out, func(a, b Way) int {
		return cmp.Or(b.LastAt.Compare(a.LastAt), cmp.Compare(a.Conversation, b.Conversation))
	})
	return out, nil
}

// actsFor tells whether the person of a conversation acts for one of the subjects. Its document says who they were at their last turn: a link may have ended since,
// and then what an account is told is no more for those who sit there. The document learns of it.
func (c *Chats) actsFor(ctx context.Context, r record, subjects []string) (bool, error) {
	if c.deps.ActsFor == nil {
		return true, nil
	}
	x, err := c.open(r)
	if errors.Is(err, errUnreadable) {
		return false, nil // nothing can be told there
	}
	if err != nil {
		return false, err
	}
	now, err := c.deps.ActsFor(ctx, account.Identity{Network: r.Channel, Account: r.Account, User: string(x.Person)})
	if err != nil || slices.Contains(subjects, now) {
		return err == nil, err
	}
	return false, c.known(c.update(ctx, r.ID, func(y *chat) error {
		if y.Turns != r.Turns || y.Subject == now {
			return store.ErrUnchanged
		}
		y.Subject = now
		return nil
	}))
}

func wayOf(r record) Way {
	return Way{Conversation: r.ID, Channel: r.Channel, LastAt: cmp.Or(r.LastAt, &time.Time{}).UTC(), Left: r.Left}
}
