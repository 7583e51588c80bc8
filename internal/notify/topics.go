package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/miniapps"
)

// Topics tell a bulletin to many devices with one request. They know nothing of a person, so the devices of those alone follow them to whom a bulletin goes by
// push, in the city's first language and at any time that the city has it leave; everybody else gets letters. A device counts as told only when its network
// said that it follows the topic.

// Topics reaches the devices of many at once.
type Topics interface {
	// Publish sends the letter to the devices that follow any of the topics, at most MaxTopics, to each once. It may come again with the same Letter.ID and
	// Collapse after a kill.
	Publish(ctx context.Context, topics []string, l Letter) (Fate, error)
	// Follow has the person's devices follow these topics and no others. It is stored when it returns nil, and carried out later.
	Follow(ctx context.Context, to Person, topics []string) error
	// Following tells whether the person has devices and each of them is known to follow one of the topics.
	Following(ctx context.Context, to Person, topics []string) (bool, error)
}

// MaxTopics is how many topics one letter is published to. A bulletin for more areas than that leaves by letters: told topic by topic, who follows several of
// them would hear it several times.
const MaxTopics = 5

// cityTopic is followed by every device that follows topics, whether its owner follows areas or not: for what everybody must hear.
const cityTopic = "city"

// topicOf gives the topic of an area.
func topicOf(area string) string {
	if area == Everywhere {
		return cityTopic
	}
	return "ward-" + area
}

// byTopics tells whether topics are used: they take the place of the first way, so pushes must be that.
func (s *Sender) byTopics() bool {
	return s.deps.Topics != nil && !s.cfg.NoTopics && len(s.cfg.Order) > 0 && s.cfg.Order[0] == "push"
}

// toldBy gives the topics that tell a bulletin; none when letters do it alone. What is for the whole city and not urgent is for those who follow areas, and
// they have no topic of their own.
func (s *Sender) toldBy(b *bulletin) []string {
	if !s.byTopics() || len(b.Areas) > MaxTopics || b.Urgency != miniapps.Urgent && slices.Contains(b.Areas, Everywhere) {
		return nil
	}
	out := make([]string, len(b.Areas))
	for i, area := range b.Areas {
		out[i] = topicOf(area)
	}
	return out
}

// topicsFor gives the topics that a person's devices are to follow: none for somebody whose bulletins do not all leave as everybody's do.
func (s *Sender) topicsFor(p Person, w *wishes) []string {
	own := w.Quiet != nil && !w.Quiet.Off
	if !s.byTopics() || own || languageOf(w, p) != message.Vietnamese || !s.pushesAll(w) {
		return nil
	}
	out := []string{cityTopic}
	for _, area := range w.Areas {
		out = append(out, topicOf(area))
	}
	for _, id := range w.Interests {
		out = append(out, "interest-"+id)
	}
	return sorted(out)
}

// pushesAll tells whether a person's rules leave every bulletin to pushes. That urgent ones are pushed all the same is for letters.
func (s *Sender) pushesAll(w *wishes) bool {
	for app, notices := range s.deps.Bulletins {
		if slices.ContainsFunc(notices, func(id string) bool { return !w.wants(app, id, miniapps.Normal, "push") }) {
			return false
		}
	}
	return true
}

// TopicsOf gives the topics that a viewer's devices are to follow.
func (s *Sender) TopicsOf(ctx context.Context, v account.Viewer) ([]string, error) {
	if !s.byTopics() {
		return nil, nil
	}
	person, w, reason, err := s.reader(ctx, v.Subject)
	if err != nil || reason != "" {
		return nil, err
	}
	return s.topicsFor(person, &w), nil
}

// hasByTopic tells whether a person has it from topics alone: all their devices do. Who reads another language gets a letter, which takes its place.
func (s *Sender) hasByTopic(ctx context.Context, c content, to Person, lang message.Lang) bool {
	if len(c.topics) == 0 || lang != message.Vietnamese {
		return false
	}
	all, err := s.deps.Topics.Following(ctx, to, c.topics)
	return err == nil && all
}

// topicPatience is how long everybody else's letters wait for a network that does not take what is for topics. After it, or when it asks for more, the devices
// get letters as everybody else.
const topicPatience = 5 * time.Second

// publish tells the topics of a bulletin.
func (a announcer) publish(ctx context.Context, b *bulletin) error {
	if len(b.Topics) == 0 || b.Published || b.over(a.s.now()) {
		return nil
	}
	d := a.letterTo(b, "topics")
	l := letterOf(&d, b.content(), message.Vietnamese)
	limited, cancel := context.WithTimeout(ctx, topicPatience)
	defer cancel()
	f := guarded(func() (Fate, error) { return a.s.deps.Topics.Publish(limited, b.Topics, l) })
	left := topicPatience - a.s.now().Sub(*b.Due)
	if f.State == Pending && !f.Alarm && f.Retry < left {
		return &fault.Error{Code: fault.Unavailable, RetryAfter: f.Retry, Cause: fmt.Errorf("notify: topics: %w", errors.Join(f.cause, errors.New("not taken yet")))}
	}
	after, err := a.s.inbox.bulletins.Update(ctx, b.ID, func(x *bulletin) error {
		if x.Revision != b.Revision || x.Published {
			return store.ErrUnchanged
		}
		if x.Published = rank[f.State] >= rank[Sent]; !x.Published {
			x.Topics = nil
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("notify: announce: %w", err)
	}
	if after.Revision == b.Revision {
		*b = after
	}
	return nil
}
