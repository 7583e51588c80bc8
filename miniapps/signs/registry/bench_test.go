package registry

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/motcua/motcua/internal/geo"
	"github.com/motcua/motcua/internal/store/sqlite"
)

// crowded is a desk with n plates within 4 km of the opera house, stored past the checks.
func crowded(t testing.TB, d *desk, n int) {
	t.Helper()
	r := rand.New(rand.NewPCG(5, 6))
	for i := range n {
		p := Plate{ID: PlateID(i + 1), Number: i + 1, Condition: Good, Story: "nha-hat-lon", Unit: "ward-" + ward, Ward: ward, Street: "Phố Trần Hưng Đạo"}
		p.Place = Place{Lat: lat + (2*r.Float64()-1)*0.025, Lon: lon + (2*r.Float64()-1)*0.025, Address: "Góc quảng trường", Side: Corner}
		p.Tokens = tokens("Nhà hát lớn", "Nhà hát Tây", "Opera House", p.Street, p.Place.Address, fmt.Sprint(p.Number), fmt.Sprintf("phố %d", i%300))
		p.Cells = geo.Cells(p.Place.Lat, p.Place.Lon, wideCell, midCell, smallCell)
		p.Codes = []Issued{{Code: fmt.Sprintf("%013d", i), Batch: "HP-2022-01", At: noon}}
		p.record(Change{At: noon, By: "importer", Kind: Created})
		if _, err := insert(t.Context(), d.records.plates, p); err != nil {
			t.Fatal(err)
		}
	}
}

// BenchmarkFind is what the costliest questions cost over 3,000 plates, and what the first question after a change costs.
func BenchmarkFind(b *testing.B) {
	e, err := sqlite.Open(b.Context(), sqlite.Config{Dir: b.TempDir(), Synchronous: "normal"})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	d := openDesk(b, e)
	crowded(b, d, 3000)
	wide, ctx := Circle{Lat: lat, Lon: lon, Radius: MaxRadius}, b.Context()
	near := func(f Filter) func() error {
		return func() error { _, err := d.Near(ctx, wide, f, 20, ""); return err }
	}
	search := func(f Filter) func() error {
		return func() error { _, err := d.Search(ctx, f, 20, ""); return err }
	}
	for _, bench := range []struct {
		name string
		ask  func() error
	}{
		{"near", near(Filter{})},
		{"near with a word of none", near(Filter{Text: "zzz"})},
		{"near with a word of all", near(Filter{Text: "opera"})},
		{"near with a word of few", near(Filter{Text: "pho 77"})},
		{"search a word of none", search(Filter{Text: "zzz"})},
		{"search a word of none in a ward", search(Filter{Text: "zzz", Ward: ward})},
		{"search a word of few", search(Filter{Text: "pho 77"})},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := bench.ask(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkOutlines is what the first question after a change costs, and what stays in memory.
func BenchmarkOutlines(b *testing.B) {
	e, err := sqlite.Open(b.Context(), sqlite.Config{Dir: b.TempDir(), Synchronous: "normal"})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	d := openDesk(b, e)
	crowded(b, d, 3000)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	if _, err := d.outlines(b.Context()); err != nil {
		b.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportAllocs()
	for b.Loop() {
		d.Forget()
		if _, err := d.outlines(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/3000, "bytes/plate")
}
