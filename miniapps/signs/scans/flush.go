package scans

import (
	"cmp"
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/motcua/motcua/internal/fault"
)

const (
	drainEvery = 100 * time.Millisecond // how often the queue is emptied
	maxWrites  = 1000                   // documents that one flush writes; the rest waits for the next
	writers    = 8                      // writes at the same time: an embedded store puts them on the disk together
	flushLimit = 10 * time.Second       // for one flush
	lastLimit  = 5 * time.Second        // for all that is left when Run ends
)

// Run counts and writes until ctx ends, then writes what is left within five seconds. What could not be written then is lost, and logged. A store that fails is
// tried again with the next flush. Call it once; the error is always nil.
func (s *Scans) Run(ctx context.Context) error {
	var counting sync.WaitGroup
	counting.Go(func() { s.countLoop(ctx) })
	s.flushLoop(ctx)
	counting.Wait()
	s.queue.drain(s.countAll)
	s.flushRest(context.WithoutCancel(ctx))
	return nil
}

func (s *Scans) countLoop(ctx context.Context) {
	tick := time.NewTicker(drainEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.queue.drain(s.countAll)
			s.age()
		}
	}
}

// age changes the salt when its day is over.
func (s *Scans) age() {
	now := s.deps.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.salted) >= saltLife {
		s.resalt(now)
	}
}

func (s *Scans) flushLoop(ctx context.Context) {
	wait := time.NewTimer(s.pause())
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		}
		limited, cancel := context.WithTimeout(ctx, flushLimit)
		err := s.flush(limited, maxWrites)
		cancel()
		if err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "signs: scans could not be written, they are kept and tried again", "documents", int(s.waiting()), "err", err)
		}
		s.mu.Lock()
		s.watch.tidy(s.deps.Now().UnixMilli())
		s.mu.Unlock()
		wait.Reset(s.pause())
	}
}

// pause is the time until the next flush. Replicas that were started together do not write together for long.
func (s *Scans) pause() time.Duration { return s.cfg.Flush*9/10 + rand.N(s.cfg.Flush/5) }

// flushRest writes all that is left.
func (s *Scans) flushRest(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lastLimit)
	defer cancel()
	var err error
	for s.waiting() > 0 && err == nil {
		err = s.flush(ctx, maxDays)
	}
	if err != nil {
		s.metrics.dropped[unwritten].Add(s.waiting())
		s.deps.Log.ErrorContext(ctx, "signs: the last scans could not be written", "documents", int(s.waiting()), "err", err)
	}
}

// flush writes at most so many documents, events first. The error is one of those that there were.
func (s *Scans) flush(ctx context.Context, most int) error {
	began := time.Now() // a measurement, not a rule
	events, err := write(ctx, s, &s.events, most, s.writeEvent)
	days := 0
	if fault.CodeOf(err) != fault.Unavailable {
		n, failed := write(ctx, s, &s.days, most-events, s.writeDay)
		days, err = n, cmp.Or(failed, err)
	}
	if events+days > 0 {
		s.metrics.flushed(time.Since(began), err)
	}
	return err
}

// write writes what a book holds, at most so many documents. When the store is away it stops; another error does not keep the other documents waiting.
func write[K comparable, D any](ctx context.Context, s *Scans, b *book[K, D], most int, one func(context.Context, job[K, D]) error) (int, error) {
	s.mu.Lock()
	jobs := b.take(most, func() int64 { s.writes++; return s.writes })
	s.mu.Unlock()
	var (
		tasks  sync.WaitGroup
		next   atomic.Int64
		away   atomic.Bool
		failed error // the first; under the lock
	)
	for range min(writers, len(jobs)) {
		tasks.Go(func() {
			for i := next.Add(1); int(i) <= len(jobs); i = next.Add(1) {
				tried, err := !away.Load(), error(nil)
				if tried {
					err = one(ctx, jobs[i-1])
				}
				if fault.CodeOf(err) == fault.Unavailable {
					away.Store(true)
				}
				s.mu.Lock()
				b.done(jobs[i-1].key, tried && err == nil)
				failed = cmp.Or(failed, err)
				s.mu.Unlock()
			}
		})
	}
	tasks.Wait()
	return len(jobs), failed
}

func (s *Scans) mark(number int64) mark { return mark{s.writer, number} }

func (s *Scans) writeDay(ctx context.Context, j job[dayKey, dayDelta]) error {
	if err := s.records.writeDay(ctx, j.key, &j.add, s.mark(j.number), s.cfg.Retention); err != nil {
		return err
	}
	return s.touch(ctx, j.key.plate, j.add.last)
}

// maxTouched is how many plates are remembered as noted; it saves writes and nothing else.
const maxTouched = 100_000

// touch notes when a plate was last scanned, unless that was done within the hour.
func (s *Scans) touch(ctx context.Context, plate uint32, at int64) error {
	if plate == 0 || at == 0 {
		return nil
	}
	s.mu.Lock()
	known := s.touched[plate]
	s.mu.Unlock()
	if at-known < touchStep.Milliseconds() {
		return nil
	}
	if err := s.records.touch(ctx, plate, at); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.touched) >= maxTouched {
		clear(s.touched)
	}
	s.touched[plate] = at
	return nil
}

func (s *Scans) writeEvent(ctx context.Context, j job[eventKey, eventDelta]) error {
	e, opened, err := s.records.writeEvent(ctx, j.key, &j.add, s.mark(j.number), s.now(), s.cfg.EventRetention)
	if err != nil || !opened {
		return err
	}
	s.metrics.raised(e.Kind)
	if s.deps.Raise != nil {
		s.deps.Raise(ctx, e)
	}
	return nil
}
