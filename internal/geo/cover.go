package geo

import (
	"math"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// earthRadius is the mean radius of the Earth in metres (IUGG).
const earthRadius = 6371008.8

// maxCover is how many cells one covering has at most; a level that needs more is too fine for the circle.
const maxCover = 256

// Cover gives the tokens of the cells of one level that together hold every point within so many metres of a point, as Cells names them: a document whose
// cells hold none of them lies further away. The result is nil for a point that is not Valid, a radius that is not positive, a level outside 0 to 30, and a
// level that would need over 256 cells.
func Cover(lat, lon, metres float64, level int) []string {
	if !Valid(lat, lon) || !(metres > 0) || level < 0 || level > s2.MaxLevel {
		return nil
	}
	angle := s1.Angle(min(metres/earthRadius, math.Pi))
	if area := 2 * math.Pi * (1 - math.Cos(angle.Radians())); area/s2.AvgAreaMetric.Value(level) > maxCover {
		return nil // far too many, without listing them
	}
	circle := s2.CapFromCenterAngle(s2.PointFromLatLng(s2.LatLngFromDegrees(lat, lon)), angle)
	cells := (&s2.RegionCoverer{MinLevel: level, MaxLevel: level, MaxCells: maxCover}).Covering(circle)
	if len(cells) > maxCover {
		return nil
	}
	tokens := make([]string, len(cells))
	for i, c := range cells {
		tokens[i] = c.ToToken()
	}
	return tokens
}

// Distance gives the metres between two points along the surface of the mean sphere. Good to half a percent; NaN for what is no point.
func Distance(lat1, lon1, lat2, lon2 float64) float64 {
	a, b := s2.LatLngFromDegrees(lat1, lon1), s2.LatLngFromDegrees(lat2, lon2)
	return a.Distance(b).Radians() * earthRadius
}
