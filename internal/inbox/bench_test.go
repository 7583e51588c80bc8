package inbox

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/store/sqlite"
)

// callers is how many webhooks come in at once.
const callers = 32

// benched opens a world on SQLite as a city runs it.
func benched(b *testing.B) *world {
	b.Helper()
	engine, err := sqlite.Open(b.Context(), sqlite.Config{Dir: b.TempDir()})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, engine.Close()) })
	return newWorld(b, engine)
}

// benchEvent is the i-th of the events of 5,000 people.
func benchEvent(i int) channels.Event {
	e := said(fmt.Sprint("person", i%5000), i)
	e.Text = strings.Repeat("đèn đường hỏng ", 10)
	return e
}

// spread calls f for each of 0..b.N-1, from all callers.
func spread(b *testing.B, f func(i int) error) {
	var next atomic.Int64
	var g sync.WaitGroup
	for range callers {
		g.Go(func() {
			for i := int(next.Add(1)) - 1; i < b.N; i = int(next.Add(1)) - 1 {
				if err := f(i); err != nil {
					b.Error(err)
				}
			}
		})
	}
	g.Wait()
}

func perSecond(b *testing.B) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkInsert stores the same documents without an inbox, to compare with.
func BenchmarkInsert(b *testing.B) {
	in := benched(b).open(b, Config{}, nil)
	b.ResetTimer()
	spread(b, func(i int) error {
		r, err := in.record(zalo, benchEvent(i), time.Now())
		if err != nil {
			return err
		}
		return in.records.Insert(b.Context(), r)
	})
	perSecond(b)
}

func BenchmarkTake(b *testing.B) {
	in := benched(b).open(b, Config{}, nil)
	b.ResetTimer()
	spread(b, func(i int) error { return in.Take(b.Context(), zalo, []channels.Event{benchEvent(i)}) })
	perSecond(b)
}

// BenchmarkInsertThenUpdate is the least that storing and finishing an event can cost.
func BenchmarkInsertThenUpdate(b *testing.B) {
	in := benched(b).open(b, Config{}, nil)
	b.ResetTimer()
	spread(b, func(i int) error {
		r, err := in.record(zalo, benchEvent(i), time.Now())
		if err != nil {
			return err
		}
		if err := in.records.Insert(b.Context(), r); err != nil {
			return err
		}
		_, err = in.records.Update(b.Context(), r.ID, func(r *record) error {
			r.finish(time.Now(), in.cfg)
			return nil
		})
		return err
	})
	perSecond(b)
}

// BenchmarkHandled takes events and waits until the last of them is handled.
func BenchmarkHandled(b *testing.B) { benchHandled(b, Config{}) }

// BenchmarkHandledBehind is the same when most events find no room in memory.
func BenchmarkHandledBehind(b *testing.B) { benchHandled(b, Config{Queue: 1024}) }

func benchHandled(b *testing.B, cfg Config) {
	in := benched(b).open(b, cfg, nil)
	var left sync.WaitGroup
	left.Add(b.N)
	stop := start(b, in, func(context.Context, Message) error {
		left.Done()
		return nil
	})
	defer stop()
	b.ResetTimer()
	spread(b, func(i int) error { return in.Take(b.Context(), zalo, []channels.Event{benchEvent(i)}) })
	left.Wait()
	perSecond(b)
}
