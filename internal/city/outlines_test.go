package city_test

import (
	"testing"

	"github.com/motcua/motcua/internal/geo"
)

// TestGeoJSON checks that the file for maps is small, and that whoever reads it finds the wards where they are.
func TestGeoJSON(t *testing.T) {
	t.Parallel()
	c := load(t)
	data, err := c.GeoJSON(40)
	if err != nil || len(data) > 300_000 {
		t.Fatalf("%d bytes, %v", len(data), err)
	}
	x, err := geo.NewIndex(data)
	if err != nil {
		t.Fatal(err)
	}
	areas := x.Areas()
	if len(areas) != len(c.Wards()) {
		t.Fatalf("got %d wards, want %d", len(areas), len(c.Wards()))
	}
	for i, w := range c.Wards() {
		a := areas[i]
		if a.Code != w.Code || a.Properties["fullName"] != w.FullName || a.Properties["fullNameEn"] != w.FullNameEn || w.FullNameEn == "" {
			t.Errorf("got %s %v, want %s %s", a.Code, a.Properties, w.Code, w.FullName)
		}
		if at, ok := c.WardAt(a.Lat, a.Lon); !ok || at.Code != w.Code {
			t.Errorf("the middle of %s lies in %s", w.FullName, at.FullName)
		}
	}
}
