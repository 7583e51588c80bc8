package geo

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// metresPerDegree is the length of one degree of latitude on the mean sphere (radius 6,371,008.8 m).
const metresPerDegree = 6371008.8 * math.Pi / 180

// plane measures in metres around one point, as if the Earth were flat there. Good to a metre within a few hundred metres.
type plane struct {
	origin orb.Point
	perLon float64 // metres in one degree of longitude here; at least 1, so that the poles divide by no zero
}

func newPlane(origin orb.Point) plane {
	return plane{origin: origin, perLon: max(metresPerDegree*math.Cos(origin.Lat()*math.Pi/180), 1)}
}

// pad widens a box by so many metres on each side.
func (pl plane) pad(b orb.Bound, metres float64) orb.Bound {
	dx, dy := metres/pl.perLon, metres/metresPerDegree
	return orb.Bound{Min: orb.Point{b.Min[0] - dx, b.Min[1] - dy}, Max: orb.Point{b.Max[0] + dx, b.Max[1] + dy}}
}

// distance gives the metres from the origin to the nearest border of shape.
func (pl plane) distance(shape orb.MultiPolygon) float64 {
	best := math.Inf(1)
	for _, polygon := range shape {
		for _, ring := range polygon {
			for i := 1; i < len(ring); i++ {
				best = min(best, pl.toSegment(ring[i-1], ring[i]))
			}
		}
	}
	return best
}

// toSegment gives the metres from the origin to the segment from a to b.
func (pl plane) toSegment(a, b orb.Point) float64 {
	ax, ay := pl.flat(a)
	bx, by := pl.flat(b)
	dx, dy := bx-ax, by-ay
	length := dx*dx + dy*dy
	if length == 0 {
		return math.Hypot(ax, ay)
	}
	t := min(max(-(ax*dx+ay*dy)/length, 0), 1)
	return math.Hypot(ax+t*dx, ay+t*dy)
}

// flat gives p in metres east and north of the origin.
func (pl plane) flat(p orb.Point) (x, y float64) {
	return (p[0] - pl.origin[0]) * pl.perLon, (p[1] - pl.origin[1]) * metresPerDegree
}

// scanLines is how many horizontal lines innerPoint tries.
const scanLines = 15

// innerPoint gives a point well inside shape: on one of a few horizontal lines through its largest polygon, the middle of the longest stretch inside,
// weighed by how far the line keeps from the top and bottom. It is false for a shape without surface.
func innerPoint(shape orb.MultiPolygon) (orb.Point, bool) {
	largest := slices.MaxFunc(shape, func(a, b orb.Polygon) int {
		return cmp.Compare(math.Abs(planar.Area(a)), math.Abs(planar.Area(b)))
	})
	box := largest.Bound()
	var best orb.Point
	score := 0.0
	for i := 1; i <= scanLines; i++ {
		share := float64(i) / (scanLines + 1)
		y := box.Min[1] + (box.Max[1]-box.Min[1])*share
		x, width := longestStretch(largest, y)
		p := orb.Point{x, y}
		if s := width * min(share, 1-share); s > score && planar.MultiPolygonContains(shape, p) {
			best, score = p, s
		}
	}
	return best, score > 0
}

// longestStretch gives the middle and the width of the longest part of the line at height y that lies inside polygon.
func longestStretch(polygon orb.Polygon, y float64) (middle, width float64) {
	var cuts []float64
	for _, ring := range polygon {
		for i := 1; i < len(ring); i++ {
			a, b := ring[i-1], ring[i]
			if (a[1] > y) == (b[1] > y) {
				continue
			}
			cuts = append(cuts, a[0]+(y-a[1])/(b[1]-a[1])*(b[0]-a[0]))
		}
	}
	slices.Sort(cuts)
	for i := 1; i < len(cuts); i += 2 {
		if w := cuts[i] - cuts[i-1]; w > width {
			middle, width = (cuts[i]+cuts[i-1])/2, w
		}
	}
	return middle, width
}
