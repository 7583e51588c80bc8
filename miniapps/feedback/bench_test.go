package feedback

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/motcua/motcua/internal/store/storetest"
)

// BenchmarkSubmit stores reports of many citizens at once, without the relay.
func BenchmarkSubmit(b *testing.B) {
	w := worldOn(storetest.OnFiles(b))
	app := w.open(b, nil)
	var calls atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := app.Do(b.Context(), submitCall(b, fmt.Sprint("citizen-", calls.Add(1)), dark)); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkMine reads the first page of a citizen who has sent fifty reports.
func BenchmarkMine(b *testing.B) {
	d := deskIn(b, worldOn(storetest.OnFiles(b)))
	for i := range 50 {
		d.submit(citizen("an"), fmt.Sprint(i), dark)
	}
	b.ResetTimer()
	for b.Loop() {
		if _, err := d.app.Mine(b.Context(), citizen("an"), 10, ""); err != nil {
			b.Fatal(err)
		}
	}
}
