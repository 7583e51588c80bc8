package channelfake

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// CourierConfig says how webhooks travel.
type CourierConfig struct {
	Client      *http.Client
	Log         *slog.Logger
	Answer      time.Duration          // what the program has to answer in
	Hold        time.Duration          // how long a parcel waits for the next one to overtake it
	RetryHeader string                 // tells the program which later attempt it is, from 1; "" for none
	Concurrency int                    // requests on the way at a time
	Target      func() string          // where they go; "" fails
	Retries     func() []time.Duration // waits between the attempts
	Faults      func() Webhooks        // of all lanes that have none of their own
	Stats       *Counters
}

// Courier brings events to the program. It keeps them until they are acknowledged or given up. It is safe for concurrent use.
type Courier struct {
	cfg   CourierConfig
	slots chan struct{}
	ctx   context.Context // of what runs in the background; Close ends it
	stop  context.CancelFunc
	wg    sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	pending int
	resend  chan struct{} // closed and replaced when waits for the next attempt are to end
}

// Parcel is one request on its way to the program.
type Parcel struct {
	Body   []byte
	Header http.Header
	Done   func(acked bool) // called once at its end, also when it was not kept; may be nil

	moved bool // has been swapped, or looked at for that
}

func (p *Parcel) done(acked bool) {
	if p.Done != nil {
		p.Done(acked)
	}
}

// Lane keeps the order of one person's parcels. It belongs to one courier.
type Lane struct {
	own   atomic.Pointer[Webhooks] // nil: as for all
	queue []*Parcel
	busy  bool // somebody is sending the queue
	more  chan struct{}
}

// Break gives a lane faults of its own, which win over what is set for all; nil takes them away.
func (l *Lane) Break(own *Webhooks) { l.own.Store(own) }

// Faults gives the faults of a lane.
func (c *Courier) Faults(l *Lane) Webhooks {
	if own := l.own.Load(); own != nil {
		return *own
	}
	return c.cfg.Faults()
}

// Break changes the faults of a lane, which are its own from then on, and gives them.
func (c *Courier) Break(l *Lane, f func(*Webhooks)) Webhooks {
	own := c.Faults(l)
	f(&own)
	l.Break(&own)
	return own
}

// NewLane makes a lane.
func NewLane() *Lane { return &Lane{more: make(chan struct{}, 1)} }

// manyPending bounds what is kept while the program does not answer.
const manyPending = 500_000

// NewCourier makes a courier.
func NewCourier(cfg CourierConfig) *Courier {
	ctx, stop := context.WithCancel(context.Background()) // Close ends it
	return &Courier{cfg: cfg, slots: make(chan struct{}, cfg.Concurrency), ctx: ctx, stop: stop, resend: make(chan struct{})}
}

// Close ends what is on the way and drops what waits.
func (c *Courier) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.stop()
	c.wg.Wait()
	c.cfg.Client.CloseIdleConnections()
}

// Pending is how many parcels are not yet acknowledged.
func (c *Courier) Pending() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pending
}

// Resend ends all waits for the next attempt.
func (c *Courier) Resend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.resend)
	c.resend = make(chan struct{})
}

func (c *Courier) resending() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.resend
}

// Post puts a parcel at the end of its lane and has somebody send it. It is false when nothing can be kept any more.
func (c *Courier) Post(l *Lane, p *Parcel) bool {
	kept := c.keep(l, p, c.Faults(l).Unordered)
	if !kept {
		p.done(false)
	}
	return kept
}

func (c *Courier) keep(l *Lane, p *Parcel, unordered bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.pending >= manyPending {
		c.cfg.Stats.dropped.Add(1)
		return false
	}
	c.pending++
	c.cfg.Stats.events.Add(1)
	if unordered {
		c.wg.Go(func() { c.deliver(c.ctx, l, p) })
		return true
	}
	l.queue = append(l.queue, p)
	if l.busy {
		select {
		case l.more <- struct{}{}:
		default:
		}
		return true
	}
	l.busy = true
	c.wg.Go(func() { c.drain(c.ctx, l) })
	return true
}

