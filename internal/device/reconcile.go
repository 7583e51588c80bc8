package device

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/retry"
	"github.com/motcua/motcua/internal/store"
)

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

// turnTime is how long a worker may take over the topics of some devices; what it did not get to is for the next turn. A killed worker's devices are taken over
// after twice that.
const turnTime = 20 * time.Second

// company is how many other devices a worker takes along: what many of them are to follow, networks take with one request.
const company = 999

// Carry brings the topics that a device follows on its network up to those that its owner wants, and those of other devices whose time has come too. What it begins
// to change is unsure in the store before the network is asked, so that nobody counts on a topic whose fate is not known: not after a kill, and not while an
// earlier wish is being carried out.
func (d *Devices) Carry(ctx context.Context, id string) error {
	turns, err := d.gather(ctx, id)
	if err != nil {
		return fmt.Errorf("device: topics: %w", err)
	}
	limited, cancel := context.WithTimeout(ctx, turnTime)
	defer cancel()
	d.reconcile(limited, turns)
	for _, t := range turns {
		err = errors.Join(err, d.record(context.WithoutCancel(ctx), t))
	}
	return err
}

// gather takes a device and its company for one worker; none when another has it. Workers gather one after the other, so that the first has many and not all a few.
func (d *Devices) gather(ctx context.Context, id string) ([]*turn, error) {
	d.gathering.Lock()
	defer d.gathering.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r, mine, err := d.claim(ctx, id)
	if fault.CodeOf(err) == fault.NotFound {
		return nil, nil // its time was over
	}
	if err != nil || !mine {
		return nil, err
	}
	turns := []*turn{{record: r}}
	if ids, err := d.Due(ctx, company); err == nil { // otherwise this one alone
		turns = append(turns, d.claimMore(ctx, ids)...)
	}
	return turns, nil
}

// claim takes a device for one worker.
func (d *Devices) claim(ctx context.Context, id string) (r record, mine bool, err error) {
	r, err = d.docs.Update(ctx, id, func(r *record) error {
		now := d.now()
		mine = r.TopicsDue != nil && !r.TopicsDue.After(now)
		if !mine {
			return store.ErrUnchanged
		}
		r.Unsure = r.pending()
		r.Joined = without(r.Joined, r.Unsure)
		until := now.Add(2 * turnTime)
		r.Busy, r.TopicsDue = &until, &until
		return nil
	})
	return r, mine, err
}

// claimMore takes those of some devices that nobody else has. It stops when the time for that is over.
func (d *Devices) claimMore(ctx context.Context, ids []string) (out []*turn) {
	enough := d.now().Add(turnTime / 4)
	for _, id := range ids {
		if ctx.Err() != nil || d.now().After(enough) {
			break
		}
		if r, mine, err := d.claim(ctx, id); err == nil && mine {
			out = append(out, &turn{record: r})
		}
	}
	return out
}

// turn is a device whose topics are being changed.
type turn struct {
	record
	to                    channels.Address
	joined, left, refused []string // what the network answered
	err                   error    // why it did not answer all
}

// change is what is asked of a network about one topic: for each of some devices the same.
type change struct {
	kind, topic string
	join        bool
}

// reconcile makes the changes, each for all devices that need it, until one fails: then the network is away, or wants to be left alone.
func (d *Devices) reconcile(ctx context.Context, turns []*turn) {
	changes := d.changes(turns)
	order := slices.SortedFunc(maps.Keys(changes), func(a, b change) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), len(changes[b])-len(changes[a]), cmp.Compare(a.topic, b.topic))
	})
	away := map[string]error{}
	for _, c := range order {
		for some := range slices.Chunk(changes[c], company+1) {
			if away[c.kind] == nil {
				away[c.kind] = d.ask(ctx, c, some)
			}
			for _, t := range some {
				t.err = cmp.Or(t.err, away[c.kind])
			}
		}
	}
}

// changes gathers what has to be asked, with the devices that it is asked for.
func (d *Devices) changes(turns []*turn) map[change][]*turn {
	out := map[change][]*turn{}
	for _, t := range turns {
		if d.deps.Topics[t.Kind] == nil {
			t.err = errNoTopics
			continue
		}
		if t.to, t.err = d.address(t.record); t.err != nil {
			continue
		}
		for _, topic := range t.Unsure {
			c := change{t.Kind, topic, slices.Contains(t.Topics, topic)}
			out[c] = append(out[c], t)
		}
	}
	return out
}

var (
	errNoTopics = errors.New("device: the network has no topics here")
	errPutOff   = errors.New("device: the network put a topic off")
)

// ask makes one change. It fails when the network did not answer; a device for which the network refuses the whole request does not hold up the others: they are
// asked for again, in halves.
func (d *Devices) ask(ctx context.Context, c change, some []*turn) error {
	net, verb := d.deps.Topics[c.kind], "leave"
	call := net.Unsubscribe
	if c.join {
		verb, call = "join", net.Subscribe
	}
	to := make([]channels.Address, len(some))
	for i, t := range some {
		to[i] = t.to
	}
	reasons, err := call(ctx, c.topic, to)
	if half := len(some) / 2; fault.CodeOf(err) == fault.Invalid && half > 0 {
		return cmp.Or(d.ask(ctx, c, some[:half]), d.ask(ctx, c, some[half:]))
	}
	if err == nil && len(reasons) != len(some) {
		err = errPutOff
	}
	if err != nil {
		d.metrics.topics.WithLabelValues(verb, "failed").Add(float64(len(some)))
	}
	if fault.CodeOf(err) == fault.Invalid {
		some[0].err = err
		return nil
	}
	if err != nil {
		return err
	}
	for i, t := range some {
		d.metrics.topics.WithLabelValues(verb, t.hear(c, reasons[i])).Inc()
	}
	return nil
}

// hear notes what a network answered about one topic of a device: "refused" when it will never make the change, so that asking again would not help.
func (t *turn) hear(c change, reason string) (outcome string) {
	switch reason {
	case "INTERNAL", "UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED":
		t.err = errPutOff
		return "failed"
	}
	switch {
	case !c.join: // a registration that is over follows nothing
		t.left = append(t.left, c.topic)
	case reason != "":
		t.refused = append(t.refused, c.topic)
	default:
		t.joined = append(t.joined, c.topic)
	}
	if reason != "" {
		return "refused"
	}
	return "done"
}

// record stores what a device follows now, unless another worker has taken over: that one asks about everything again.
func (d *Devices) record(ctx context.Context, t *turn) error {
	_, err := d.docs.Update(ctx, t.ID, func(r *record) error {
		if r.Busy == nil || !r.Busy.Equal(*t.Busy) {
			return store.ErrUnchanged
		}
		now := d.now()
		r.Busy = nil
		r.Unsure = without(r.Unsure, slices.Concat(t.joined, t.left, t.refused))
		r.Joined = ordered(append(r.Joined, t.joined...))
		r.Refused = ordered(append(r.Refused, t.refused...))
		d.plan(r, now)
		if t.err != nil && r.TopicsDue != nil {
			at := now.Add(d.wait(r.Tries, t.err))
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

// without gives the names that are not among some.
func without(names, some []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(t string) bool { return slices.Contains(some, t) })
}

// wait is how long to leave a device alone after so many failures.
func (d *Devices) wait(tries int, err error) time.Duration {
	w := retry.Doubled(tries, d.cfg.BackoffMin, d.cfg.BackoffMax)
	if code := fault.CodeOf(err); code == fault.Forbidden || code == fault.Invalid {
		w = d.cfg.BackoffMax
	}
	return max(w, fault.Of(err).RetryAfter)
}
