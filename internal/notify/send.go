package notify

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/netgate"
	"github.com/motcua/motcua/internal/retry"
)

// result is what became of an attempt, or what was heard of it.
type result struct {
	way  Way
	fate Fate
}

// send makes one attempt on each way of the step that the letter has not left by yet.
func (s *Sender) send(ctx context.Context, v verdict, legs []leg) []result {
	out := make([]result, len(v.step))
	var wg sync.WaitGroup
	for i, w := range v.step {
		out[i].way = w
		if slices.ContainsFunc(legs, func(l leg) bool { return l.way() == w && l.left() }) {
			out[i].fate = Fate{State: Sent}
			continue
		}
		wg.Go(func() { out[i].fate = s.attempt(ctx, w, v.person, v.letter) })
	}
	wg.Wait()
	return out
}

// attempt hands a letter to its carrier, unless the channel is away.
func (s *Sender) attempt(ctx context.Context, w Way, p Person, l Letter) Fate {
	g := s.gates[w.Channel]
	if wait := g.Enter(s.now()); wait > 0 {
		return Fate{State: Pending, Retry: retry.Jitter(wait)}
	}
	limited, cancel := context.WithTimeout(ctx, s.cfg.Lease/3)
	defer cancel()
	f := guarded(func() (Fate, error) { return s.deps.Carriers[w.Channel].Send(limited, w, p, l) })
	learn(g, f, f.State == Pending && ctx.Err() != nil, s.now())
	s.tell(ctx, g, w, l, f)
	return f
}

// learn tells a gate what became of an attempt. A network that takes letters or refuses them is there; one that puts them off is not, whether it names a time to
// come back or not: the time it names lengthens the pause. What is Held says nothing, and neither does an attempt that we cut.
func learn(g *netgate.Gate, f Fate, cut bool, now time.Time) {
	switch {
	case cut || f.Held:
		g.Leave()
	case f.Alarm:
		g.Leave()
		g.Shut(now)
	case f.State != Pending || f.Taken:
		g.Works()
	default:
		g.Fails(now, f.Retry)
	}
}

// guarded keeps a panic of a carrier from ending the program; such a way is not tried again. An error says nothing about what the network has.
func guarded(do func() (Fate, error)) (f Fate) {
	defer func() {
		if x := recover(); x != nil {
			f = Fate{State: Refused, Reason: reasonCrashed, cause: fmt.Errorf("a carrier: %w", retry.Panicked(x))}
		}
	}()
	f, err := do()
	switch {
	case err != nil:
		retry := fault.Of(err).RetryAfter
		return Fate{State: Pending, Unsure: fault.CodeOf(err) == fault.Unavailable && retry == 0, Retry: retry, cause: err}
	case f.State == "":
		f.State = Pending // what says nothing clear has not left
	}
	return f
}

// tell logs an attempt that somebody should look at.
func (s *Sender) tell(ctx context.Context, g *netgate.Gate, w Way, l Letter, f Fate) {
	s.metrics.attempt(w, f)
	args := []any{"channel", w.Channel, "letter", l.ID, "app", l.App, "notice", l.Notice, "reason", f.Reason, "err", f.cause}
	switch {
	case f.Alarm && g.Rings(s.now()):
		s.log.ErrorContext(ctx, "no letter leaves on the channel until an operator acts", args...)
	case f.Reason == reasonCrashed:
		s.log.ErrorContext(ctx, "a carrier failed", args...)
	case f.cause != nil:
		s.log.InfoContext(ctx, "letter put off", args...)
	}
}

// ask finds out what became of a letter that a carrier took over, or may have sent.
func (s *Sender) ask(ctx context.Context, d *dispatch) (again bool, err error) {
	var out []result
	for _, l := range d.Legs {
		c := s.deps.Carriers[l.Channel]
		if c == nil {
			out = append(out, result{l.way(), Fate{State: Refused, Reason: reasonOff}})
			continue
		}
		limited, cancel := context.WithTimeout(ctx, s.cfg.Lease/3)
		f := guarded(func() (Fate, error) { return c.Fate(limited, l.way(), d.ID) })
		cancel()
		out = append(out, result{l.way(), f})
	}
	return s.settle(ctx, *d, d.Claim, out)
}
