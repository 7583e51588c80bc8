package registry

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
)

// Act is who changes something, and by which request.
type Act struct {
	By   string // account
	Key  string // what the request is known by; the same takes effect once. "" is not remembered
	Hash string // of its input: CONFLICT when the key comes again with another
}

// Reissue gives a plate a new code; the old one is revoked and says so. batch is the order that the new one is printed in, "" while it is not ordered.
// NOT_FOUND without the plate, INVALID without a reason, CONFLICT when the plate has had too many codes.
func (r *Registry) Reissue(ctx context.Context, id, batch, reason string, act Act) (Plate, error) {
	batch, reason = line(batch), line(reason)
	var l list
	l.batch(batch)
	if err := checkReason(reason, l); err != nil {
		return Plate{}, err
	}
	held, err := r.Plate(ctx, id)
	if err != nil {
		return Plate{}, err
	}
	if seen, err := act.seen(held.Marks); seen || err != nil { // before a code is made in vain
		return held, err
	}
	if len(held.Codes) >= maxCodes {
		return Plate{}, fault.New(fault.Conflict, "signs.too_many_codes")
	}
	if err := r.knowBatch(ctx, batch, act.By); err != nil {
		return Plate{}, fmt.Errorf("signs: reissue: %w", err)
	}
	code, err := r.claim(ctx, id, r.now())
	if err != nil {
		return Plate{}, fmt.Errorf("signs: reissue: %w", err)
	}
	return r.act(ctx, id, act, Change{Kind: Reissued, Reason: reason}, func(p *Plate, now time.Time) error {
		if len(p.Codes) >= maxCodes {
			return fault.New(fault.Conflict, "signs.too_many_codes")
		}
		p.revoke(reason, now)
		p.Codes = append(p.Codes, Issued{Code: code, Batch: batch, At: now})
		p.Batch = batch
		return nil
	})
}

// Revoke ends the code of a plate and gives it no other. NOT_FOUND without the plate, INVALID without a reason, CONFLICT when no code is good.
func (r *Registry) Revoke(ctx context.Context, id, reason string, act Act) (Plate, error) {
	reason = line(reason)
	if err := checkReason(reason, nil); err != nil {
		return Plate{}, err
	}
	return r.act(ctx, id, act, Change{Kind: Revoked, Reason: reason}, func(p *Plate, now time.Time) error {
		if !p.revoke(reason, now) {
			return fault.New(fault.Conflict, "signs.no_code")
		}
		return nil
	})
}

// revoke ends the code that is good, if there is one.
func (p *Plate) revoke(reason string, now time.Time) bool {
	if _, ok := p.Current(); !ok {
		return false
	}
	last := &p.Codes[len(p.Codes)-1]
	last.RevokedAt, last.Reason = now, reason
	return true
}

// SetCondition notes the state that somebody found a plate in. reason may be empty. NOT_FOUND without the plate.
func (r *Registry) SetCondition(ctx context.Context, id string, c Condition, reason string, act Act) (Plate, error) {
	var l list
	if !slices.Contains(Conditions(), c) {
		l.add("condition", "condition", params{"allowed": joined(Conditions())})
	}
	reason = line(reason)
	l.line("reason", reason, maxReason, false)
	if len(l) > 0 {
		return Plate{}, &fault.Error{Code: fault.Invalid, Fields: l}
	}
	return r.act(ctx, id, act, Change{Kind: Noted, Reason: reason}, func(p *Plate, _ time.Time) error {
		p.Condition = c
		return nil
	})
}

// seenStep is how much later a plate must be seen for it to be worth a write.
const seenStep = time.Hour

// Saw notes that a plate was there at a time. It may be repeated and come out of order: what counts is the latest time, to the hour. A time that is still to
// come counts as now. NOT_FOUND without the plate.
func (r *Registry) Saw(ctx context.Context, id string, when time.Time) error {
	when = instant(when)
	if now := r.now(); when.After(now) {
		when = now
	}
	_, err := update(ctx, r.records.plates, id, func(p *Plate) (bool, error) {
		if when.Sub(p.SeenAt) < seenStep {
			return false, nil
		}
		p.SeenAt = when
		return true, nil
	})
	return wrapPlate("saw", err)
}

// act makes one change of a plate, once for its key, in a single write.
func (r *Registry) act(ctx context.Context, id string, act Act, c Change, step func(*Plate, time.Time) error) (Plate, error) {
	p, err := update(ctx, r.records.plates, id, func(p *Plate) (bool, error) {
		if seen, err := act.seen(p.Marks); seen || err != nil {
			return false, err
		}
		before := p.facts()
		c.At, c.By = r.now(), act.By
		if err := step(p, c.At); err != nil {
			return false, err
		}
		act.mark(&p.Marks)
		c.Fields = altered(before, p.facts())
		if c.Kind == Noted && len(c.Fields) == 0 && c.Reason == "" {
			return act.Key != "", nil // as it was already; a late repeat must not undo what others do next
		}
		p.record(c)
		return true, nil
	})
	r.changed(ctx)
	return p, wrapPlate(string(c.Kind), err)
}

func (a Act) seen(m once.Marks) (bool, error) {
	if a.Key == "" {
		return false, nil
	}
	return m.Seen(a.Key, a.Hash)
}

func (a Act) mark(m *once.Marks) {
	if a.Key != "" {
		m.Add(a.Key, a.Hash)
	}
}

func checkReason(reason string, l list) error {
	l.line("reason", reason, maxReason, true)
	if len(l) > 0 {
		return &fault.Error{Code: fault.Invalid, Fields: l}
	}
	return nil
}

func wrapPlate(what string, err error) error {
	if fault.CodeOf(err) == fault.NotFound {
		return fault.New(fault.NotFound, "signs.no_plate")
	}
	if err != nil {
		return fmt.Errorf("signs: %s: %w", what, err)
	}
	return nil
}
