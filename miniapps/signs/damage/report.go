package damage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
)

// Case is what came of a tap.
type Case struct {
	ID   string // "" while the case has still to be opened: the tap is stored, and Resume opens it
	Code string // tracking code; "" with ID
	Taps int    // of this round, with this one
	New  bool   // the tap began a round

	Repeated bool // the tap was counted before: its key was known
}

// Report stores a tap and sees to it that the owner of the plate has a case about it. When it returns without an error the tap is stored, whatever dies
// next. INVALID names a wrong kind or note, CONFLICT a key that was used with another; anything else says that the tap may be lost: the same key may try again.
func (d *Damage) Report(ctx context.Context, t Tap) (Case, error) {
	x, err := d.check(t)
	if err != nil {
		return Case{}, err
	}
	r, did, err := d.count(ctx, x)
	if err != nil {
		return Case{}, fmt.Errorf("signs: damage: report: %w", err)
	}
	if did != repeated && (t.Kind == Elsewhere || t.Kind == Fake) && d.deps.Suspicious != nil {
		d.deps.Suspicious(ctx, t.Plate, t.Kind, t.Client)
	}
	if r.Open && r.Case == "" {
		if r, err = d.raise(ctx, r); err != nil {
			d.deps.Log.WarnContext(ctx, "the case of a damaged plate waits", "plate", r.ID, "round", r.Round, "error", err)
		}
	}
	if r, err = d.tell(ctx, r); err != nil {
		d.deps.Log.WarnContext(ctx, "a note to the case of a damaged plate waits", "plate", r.ID, "round", r.Round, "error", err)
	}
	r = r.whole()
	return Case{ID: r.Case, Code: r.Code, Taps: r.Taps, New: did == begun, Repeated: did == repeated}, nil
}

// count stores a tap in one write.
func (d *Damage) count(ctx context.Context, t tap) (r Record, did effect, err error) {
	held, there, err := d.records.find(ctx, t.plate)
	if err != nil {
		return r, did, err
	}
	s := d.look(ctx, held)
	if !there {
		r = Record{ID: t.plate}
		if did, err = r.take(t, s); err != nil {
			return r, did, err
		}
		made, err := d.records.insert(ctx, r)
		if made || err != nil {
			return r, did, err
		}
	}
	r, err = d.records.update(ctx, t.plate, func(r *Record) (bool, error) {
		var err error
		did, err = r.take(t, s)
		return did != repeated, err
	})
	return r, did, err
}

// look asks whether the case of a round is still open. Without an answer the tap waits for one.
func (d *Damage) look(ctx context.Context, r Record) seen {
	if !r.Open || r.Case == "" {
		return seen{}
	}
	s := seen{id: r.Case, state: ended}
	is, err := d.isOpen(ctx, r.Case)
	switch {
	case err != nil:
		d.deps.Log.WarnContext(ctx, "nobody says whether the case of a damaged plate is open", "plate", r.ID, "error", err)
		s.state = unknown
	case is:
		s.state = open
	}
	return s
}

func (d *Damage) isOpen(ctx context.Context, id string) (bool, error) {
	is, err := d.deps.Open(ctx, id)
	if fault.CodeOf(err) == fault.NotFound {
		return false, nil
	}
	return is, err
}

// raise opens the case of a round and notes it. When it fails the record says so, and when to try again.
//
// An attempt that died may have opened the case before, and staff may have ended it since. Taps that came later must not vanish in it: they begin a round.
func (d *Damage) raise(ctx context.Context, r Record) (Record, error) {
	id, code, err := d.open(ctx, r.Raise)
	is := true
	if err == nil && r.Taps > 1 {
		is, err = d.isOpen(ctx, id)
	}
	if err == nil && !is {
		next, err := d.change(ctx, r, func(r *Record, now time.Time) { r.begin(now, []Pile{r.Pile}, r.Raise) })
		if err != nil {
			return r, err
		}
		if next.Case != "" || !next.Open { // somebody else was here
			return next, nil
		}
		r = next
		id, code, err = d.open(ctx, r.Raise)
		return d.note(ctx, r, id, code, err)
	}
	return d.note(ctx, r, id, code, err)
}

func (d *Damage) open(ctx context.Context, what Raise) (id, code string, err error) {
	id, code, err = d.deps.Raise(ctx, what)
	if err == nil && id == "" {
		err = errors.New("signs: damage: a case without an id")
	}
	return id, code, err
}

// note writes down what came of an attempt to open a case, and gives its error.
func (d *Damage) note(ctx context.Context, r Record, id, code string, failed error) (Record, error) {
	fresh, err := d.change(ctx, r, func(r *Record, now time.Time) {
		if failed != nil {
			r.failed(now, failed)
			return
		}
		r.raised(now, id, code)
	})
	if failed != nil {
		return r, failed
	}
	if err != nil { // it is there all the same, and Resume notes it
		r.Case, r.Code = id, code
		return r, err
	}
	return fresh, nil
}

// change alters a record, unless it moved on since r was read.
func (d *Damage) change(ctx context.Context, r Record, step func(*Record, time.Time)) (Record, error) {
	return d.records.update(ctx, r.ID, func(now *Record) (bool, error) {
		if now.Round != r.Round || now.Case != r.Case || now.Mended != r.Mended || !now.Open {
			return false, nil
		}
		step(now, d.now())
		return true, nil
	})
}
