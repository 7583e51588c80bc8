package casework

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// remembered is how many counts a slot remembers. A count comes twice only when a relay died between making it and noting so, and then within minutes.
const remembered = 64

// Tally keeps how many cases stand in each slot ("2026-11/11443/lights/received"), fed by counts that may arrive twice.
// A slot is one small document; there are as many as months × wards × categories × states that ever occurred, and they are kept for good.
type Tally struct {
	slots *store.Collection[slot]
}

type slot struct {
	ID      string   `bson:"_id"`
	N       int64    `bson:"n"`
	Changes int64    `bson:"changes"`           // counts ever made; tells a recount that the slot moved meanwhile
	Applied []string `bson:"applied,omitempty"` // ids of the last counts
}

// NewTally makes room for the slots of one service; kind is their name in the store ("feedback_stats").
func NewTally(ctx context.Context, e store.Engine, kind string) (*Tally, error) {
	slots, err := store.Define[slot](ctx, e, store.Kind{Name: kind})
	if err != nil {
		return nil, err
	}
	return &Tally{slots: slots}, nil
}

// Make applies a count, once however often it comes.
func (t *Tally) Make(ctx context.Context, c Count) error {
	if err := t.add(ctx, c.From, c.ID, -1); err != nil {
		return fmt.Errorf("casework: tally: %w", err)
	}
	if err := t.add(ctx, c.To, c.ID, +1); err != nil {
		return fmt.Errorf("casework: tally: %w", err)
	}
	return nil
}

func (t *Tally) add(ctx context.Context, id, count string, delta int64) error {
	if id == "" {
		return nil
	}
	_, err := t.slots.Upsert(ctx, id, func() slot { return slot{ID: id} }, func(s *slot) error {
		if slices.Contains(s.Applied, count) {
			return store.ErrUnchanged
		}
		s.N += delta
		s.Changes++
		s.Applied = append(s.Applied, count)
		if over := len(s.Applied) - remembered; over > 0 {
			s.Applied = s.Applied[over:]
		}
		return nil
	})
	return err
}

// Slots yields the slots whose ids begin with prefix, in the order of ids. The prefix "" yields all.
func (t *Tally) Slots(ctx context.Context, prefix string) iter.Seq2[Slot, error] {
	return func(yield func(Slot, error) bool) {
		for s, err := range scan(ctx, t.slots, prefix, func(s *slot) string { return s.ID }) {
			if !yield(Slot{ID: s.ID, N: s.N}, err) || err != nil {
				return
			}
		}
	}
}

// Slot is how many cases stand in a slot.
type Slot struct {
	ID string
	N  int64
}

// Standing is what a recount needs to know of a case: its slot now, and the counts that its relay has still to carry out, oldest first.
type Standing struct {
	Slot    string
	Pending []Count
}

// base gives the slot that the case was in before its pending counts.
func (s Standing) base() string {
	if len(s.Pending) > 0 {
		return s.Pending[0].From
	}
	return s.Slot
}

// Difference is what a recount found.
type Difference struct {
	Slots int         // looked at
	Wrong []WrongSlot // and corrected
	Busy  int         // wrong, but moving during the recount, so left alone: count again
}

// WrongSlot is a slot whose count was wrong.
type WrongSlot struct {
	ID             string
	Stored, Actual int64
}

// Recount counts all cases anew and corrects the slots that are wrong, while relays go on. covers tells which slots the cases still speak for
// (months whose cases have been removed are left alone); progress hears how many cases were counted.
func (t *Tally) Recount(ctx context.Context, cases iter.Seq2[Standing, error], covers func(slot string) bool, progress func(cases int)) (Difference, error) {
	stored, err := t.snapshot(ctx, covers)
	if err != nil {
		return Difference{}, err
	}
	actual, err := t.count(ctx, cases, covers, progress)
	if err != nil {
		return Difference{}, err
	}
	diff := Difference{Slots: len(stored)}
	for id := range actual {
		if _, ok := stored[id]; !ok {
			stored[id] = slot{ID: id}
			diff.Slots++
		}
	}
	for _, was := range stored {
		if was.N == actual[was.ID] {
			continue
		}
		if err := t.correct(ctx, was, actual[was.ID], &diff); err != nil {
			return diff, err
		}
	}
	slices.SortFunc(diff.Wrong, func(a, b WrongSlot) int { return cmp.Compare(a.ID, b.ID) })
	return diff, nil
}

