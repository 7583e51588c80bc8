package device

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/internal/store"
)

// topicRE is what a topic is called: "city", "ward-11383", "interest-weather". Networks take no Vietnamese letters.
var topicRE = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)

const (
	maxTopics = 50 // that a device may follow
	maxTopic  = 80 // bytes of a name
)

// checkTopics gives names in order, each once. INVALID for what is no name and for too many.
func checkTopics(names []string) ([]string, error) {
	if len(names) > maxTopics {
		return nil, fault.InvalidField("device.too_many_topics", "topics").With("max", maxTopics)
	}
	for _, n := range names {
		if len(n) > maxTopic || !topicRE.MatchString(n) {
			return nil, fault.InvalidField("device.bad_topic", "topics")
		}
	}
	return ordered(slices.Clone(names)), nil
}

// Follow has all of a person's devices follow these topics and no others. It is stored with the devices and carried out later, on networks that have topics.
// No device is no error. INVALID for names that cannot be.
func (d *Devices) Follow(ctx context.Context, to notify.Person, topics []string) error {
	topics, err := checkTopics(topics)
	if err != nil {
		return err
	}
	all, err := d.of(ctx, to.Subjects)
	if err != nil {
		return err
	}
	for _, r := range all {
		if d.deps.Topics[r.Kind] == nil || slices.Equal(r.Topics, topics) {
			continue
		}
		_, err := d.docs.Update(ctx, r.ID, func(now *record) error { return d.adopt(now, r.Owner, topics) })
		if err != nil && fault.CodeOf(err) != fault.NotFound {
			return fmt.Errorf("device: follow: %w", err)
		}
	}
	d.nudge()
	return nil
}

// adopt sets what a device is to follow, as long as it is its owner's.
func (d *Devices) adopt(r *record, owner string, topics []string) error {
	if r.Owner != owner || slices.Equal(r.Topics, topics) {
		return store.ErrUnchanged
	}
	d.want(r, topics, d.now())
	return nil
}

// Following tells whether a person has devices and each of them is known to follow one of the topics.
func (d *Devices) Following(ctx context.Context, to notify.Person, topics []string) (bool, error) {
	all, err := only{d, ""}.reachable(ctx, to)
	if err != nil || len(all) == 0 {
		return false, err
	}
	return !slices.ContainsFunc(all, func(r record) bool { return !d.follows(r, topics) }), nil
}

// follows tells whether a device is known to follow one of the topics: its owner wants it, the network said so, and it was there lately.
func (d *Devices) follows(r record, topics []string) bool {
	if d.now().Sub(r.SeenAt) >= d.cfg.TopicTrust {
		return false
	}
	return slices.ContainsFunc(topics, func(t string) bool { return slices.Contains(r.Topics, t) && slices.Contains(r.Joined, t) })
}

// Publish sends a letter to the devices that follow any of the topics, over each network that has topics. It is sent when all of them took it.
func (d *Devices) Publish(ctx context.Context, topics []string, l notify.Letter) (notify.Fate, error) {
	out := notify.Fate{State: notify.Refused, Reason: "no_topics"}
	for _, kind := range slices.Sorted(maps.Keys(d.deps.Topics)) {
		ch := d.deps.Channels[kind]
		if ch == nil {
			continue
		}
		o := ch.Send(ctx, d.deps.Topics[kind].Address(topics), d.outbound(kind, l))
		d.count(ctx, end{record: record{Kind: kind}, Outcome: o})
		out = published(o)
		if out.State != notify.Sent {
			break
		}
	}
	return out, nil
}

func published(o channels.Outcome) notify.Fate {
	switch o.Status {
	case channels.Sent:
		return notify.Fate{State: notify.Sent, Network: o.MessageID}
	case channels.Never:
		return notify.Fate{State: notify.Refused, Reason: o.Reason, Alarm: o.Alarm}
	}
	return notify.Fate{State: notify.Pending, Reason: o.Reason, Retry: o.Retry, Unsure: o.Unsure, Alarm: o.Alarm}
}
