package geo_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/motcua/motcua/internal/geo"
)

// TestOutlinesAgree checks that simpler borders leave neighbours joined: every point of an outline is one of the true border, and along a shared border both
// neighbours keep the same ones.
func TestOutlinesAgree(t *testing.T) {
	t.Parallel()
	x := haiphong(t)
	before, after := 0, 0
	owners := map[[2]float64]map[string]bool{} // of true points
	for _, o := range x.Outlines(0) {
		for _, p := range points(o) {
			if owners[p] == nil {
				owners[p] = map[string]bool{}
			}
			owners[p][o.Code] = true
			before++
		}
	}
	kept := map[[2]float64]map[string]bool{}
	for _, o := range x.Outlines(50) {
		for _, polygon := range o.Polygons {
			for _, ring := range polygon {
				if len(ring) < 4 || ring[0] != ring[len(ring)-1] {
					t.Errorf("%s: a ring of %d points that is not closed", o.Code, len(ring))
				}
			}
		}
		for _, p := range points(o) {
			if kept[p] == nil {
				kept[p] = map[string]bool{}
			}
			kept[p][o.Code] = true
			after++
		}
	}
	if after > before*7/10 || after < before/20 {
		t.Errorf("%d points of %d are left", after, before)
	}
	for p, codes := range kept {
		if len(codes) != len(owners[p]) {
			t.Errorf("%v is left in %v of %v", p, codes, owners[p])
		}
	}
}

// TestOutlinesStayNear checks the distance on a wave of about 11 m around a straight line.
func TestOutlinesStayNear(t *testing.T) {
	t.Parallel()
	ring := `[106,20]`
	for i := 1; i < 100; i++ {
		ring += "," + point(106+float64(i)/1000, 20+0.0001*math.Sin(float64(i)))
	}
	ring += ",[106.1,20],[106.1,21],[106,21],[106,20]"
	x := index(t, `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"a"},"geometry":{"type":"Polygon","coordinates":[[`+ring+`]]}}]}`)
	for _, tt := range []struct {
		metres      float64
		least, most int
	}{{5, 30, 104}, {15, 5, 8}} {
		if n := len(x.Outlines(tt.metres)[0].Polygons[0][0]); n < tt.least || n > tt.most {
			t.Errorf("%v m: %d points, want %d to %d", tt.metres, n, tt.least, tt.most)
		}
	}
}

func TestTinyRingsStay(t *testing.T) {
	t.Parallel()
	x := index(t, `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"a"},"geometry":{"type":"Polygon","coordinates":[
		[[106,20],[106.00001,20],[106.00001,20.00001],[106,20]]]}}]}`)
	if got := x.Outlines(1000)[0].Polygons[0][0]; len(got) != 4 {
		t.Errorf("got %v", got)
	}
}

func point(lon, lat float64) string { return fmt.Sprintf("[%f,%f]", lon, lat) }

func points(o geo.Outline) [][2]float64 {
	var out [][2]float64
	for _, polygon := range o.Polygons {
		for _, ring := range polygon {
			out = append(out, ring...)
		}
	}
	return out
}