// drain sends a lane's parcels one after the other until there are none.
func (c *Courier) drain(ctx context.Context, l *Lane) {
	for p := c.next(ctx, l); p != nil; p = c.next(ctx, l) {
		c.deliver(ctx, l, p)
	}
}

// next takes the parcel that is to be sent next: the oldest or, out of order, the one after it.
func (c *Courier) next(ctx context.Context, l *Lane) *Parcel {
	reorder := c.Faults(l).Reorder
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(l.queue) == 0 {
		l.busy, l.queue = false, nil
		return nil
	}
	if head := l.queue[0]; reorder && !head.moved {
		head.moved = true
		c.hold(ctx, l)
		if len(l.queue) > 1 {
			l.queue[0], l.queue[1] = l.queue[1], head
			l.queue[0].moved = true
			c.cfg.Stats.swapped.Add(1)
		}
	}
	p := l.queue[0]
	l.queue = l.queue[1:]
	return p
}

// hold waits a while for a second parcel. It is called with mu held, and gives it up meanwhile.
func (c *Courier) hold(ctx context.Context, l *Lane) {
	if len(l.queue) > 1 {
		return
	}
	select {
	case <-l.more: // of a parcel that is gone
	default:
	}
	c.mu.Unlock()
	await(ctx, l.more, c.cfg.Hold)
	c.mu.Lock()
}

// deliver attempts until the program has acknowledged the parcel or the schedule is at its end.
func (c *Courier) deliver(ctx context.Context, l *Lane, p *Parcel) {
	if delay := time.Duration(c.Faults(l).DelayMS) * time.Millisecond; delay > 0 {
		await(ctx, nil, delay)
	}
	acked, waited := false, 0
	for number := 0; ctx.Err() == nil; number++ {
		resend := c.resending()
		if acked = c.attempt(ctx, l, p, number); acked {
			break
		}
		waits := c.cfg.Retries()
		if waited >= len(waits) {
			c.cfg.Stats.givenUp.Add(1)
			c.cfg.Log.WarnContext(ctx, "webhook given up", "attempts", number+1)
			break
		}
		if !await(ctx, resend, waits[waited]) {
			waited++ // an attempt that was asked for is beside the schedule
		}
	}
	if acked {
		c.cfg.Stats.acked.Add(1)
	}
	p.done(acked)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending--
}

// attempt sends all copies of a parcel at once. One acknowledgement is enough.
func (c *Courier) attempt(ctx context.Context, l *Lane, p *Parcel, number int) bool {
	if number > 0 {
		c.cfg.Stats.retried.Add(1)
	}
	address := c.cfg.Target()
	if address == "" {
		return false
	}
	copies := max(1, c.Faults(l).Duplicate)
	c.cfg.Stats.duplicates.Add(int64(copies - 1))
	var wg sync.WaitGroup
	var acked atomic.Bool
	for range copies {
		wg.Go(func() {
			if c.call(ctx, address, p, number) {
				acked.Store(true)
			}
		})
	}
	wg.Wait()
	return acked.Load()
}

// call is one request to the program. It is true when that answered 200 in time.
func (c *Courier) call(ctx context.Context, address string, p *Parcel, number int) bool {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Answer)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(p.Body))
	if err != nil {
		return false
	}
	req.Header = p.Header.Clone()
	if number > 0 && c.cfg.RetryHeader != "" {
		req.Header.Set(c.cfg.RetryHeader, strconv.Itoa(number))
	}
	start := time.Now()
	c.cfg.Stats.sent.Add(1)
	res, err := c.cfg.Client.Do(req)
	if err != nil {
		c.cfg.Stats.unanswered.Add(1)
		return false
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection can be used again
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		c.cfg.Stats.notOK.Add(1)
		return false
	}
	c.cfg.Stats.took(time.Since(start))
	return true
}

// await waits for a signal, for d, or for the end. It is true when the signal came.
func await(ctx context.Context, signal <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-signal:
		return true
	case <-t.C:
	case <-ctx.Done():
	}
	return false
}
