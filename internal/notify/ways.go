package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/retry"
	"github.com/motcua/motcua/miniapps"
)

// ways gives the ways that are open, the best first, and those that are not. A carrier that cannot tell makes the letter wait, but an urgent one, and any
// that has waited long, goes by what the others know.
func (s *Sender) ways(ctx context.Context, d *dispatch, p Person, w *wishes, l Letter) (open []Way, closed []leg, err error) {
	found, err := s.known(ctx, p, l)
	now := s.now()
	if err != nil && (len(found) == 0 || d.Urgency != miniapps.Urgent && now.Sub(d.Since) < s.cfg.Patience) {
		return nil, nil, err
	}
	for _, way := range found {
		switch reason := s.closed(d, w, way); {
		case reason == "":
			open = append(open, way)
		case d.allows(way):
			closed = append(closed, leg{Channel: way.Channel, Target: way.Target, Ground: way.Ground, State: Refused, Reason: reason, At: *instant(now)})
		}
	}
	return open, closed, nil
}

// known gives all ways in the configured order, free ones first.
func (s *Sender) known(ctx context.Context, p Person, l Letter) ([]Way, error) {
	var out []Way
	var errs []error
	for _, c := range s.distinct {
		ways, err := guardedWays(ctx, c, p, l)
		errs = append(errs, err)
		for _, w := range ways {
			if s.gates[w.Channel] != nil {
				out = append(out, w)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Way) int { return cmp.Or(cost(a)-cost(b), s.place(a)-s.place(b)) })
	return out, errors.Join(errs...)
}

func cost(w Way) int {
	if w.Ground == Free {
		return 0
	}
	return 1
}

// place gives where a channel stands in the order; one that is not in it stands last, and is closed.
func (s *Sender) place(w Way) int {
	if at, ok := s.ranks[groupOf(w.Channel)]; ok {
		return at
	}
	return 2 * len(groups)
}

// closed gives the reason for which a way is not taken; "" when it may be.
func (s *Sender) closed(d *dispatch, w *wishes, way Way) string {
	_, used := s.ranks[groupOf(way.Channel)]
	switch {
	case !used:
		return reasonOff
	case way.Closed != "":
		return way.Closed
	case !w.wants(d.App, d.Notice, d.Urgency, way.Channel):
		return reasonOptedOut
	case d.Urgency == miniapps.Bulk && way.Ground != Free && !s.cfg.PaidBulk:
		return reasonCostly
	}
	return ""
}

func guardedWays(ctx context.Context, c Carrier, p Person, l Letter) (out []Way, err error) {
	defer func() {
		if x := recover(); x != nil {
			out, err = nil, fault.Wrap(fault.Internal, fmt.Errorf("notify: a carrier: %w", retry.Panicked(x)))
		}
	}()
	return c.Ways(ctx, p, l)
}

// pick chooses the step: the first open way, or all devices when that is a push. Ways that refused are left out, slow ones come last, and behind them those
// that asked not to be tried yet.
func (s *Sender) pick(d *dispatch, open []Way, v verdict) verdict {
	now := s.now()
	open = d.takeable(open)
	slow, rest := map[Way]bool{}, map[Way]time.Time{}
	for _, w := range open {
		slow[w], rest[w] = s.slow(d, w, now), d.rest(w, now)
	}
	slices.SortStableFunc(open, func(a, b Way) int { return cmp.Or(rest[a].Compare(rest[b]), bit(slow[a])-bit(slow[b])) })
	if len(open) == 0 {
		e := ended(d, whyNot(append(slices.Clone(d.Tries), v.closed...)))
		v.end, v.reason = e.end, e.reason
		return v
	}
	first := open[0]
	v.lane = laneOf(d.class(), first.Channel)
	if v.hold = rest[first]; !v.hold.IsZero() {
		return v
	}
	if !s.mayEnter(d, first, now) {
		v.hold = s.later(d, slow[first], now)
		return v
	}
	for _, w := range open {
		if w == first || groupOf(first.Channel) == "push" && groupOf(w.Channel) == "push" && w.Ground == first.Ground {
			v.step = append(v.step, w)
		}
	}
	return v
}

// slow tells whether a way has had its time, or is of a channel that is away while the letter cannot wait.
func (s *Sender) slow(d *dispatch, w Way, now time.Time) bool {
	if d.slow(w) {
		return true
	}
	away := s.gates[w.Channel].Wait(now) > 0
	patience := s.patience(d.Urgency)
	if d.Urgency == miniapps.Urgent && away {
		return true
	}
	under := slices.ContainsFunc(d.Legs, func(l leg) bool { return l.way() == w })
	return under && d.waited(now) >= patience || away && now.Sub(*d.Due) >= patience
}

// mayEnter tells whether this worker may use the channel now. One that serves all channels leaves a troubled or busy one to the worker of its lane.
func (s *Sender) mayEnter(d *dispatch, w Way, now time.Time) bool {
	g := s.gates[w.Channel]
	if d.Lane == d.class() && !g.Calm() {
		return false
	}
	return g.Wait(now) == 0
}

// later gives when a letter that cannot enter is looked at again. Those of a channel that is away keep their time, and so their order; only those that looked
// for another way in vain are put off, so that they do not look all the time.
func (s *Sender) later(d *dispatch, slow bool, now time.Time) time.Time {
	if slow && s.gates[channelOf(d.Lane)] != nil {
		return now.Add(retry.Jitter(s.patience(d.Urgency)))
	}
	return *d.Due
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// whyNot gives the reason that says most about why no way was left: a refusal or a closed way before a wish, and that before nothing.
func whyNot(all []leg) string {
	out := reasonNoWay
	for _, l := range all {
		switch {
		case l.Reason == "" || l.Reason == reasonSlow:
		case l.Reason == reasonOptedOut || l.Reason == reasonOff:
			if out == reasonNoWay || out == reasonOff {
				out = l.Reason
			}
		default:
			return l.Reason
		}
	}
	return out
}
