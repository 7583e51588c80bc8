package geo

import (
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/simplify"
)

// Outline is the border of an area, made simpler for a map.
type Outline struct {
	Code     string
	Polygons [][][][2]float64 // as in a GeoJSON MultiPolygon: polygons of closed rings of [longitude, latitude], the outer one first
}

// Outlines gives the borders of all areas, ascending by code, with only as many points as it takes to stay within so many metres of the true ones. Neighbours
// keep the same points along the border that they share, so that no gap opens between them.
func (x *Index) Outlines(metres float64) []Outline {
	s := simplifier{rings: map[orb.Point]string{}, fixed: map[orb.Point]bool{}, threshold: metres / metresPerDegree}
	n := 0
	for _, a := range x.areas {
		for _, polygon := range a.shape {
			for _, ring := range polygon {
				s.meet(ring, n)
				n++
			}
		}
	}
	for _, a := range x.areas {
		for _, polygon := range a.shape {
			for _, ring := range polygon {
				s.fix(ring)
			}
		}
	}
	out := make([]Outline, 0, len(x.areas))
	for _, a := range x.areas {
		out = append(out, s.outline(a))
	}
	return out
}

// simplifier makes rings simpler, arc by arc: between two fixed points an arc belongs to the same rings all along, so each of them gets the same points.
type simplifier struct {
	rings     map[orb.Point]string // which rings a point lies on, in order, two bytes each
	fixed     map[orb.Point]bool   // points that stay
	threshold float64              // degrees
}

// meet notes the points of the n-th ring.
func (s *simplifier) meet(ring orb.Ring, n int) {
	own := string([]byte{byte(n >> 8), byte(n)})
	for _, p := range ring {
		if on := s.rings[p]; len(on) < 2 || on[len(on)-2:] != own {
			s.rings[p] = on + own
		}
	}
}

// fix finds the points of a ring that must stay: its ends, and those where other rings join or leave.
func (s *simplifier) fix(ring orb.Ring) {
	s.fixed[ring[0]] = true
	for i := 1; i < len(ring); i++ {
		if a, b := ring[i-1], ring[i]; s.rings[a] != s.rings[b] {
			s.fixed[a], s.fixed[b] = true, true
		}
	}
}

func (s *simplifier) outline(a *area) Outline {
	o := Outline{Code: a.code}
	for _, polygon := range a.shape {
		var rings [][][2]float64
		for _, ring := range polygon {
			rings = append(rings, s.ring(ring))
		}
		o.Polygons = append(o.Polygons, rings)
	}
	return o
}

// ring makes one ring simpler; one that would be left without an inside stays as it is.
func (s *simplifier) ring(ring orb.Ring) [][2]float64 {
	out := orb.LineString{ring[0]}
	for from := 0; from < len(ring)-1; {
		to := from + 1
		for to < len(ring)-1 && !s.fixed[ring[to]] {
			to++
		}
		out = append(out, s.arc(orb.LineString(ring[from : to+1]))[1:]...)
		from = to
	}
	if len(out) < 4 {
		out = orb.LineString(ring)
	}
	points := make([][2]float64, len(out))
	for i, p := range out {
		points[i] = p
	}
	return points
}

// arc makes one arc simpler, in the same way from either end.
func (s *simplifier) arc(arc orb.LineString) orb.LineString {
	arc = arc.Clone()
	turned := backwards(arc)
	if turned {
		slices.Reverse(arc)
	}
	arc = simplify.DouglasPeucker(s.threshold).LineString(arc)
	if turned {
		slices.Reverse(arc)
	}
	return arc
}

// backwards tells whether an arc runs from its greater end to its lesser one.
func backwards(arc orb.LineString) bool {
	for i, j := 0, len(arc)-1; i < j; i, j = i+1, j-1 {
		if arc[i] != arc[j] {
			return slices.Compare(arc[i][:], arc[j][:]) > 0
		}
	}
	return false
}
