package device

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// topicRE is what a topic is called: "ward-11383", "interest-weather". Networks take no Vietnamese letters.
var topicRE = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

const (
	maxTopics = 50 // that a device may follow
	maxTopic  = 64 // bytes of a name
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
	out := slices.Clone(names)
	slices.Sort(out)
	return slices.Compact(out), nil
}

// Follow has all of the viewer's devices follow these topics and no others: wards and interests. It is stored with the devices and carried out later, on
// networks that have topics. NOT_FOUND when the viewer has no device, UNAUTHORIZED for nobody, INVALID for names that cannot be.
func (d *Devices) Follow(ctx context.Context, v account.Viewer, topics []string) error {
	if v.Subject == "" {
		return fault.New(fault.Unauthorized, "")
	}
	topics, err := checkTopics(topics)
	if err != nil {
		return err
	}
	all, err := d.of(ctx, v.Subjects)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fault.New(fault.NotFound, "device.none")
	}
	for _, r := range all {
		if err := d.follow(ctx, v, r.ID, topics); err != nil && fault.CodeOf(err) != fault.NotFound {
			return fmt.Errorf("device: follow: %w", err)
		}
	}
	d.nudge()
	return nil
}

func (d *Devices) follow(ctx context.Context, v account.Viewer, id string, topics []string) error {
	_, err := d.docs.Update(ctx, id, func(r *record) error {
		if !v.Owns(r.Owner) || slices.Equal(r.Topics, topics) {
			return store.ErrUnchanged
		}
		d.want(r, topics, d.now())
		return nil
	})
	return err
}

// Due gives the ids of devices whose topics are to be changed on their network, at most limit, the longest due first.
func (d *Devices) Due(ctx context.Context, limit int) ([]string, error) {
	found, err := d.docs.Collect(ctx, d.byDue.Between(nil, d.now().Add(time.Millisecond)).First(limit))
	if err != nil {
		return nil, fmt.Errorf("device: due: %w", err)
	}
	ids := make([]string, 0, len(found))
	for _, r := range found {
		ids = append(ids, r.ID)
	}
	return ids, nil
}

// Waiting counts the devices whose topics are to be changed, up to max, and gives since when the first of them is; the zero time when
// there is none.
func (d *Devices) Waiting(ctx context.Context, max int) (n int, since time.Time, err error) {
	n, err = d.docs.Count(ctx, d.bySince, max)
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("device: waiting: %w", err)
	}
	first, err := d.docs.Collect(ctx, d.bySince.First(1))
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("device: waiting: %w", err)
	}
	if len(first) > 0 && first[0].Since != nil {
		since = first[0].Since.UTC()
	}
	return n, since, nil
}

// Carry brings the topics that a device follows on its network up to those that its owner wants. It may run twice at once: following twice is following,
// and whoever records last finds out whether the two still differ.
func (d *Devices) Carry(ctx context.Context, id string) error {
	r, err := d.docs.Get(ctx, id)
	if fault.CodeOf(err) == fault.NotFound {
		return nil // its time was over
	}
	if err != nil {
		return fmt.Errorf("device: topics: %w", err)
	}
	if r.TopicsDue == nil || r.TopicsDue.After(d.now()) {
		return nil
	}
	joined, err := d.reconcile(ctx, r)
	if ctx.Err() != nil && err != nil {
		return fmt.Errorf("device: topics: %w", err) // the program stops: the network is not to blame
	}
	return d.record(ctx, id, r.Joined, joined, err)
}

// reconcile makes the changes one by one and gives what the device follows then, also when it fails half-way.
func (d *Devices) reconcile(ctx context.Context, r record) (joined []string, err error) {
	net := d.deps.Topics[r.Kind]
	if net == nil {
		return r.Joined, errNoTopics
	}
	to, err := d.address(r)
	if err != nil {
		return r.Joined, err
	}
	joined = slices.Clone(r.Joined)
	for _, t := range r.Joined {
		if slices.Contains(r.Topics, t) {
			continue
		}
		if err := d.change(ctx, "leave", net.Unsubscribe, t, to); err != nil {
			return joined, err
		}
		joined = slices.DeleteFunc(joined, func(s string) bool { return s == t })
	}
	for _, t := range r.Topics {
		if slices.Contains(r.Joined, t) {
			continue
		}
		if err := d.change(ctx, "join", net.Subscribe, t, to); err != nil {
			return joined, err
		}
		joined = append(joined, t)
	}
	slices.Sort(joined)
	return joined, nil
}

var (
	errNoTopics = errors.New("device: the network has no topics here")
	errPutOff   = errors.New("device: the network put a topic off")
)

// change makes one change. What the network refuses for good counts as made: a registration that is over follows nothing, and asking again would not help.
func (d *Devices) change(ctx context.Context, verb string, call func(context.Context, string, []channels.Address) ([]string, error), topic string, to channels.Address) error {
	reasons, err := call(ctx, topic, []channels.Address{to})
	if err == nil && len(reasons) > 0 {
		switch reasons[0] {
		case "":
		case "INTERNAL", "UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED":
			err = errPutOff
		default:
			d.metrics.topics.WithLabelValues(verb, "refused").Inc()
			return nil
		}
	}
	if err != nil {
		d.metrics.topics.WithLabelValues(verb, "failed").Inc()
		return err
	}
	d.metrics.topics.WithLabelValues(verb, "done").Inc()
	return nil
}

// record stores what a device follows now. before is what it followed when the changes were begun: what others recorded meanwhile is kept.
func (d *Devices) record(ctx context.Context, id string, before, after []string, failed error) error {
	_, err := d.docs.Update(ctx, id, func(r *record) error {
		now := d.now()
		r.Joined = merged(r.Joined, before, after)
		d.plan(r, now)
		if failed != nil && r.TopicsDue != nil {
			at := now.Add(d.wait(r.Tries, failed))
			r.TopicsDue, r.Tries = &at, r.Tries+1
		}
		if r.Owner == "" && r.TopicsDue == nil {
			r.ExpiresAt = now
		}
		return nil
	})
	if fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("device: topics: %w", err)
	}
	return nil
}

// merged applies to now what changed between before and after.
func merged(now, before, after []string) []string {
	var out []string
	for _, t := range slices.Concat(now, after) {
		gone := slices.Contains(before, t) && !slices.Contains(after, t)
		if !gone && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	slices.Sort(out)
	return out
}

// wait is how long to leave a device alone after so many failures.
func (d *Devices) wait(tries int, err error) time.Duration {
	w := d.cfg.BackoffMin << min(tries, 20)
	if w <= 0 || w > d.cfg.BackoffMax || fault.CodeOf(err) == fault.Forbidden || fault.CodeOf(err) == fault.Invalid {
		w = d.cfg.BackoffMax
	}
	return max(w, fault.Of(err).RetryAfter)
}
