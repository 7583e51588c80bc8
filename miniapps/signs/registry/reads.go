package registry

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/fault"
)

// CodeState says what a code is worth.
type CodeState string

// The states of a code.
const (
	Current  CodeState = "current"
	Ended    CodeState = "revoked"
	Unknown  CodeState = "unknown"  // it could be one of ours, but none of our plates has it
	Invented CodeState = "invented" // the check in it does not fit: nobody issued it
)

// Coded is what the registry knows of a code.
type Coded struct {
	State      CodeState
	Code       string    // in its stored form; "" when it was invented
	Plate      Plate     // zero unless the code is or was one of a plate's
	Reason     string    // why it was revoked
	RevokedAt  time.Time // zero unless it was
	ReplacedBy string    // the code that the plate has now; "" unless this one was revoked and there is another
}

// PlateByCode tells whose code a text is. The store is not asked about one that was invented. The error is only ever the store's.
func (r *Registry) PlateByCode(ctx context.Context, text string) (Coded, error) {
	code, ok := r.deps.Codes.Parse(text)
	if !ok {
		return Coded{State: Invented}, nil
	}
	out := Coded{State: Unknown, Code: string(code)}
	c, ok, err := find(ctx, r.records.claims, out.Code)
	if !ok || err != nil {
		return out, wrapPlate("code", err)
	}
	p, ok, err := find(ctx, r.records.plates, c.Plate)
	if !ok || err != nil {
		return out, wrapPlate("code", err)
	}
	issued, ok := p.issued(out.Code)
	if !ok { // the plate was stored without it
		return out, nil
	}
	out.Plate, out.State = p, Current
	if !issued.RevokedAt.IsZero() {
		out.State, out.Reason, out.RevokedAt = Ended, issued.Reason, issued.RevokedAt
		if now, ok := p.Current(); ok {
			out.ReplacedBy = now.Code
		}
	}
	return out, nil
}

// Plate gives a plate by its id. NOT_FOUND when there is none.
func (r *Registry) Plate(ctx context.Context, id string) (Plate, error) {
	p, err := r.records.plates.Get(ctx, id)
	return p, wrapPlate("plate", err)
}

// PlateByNumber gives a plate by its number. NOT_FOUND when there is none.
func (r *Registry) PlateByNumber(ctx context.Context, number int) (Plate, error) {
	if number < 1 || number > MaxNumber {
		return Plate{}, fault.New(fault.NotFound, "signs.no_plate")
	}
	return r.Plate(ctx, PlateID(number))
}

// PlatesByID gives those of the plates that exist, by id, in one read.
func (r *Registry) PlatesByID(ctx context.Context, ids []string) (map[string]Plate, error) {
	out, err := r.records.plates.GetMany(ctx, ids)
	return out, wrapPlate("plates", err)
}

// Plates gives all plates, by number.
func (r *Registry) Plates(ctx context.Context, first int, after Cursor) (Page[Plate], error) {
	return page(ctx, r.records.plates, first, after)
}

// maxDocuments is how many plates or stories there can be at most.
const maxDocuments = MaxNumber + 1

// AllPlates yields every plate, by number. It stops at the first error, which it yields last.
func (r *Registry) AllPlates(ctx context.Context) iter.Seq2[Plate, error] {
	return all(ctx, r.records.plates, r.records.plates.ByID())
}

// Story gives a story. NOT_FOUND when there is none.
func (r *Registry) Story(ctx context.Context, id string) (Story, error) {
	s, err := r.records.stories.Get(ctx, id)
	return s, wrapStory("story", err)
}

// StoriesByID gives those of the stories that exist, by id, in one read.
func (r *Registry) StoriesByID(ctx context.Context, ids []string) (map[string]Story, error) {
	out, err := r.records.stories.GetMany(ctx, ids)
	return out, wrapStory("stories", err)
}

// Stories gives the stories of one kind, by id; "" means all.
func (r *Registry) Stories(ctx context.Context, kind StoryKind, first int, after Cursor) (Page[Story], error) {
	if kind == "" {
		return page(ctx, r.records.stories, first, after)
	}
	return page(ctx, r.records.stories, first, after, r.records.byKind.Where(string(kind)))
}

// AllStories yields every story, by id.
func (r *Registry) AllStories(ctx context.Context) iter.Seq2[Story, error] {
	return all(ctx, r.records.stories, r.records.stories.ByID())
}

// InWard gives the plates in a ward, by number.
func (r *Registry) InWard(ctx context.Context, ward string, first int, after Cursor) (Page[Plate], error) {
	return page(ctx, r.records.plates, first, after, r.records.byWard.Where(ward))
}

// ByBatch gives the plates whose newest code belongs to a batch, by number; "" means that it is not ordered yet.
func (r *Registry) ByBatch(ctx context.Context, batch string, first int, after Cursor) (Page[Plate], error) {
	var want any // absent
	if batch != "" {
		want = batch
	}
	return page(ctx, r.records.plates, first, after, r.records.byBatch.Where(want))
}

// ByUnit gives the plates that a unit looks after, by number: those in some conditions, or all when none is named.
func (r *Registry) ByUnit(ctx context.Context, unit string, conditions []Condition, first int, after Cursor) (Page[Plate], error) {
	if len(conditions) == 0 {
		conditions = Conditions()
	}
	return page(ctx, r.records.plates, first, after, r.records.byUnits(unit, slices.Compact(slices.Sorted(slices.Values(conditions))))...)
}

// ByStory gives the plates that tell a story, by number.
func (r *Registry) ByStory(ctx context.Context, story string, first int, after Cursor) (Page[Plate], error) {
	return page(ctx, r.records.plates, first, after, r.records.byStory.Where(story))
}

// History is what is known of past changes.
type History struct {
	Changes []Change // oldest first
	Dropped int      // older ones that are no longer kept
}

// History gives the past of a plate. NOT_FOUND without it.
func (r *Registry) History(ctx context.Context, id string) (History, error) {
	p, err := r.Plate(ctx, id)
	return History{p.History, p.Dropped}, err
}

// StoryHistory gives the past of a story. NOT_FOUND without it.
func (r *Registry) StoryHistory(ctx context.Context, id string) (History, error) {
	s, err := r.Story(ctx, id)
	return History{s.History, s.Dropped}, err
}

// Batch is one order of plates.
type Batch struct {
	Name   string
	At     time.Time // when it became known
	By     string    // account
	Plates int       // whose newest code belongs to it; at most maxCounted are counted
}

// maxCounted is how far the plates of a batch are counted.
const maxCounted = 10_000

// Batches gives the orders of plates, by name. One that no plate is of any more stays, with a count of 0.
func (r *Registry) Batches(ctx context.Context, first int, after Cursor) (Page[Batch], error) {
	known, err := page(ctx, r.records.batches, first, after)
	out := Page[Batch]{Items: []Batch{}, Cursors: known.Cursors, HasNext: known.HasNext}
	for _, b := range known.Items {
		n, err2 := r.records.plates.Count(ctx, r.records.byBatch.Where(b.ID), maxCounted)
		err = errors.Join(err, err2)
		out.Items = append(out.Items, Batch{Name: b.ID, At: b.At, By: b.By, Plates: n})
	}
	if err != nil {
		return Page[Batch]{Items: []Batch{}}, fmt.Errorf("signs: batches: %w", err)
	}
	return out, nil
}
