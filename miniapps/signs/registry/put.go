package registry

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/internal/geo"
)

// Result says what came of a row.
type Result string

// The results.
const (
	New       Result = "new"
	Different Result = "changed"
	Same      Result = "same"
)

// cellLevels are the levels of the map cells that a plate is indexed by: about 5 km, 1.2 km and 300 m wide.
const (
	wideCell, midCell, smallCell = 11, 13, 15
)

// ComparePlate tells what PutPlate would make of a clean row where the plate is as held; nil when there is none.
func ComparePlate(held *Plate, row PlateRow) Result {
	if held == nil {
		return New
	}
	p := *held
	if len(p.take(row)) == 0 {
		return Same
	}
	return Different
}

// PutPlate brings the plate of a row to what the row says. A new plate is given a code. It may be repeated, and a repeat changes nothing.
// INVALID names every wrong field.
func (r *Registry) PutPlate(ctx context.Context, row PlateRow, by string) (Result, error) {
	row = r.Clean(row)
	wrong := r.CheckPlate(row)
	story, ok, err := find(ctx, r.records.stories, row.Story)
	if err != nil {
		return "", fmt.Errorf("signs: put plate: %w", err)
	}
	if !ok && row.Story != "" {
		wrong = append(wrong, fault.Field{Path: []string{"story"}, Key: faults + "story"})
	}
	if len(wrong) > 0 {
		return "", &fault.Error{Code: fault.Invalid, Fields: wrong}
	}
	res, err := r.putPlate(ctx, row, &story, by)
	if err == nil {
		err = r.catchUp(ctx, &story, func(s *Story) error {
			defer r.changed(ctx)
			return r.follow(ctx, PlateID(row.Number), s)
		})
	}
	if res != Same { // also after an error: it may have come through
		r.changed(ctx)
	}
	if err != nil {
		return "", fmt.Errorf("signs: put plate %d: %w", row.Number, err)
	}
	return res, nil
}

func (r *Registry) putPlate(ctx context.Context, row PlateRow, story *Story, by string) (Result, error) {
	id := PlateID(row.Number)
	held, ok, err := find(ctx, r.records.plates, id)
	if err != nil {
		return "", err
	}
	if row.Batch != held.Batch {
		if err := r.knowBatch(ctx, row.Batch, by); err != nil {
			return "", err
		}
	}
	if !ok {
		made, err := r.create(ctx, row, story, by)
		if made || err != nil {
			return New, err
		}
	}
	return r.change(ctx, id, row, story, by)
}

// create stores a new plate. It is false when somebody else was faster.
func (r *Registry) create(ctx context.Context, row PlateRow, story *Story, by string) (bool, error) {
	id, now := PlateID(row.Number), r.now()
	code, err := r.claim(ctx, id, now)
	if err != nil {
		return false, err
	}
	p := Plate{ID: id, Number: row.Number, Condition: Good, CreatedAt: now, Codes: []Issued{{Code: code, At: now}}}
	p.take(row)
	p.follow(story)
	p.record(Change{At: now, By: by, Kind: Created})
	return insert(ctx, r.records.plates, p)
}

func (r *Registry) change(ctx context.Context, id string, row PlateRow, story *Story, by string) (Result, error) {
	var res Result
	var moved bool
	_, err := update(ctx, r.records.plates, id, func(p *Plate) (bool, error) {
		res = Same
		listed := p.Listed
		fields := p.take(row)
		moved = p.follow(story)
		if len(fields) > 0 {
			res = Different
			p.record(Change{At: r.now(), By: by, Kind: Updated, Fields: fields})
		}
		return res == Different || moved || p.Listed != listed, nil
	})
	if moved && res == Same { // it says what it said, and is found by other words
		r.changed(ctx)
	}
	return res, err
}

// take takes over what a clean row says, and gives what that altered.
func (p *Plate) take(row PlateRow) []Altered {
	before := p.facts()
	p.Story, p.Street, p.Ward, p.Unit = row.Story, row.Street, row.Ward, row.Unit
	p.Place = Place{Lat: row.Lat, Lon: row.Lon, Address: row.Address, Side: row.Side}
	if !row.Installed.IsZero() {
		p.InstalledAt = row.Installed
	}
	if row.Condition != "" && row.Condition != p.Listed.Condition {
		p.Condition, p.Listed.Condition = row.Condition, row.Condition
	}
	if row.Batch != p.Listed.Batch {
		p.order(row.Batch)
		p.Listed.Batch = row.Batch
	}
	return altered(before, p.facts())
}

// order notes in which batch the newest code is printed.
func (p *Plate) order(batch string) {
	p.Batch = batch
	if len(p.Codes) > 0 {
		p.Codes = slices.Clone(p.Codes) // the caller may hold the same list
		p.Codes[len(p.Codes)-1].Batch = batch
	}
}

// follow brings what the plate is found by up to date, and tells whether that changed anything.
func (p *Plate) follow(story *Story) bool {
	words := tokens(append(story.names(), p.Street, p.Place.Address, fmt.Sprint(p.Number))...)
	cells := geo.Cells(p.Place.Lat, p.Place.Lon, wideCell, midCell, smallCell)
	if slices.Equal(words, p.Tokens) && slices.Equal(cells, p.Cells) {
		return false
	}
	p.Tokens, p.Cells = words, cells
	return true
}

// Limits of what a search works with.
const (
	maxTokens     = 120 // words of one document
	maxTokenBytes = 60
)

// tokens gives the words of some texts as a search compares them, each once, in order.
func tokens(texts ...string) []string {
	var out []string
	for _, t := range texts {
		for _, w := range fold.Words(t) {
			out = append(out, token(w))
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return out[:min(len(out), maxTokens)]
}

// token makes words equal that mean the same: "012" is the house number 12. Long ones are cut.
func token(w string) string {
	digits := true
	for _, r := range w {
		digits = digits && '0' <= r && r <= '9'
	}
	for digits && len(w) > 1 && w[0] == '0' {
		w = w[1:]
	}
	if len(w) <= maxTokenBytes {
		return w
	}
	end := 0
	for i := range w {
		if i > maxTokenBytes {
			break
		}
		end = i
	}
	return w[:end]
}

// maxMints is how many codes are tried before the codes must be broken: two in 2^30 are the same by chance.
const maxMints = 10

// claim gives a code that nobody else has, for the plate with that id.
func (r *Registry) claim(ctx context.Context, plate string, now time.Time) (string, error) {
	for range maxMints {
		code, err := r.deps.Codes.Mint()
		if err != nil {
			return "", fmt.Errorf("mint: %w", err)
		}
		fresh, err := insert(ctx, r.records.claims, claim{ID: string(code), Plate: plate, At: now})
		if fresh || err != nil {
			return string(code), err
		}
	}
	return "", fmt.Errorf("signs: %d codes were taken", maxMints)
}

// knowBatch makes a batch known by its name.
func (r *Registry) knowBatch(ctx context.Context, name, by string) error {
	if name == "" {
		return nil
	}
	_, known, err := find(ctx, r.records.batches, name)
	if known || err != nil {
		return err
	}
	_, err = insert(ctx, r.records.batches, batch{ID: name, At: r.now(), By: by})
	return err
}
