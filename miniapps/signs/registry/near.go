package registry

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/geo"
)

// How far around a point plates are looked for, in metres.
const (
	DefaultRadius = 500
	MaxRadius     = 5000
)

// Circle is a place and how far around it.
type Circle struct {
	Lat, Lon float64 // degrees, WGS 84
	Radius   float64 // metres; 0 means DefaultRadius, more than MaxRadius means MaxRadius
}

// Nearby is a plate and how far away it is.
type Nearby struct {
	Plate
	Metres float64 // along the surface of the mean sphere
}

// ring is one of the circles in which Near looks, with cells of a width that covers it with few.
type ring struct {
	radius float64
	level  int
}

// rings are tried from the innermost: in the middle of the city the nearest twenty plates are a street away, and there is no need to read a thousand.
func rings(radius float64) []ring {
	all := []ring{{150, smallCell}, {400, smallCell}, {1200, midCell}, {MaxRadius, wideCell}}
	for i, x := range all {
		if radius <= x.radius {
			return append(all[:i:i], ring{radius, x.level})
		}
	}
	return all
}

// Near gives the plates around a point that a filter wants, the nearest first. It looks at no more than 5,000 in a ring. INVALID for what is no point on Earth
// and for a cursor of another kind of list. What another process changed is found as Forget says.
func (r *Registry) Near(ctx context.Context, c Circle, f Filter, first int, after Cursor) (Page[Nearby], error) {
	none := Page[Nearby]{Items: []Nearby{}}
	if !geo.Valid(c.Lat, c.Lon) || math.IsNaN(c.Radius) || c.Radius < 0 {
		return none, fault.InvalidField(faults+"degrees", "near")
	}
	from, err := openNear(after)
	if err != nil {
		return none, err
	}
	if c.Radius == 0 {
		c.Radius = DefaultRadius
	}
	if first <= 0 {
		first = 20
	}
	c.Radius, first = min(c.Radius, MaxRadius), min(first, 100)
	found, err := r.nearest(ctx, c, f, first+1, from)
	if err != nil {
		return none, fmt.Errorf("signs: near: %w", err)
	}
	out := Page[Nearby]{Items: []Nearby{}, HasNext: len(found) > first}
	for _, n := range found[:min(first, len(found))] {
		out.Items, out.Cursors = append(out.Items, n), append(out.Cursors, spotOf(n).cursor())
	}
	return out, nil
}

// nearest gives at least the first n of the plates in a circle and behind a spot, if there are so many, the nearest first.
func (r *Registry) nearest(ctx context.Context, c Circle, f Filter, n int, from spot) ([]Nearby, error) {
	x, err := r.outlines(ctx)
	if err != nil {
		return nil, err
	}
	var found []Nearby
	for _, ring := range rings(c.Radius) {
		if ring.radius*1000 < float64(from.mm) {
			continue // all that lies in it has been given
		}
		if inner := (Circle{c.Lat, c.Lon, ring.radius}); x == nil {
			found, err = r.within(ctx, inner, ring.level, f.matcher(), from)
		} else if at := x.near(inner, f, from); len(at) >= n || ring.radius == c.Radius {
			found, err = r.still(ctx, c, f, at, n)
		}
		if err != nil || len(found) >= n {
			break
		}
	}
	return found, err
}

// still gives the first n of the outlined plates that are where they were, and that a filter wants.
func (r *Registry) still(ctx context.Context, c Circle, f Filter, at []*outline, n int) ([]Nearby, error) {
	wanted := f.matcher()
	found, err := r.read(ctx, at, n, func(p *Plate, o *outline) bool {
		return wanted(p) && p.Place.Lat == o.Place.Lat && p.Place.Lon == o.Place.Lon // one that has moved would be out of order
	})
	out := make([]Nearby, len(found))
	for i, p := range found {
		out[i] = c.to(p)
	}
	return out, err
}

// to gives how far away a plate is.
func (c Circle) to(p Plate) Nearby {
	return Nearby{p, geo.Distance(c.Lat, c.Lon, p.Place.Lat, p.Place.Lon)}
}

// within gives the plates in a circle behind a spot, the nearest first.
func (r *Registry) within(ctx context.Context, c Circle, level int, keep func(*Plate) bool, from spot) ([]Nearby, error) {
	var found []Nearby
	for p, err := range r.records.inCells(ctx, geo.Cover(c.Lat, c.Lon, max(c.Radius, 1), level)) {
		if err != nil {
			return nil, err
		}
		n := c.to(p)
		if n.Metres <= c.Radius && keep(&p) && from.compare(spotOf(n)) < 0 {
			found = append(found, n)
		}
	}
	slices.SortFunc(found, func(a, b Nearby) int { return spotOf(a).compare(spotOf(b)) })
	return found, nil
}

// spot is a place in the order of Near: by distance, then by id.
type spot struct {
	mm int64 // millimetres
	id string
}

func spotOf(n Nearby) spot { return spotAt(n.Metres, n.ID) }

func spotAt(metres float64, id string) spot { return spot{int64(math.Round(metres * 1000)), id} }

func (s spot) compare(o spot) int {
	return cmp.Or(cmp.Compare(s.mm, o.mm), cmp.Compare(s.id, o.id))
}

// cursor gives the spot as clients carry it: "12345.000007".
func (s spot) cursor() Cursor { return Cursor(fmt.Sprintf("%d.%s", s.mm, s.id)) }

// openNear reads a cursor of Near; "" is before everything.
func openNear(c Cursor) (spot, error) {
	if c == "" {
		return spot{mm: -1}, nil
	}
	mm, id, ok := strings.Cut(string(c), ".")
	n, err := strconv.ParseInt(mm, 10, 64)
	if _, wrong := strconv.ParseUint(id, 10, 32); !ok || err != nil || wrong != nil || n < 0 || len(id) != 6 {
		return spot{}, fault.New(fault.Invalid, "store.bad_cursor")
	}
	return spot{n, id}, nil
}
