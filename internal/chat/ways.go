package chat

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// Way is a conversation in which somebody can be told something.
type Way struct {
	Conversation string
	Channel      string
	LastAt       time.Time // the person's last interaction
	Left         bool      // they ceased to follow
}

// maxSubjects is how many subjects an account has at most.
const maxSubjects = 16

// Ways gives the latest conversation on each network of somebody with those subjects, the latest first.
func (c *Chats) Ways(ctx context.Context, subjects []string) ([]Way, error) {
	latest := map[string]Way{}
	for _, s := range subjects[:min(len(subjects), maxSubjects)] {
		found, err := c.docs.Collect(ctx, c.queries.bySubject.Where(s).Descending().First(maxWays))
		if err != nil {
			return nil, fmt.Errorf("chat: ways: %w", err)
		}
		for _, r := range found {
			if w := wayOf(r); s != "" && w.LastAt.After(latest[r.Channel].LastAt) {
				latest[r.Channel] = w
			}
		}
	}
	out := make([]Way, 0, len(latest))
	for _, w := range latest {
		out = append(out, w)
	}
	slices.SortFunc(out, func(a, b Way) int {
		return cmp.Or(b.LastAt.Compare(a.LastAt), cmp.Compare(a.Conversation, b.Conversation))
	})
	return out, nil
}

// maxWays is how many conversations of one subject are looked at, those of the last interaction first.
const maxWays = 8

func wayOf(r record) Way {
	return Way{Conversation: r.ID, Channel: r.Channel, LastAt: cmp.Or(r.LastAt, &time.Time{}).UTC(), Left: r.Left}
}
