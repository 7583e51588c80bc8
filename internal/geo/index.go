// Package geo finds which area of a map a point lies in, and names the map cells that a point belongs to.
//
// It owns geometry only: it does not know what an area means, who is responsible for it, or any address. Coordinates are WGS 84 degrees.
package geo

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/planar"
)

// Tolerance is how far outside every area a point may lie, in metres, and still count as in the nearest one. Quays, ferries and river banks lie just
// outside borders that were drawn along the land and simplified, and a phone is easily 50 m off between houses.
const Tolerance = 100.0

// Index finds areas by point. It is immutable and safe for concurrent use.
type Index struct {
	areas  []*area // ascending by code
	byCode map[string]*area
}

// area is one indexed area.
type area struct {
	code       string
	properties map[string]any
	shape      orb.MultiPolygon
	bound      orb.Bound
	inner      orb.Point
}

// Area is what the index knows of one area.
type Area struct {
	Code       string
	Properties map[string]any // of the GeoJSON feature; not to be changed
	Lat, Lon   float64        // a point well inside the area, for a label or a map pin
}

// NewIndex reads a GeoJSON FeatureCollection of Polygons and MultiPolygons (RFC 7946: longitude first), each with a text property "code" of its own.
// The error names every feature that is wrong.
func NewIndex(data []byte) (*Index, error) {
	collection, err := geojson.UnmarshalFeatureCollection(data)
	if err != nil {
		return nil, fmt.Errorf("geo: not a GeoJSON feature collection: %w", err)
	}
	if len(collection.Features) == 0 {
		return nil, errors.New("geo: no features")
	}
	x := &Index{byCode: make(map[string]*area, len(collection.Features))}
	var problems []error
	for i, f := range collection.Features {
		a, err := newArea(f)
		if err == nil && x.byCode[a.code] != nil {
			err = fmt.Errorf("code %q is there twice", a.code)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("geo: feature %d: %w", i+1, err))
			continue
		}
		x.byCode[a.code] = a
		x.areas = append(x.areas, a)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	slices.SortFunc(x.areas, func(a, b *area) int { return cmp.Compare(a.code, b.code) })
	return x, nil
}

func newArea(f *geojson.Feature) (*area, error) {
	if f == nil {
		return nil, errors.New("is null")
	}
	code, _ := f.Properties["code"].(string)
	if code == "" {
		return nil, errors.New(`has no text property "code"`)
	}
	var shape orb.MultiPolygon
	switch g := f.Geometry.(type) {
	case orb.Polygon:
		shape = orb.MultiPolygon{g}
	case orb.MultiPolygon:
		shape = g
	default:
		return nil, fmt.Errorf("%q is neither a Polygon nor a MultiPolygon", code)
	}
	if err := checkShape(shape); err != nil {
		return nil, fmt.Errorf("%q: %w", code, err)
	}
	inner, ok := innerPoint(shape)
	if !ok {
		return nil, fmt.Errorf("%q covers nothing", code)
	}
	return &area{code: code, properties: f.Properties, shape: shape, bound: shape.Bound(), inner: inner}, nil
}

// checkShape refuses what the point tests cannot work with.
func checkShape(shape orb.MultiPolygon) error {
	if len(shape) == 0 {
		return errors.New("has no polygon")
	}
	for _, polygon := range shape {
		if len(polygon) == 0 {
			return errors.New("has a polygon without a ring")
		}
		for _, ring := range polygon {
			if len(ring) < 4 || !ring.Closed() {
				return errors.New("has a ring that is not closed or has fewer than four positions")
			}
			for _, p := range ring {
				if !Valid(p.Lat(), p.Lon()) {
					return errors.New("has a position that is not on Earth")
				}
			}
		}
	}
	return nil
}

// Valid tells whether lat and lon are finite and on Earth: -90 to 90 and -180 to 180 degrees.
func Valid(lat, lon float64) bool {
	return lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180 // false for NaN
}

// Locate gives the code of the area that holds the point. A point on a border belongs to the area with the lower code; a point in no area, but within
// Tolerance of one, to the nearest. It is false for any other point, and for one that is not Valid.
func (x *Index) Locate(lat, lon float64) (code string, ok bool) {
	if !Valid(lat, lon) {
		return "", false
	}
	p := orb.Point{lon, lat}
	for _, a := range x.areas {
		if a.bound.Contains(p) && planar.MultiPolygonContains(a.shape, p) {
			return a.code, true
		}
	}
	return x.nearest(p)
}

// nearest gives the area whose border is closest to p, if it is within Tolerance.
func (x *Index) nearest(p orb.Point) (code string, ok bool) {
	flat := newPlane(p)
	best := Tolerance
	for _, a := range x.areas {
		if !flat.pad(a.bound, Tolerance).Contains(p) {
			continue
		}
		if d := flat.distance(a.shape); d < best {
			best, code, ok = d, a.code, true
		}
	}
	return code, ok
}

// Areas gives all areas, ascending by code.
func (x *Index) Areas() []Area {
	out := make([]Area, len(x.areas))
	for i, a := range x.areas {
		out[i] = Area{Code: a.code, Properties: a.properties, Lat: a.inner.Lat(), Lon: a.inner.Lon()}
	}
	return out
}

// Outline gives the rings of an area, outer ones and holes alike, each a closed list of [longitude, latitude]. Filled by the even-odd rule they show
// the area. It is a copy.
func (x *Index) Outline(code string) ([][][2]float64, bool) {
	a, ok := x.byCode[code]
	if !ok {
		return nil, false
	}
	var rings [][][2]float64
	for _, polygon := range a.shape {
		for _, ring := range polygon {
			out := make([][2]float64, len(ring))
			for i, p := range ring {
				out[i] = p
			}
			rings = append(rings, out)
		}
	}
	return rings, true
}

// Bound gives the smallest box around all areas.
func (x *Index) Bound() (minLat, minLon, maxLat, maxLon float64) {
	b := orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
	for _, a := range x.areas {
		b = b.Union(a.bound)
	}
	return b.Min.Lat(), b.Min.Lon(), b.Max.Lat(), b.Max.Lon()
}
