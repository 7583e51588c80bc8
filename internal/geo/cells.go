package geo

import "github.com/golang/geo/s2"

// Cells gives the tokens of the S2 cells that hold a point, one for each level that is asked for, in that order. They are meant for indexed fields:
// a level-13 cell is about 1.2 km wide, level 16 about 150 m, level 18 about 40 m (s2geometry.io, "S2 Cell Statistics").
// The result is nil for a point that is not Valid; levels outside 0 to 30 are left out.
func Cells(lat, lon float64, levels ...int) []string {
	if !Valid(lat, lon) {
		return nil
	}
	leaf := s2.CellIDFromLatLng(s2.LatLngFromDegrees(lat, lon))
	tokens := make([]string, 0, len(levels))
	for _, level := range levels {
		if level < 0 || level > s2.MaxLevel {
			continue
		}
		tokens = append(tokens, leaf.Parent(level).ToToken())
	}
	return tokens
}
