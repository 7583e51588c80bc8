package registry

import (
	"cmp"
	"context"
	"iter"
	"math"
	"slices"

	"github.com/motcua/motcua/internal/geo"
)

// maxIndexed is how many plates are kept outlines of at most, about 12 MB. With more of them every question goes to the store.
const maxIndexed = 50_000

// outline is what a plate is found by.
type outline struct {
	ID    string `bson:"_id"`
	Ward  string `bson:"ward"`
	Place struct {
		Lat float64 `bson:"lat"`
		Lon float64 `bson:"lon"`
	} `bson:"place"`
}

// outlined is an outline with its words, as it is read.
type outlined struct {
	Outline outline  `bson:",inline"`
	Tokens  []string `bson:"tokens"`
}

// outlines are those of all plates, at about 220 bytes each. They do not change.
type outlines struct {
	plates []outline          // by id
	words  map[string][]int32 // where in plates those that hold a word are, ascending; at most maxTokens for each plate
}

// readOutlines reads those of all plates; nil when there are more than so many.
func (r *Registry) readOutlines(ctx context.Context, limit int) (*outlines, error) {
	n, err := r.records.countPlates(ctx, limit+1)
	if err != nil || n > limit {
		return nil, err
	}
	x := &outlines{plates: make([]outline, 0, n), words: map[string][]int32{}}
	wards := map[string]string{}
	for p, err := range r.records.outlined(ctx, limit+1) {
		if err != nil || len(x.plates) == limit {
			return nil, err
		}
		for _, w := range p.Tokens[:min(len(p.Tokens), maxTokens)] {
			x.words[w] = append(x.words[w], int32(len(x.plates)))
		}
		o := p.Outline
		if _, ok := wards[o.Ward]; !ok {
			wards[o.Ward] = o.Ward
		}
		o.Ward = wards[o.Ward] // one text for all in a ward
		x.plates = append(x.plates, o)
	}
	for w, where := range x.words {
		x.words[w] = slices.Clip(where)
	}
	return x, nil
}

// knows tells whether each of the words is in some plate.
func (x *outlines) knows(words []string) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return len(x.words[w]) == 0 })
}

// asked yields where the plates that a filter wants are, from a place on.
func (x *outlines) asked(f Filter, from int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range x.holding(f.words(), from) {
			if (f.Ward == "" || x.plates[i].Ward == f.Ward) && !yield(i) {
				return
			}
		}
	}
}

// holding yields where the plates with all of the words are, from a place on.
func (x *outlines) holding(words []string, from int) iter.Seq[int] {
	return func(yield func(int) bool) {
		if len(words) == 0 {
			for i := from; i < len(x.plates) && yield(i); i++ {
			}
			return
		}
		lists := make([][]int32, len(words))
		for i, w := range words {
			lists[i] = x.words[w]
		}
		slices.SortFunc(lists, func(a, b []int32) int { return cmp.Compare(len(a), len(b)) })
		start, _ := slices.BinarySearch(lists[0], int32(from))
		for _, i := range lists[0][start:] {
			if inAll(lists[1:], i) && !yield(int(i)) {
				return
			}
		}
	}
}

func inAll(lists [][]int32, i int32) bool {
	for _, l := range lists {
		if _, ok := slices.BinarySearch(l, i); !ok {
			return false
		}
	}
	return true
}

// behind gives the first of the plates behind an id that a filter wants, by id, at most maxLooked.
func (x *outlines) behind(id string, f Filter) []*outline {
	from, ok := slices.BinarySearchFunc(x.plates, id, func(o outline, id string) int { return cmp.Compare(o.ID, id) })
	if ok {
		from++
	}
	var out []*outline
	for i := range x.asked(f, from) {
		if out = append(out, &x.plates[i]); len(out) == maxLooked {
			break
		}
	}
	return out
}

// degree is a little less than the metres that lie between two places a degree of latitude apart.
const degree = 111_195

// near gives the first of the plates in a circle and behind a spot that a filter wants, the nearest first, at most maxLooked.
func (x *outlines) near(c Circle, f Filter, behind spot) []*outline {
	type found struct {
		mm int64
		at int // in plates, and so in the order of ids
	}
	var all []found
	for i := range x.asked(f, 0) {
		o := &x.plates[i]
		if math.Abs(o.Place.Lat-c.Lat)*degree > c.Radius {
			continue // most plates are far away, and a true distance takes longer
		}
		metres := geo.Distance(c.Lat, c.Lon, o.Place.Lat, o.Place.Lon)
		if s := spotAt(metres, o.ID); metres <= c.Radius && behind.compare(s) < 0 {
			all = append(all, found{s.mm, i})
		}
	}
	slices.SortFunc(all, func(a, b found) int { return cmp.Or(cmp.Compare(a.mm, b.mm), cmp.Compare(a.at, b.at)) })
	out := make([]*outline, min(len(all), maxLooked))
	for i := range out {
		out[i] = &x.plates[all[i].at]
	}
	return out
}

// read gives the first n of the plates that are outlined, in that order, as they are now. Those that keep does not want any more are left out.
func (r *Registry) read(ctx context.Context, found []*outline, n int, keep func(*Plate, *outline) bool) ([]Plate, error) {
	out := make([]Plate, 0, min(n, len(found)))
	for some := range slices.Chunk(found, n) {
		ids := make([]string, len(some))
		for i, o := range some {
			ids[i] = o.ID
		}
		held, err := r.records.plates.GetMany(ctx, ids)
		if err != nil {
			return nil, err
		}
		for _, o := range some {
			if p, ok := held[o.ID]; ok && keep(&p, o) {
				out = append(out, p)
			}
		}
		if len(out) >= n {
			return out[:n], nil
		}
	}
	return out, nil
}
