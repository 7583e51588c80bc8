package registry

import (
	"context"
	"fmt"
	"slices"

	"github.com/motcua/motcua/internal/fold"
)

// Limits of a search.
const (
	maxQueryRunes = 200
	maxQueryWords = 8
	maxLooked     = 5000 // documents with the rarest word, or in the cells of a circle, that are looked at when outlines are not kept
)

// Filter says which plates are asked for.
type Filter struct {
	Text string // words of the names, former names, street, address or number, with or without diacritics; "" means any
	Ward string // code; "" means any
}

// words gives the words that a plate must hold all of.
func (f Filter) words() []string {
	n, text := 0, f.Text
	for i := range text {
		if n == maxQueryRunes {
			text = text[:i]
			break
		}
		n++
	}
	var out []string
	for _, w := range fold.Words(text) {
		if w = token(w); !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out[:min(len(out), maxQueryWords)]
}

// matcher tells of a plate whether it is asked for.
func (f Filter) matcher() func(*Plate) bool {
	words := f.words()
	return func(p *Plate) bool { return (f.Ward == "" || p.Ward == f.Ward) && holds(p.Tokens, words) }
}

// holds tells whether a sorted list has all the words.
func holds(sorted, words []string) bool {
	for _, w := range words {
		if _, ok := slices.BinarySearch(sorted, w); !ok {
			return false
		}
	}
	return true
}

// Search gives the plates that a filter wants, by number. A text that is the printed number of a plate gives that plate alone.
// What another process changed is found as Forget says.
func (r *Registry) Search(ctx context.Context, f Filter, first int, after Cursor) (Page[Plate], error) {
	if found, ok, err := r.numbered(ctx, f); ok || err != nil {
		return found, err
	}
	found, err := r.search(ctx, f, first, after)
	if err != nil {
		return found, fmt.Errorf("signs: search: %w", err)
	}
	return found, nil
}

func (r *Registry) search(ctx context.Context, f Filter, first int, after Cursor) (Page[Plate], error) {
	words := f.words()
	switch {
	case len(words) == 0 && f.Text != "": // only signs, which are in no name
		return Page[Plate]{Items: []Plate{}}, nil
	case len(words) == 0 && f.Ward == "":
		return r.Plates(ctx, first, after)
	case len(words) == 0:
		return r.InWard(ctx, f.Ward, first, after)
	}
	x, err := r.outlines(ctx)
	switch {
	case err != nil:
		return Page[Plate]{Items: []Plate{}}, err
	case x != nil:
		return r.listed(ctx, x, f, first, after)
	case f.Ward != "": // a ward has few plates
		return sift(ctx, r.records.plates, r.records.byWard.Where(f.Ward), first, after, f.matcher())
	}
	return withWords(ctx, r.records.plates, r.records.byWord, words, first, after, f.matcher())
}

// listed gives a page of the plates that a filter with words wants. It reads the plates of the page and one more, to know whether there is one.
func (r *Registry) listed(ctx context.Context, x *outlines, f Filter, first int, after Cursor) (Page[Plate], error) {
	none := Page[Plate]{Items: []Plate{}}
	if f.Ward == "" && !x.knows(f.words()) {
		return none, nil
	}
	from, err := r.records.placeOf(after)
	if err != nil {
		return none, err
	}
	first = pageLength(first)
	wanted := f.matcher()
	found, err := r.read(ctx, x.behind(from, f), first+1, func(p *Plate, _ *outline) bool { return wanted(p) })
	if err != nil {
		return none, err
	}
	out := Page[Plate]{Items: found[:min(first, len(found))], HasNext: len(found) > first}
	for _, p := range out.Items {
		cursor, err := r.records.cursorAt(p.ID)
		if err != nil {
			return none, err
		}
		out.Cursors = append(out.Cursors, cursor)
	}
	return out, nil
}

// numbered finds the plate whose printed number the text is. It is false when the text is none, or no plate has it.
func (r *Registry) numbered(ctx context.Context, f Filter) (Page[Plate], bool, error) {
	none := Page[Plate]{Items: []Plate{}}
	if r.deps.Numbers == nil || f.Text == "" {
		return none, false, nil
	}
	n, ok := r.deps.Numbers(f.Text)
	if !ok {
		return none, false, nil
	}
	p, ok, err := find(ctx, r.records.plates, PlateID(n))
	if !ok || err != nil || f.Ward != "" && p.Ward != f.Ward {
		return none, false, wrapPlate("search", err)
	}
	cursor, err := r.records.cursorAt(p.ID)
	if err != nil {
		return none, false, err
	}
	return Page[Plate]{Items: []Plate{p}, Cursors: []Cursor{cursor}}, true, nil
}

// SearchStories gives the stories with all the words of a text in their names and former names, by id.
func (r *Registry) SearchStories(ctx context.Context, text string, first int, after Cursor) (Page[Story], error) {
	words := Filter{Text: text}.words()
	if len(words) == 0 {
		return Page[Story]{Items: []Story{}}, nil
	}
	found, err := withWords(ctx, r.records.stories, r.records.byTitle, words, first, after, func(s *Story) bool { return holds(s.Tokens, words) })
	if err != nil {
		return found, fmt.Errorf("signs: search stories: %w", err)
	}
	return found, nil
}
