package chat

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/store/sqlite"
)

// BenchmarkTurn is a whole turn: one answer, sent and recorded. Every tenth asks for a change.
func BenchmarkTurn(b *testing.B) {
	for _, people := range []int{1, 64} {
		b.Run(fmt.Sprintf("%d at once", people), func(b *testing.B) {
			engine, err := sqlite.Open(b.Context(), sqlite.Config{Dir: b.TempDir(), Synchronous: "normal"})
			require.NoError(b, err)
			defer func() { require.NoError(b, engine.Close()) }()
			w := newWorld(b, engine, Config{})
			b.SetParallelism(people)
			n := 0
			next := make(chan int)
			stop := make(chan struct{})
			go func() {
				for ; ; n++ {
					select {
					case next <- n:
					case <-stop:
						return
					}
				}
			}()
			defer close(stop)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					i := <-next
					m := said(fmt.Sprint("e", i), "hello")
					if i%10 == 0 {
						m.Event.Text = "change x"
					}
					m.Conversation = fmt.Sprint("zalo/", i%(people*4))
					if err := w.Turn(b.Context(), m); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
