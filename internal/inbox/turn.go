package inbox

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/motcua/motcua/internal/store"
)

const (
	ahead    = 32                     // waiting events of a conversation that a look sees
	backward = 1000                   // and that are let go of at once when it rests
	contend  = 100 * time.Millisecond // between looks while another replica works on the conversation
	glance   = 500 * time.Millisecond // between looks while attachments are on their way, which offer a look by themselves when they are there
	aside    = 15 * time.Second       // events that wait for another are looked at by themselves after this at the soonest: only if whoever was to go on with them died
)

// move is what a look at a conversation leads to.
type move int

const (
	idle   move = iota // nothing waits
	yield              // the first one is another replica's, or rests: let go of those behind it
	pause              // look again later
	gather             // the first one's attachments come first
	claim              // make sure of the first one
	handle             // hand over the first one
)

// decide says what to do about the waiting events of a conversation, which come in their order, and until when with yield and pause.
//
// No two replicas hand over events of one conversation at the same time: each begins only after it has seen, later than its own lease was stored, that no
// other replica holds any of them. Of two that see each other, the one that does not hold the first event lets go of its own, so one goes on.
func (c Config) decide(heads []record, owner string, now time.Time) (move, time.Time) {
	if len(heads) == 0 {
		return idle, time.Time{}
	}
	first := &heads[0]
	if first.foreign(owner, now) {
		return yield, *first.Due
	}
	if first.paused(now) {
		return yield, *first.Pause
	}
	if ready := first.settled(now, c); ready.After(now) {
		return pause, ready
	}
	if first.Fetch {
		return gather, time.Time{}
	}
	for i := range heads {
		if heads[i].foreign(owner, now) {
			return pause, now.Add(contend)
		}
	}
	if !first.firm(owner, now, c) {
		return claim, time.Time{}
	}
	return handle, time.Time{}
}

// look brings a conversation forward by at most one event, and says when to look again; zero means not by itself.
func (s *shift) look(ctx, work context.Context, conversation string) time.Time {
	in := s.in
	soon := func(d time.Duration) time.Time { return in.now().Add(d) }
	heads, err := in.records.Collect(work, in.turns.Where(conversation).First(ahead))
	if err != nil {
		return soon(in.cfg.Poll)
	}
	what, when := in.cfg.decide(heads, in.owner, in.now())
	if what > yield {
		s.gather(ctx, work, heads)
	}
	switch what {
	case yield:
		if s.yield(work, conversation, heads, when) {
			return soon(0) // whoever goes on with the conversation must have seen it: look once more
		}
	case pause:
		return when
	case gather:
		return soon(glance)
	case claim:
		if _, err := s.claim(work, heads[0]); err != nil {
			return soon(in.cfg.Poll)
		}
		return soon(0)
	case handle:
		s.handle(work, heads[0])
		return soon(0)
	}
	return time.Time{}
}

// yield lets go of the events behind the first one that are held here or due, and tells whether any was held here.
func (s *shift) yield(work context.Context, conversation string, heads []record, until time.Time) (held bool) {
	in := s.in
	if len(heads) == ahead {
		if all, err := in.records.Collect(work, in.turns.Where(conversation).First(backward)); err == nil {
			heads = all
		}
	}
	now := in.now()
	due := now.Add(aside)
	if until.After(due) {
		due = until
	}
	var g errgroup.Group
	g.SetLimit(together)
	for _, r := range heads[min(1, len(heads)):] {
		mine := r.Owner == in.owner
		if r.foreign(in.owner, now) || (!mine && r.Due.After(now)) {
			continue
		}
		held = held || mine
		g.Go(func() error {
			_, err := in.records.Update(work, r.ID, func(r *record) error { return r.release(in.owner, now, due) })
			return err
		})
	}
	return g.Wait() == nil && held // what could not be let go of ends with its lease
}

// claim makes sure that the event is held here. It parks one that has cost too many replicas their life. The record it gives is held here when its Owner is.
func (s *shift) claim(work context.Context, seen record) (record, error) {
	in := s.in
	now := in.now()
	if seen.lost(now) && seen.Failures+1 >= in.cfg.Failures {
		return record{}, s.bury(work, seen, now)
	}
	return in.records.Update(work, seen.ID, func(r *record) error { return r.claim(in.owner, in.now(), in.cfg) })
}

// bury parks an event over which one replica after another vanished.
func (s *shift) bury(work context.Context, seen record, now time.Time) error {
	if err := s.tell(work, seen, errLost); err != nil {
		return err
	}
	return s.conclude(work, seen, verdict{end: endParked, cause: errLost}, func(r *record) error {
		if r.State != waiting || !r.lost(now) {
			return store.ErrUnchanged
		}
		r.park(reasonOf(errLost), now, s.in.cfg)
		return nil
	})
}
