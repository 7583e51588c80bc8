package geo_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/motcua/motcua/internal/geo"
)

// A square of one degree with a hole, its eastern neighbour, and an area of two islands, one of them in the hole.
const sample = `{"type":"FeatureCollection","features":[
	{"type":"Feature","properties":{"code":"west"},"geometry":{"type":"Polygon","coordinates":[
		[[106,20],[107,20],[107,21],[106,21],[106,20]], [[106.4,20.4],[106.4,20.6],[106.6,20.6],[106.6,20.4],[106.4,20.4]]]}},
	{"type":"Feature","properties":{"code":"east"},"geometry":{"type":"Polygon","coordinates":[[[107,20],[108,20],[108,21],[107,21],[107,20]]]}},
	{"type":"Feature","properties":{"code":"isles"},"geometry":{"type":"MultiPolygon","coordinates":[
		[[[106.45,20.45],[106.55,20.45],[106.55,20.55],[106.45,20.55],[106.45,20.45]]], [[[107.2,19],[107.8,19],[107.8,19.3],[107.2,19.3],[107.2,19]]]]}}]}`

func index(t testing.TB, data string) *geo.Index {
	t.Helper()
	x, err := geo.NewIndex([]byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func haiphong(t testing.TB) *geo.Index {
	t.Helper()
	data, err := os.ReadFile("../../configs/cities/haiphong/wards.geojson")
	if err != nil {
		t.Fatal(err)
	}
	return index(t, string(data))
}

func TestLocate(t *testing.T) {
	t.Parallel()
	x := index(t, sample)
	const metre = 1 / 111195.0 // degrees of latitude
	tests := []struct {
		name     string
		lat, lon float64
		want     string // "" for none
	}{
		{"inside", 20.2, 106.2, "west"},
		{"in the hole, on the island", 20.5, 106.5, "isles"},
		{"in the hole, far from everything", 20.425, 106.425, ""},
		{"in the hole, near its border", 20.4 + 50*metre, 106.5, "west"},
		{"second part of a multipolygon", 19.1, 107.5, "isles"},
		{"a border goes to the lower code", 20.5, 107, "east"},
		{"a corner goes to the lower code", 20, 107, "east"},
		{"the outer border", 20, 106.5, "west"},
		{"50 m outside", 20 - 50*metre, 106.5, "west"},
		{"150 m outside", 20 - 150*metre, 106.5, ""},
		{"50 m outside to the west", 20.5, 106 - 50*metre, "west"},
		{"150 m outside to the west", 20.5, 106 - 170*metre, ""},
		{"far away", 21.0285, 105.8542, ""},
		{"not a number", math.NaN(), 106.5, ""},
		{"not a number either", 20.5, math.NaN(), ""},
		{"infinite", math.Inf(1), 106.5, ""},
		{"infinite the other way", 20.5, math.Inf(-1), ""},
		{"latitude out of range", 91, 106.5, ""},
		{"longitude out of range", 20.5, 466.5, ""},
		{"the north pole", 90, 0, ""},
		{"swapped", 106.5, 20.5, ""},
		{"zero", 0, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := x.Locate(tt.lat, tt.lon)
			if got != tt.want || ok != (tt.want != "") {
				t.Errorf("got %q, %v, want %q", got, ok, tt.want)
			}
		})
	}
}

func TestCheckedPoints(t *testing.T) {
	t.Parallel()
	x := haiphong(t)
	names := map[string]string{}
	for _, a := range x.Areas() {
		names[a.Code] = a.Properties["fullName"].(string)
	}
	tests := []struct {
		place    string
		lat, lon float64
		want     string
	}{
		{"opera house", 20.8578, 106.6810, "Phường Hồng Bàng"},
		{"railway station", 20.8560, 106.6878, "Phường Gia Viên"},
		{"Cát Bi airport", 20.8190, 106.7247, "Phường Hải An"},
		{"Đồ Sơn", 20.7100, 106.7900, "Phường Đồ Sơn"},
		{"Cát Bà", 20.7260, 107.0480, "Đặc khu Cát Hải"},
		{"Hải Dương station", 20.9460, 106.3300, "Phường Hải Dương"},
		{"Bạch Long Vĩ", 20.1333, 107.7300, "Đặc khu Bạch Long Vĩ"},
		{"Hà Nội", 21.0285, 105.8542, ""},
	}
	for _, tt := range tests {
		t.Run(tt.place, func(t *testing.T) {
			code, _ := x.Locate(tt.lat, tt.lon)
			if got := names[code]; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestInnerPointsLieInside(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]*geo.Index{"sample": index(t, sample), "haiphong": haiphong(t)} {
		areas := x.Areas()
		if len(areas) == 0 {
			t.Fatalf("%s: no areas", name)
		}
		for _, a := range areas {
			if got, ok := x.Locate(a.Lat, a.Lon); !ok || got != a.Code {
				t.Errorf("%s: the inner point of %s (%f, %f) lies in %q", name, a.Code, a.Lat, a.Lon, got)
			}
		}
	}
}

func TestNeighboursLeaveNoGap(t *testing.T) {
	t.Parallel()
	x := index(t, sample)
	rapid.Check(t, func(t *rapid.T) {
		lat := rapid.Float64Range(20, 21).Draw(t, "lat")
		lon := rapid.Float64Range(106.7, 108).Draw(t, "lon")
		want := "west"
		if lon >= 107 {
			want = "east"
		}
		if got, _ := x.Locate(lat, lon); got != want {
			t.Fatalf("%v, %v lies in %q, want %q", lat, lon, got, want)
		}
	})
}

func TestOutline(t *testing.T) {
	t.Parallel()
	x := index(t, sample)
	rings, ok := x.Outline("west")
	if !ok || len(rings) != 2 || len(rings[0]) != 5 || rings[0][1] != [2]float64{107, 20} {
		t.Errorf("got %v, %v", rings, ok)
	}
	rings[0][1] = [2]float64{0, 0}
	if again, _ := x.Outline("west"); again[0][1] != [2]float64{107, 20} {
		t.Error("the outline is not a copy")
	}
	if _, ok := x.Outline("north"); ok {
		t.Error("found an area that does not exist")
	}
	if minLat, minLon, maxLat, maxLon := x.Bound(); [4]float64{minLat, minLon, maxLat, maxLon} != [4]float64{19, 106, 21, 108} {
		t.Errorf("the bound is %v, %v, %v, %v", minLat, minLon, maxLat, maxLon)
	}
}

func TestNewIndexRefuses(t *testing.T) {
	t.Parallel()
	feature := func(code, geometry string) string {
		return fmt.Sprintf(`{"type":"Feature","properties":{"code":%q},"geometry":%s}`, code, geometry)
	}
	collection := func(features ...string) string {
		return `{"type":"FeatureCollection","features":[` + strings.Join(features, ",") + `]}`
	}
	const square = `{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}`
	tests := []struct{ name, data, says string }{
		{"nothing", ``, "not a GeoJSON"},
		{"other JSON", `{"type":"Feature"}`, "geo:"},
		{"no features", collection(), "no features"},
		{"a null feature", collection("null"), "null"},
		{"no code", collection(`{"type":"Feature","properties":{},"geometry":` + square + `}`), "code"},
		{"a code that is a number", collection(`{"type":"Feature","properties":{"code":5},"geometry":` + square + `}`), "code"},
		{"a code twice", collection(feature("a", square), feature("a", square)), "twice"},
		{"a point", collection(feature("a", `{"type":"Point","coordinates":[0,0]}`)), "neither"},
		{"no geometry", collection(feature("a", `null`)), "neither"},
		{"no polygon", collection(feature("a", `{"type":"MultiPolygon","coordinates":[]}`)), "no polygon"},
		{"no ring", collection(feature("a", `{"type":"Polygon","coordinates":[]}`)), "ring"},
		{"an open ring", collection(feature("a", `{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1]]]}`)), "not closed"},
		{"off the Earth", collection(feature("a", `{"type":"Polygon","coordinates":[[[0,0],[500,0],[1,1],[0,0]]]}`)), "Earth"},
		{"a line", collection(feature("a", `{"type":"Polygon","coordinates":[[[0,0],[1,0],[2,0],[0,0]]]}`)), "covers nothing"},
		{"each of two", collection(feature("", square), feature("b", `null`)), "feature 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := geo.NewIndex([]byte(tt.data))
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want it to say %q", err, tt.says)
			}
		})
	}
}

func TestCells(t *testing.T) {
	t.Parallel()
	got := geo.Cells(20.8578, 106.6810, 13, 16, 18)
	if len(got) != 3 {
		t.Fatalf("got %q", got)
	}
	near := geo.Cells(20.8578, 106.68101, 13)
	if near[0] != got[0] {
		t.Errorf("a metre away is cell %s, not %s", near[0], got[0])
	}
	if far := geo.Cells(20.7, 106.8, 13); far[0] == got[0] {
		t.Error("20 km away is the same cell")
	}
	if got := geo.Cells(20.8, 106.7, -1, 31, 30); len(got) != 1 {
		t.Errorf("levels that do not exist give %q", got)
	}
	for _, p := range [][2]float64{{math.NaN(), 0}, {0, math.Inf(1)}, {91, 0}} {
		if got := geo.Cells(p[0], p[1], 13); got != nil {
			t.Errorf("%v is in cells %q", p, got)
		}
	}
}

func FuzzNewIndex(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(`{"type":"FeatureCollection","features":[null]}`))
	f.Add([]byte(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"a"},"geometry":{"type":"Polygon","coordinates":[[[0,0],[0,0],[0,0],[0,0]]]}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := geo.NewIndex(data)
		if err != nil {
			return
		}
		for _, a := range x.Areas() {
			if _, ok := x.Locate(a.Lat, a.Lon); !ok {
				t.Errorf("the inner point of %q lies nowhere", a.Code)
			}
		}
		if _, err := json.Marshal(x.Areas()); err != nil {
			t.Error(err)
		}
	})
}

