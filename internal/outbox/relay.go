package outbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/motcua/motcua/internal/retry"
)

// Source is a kind of document that holds something to be passed on, such as the notices of a case.
type Source interface {
	// Due gives the ids of documents that hold something, at most limit, the longest waiting first.
	Due(ctx context.Context, limit int) ([]string, error)
	// Waiting counts the documents that hold something, due or not, up to max, and gives since when the first of them does; the zero time when none does.
	Waiting(ctx context.Context, max int) (n int, since time.Time, err error)
	// Carry passes on what the document holds and takes it out. It may run for the same id twice at once, here and in another replica, so what it makes
	// has derived ids. A failed one is tried again later.
	Carry(ctx context.Context, id string) error
}

// maxResting bounds how many failing ids a relay remembers not to try yet.
const maxResting = 1000

// restMax is the longest a failing id rests.
const restMax = 5 * time.Minute

type rest struct {
	until time.Time
	fails int
}

type relay struct {
	o    *Outbox
	name string
	src  Source
	pool *pool
	wake chan struct{}

	mu      sync.Mutex
	resting map[string]rest
}

// Relay lets the outbox empty a source, in every replica. Call it before Run.
func (o *Outbox) Relay(name string, src Source) error {
	if name == "" || src == nil {
		return errors.New("outbox: a relay needs a name and a source")
	}
	if o.relays[name] != nil {
		return fmt.Errorf("outbox: there is a relay %s already", name)
	}
	o.relays[name] = &relay{
		o: o, name: name, src: src, pool: newPool(o.cfg.Workers.Relay),
		wake: make(chan struct{}, 1), resting: map[string]rest{},
	}
	return nil
}

// Nudge tells a relay that its source holds something new. Without it the relay finds it within Config.Poll. An unknown name does nothing.
func (o *Outbox) Nudge(name string) {
	if r := o.relays[name]; r != nil {
		nudge(r.wake)
	}
}

func (r *relay) run(ctx, work context.Context) {
	r.o.cycle(ctx, "relay "+r.name, r.wake, nil, func() (time.Duration, error) { return r.sweep(ctx, work) })
}

func (r *relay) sweep(ctx, work context.Context) (time.Duration, error) {
	limit := batch + r.tidy()
	ids, err := r.src.Due(ctx, limit)
	if err != nil {
		return 0, err
	}
	started := 0
	for _, id := range ids {
		if r.rests(id) {
			continue
		}
		ok, err := r.pool.start(ctx, &r.o.flights, id, func() { r.carry(work, id) })
		if err != nil {
			return 0, nil // stopping
		}
		if ok {
			started++
		}
	}
	if len(ids) == limit && started > 0 {
		return 0, nil
	}
	return r.o.cfg.Poll, nil
}

func (r *relay) carry(work context.Context, id string) {
	ctx, cancel := context.WithTimeout(work, r.o.cfg.Attempt)
	defer cancel()
	err := retry.Safely(func() error { return r.src.Carry(ctx, id) })
	outcome := outcomeDone
	if err != nil {
		outcome = outcomeLater
	}
	r.o.metrics.carried(r.name, outcome)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		delete(r.resting, id)
		return
	}
	fails := r.resting[id].fails + 1
	r.resting[id] = rest{until: r.o.now().Add(retry.Doubled(fails-1, r.o.cfg.BackoffMin, restMax)), fails: fails}
	r.o.log.WarnContext(work, "relay could not pass on", "relay", r.name, "document", id, "fails", fails, "err", err)
}

func (r *relay) rests(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	x, ok := r.resting[id]
	return ok && x.until.After(r.o.now())
}

// tidy forgets ids that have rested long since, and counts the others: as many more must be asked for, so that failing ones at the head do not hide the rest.
func (r *relay) tidy() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, x := range r.resting {
		if r.o.now().Sub(x.until) > restMax || len(r.resting) > maxResting {
			delete(r.resting, id)
		}
	}
	return len(r.resting)
}
