package outbox

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/motcua/motcua/internal/retry"
)

// Run works until the context ends. Then it begins nothing new, lets attempts under way finish for Config.Drain, hands the rest to others and returns
// nil; an error says that a handler ignored its context, and its intents come again when their leases end.
func (o *Outbox) Run(ctx context.Context) error {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var loops sync.WaitGroup
	for _, l := range o.lanes {
		loops.Go(func() { l.run(ctx, work) })
	}
	for _, r := range o.relays {
		loops.Go(func() { r.run(ctx, work) })
	}
	for _, j := range o.plan {
		o.flights.Go(func() { o.repeat(ctx, work, j) })
	}
	loops.Go(func() { o.measure(ctx) })
	loops.Wait()
	return o.drain(cancel)
}

// interruptWait is what handlers have to come back after their context was cancelled.
const interruptWait = 2 * time.Second

func (o *Outbox) drain(interrupt func()) error {
	idle := make(chan struct{})
	go func() {
		o.flights.Wait()
		close(idle)
	}()
	if retry.Within(idle, o.cfg.Drain) {
		return nil
	}
	interrupt()
	if retry.Within(idle, interruptWait+leaseMargin/2) {
		return nil
	}
	return errors.New("outbox: a handler did not heed its context; its intents are tried again when their leases end")
}

// cycle runs sweep until the context ends: again at once when it asks for no wait, otherwise after that wait, when woken, and at the latest after Poll.
func (o *Outbox) cycle(ctx context.Context, name string, wake, signal <-chan struct{}, sweep func() (time.Duration, error)) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	failing := false
	for ctx.Err() == nil {
		wait, err := sweep()
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			wait = o.cfg.Poll
		}
		if (err != nil) != failing {
			failing = err != nil
			o.log.WarnContext(ctx, name, "working", !failing, "err", err)
		}
		if wait <= 0 {
			continue
		}
		timer.Reset(min(wait, o.cfg.Poll))
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-wake:
		case <-signal:
		}
	}
}

// pool bounds how much is worked on at once, and keeps one id from being worked on twice here.
type pool struct {
	slots  chan struct{}
	mu     sync.Mutex
	flying map[string]struct{}
}

func newPool(size int) *pool {
	return &pool{slots: make(chan struct{}, size), flying: map[string]struct{}{}}
}

// start runs f in a goroutine of wg as soon as a worker is free. It tells whether it did: not when the id is in work already. An error means that the context ended first.
func (p *pool) start(ctx context.Context, wg *sync.WaitGroup, id string, f func()) (bool, error) {
	if p.busy(id) {
		return false, nil
	}
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case p.slots <- struct{}{}:
	}
	if ctx.Err() != nil { // both were ready
		<-p.slots
		return false, ctx.Err()
	}
	p.mu.Lock()
	p.flying[id] = struct{}{}
	p.mu.Unlock()
	wg.Go(func() {
		defer func() {
			p.mu.Lock()
			delete(p.flying, id)
			p.mu.Unlock()
			<-p.slots
		}()
		f()
	})
	return true, nil
}

func (p *pool) busy(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.flying[id]
	return ok
}
