package inbox

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/motcua/motcua/internal/retry"
)

// shift is one run of an inbox.
type shift struct {
	in       *Inbox
	handler  Handler
	slots    chan struct{}  // conversations being looked at
	fetchers chan struct{}  // attachments being fetched
	fetching *ids           // events whose attachments are on their way
	flights  sync.WaitGroup // looks and fetches under way
}

// Run hands events to h until the context ends. Then it begins nothing new, lets handlers under way finish for Config.Drain, lets go of the rest so that the
// next start, or another replica, finds it at once, and returns nil. An error says that a handler ignored its context, or that Run was called twice.
func (in *Inbox) Run(ctx context.Context, h Handler) error {
	if h == nil || in.running.Swap(true) {
		return errors.New("inbox: Run takes a handler, and runs once")
	}
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	s := &shift{
		in: in, handler: h, slots: make(chan struct{}, in.cfg.Workers), fetchers: make(chan struct{}, in.cfg.Fetchers),
		fetching: &ids{all: map[string]struct{}{}},
	}
	var loops sync.WaitGroup
	loops.Go(func() { s.dispatch(ctx, work) })
	loops.Go(func() { s.sweep(ctx) })
	loops.Go(func() { in.measure(ctx) })
	loops.Wait()
	err := s.drain(cancel)
	s.leave(ctx)
	return err
}

// dispatch looks at conversations when their time has come.
func (s *shift) dispatch(ctx, work context.Context) {
	b := s.in.board
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		conversation, wait := b.take(s.in.now())
		if conversation == "" {
			timer.Reset(wait)
			select {
			case <-ctx.Done():
			case <-timer.C:
			case <-b.wake:
			}
			continue
		}
		select {
		case <-ctx.Done():
			b.put(conversation, s.in.now())
			return
		case s.slots <- struct{}{}:
		}
		s.flights.Go(func() {
			defer func() { <-s.slots }()
			b.put(conversation, s.look(ctx, work, conversation))
		})
	}
}

const (
	batch   = 128                    // due events that a scan reads at once
	batches = 8                      // and how often, before what it found is worked on
	gap     = 100 * time.Millisecond // between two scans, however often they are asked for
)

// sweep finds what is due in the store: what vanished replicas left, what was put off, and what this one had no room for. It begins at once.
func (s *shift) sweep(ctx context.Context) {
	in := s.in
	var signal <-chan struct{}
	if in.deps.Signals != nil {
		signal = in.deps.Signals.Watch(ctx, topic)
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	failing := false
	for ctx.Err() == nil {
		wait, err := s.scan(ctx)
		if ctx.Err() != nil {
			return
		}
		if (err != nil) != failing {
			failing = err != nil
			in.deps.Log.WarnContext(ctx, "inbox", "working", !failing, "err", err)
		}
		retry.Sleep(ctx, gap)
		timer.Reset(wait - gap)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-in.wake:
		case <-signal:
		}
	}
}

// scan puts the conversations of what is due on the board, as far as there is room, and gives the time until the next scan.
func (s *shift) scan(ctx context.Context) (time.Duration, error) {
	in := s.in
	q := in.due.Where().First(batch)
	for range batches {
		found, err := in.records.Collect(ctx, q)
		if err != nil {
			return in.cfg.Poll, err
		}
		now := in.now()
		for _, r := range found {
			if r.Due.After(now) {
				return min(in.cfg.Poll, r.Due.Sub(now)), nil
			}
			if !in.board.offer(r.Conversation, now) {
				return gap, nil
			}
		}
		if len(found) < batch {
			return in.cfg.Poll, nil
		}
		last, err := in.records.CursorAt(q, found[batch-1])
		if err != nil {
			return in.cfg.Poll, err
		}
		q = q.Behind(last)
	}
	return gap, nil
}

// interruptWait is what handlers have to come back after their context was cancelled.
const interruptWait = 2 * time.Second

func (s *shift) drain(interrupt func()) error {
	idle := make(chan struct{})
	go func() {
		s.flights.Wait()
		close(idle)
	}()
	if retry.Within(idle, s.in.cfg.Drain) {
		return nil
	}
	interrupt()
	if retry.Within(idle, interruptWait+s.in.cfg.Lease/2) { // the second is what storing the outcome may take
		return nil
	}
	return errors.New("inbox: a handler did not heed its context; its event comes again when its lease ends")
}

// leave lets go of everything that is held here and not in work.
func (s *shift) leave(ctx context.Context) {
	in := s.in
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), in.cfg.Drain)
	defer cancel()
	var g errgroup.Group
	g.SetLimit(together)
	for _, c := range in.board.close() {
		g.Go(func() error { return in.letGo(ctx, c) })
	}
	if err := g.Wait(); err != nil {
		in.deps.Log.WarnContext(ctx, "some events wait for the end of their lease", "err", err)
	}
	in.announce(ctx)
}

// letGo lets go of the events of one conversation that are held here.
func (in *Inbox) letGo(ctx context.Context, conversation string) error {
	found, err := in.records.Collect(ctx, in.turns.Where(conversation).First(backward))
	if err != nil {
		return err
	}
	for _, r := range found {
		if r.Owner != in.owner {
			continue
		}
		now := in.now()
		if _, err := in.records.Update(ctx, r.ID, func(r *record) error { return r.release(in.owner, now, now) }); err != nil {
			return err
		}
	}
	return nil
}
