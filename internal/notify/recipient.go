package notify

import (
	"context"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/retry"
)

// one sends a bulletin to one person and gives the mark. A person who cannot be served just now stays open for a while, then goes on alone.
func (p batcher) one(ctx context.Context, b *bulletin, x *batch, w *wishes) byte {
	now := p.s.now()
	d := p.letterTo(b, w.Subject)
	person, mark, err := p.recipient(ctx, w)
	if mark != markOpen {
		return mark
	}
	patient := now.Sub(x.Since) < p.s.cfg.UrgentWait
	if err != nil {
		return p.alone(ctx, &d, patient)
	}
	if v, waits := p.s.hold(&d, person, w, now); waits {
		d.hold(v.lane, v.hold)
		return p.alone(ctx, &d, false)
	}
	letter := letterOf(&d, b.content(), languageOf(w, person))
	if p.s.hasByTopic(ctx, b.content(), person, letter.Lang) {
		return markTopic
	}
	open, closed, err := p.s.ways(ctx, &d, person, w, letter)
	if err != nil {
		return p.alone(ctx, &d, patient)
	}
	leave, ok := p.turns.enter(ctx, b.ID, d.To, b.Revision)
	if !ok && ctx.Err() == nil {
		return markNone // a later revision goes to the same person
	}
	if !ok {
		return markOpen
	}
	defer leave()
	return p.take(ctx, &d, open, verdict{closed: closed, person: person, letter: letter}, patient)
}

// take sends a letter on its ways, in memory, until it left or has to wait.
func (p batcher) take(ctx context.Context, d *dispatch, open []Way, v verdict, patient bool) byte {
	for range len(open) + 1 {
		now := p.s.now()
		v := p.s.pick(d, open, v)
		switch {
		case v.end != "":
			return p.failed(d, v)
		case len(v.step) == 0:
			d.Lane = v.lane
			return p.alone(ctx, d, patient)
		}
		d.take(v.step, now)
		results := p.s.send(ctx, v, d.Legs)
		now = p.s.now()
		for _, r := range results {
			d.hear(r, now, true)
		}
		d.Lane = v.lane
		if p.s.proceed(d, results, now); d.State != Pending || d.Phase != sending || len(d.Legs) > 0 {
			break
		}
		d.Lane = batchLane
	}
	if rank[d.best()] >= rank[Sent] {
		p.s.metrics.first(d, p.s.now())
	}
	if d.State != Pending {
		return markSent
	}
	return p.alone(ctx, d, false)
}

// failed marks who could not be reached.
func (p batcher) failed(d *dispatch, v verdict) byte {
	if rank[v.end] >= rank[Sent] {
		return markSent
	}
	p.s.metrics.letters.WithLabelValues(string(d.Urgency), string(v.end), v.reason).Inc()
	return markFailed
}

// alone lets a letter go on by itself; open says that its batch can wait for it instead. What has left by some way must not be forgotten because the program stops.
func (p batcher) alone(ctx context.Context, d *dispatch, open bool) byte {
	if open {
		return markOpen
	}
	if d.Lane == batchLane {
		d.Lane = d.class()
	}
	err := retry.Stored(ctx, p.s.cfg.Lease/8, func(ctx context.Context) error { return p.s.letters.Insert(ctx, *d) })
	if err != nil && fault.CodeOf(err) != fault.Conflict {
		return markOpen
	}
	p.s.nudge(d.Lane)
	return markSingle
}

// recipient finds the person behind preferences. Those that a guest left behind who has an account now do not count beside that account's own.
func (p batcher) recipient(ctx context.Context, w *wishes) (Person, byte, error) {
	person, reason, err := p.s.whose(ctx, w.Subject)
	switch {
	case err != nil:
		return Person{}, markOpen, err
	case reason != "":
		return Person{}, markNone, nil
	case person.Account == w.ID:
		return person, markOpen, nil // the account's own, which come first
	}
	own, err := p.s.inbox.wishesOf(ctx, person.Account, person.Subjects)
	switch {
	case err != nil:
		return Person{}, markOpen, err
	case own.ID != w.ID:
		return Person{}, markNone, nil
	}
	return person, markOpen, nil
}
