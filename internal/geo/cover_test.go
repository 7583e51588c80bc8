package geo_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/motcua/motcua/internal/geo"
)

// TestCoverHoldsTheCircle tries points in and around circles, also over the date line and at a pole.
func TestCoverHoldsTheCircle(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for _, at := range [][2]float64{{20.8578, 106.6810}, {0, 0}, {-16.5, 179.999}, {-16.5, -179.999}, {89.99, 30}} {
		for _, c := range []struct {
			metres float64
			level  int
		}{{150, 15}, {1000, 13}, {5000, 11}} {
			cover := geo.Cover(at[0], at[1], c.metres, c.level)
			if len(cover) == 0 || len(cover) > 16 {
				t.Fatalf("%v, %v m: got %d cells, want 1 to 16", at, c.metres, len(cover))
			}
			inside := 0
			for range 500 {
				d := 1.5 * c.metres / 111_195
				lat := at[0] + (2*r.Float64()-1)*d
				lon := at[1] + (2*r.Float64()-1)*d/math.Cos(at[0]*math.Pi/180)
				lat, lon = min(lat, 90), math.Mod(lon+540, 360)-180
				if geo.Distance(at[0], at[1], lat, lon) > c.metres {
					continue
				}
				inside++
				if cell := geo.Cells(lat, lon, c.level)[0]; !slices.Contains(cover, cell) {
					t.Errorf("%v, %v m: %v, %v is in %s, which the cover lacks", at, c.metres, lat, lon, cell)
				}
			}
			if inside < 50 {
				t.Errorf("%v: only %d points were inside: the test tries nothing", at, inside)
			}
		}
	}
}

func TestCoverRefuses(t *testing.T) {
	t.Parallel()
	for name, got := range map[string][]string{
		"no point":   geo.Cover(91, 0, 100, 13),
		"no number":  geo.Cover(0, math.NaN(), 100, 13),
		"no radius":  geo.Cover(0, 0, 0, 13),
		"NaN metres": geo.Cover(0, 0, math.NaN(), 13),
		"level":      geo.Cover(0, 0, 100, 31),
		"too fine":   geo.Cover(0, 0, 100_000, 20),
	} {
		if got != nil {
			t.Errorf("%s: got %d cells, want none", name, len(got))
		}
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                   string
		lat1, lon1, lat2, lon2 float64
		want                   float64
	}{
		{"nothing", 20.8578, 106.6810, 20.8578, 106.6810, 0},
		{"a degree north", 20, 106, 21, 106, 111195.08},
		{"over the date line", 0, 179.5, 0, -179.5, 111195.08},
		{"over the pole", 89.5, 0, 89.5, 180, 111195.08},
		{"a metre", 0, 0, 0.000008993, 0, 1},
	}
	for _, tt := range tests {
		if got := geo.Distance(tt.lat1, tt.lon1, tt.lat2, tt.lon2); math.Abs(got-tt.want) > 0.01 {
			t.Errorf("%s: got %.3f, want %.3f", tt.name, got, tt.want)
		}
	}
}
