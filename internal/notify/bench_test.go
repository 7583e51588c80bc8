package notify

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/store/sqlite"
)

// wire is a network that takes everything at once.
type wire struct{ took atomic.Int64 }

func (x *wire) Ways(_ context.Context, to Person, _ Letter) ([]Way, error) {
	return []Way{{Channel: "fcm", Target: to.Subject, Ground: Free}}, nil
}

func (x *wire) Send(context.Context, Way, Person, Letter) (Fate, error) {
	x.took.Add(1)
	return Fate{State: Sent}, nil
}

func (x *wire) Fate(context.Context, Way, string) (Fate, error) { return Fate{State: Pending}, nil }

// BenchmarkFanout tells followers of one ward, with as many workers as a relay has. Run it with -benchtime=1x; -short tells 2,000 instead of 100,000.
func BenchmarkFanout(b *testing.B) {
	size := 100_000
	if testing.Short() {
		size = 2_000
	}
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir()
		engine, err := sqlite.Open(b.Context(), sqlite.Config{Dir: dir})
		require.NoError(b, err)
		net := &wire{}
		w := replicaOn(b, engine, newCity(), configstest.Texts(b), Config{}, map[string]Carrier{"fcm": net})
		follow(b, w, size)
		before, heap := diskOf(b, dir), watchHeap()
		b.StartTimer()
		began := time.Now()
		fanout(b, w)
		took := time.Since(began)
		b.StopTimer()
		require.EqualValues(b, size, net.took.Load())
		b.ReportMetric(float64(size)/took.Seconds(), "notices/s")
		b.ReportMetric(float64(diskOf(b, dir)-before)/float64(size), "disk-B/notice")
		b.ReportMetric(float64(heap())/(1<<20), "peak-heap-MB")
		require.NoError(b, engine.Close())
		b.StartTimer()
	}
}

// follow makes followers of ward 1.
func follow(b *testing.B, w *world, size int) {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(size); i = next.Add(1) {
				id := fmt.Sprintf("f%06d", i)
				if err := w.inbox.wishes.Insert(b.Context(), wishes{ID: id, Subject: id, Areas: []string{Everywhere, "1"}}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// fanout announces a storm and does what relays do until everybody has been told.
func fanout(b *testing.B, w *world) {
	b.Helper()
	s := storm(1)
	s.Areas = []string{"1"}
	require.NoError(b, w.Announce(b.Context(), s))
	sources := w.Sources()
	walk, send := sources[relayName(announceLane)], sources[relayName(batchLane)]
	for {
		ids, err := walk.Due(b.Context(), 1)
		require.NoError(b, err)
		for _, id := range ids {
			require.NoError(b, walk.Carry(b.Context(), id))
		}
		if !drain(b, send) && len(ids) == 0 {
			return
		}
	}
}

// drain carries what is due with four workers, and tells whether there was anything.
func drain(b *testing.B, src Source) bool {
	b.Helper()
	ids, err := src.Due(b.Context(), 64)
	require.NoError(b, err)
	work := make(chan string)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for id := range work {
				if err := src.Carry(b.Context(), id); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for _, id := range ids {
		work <- id
	}
	close(work)
	wg.Wait()
	return len(ids) > 0
}

// watchHeap gives the largest heap seen since.
func watchHeap() func() uint64 {
	done, result := make(chan struct{}), make(chan uint64)
	go func() {
		var most uint64
		t := time.NewTicker(50 * time.Millisecond)
		defer t.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
			select {
			case <-t.C:
			case <-done:
				result <- most
				return
			}
		}
	}()
	return func() uint64 { close(done); return <-result }
}

func diskOf(b *testing.B, dir string) (size int64) {
	b.Helper()
	require.NoError(b, filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	}))
	return size
}

// BenchmarkPost puts notices into inboxes and on their way.
func BenchmarkPost(b *testing.B) {
	engine, err := sqlite.Open(b.Context(), sqlite.Config{Dir: b.TempDir()})
	require.NoError(b, err)
	defer func() { require.NoError(b, engine.Close()) }()
	w := replicaOn(b, engine, newCity(), configstest.Texts(b), Config{}, map[string]Carrier{"fcm": &wire{}})
	var n atomic.Int64
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			if err := w.Post(b.Context(), note(fmt.Sprint("n", i), fmt.Sprint("s", i%500), "moved")); err != nil {
				b.Error(err)
			}
		}
	})
}
