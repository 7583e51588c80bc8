package notify

import (
	"context"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// topicLane is where preferences wait until the person's devices follow what they say.
const topicLane = "topics"

// owe notes, in the write that changes preferences, that devices have to follow. No two changes have the same time.
func (w *wishes) owe(now time.Time) {
	due := instant(now)
	if w.TopicsDue != nil && !due.After(*w.TopicsDue) {
		due = instant(w.TopicsDue.Add(time.Millisecond))
	}
	w.TopicsDue = due
}

// Refollow has the devices of a person follow what that person's preferences say, after it has changed whose devices they are.
func (s *Sender) Refollow(ctx context.Context, p Person) error {
	w, err := s.inbox.wishesOf(ctx, p.Account, p.Subjects)
	if err != nil || w.ID == "" || !s.byTopics() {
		return err
	}
	_, err = s.inbox.wishes.Update(ctx, w.ID, func(w *wishes) error {
		w.owe(s.now())
		return nil
	})
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		return fmt.Errorf("notify: topics: %w", err)
	}
	s.nudge(topicLane)
	return nil
}

// topicer has devices follow what their owners' preferences say.
type topicer struct{ s *Sender }

// Due gives the preferences that changed.
func (t topicer) Due(ctx context.Context, limit int) ([]string, error) {
	found, err := t.s.inbox.wishes.Collect(ctx, t.s.inbox.byTopics.First(limit))
	if err != nil {
		return nil, fmt.Errorf("notify: due: %w", err)
	}
	ids := make([]string, len(found))
	for i, w := range found {
		ids[i] = w.ID
	}
	return ids, nil
}

// Waiting counts them.
func (t topicer) Waiting(ctx context.Context, max int) (int, time.Time, error) {
	n, err := t.s.inbox.wishes.Count(ctx, t.s.inbox.byTopics, max)
	if err != nil || n == 0 {
		return 0, time.Time{}, err
	}
	first, err := t.s.inbox.wishes.Collect(ctx, t.s.inbox.byTopics.First(1))
	if err != nil || len(first) == 0 || first[0].TopicsDue == nil {
		return n, time.Time{}, err
	}
	return n, first[0].TopicsDue.UTC(), nil
}

// Carry hands on what the preferences say now. Who finds that they changed meanwhile does it again: of two that run at once, the last one to hand something on
// has read the last word.
func (t topicer) Carry(ctx context.Context, id string) error {
	for {
		again, err := t.handOn(ctx, id)
		if fault.CodeOf(err) == fault.NotFound {
			return nil
		}
		if err != nil || !again {
			return err
		}
	}
}

func (t topicer) handOn(ctx context.Context, id string) (again bool, err error) {
	seen, err := t.s.inbox.wishes.Get(ctx, id)
	if err != nil {
		return false, err
	}
	if err := t.follow(ctx, seen.Subject); err != nil {
		return false, err
	}
	_, err = t.s.inbox.wishes.Update(ctx, id, func(w *wishes) error {
		if again = !sameInstant(w.TopicsDue, seen.TopicsDue); again || w.TopicsDue == nil {
			return store.ErrUnchanged
		}
		w.TopicsDue = nil
		return nil
	})
	return again, err
}

// follow has a person's devices follow what that person's preferences say.
func (t topicer) follow(ctx context.Context, subject string) error {
	person, w, reason, err := t.s.reader(ctx, subject)
	if err != nil || reason != "" || t.s.deps.Topics == nil {
		return err
	}
	if err := t.s.deps.Topics.Follow(ctx, person, t.s.topicsFor(person, &w)); err != nil {
		return fmt.Errorf("notify: topics: %w", err)
	}
	return nil
}

func sameInstant(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}
