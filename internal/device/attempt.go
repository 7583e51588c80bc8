package device

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/internal/retry"
	"github.com/motcua/motcua/miniapps"
)

// end is what became of an attempt at one device.
type end struct {
	record
	channels.Outcome
	unasked bool // the network was not asked
	hosted  bool // who answers is of the owner's choice
}

// held tells whether a later attempt says nothing about the network.
func (e end) held() bool { return e.unasked || e.hosted }

// push makes the attempts.
func (d *Devices) push(ctx context.Context, to []record, l notify.Letter) []end {
	out := make([]end, len(to))
	slots := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i, r := range to {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			out[i] = d.attempt(ctx, r, d.outbound(r.Kind, l))
			d.count(ctx, out[i])
		})
	}
	wg.Wait()
	return out
}

func (d *Devices) attempt(ctx context.Context, r record, m channels.Outbound) end {
	to, err := d.address(r)
	if err != nil {
		return end{record: r, unasked: true, Outcome: channels.Outcome{Status: channels.Never, Reason: "unreadable", Cause: err}}
	}
	ch := d.deps.Channels[r.Kind]
	if wait := d.over(ctx, ch.Profile()); wait > 0 {
		return later(r, wait, errOverLimit)
	}
	if named, ok := ch.(Hosted); ok {
		return d.attemptAt(ctx, place{r.Kind + " " + named.Host(to), r.Proven}, r, to, m)
	}
	return end{record: r, Outcome: ch.Send(ctx, to, m)}
}

var (
	errOverLimit = errors.New("device: our own limit towards the network")
	errAway      = errors.New("device: the host is away")
	errResting   = errors.New("device: it did not take what it was sent lately")
)

// later is the end of an attempt that was not made.
func later(r record, wait time.Duration, why error) end {
	return end{record: r, unasked: true, Outcome: channels.Outcome{Status: channels.Later, Retry: wait, Cause: why}}
}

// attemptAt makes an attempt where a stranger may have chosen who answers: unless that host is away, or this device.
func (d *Devices) attemptAt(ctx context.Context, at place, r record, to channels.Address, m channels.Outbound) end {
	if wait := r.resting(d.now()); wait > 0 {
		return later(r, wait, errResting)
	}
	if wait := d.hosts.enter(at); wait > 0 {
		return later(r, retry.Jitter(max(wait, hostPauseMax)), errAway)
	}
	out := end{record: r, hosted: true, Outcome: d.deps.Channels[r.Kind].Send(ctx, to, m)}
	cut := errors.Is(ctx.Err(), context.Canceled)
	d.hosts.report(at, out.Status, cut)
	if out.Status == channels.Later {
		out.unasked = cut
		out.Retry = rest(r.Fails+1, out.Retry)
	}
	return out
}

// over counts one message, and gives the time to wait when the network takes no more of them in this minute.
func (d *Devices) over(ctx context.Context, p channels.Profile) time.Duration {
	if d.deps.Limiter == nil || p.PerMinute == 0 {
		return 0
	}
	wait, err := d.deps.Limiter.Allow(ctx, "push:"+p.Name, limit.Rule{Max: p.PerMinute, Per: time.Minute})
	if err == nil {
		return 0
	}
	return max(wait, time.Second)
}

// outbound writes a letter as a push over one network.
func (d *Devices) outbound(kind string, l notify.Letter) channels.Outbound {
	text := l.Text
	if d.deps.Shown != nil {
		text = d.deps.Shown(kind, l)
	}
	p := &channels.Push{
		Title: l.Title, Text: text, Link: l.Link, Collapse: l.Collapse, Urgent: l.Urgency == miniapps.Urgent,
		Data: map[string]string{"id": l.ID, "app": l.App},
	}
	if l.CaseID != "" {
		p.Data["case"] = l.CaseID
	}
	if l.Revision > 0 {
		p.Data["revision"] = strconv.Itoa(l.Revision)
	}
	if !l.Until.IsZero() {
		p.TTL = max(time.Second, l.Until.Sub(d.now()))
	}
	return channels.Outbound{ID: l.ID, Kind: channels.Notice, Push: p}
}
