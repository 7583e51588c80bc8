package scans

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// The words of the store that the signatures use.
type (
	// Engine keeps the documents.
	Engine = store.Engine
	// Cursor is a place in a list.
	Cursor = store.Cursor
	// Page is one screenful of a list.
	Page[T any] = store.Page[T]
)

// records keeps roll-ups, the last scan of each plate, and events.
type records struct {
	days   *store.Collection[tally]
	plates *store.Collection[lastScan]
	events *store.Collection[Event]
	byOpen store.Query
}

// tally is the roll-up of a day: of a plate, of a ward, or of the city.
type tally struct {
	ID        string    `bson:"_id"`
	Hours     []slot    `bson:"hours"`             // those with scans, in order
	Revoked   int       `bson:"revoked,omitempty"` // scans of the plate's old codes
	Last      time.Time `bson:"last,omitempty"`    // scan of a good code
	Marks     marks     `bson:"marks"`
	ExpiresAt time.Time `bson:"expiresAt"`
}

// slot is an hour of a day.
type slot struct {
	Hour     int `bson:"h"` // 0 to 23
	Scans    int `bson:"n"`
	Visitors int `bson:"v"`
}

// lastScan is when a plate was last scanned, to the hour: the roll-ups know better while they are kept.
type lastScan struct {
	ID string    `bson:"_id"` // the plate's
	At time.Time `bson:"at"`
}

// mark is one write of one process.
type mark struct {
	Writer int64 `bson:"w"`
	Number int64 `bson:"n"`
}

// marks are the last writes of the processes that added to a document, so that a write whose answer was lost can be repeated.
type marks []mark

// maxMarks is how many processes can add to a document at the same time. One that eight others overtook between a write whose answer it lost and the repeat
// would count twice.
const maxMarks = 8

func (l marks) seen(m mark) bool {
	return slices.ContainsFunc(l, func(x mark) bool { return x.Writer == m.Writer && x.Number >= m.Number })
}

func (l *marks) add(m mark) {
	kept := slices.DeleteFunc(slices.Clone(*l), func(x mark) bool { return x.Writer == m.Writer })
	kept = append(kept, m)
	*l = kept[max(0, len(kept)-maxMarks):]
}

func openRecords(ctx context.Context, e Engine) (*records, error) {
	r := &records{}
	var errs [4]error
	r.days, errs[0] = store.Define[tally](ctx, e, store.Kind{Name: "sign_scan_days", ExpiresAt: "expiresAt"})
	r.plates, errs[1] = store.Define[lastScan](ctx, e, store.Kind{Name: "sign_scan_plates"})
	r.events, errs[2] = store.Define[Event](ctx, e, store.Kind{
		Name: "sign_events", ExpiresAt: "expiresAt",
		Indexes: []store.Index{{Name: "by_open", Equal: []string{"open"}, Order: "since"}},
	})
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	r.byOpen, errs[3] = r.events.Query("by_open")
	return r, errs[3]
}

// id names a roll-up: "p/000572/2026-11-16", "d/2026-11-16/11311", or "d/2026-11-16" for the whole city.
func (k dayKey) id() string {
	switch {
	case k.plate != 0:
		return "p/" + registry.PlateID(int(k.plate)) + "/" + k.day.text()
	case k.ward != "":
		return "d/" + k.day.text() + "/" + k.ward
	}
	return "d/" + k.day.text()
}

// add takes over what was counted, once for each mark.
func (t *tally) add(d *dayDelta, m mark) (changed bool) {
	if t.Marks.seen(m) {
		return false
	}
	t.Marks.add(m)
	t.Revoked += d.revoked
	if last := instant(d.last); d.last > 0 && last.After(t.Last) {
		t.Last = last
	}
	all := t.hours()
	t.Hours = make([]slot, 0, len(all))
	for h, c := range all {
		if c.add(d.hours[h]); c != (Count{}) {
			t.Hours = append(t.Hours, slot{h, c.Scans, c.Visitors})
		}
	}
	return true
}

func (t *tally) hours() (out [24]Count) {
	for _, s := range t.Hours {
		if s.Hour >= 0 && s.Hour < len(out) {
			out[s.Hour] = Count{s.Scans, s.Visitors}
		}
	}
	return out
}

// writeDay adds to a roll-up, once for each mark.
func (r *records) writeDay(ctx context.Context, k dayKey, d *dayDelta, m mark, keep time.Duration) error {
	_, err := r.days.Upsert(ctx, k.id(), func() tally { return tally{ID: k.id(), ExpiresAt: k.day.end().Add(keep)} },
		store.IfChanged(func(t *tally) (bool, error) { return t.add(d, m), nil }))
	return err
}

// touch notes a scan of a plate. It may be repeated, and come late.
func (r *records) touch(ctx context.Context, plate uint32, at int64) error {
	id, when := registry.PlateID(int(plate)), instant(at)
	_, err := r.plates.Upsert(ctx, id, func() lastScan { return lastScan{ID: id} }, func(l *lastScan) error {
		if when.Sub(l.At) < touchStep {
			return store.ErrUnchanged
		}
		l.At = when
		return nil
	})
	return err
}

// touchStep is how much later a plate must have been scanned for it to be worth a write.
const touchStep = time.Hour

// writeEvent adds to an event, once for each mark. opened tells whether it was this write that opened it, also when it was made before and its answer lost.
func (r *records) writeEvent(ctx context.Context, k eventKey, d *eventDelta, m mark, now time.Time, keep time.Duration) (e Event, opened bool, err error) {
	e, err = r.events.Upsert(ctx, k.id(), func() Event { return k.begin(d) },
		store.IfChanged(func(e *Event) (bool, error) { return e.add(d, m, now, keep), nil }))
	return e, e.Open && e.Opened == m, err
}

// update changes a document. The closure may run several times; when it tells that nothing changed, nothing is written.
func update[T any](ctx context.Context, c *store.Collection[T], id string, change func(*T) (changed bool, err error)) (T, error) {
	return c.Update(ctx, id, store.IfChanged(change))
}

// daysOf gives those roll-ups that exist, by key.
func (r *records) daysOf(ctx context.Context, keys []dayKey) (map[dayKey]tally, error) {
	ids := make([]string, len(keys))
	for i, k := range keys {
		ids[i] = k.id()
	}
	found, err := r.days.GetMany(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[dayKey]tally, len(found))
	for i, k := range keys {
		if t, ok := found[ids[i]]; ok {
			out[k] = t
		}
	}
	return out, nil
}

// maxWardDays bounds what one heat of all wards reads: 92 days of over 1,000 wards.
const maxWardDays = 100_000

// between yields the roll-ups of all wards and of the city on some days.
func (r *records) between(ctx context.Context, from, to date) iter.Seq2[tally, error] {
	return r.days.Find(ctx, r.days.ByID().Between("d/"+from.text(), "d/"+(to+1).text()).First(maxWardDays))
}

// lastScans gives when plates were last scanned, by id, for those that ever were.
func (r *records) lastScans(ctx context.Context, ids []string) (map[string]lastScan, error) {
	return r.plates.GetMany(ctx, ids)
}

// badCursor is the fault of a cursor that belongs to another list.
func badCursor() error { return fault.New(fault.Invalid, "store.bad_cursor") }
