package intake

import (
	"testing"

	"github.com/motcua/motcua/internal/store/sqlite"
)

// BenchmarkImport brings 2,800 plates and 450 stories into an empty store that writes to disk as carefully as a city's does.
func BenchmarkImport(b *testing.B) {
	rows, files := list(b, 2800, 450)
	files = append(files, File{"plates.csv", written(',', rows)})
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			d := onDisk(b)
			b.StartTimer()
			if done := d.bring(files...); done.Plates.New != 2800 {
				b.Fatalf("got %+v", done)
			}
		}
	})
	b.Run("same", func(b *testing.B) {
		d := onDisk(b)
		d.bring(files...)
		for b.Loop() {
			if done := d.bring(files...); done.Plates.Same != 2800 {
				b.Fatalf("got %+v", done)
			}
		}
	})
	b.Run("check", func(b *testing.B) {
		d := onDisk(b)
		d.bring(files...)
		for b.Loop() {
			d.check(files...)
		}
	})
}

func onDisk(b *testing.B) *desk {
	b.Helper()
	e, err := sqlite.Open(b.Context(), sqlite.Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = e.Close() })
	return openDesk(b, e)
}