// snapshot reads all slots before the cases are counted, without the ids they remember.
func (t *Tally) snapshot(ctx context.Context, covers func(string) bool) (map[string]slot, error) {
	stored := map[string]slot{}
	for s, err := range scan(ctx, t.slots, "", func(s *slot) string { return s.ID }) {
		if err != nil {
			return nil, err
		}
		if covers(s.ID) {
			stored[s.ID] = slot{ID: s.ID, N: s.N, Changes: s.Changes}
		}
	}
	return stored, nil
}

// count gives for each slot what it should hold: the cases' slots before their pending counts, plus those pending counts that the slot has already made.
func (t *Tally) count(ctx context.Context, cases iter.Seq2[Standing, error], covers func(string) bool, progress func(int)) (map[string]int64, error) {
	actual := map[string]int64{}
	add := func(id string, n int64) {
		if id != "" && covers(id) {
			actual[id] += n
		}
	}
	seen := 0
	for c, err := range cases {
		if err != nil {
			return nil, err
		}
		add(c.base(), 1)
		for _, p := range c.Pending {
			from, err := t.made(ctx, p.From, p.ID)
			if err != nil {
				return nil, err
			}
			to, err := t.made(ctx, p.To, p.ID)
			if err != nil {
				return nil, err
			}
			add(p.From, -from)
			add(p.To, to)
		}
		seen++
		progress(seen)
	}
	return actual, nil
}

// made gives 1 when the slot has already made the count, else 0.
func (t *Tally) made(ctx context.Context, id, count string) (int64, error) {
	if id == "" {
		return 0, nil
	}
	s, err := t.slots.Get(ctx, id)
	if fault.CodeOf(err) == fault.NotFound {
		return 0, nil
	}
	if err != nil || !slices.Contains(s.Applied, count) {
		return 0, err
	}
	return 1, nil
}

// correct writes the actual count into a slot that has not moved since the snapshot.
func (t *Tally) correct(ctx context.Context, was slot, actual int64, diff *Difference) error {
	busy := false
	_, err := t.slots.Update(ctx, was.ID, func(s *slot) error {
		busy = s.Changes != was.Changes
		if busy {
			return store.ErrUnchanged
		}
		s.N = actual
		s.Changes++
		return nil
	})
	if fault.CodeOf(err) == fault.NotFound && was.Changes == 0 {
		err = t.slots.Insert(ctx, slot{ID: was.ID, N: actual, Changes: 1})
		if fault.CodeOf(err) == fault.Conflict {
			busy, err = true, nil
		}
	}
	if err != nil {
		return fmt.Errorf("casework: recount: %w", err)
	}
	if busy {
		diff.Busy++
		return nil
	}
	diff.Wrong = append(diff.Wrong, WrongSlot{ID: was.ID, Stored: was.N, Actual: actual})
	return nil
}

// scanPage is how many documents one read of a scan takes.
const scanPage = 500

// scan yields all documents of a kind whose ids begin with prefix, page by page, in the order of ids.
func scan[T any](ctx context.Context, docs *store.Collection[T], prefix string, id func(*T) string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		q := docs.ByID().First(scanPage)
		if prefix != "" {
			q = q.Prefix(prefix)
		}
		for {
			n := 0
			var last T
			for doc, err := range docs.Find(ctx, q) {
				if !yield(doc, err) || err != nil {
					return
				}
				n, last = n+1, doc
			}
			if n < scanPage {
				return
			}
			q.From = id(&last) + "\x00" // right behind the last one
		}
	}
}