func FuzzLocate(f *testing.F) {
	x := haiphong(f)
	for _, p := range [][2]float64{{20.8578, 106.6810}, {math.NaN(), 0}, {math.Inf(1), math.Inf(-1)}, {90, 180}, {-90, -180}, {106.6810, 20.8578}, {math.MaxFloat64, 1e-320}} {
		f.Add(p[0], p[1])
	}
	f.Fuzz(func(t *testing.T, lat, lon float64) {
		code, ok := x.Locate(lat, lon)
		if ok != (code != "") {
			t.Errorf("%v, %v: %q, %v", lat, lon, code, ok)
		}
		if ok && (lat < 19.9 || lat > 21.4 || lon < 106 || lon > 108) {
			t.Errorf("%v, %v is far away and lies in %s", lat, lon, code)
		}
		if cells := geo.Cells(lat, lon, 13); geo.Valid(lat, lon) != (len(cells) == 1) {
			t.Errorf("%v, %v is in %q", lat, lon, cells)
		}
	})
}

func BenchmarkLocate(b *testing.B) {
	x := haiphong(b)
	b.Run("inside", func(b *testing.B) {
		for b.Loop() {
			x.Locate(20.8578, 106.6810)
		}
	})
	b.Run("outside", func(b *testing.B) {
		for b.Loop() {
			x.Locate(21.0285, 105.8542)
		}
	})
}
