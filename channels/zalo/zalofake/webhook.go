package zalofake

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// delivery is one event on its way to the program. It is kept until it is acknowledged or given up.
type delivery struct {
	to    *person
	body  []byte
	mac   string
	entry string // id of the citizen's message that it carries; "" for none
	zns   bool   // of a template message
	moved bool   // has been swapped, or looked at for that
}

// manyPending bounds what is kept while the program does not answer.
const manyPending = 500_000

// emit signs an event and puts it at the end of a person's queue. It is called with mu held, and is false when nothing can be kept any more.
func (n *Network) emit(p *person, e event, entry string) bool {
	e.Timestamp = stamp(n.cfg.Now().Add(time.Duration(n.faults.EventSkewS) * time.Second))
	body := compact(e)
	zns := e.zns || e.TemplateID != "" || e.Quota != nil || e.Message != nil && e.Message.Tracking != ""
	return n.post(&delivery{to: p, body: body, mac: sign(e.AppID, body, e.Timestamp, n.cfg.OASecretKey), entry: entry, zns: zns})
}

// post puts a delivery at the end of its person's queue and has somebody send it. It is called with mu held.
func (n *Network) post(d *delivery) bool {
	if n.closed || n.pending >= manyPending {
		n.stats.dropped.Add(1)
		return false
	}
	n.pending++
	n.stats.events.Add(1)
	p := d.to
	if n.webhooks(p).Unordered {
		n.spawn(func(ctx context.Context) { n.deliver(ctx, d) })
		return true
	}
	p.queue = append(p.queue, d)
	if p.busy {
		select {
		case p.more <- struct{}{}:
		default:
		}
		return true
	}
	p.busy = true
	n.spawn(func(ctx context.Context) { n.drain(ctx, p) })
	return true
}

// drain sends a person's events one after the other until there are none.
func (n *Network) drain(ctx context.Context, p *person) {
	for {
		d := n.next(ctx, p)
		if d == nil {
			return
		}
		n.deliver(ctx, d)
	}
}

// next takes the event that is to be sent next: the oldest or, out of order, the one after it.
func (n *Network) next(ctx context.Context, p *person) *delivery {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(p.queue) == 0 {
		p.busy, p.queue = false, nil
		return nil
	}
	head := p.queue[0]
	if n.webhooks(p).Reorder && !head.moved {
		head.moved = true
		if len(p.queue) == 1 {
			select {
			case <-p.more: // of an event that is gone
			default:
			}
			n.mu.Unlock()
			await(ctx, p.more, n.cfg.Hold)
			n.mu.Lock()
		}
		if len(p.queue) > 1 {
			p.queue[0], p.queue[1] = p.queue[1], head
			p.queue[0].moved = true
			n.stats.swapped.Add(1)
		}
	}
	d := p.queue[0]
	p.queue = p.queue[1:]
	return d
}

// deliver attempts until the program has acknowledged the event or the schedule is at its end.
func (n *Network) deliver(ctx context.Context, d *delivery) {
	n.mu.Lock()
	delay := time.Duration(n.webhooks(d.to).DelayMS) * time.Millisecond
	n.mu.Unlock()
	if delay > 0 {
		await(ctx, nil, delay)
	}
	acked, waited := false, 0
	for number := 0; ctx.Err() == nil; number++ {
		resend := n.resending()
		if acked = n.attempt(ctx, d, number); acked {
			break
		}
		waits := n.Setup().RetriesMS
		if waited >= len(waits) {
			n.stats.givenUp.Add(1)
			n.cfg.Log.WarnContext(ctx, "webhook given up", "attempts", number+1)
			break
		}
		if !await(ctx, resend, time.Duration(waits[waited])*time.Millisecond) {
			waited++ // an attempt that was asked for is beside the schedule
		}
	}
	n.finish(d, acked)
}

func (n *Network) finish(d *delivery, acked bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.pending--
	same := func(e Entry) bool { return d.entry != "" && e.ID == d.entry && e.From == Citizen }
	if !acked {
		d.to.amend(same, func(e *Entry) { e.State = StateFailed })
		return
	}
	n.stats.acked.Add(1)
	d.to.advance(StateDelivered, same)
}

// attempt sends all copies of an event at once. One acknowledgement is enough.
func (n *Network) attempt(ctx context.Context, d *delivery, number int) bool {
	if number > 0 {
		n.stats.retried.Add(1)
	}
	n.mu.Lock()
	copies, address := max(1, n.webhooks(d.to).Duplicate), n.setup.Webhook
	n.mu.Unlock()
	if address == "" {
		return false
	}
	n.stats.duplicates.Add(int64(copies - 1))
	if copies == 1 {
		return n.call(ctx, address, d, number)
	}
	var wg sync.WaitGroup
	var acked atomic.Bool
	for range copies {
		wg.Go(func() {
			if n.call(ctx, address, d, number) {
				acked.Store(true)
			}
		})
	}
	wg.Wait()
	return acked.Load()
}

// call is one request to the program. It is true when that answered 200 in time.
func (n *Network) call(ctx context.Context, address string, d *delivery, number int) bool {
	select {
	case n.slots <- struct{}{}:
		defer func() { <-n.slots }()
	case <-ctx.Done():
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, n.cfg.Answer)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(d.body))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-ZEvent-Signature", d.mac)
	if number > 0 {
		req.Header.Set("num_retry", strconv.Itoa(number))
	}
	if d.zns {
		req.Header.Set("X-ZEvent-Server", "ZNS")
	}
	start := time.Now()
	n.stats.sent.Add(1)
	res, err := n.cfg.Client.Do(req)
	if err != nil {
		n.stats.unanswered.Add(1)
		return false
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection can be used again
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		n.stats.notOK.Add(1)
		return false
	}
	n.stats.took(time.Since(start))
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
