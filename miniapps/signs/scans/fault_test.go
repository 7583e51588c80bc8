package scans

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/internal/store/storetest"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

func away() error { return fault.Wrap(fault.Unavailable, errors.New("the store is away")) }

// TestFailingStoreLosesAndDoublesNothing has more than every fourth write fail, half of them after they took place, while two replicas count.
func TestFailingStoreLosesAndDoublesNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var mu sync.Mutex
	healthy := false
	fails := func(c storetest.Call) error {
		mu.Lock()
		defer mu.Unlock()
		if c.Doc != nil && !healthy && rng.IntN(20) < 3 {
			return away()
		}
		return nil
	}
	e := &storetest.Watched{Engine: memory.New(), Before: fails, After: fails}
	cfg := Config{PerMinute: 1_000_000}
	desks := []*desk{open(t, e, cfg), open(t, e, cfg)}
	want := map[int]int{}
	for range 200 {
		for _, d := range desks {
			for range 5 {
				plate := rng.IntN(4) + 1
				want[plate]++
				d.see(scan(plate, ""))
			}
			d.see(scan(1, ""), func(x *Scan) { x.State, x.Code = registry.Ended, oldCode })
			d.drain()
			_ = d.flush(t.Context(), 3) // fails most of the time
		}
	}
	mu.Lock()
	healthy = true
	mu.Unlock()
	for _, d := range desks {
		d.written()
	}
	for plate, n := range want {
		if got := desks[0].counts(plate).Month.Scans; got != n {
			t.Errorf("plate %d: got %d scans, want %d", plate, got, n)
		}
	}
	if h, _ := desks[0].Heat(t.Context(), "", noon, noon); h[0].Total.Scans != 2000 {
		t.Errorf("the city has %d scans", h[0].Total.Scans)
	}
	if got := desks[0].list(true); len(got) != 1 || got[0].Count != 400 || desks[0].counts(1).Revoked != 400 {
		t.Errorf("got events %+v", got)
	}
	if n := len(*desks[0].raised) + len(*desks[1].raised); n < 1 || n > 2 { // at least once: the answer of the write that opened it may be lost
		t.Errorf("the event was told %d times", n)
	}
}

// TestReplicasShareDocuments has four processes add to the same documents at the same time, on each engine.
func TestReplicasShareDocuments(t *testing.T) {
	onEngines(t, func(t *testing.T, e store.Engine) {
		const replicas, rounds = 4, 5
		var all sync.WaitGroup
		desks := make([]*desk, replicas)
		for i := range desks {
			desks[i] = open(t, e, Config{})
		}
		for i, d := range desks {
			all.Go(func() {
				for r := range rounds {
					d.see(scan(1, fmt.Sprint(i, r)))
					d.see(scan(1, ""), func(x *Scan) { x.State, x.Code = registry.Ended, oldCode })
					d.drain()
					for d.waiting() > 0 {
						_ = d.flush(t.Context(), maxDays)
					}
				}
			})
		}
		all.Wait()
		if c := desks[0].counts(1); c.Month != (Count{replicas * rounds, replicas * rounds}) || c.Revoked != replicas*rounds {
			t.Errorf("got %+v", c)
		}
		told := 0
		for _, d := range desks {
			told += len(*d.raised)
		}
		if got := desks[0].list(true); len(got) != 1 || got[0].Count != replicas*rounds || told != 1 {
			t.Errorf("got %+v, told %d times", got, told)
		}
	})
}

// TestSeenWhileRunning has many see while Run counts and writes: every scan is counted, or known to be dropped.
func TestSeenWhileRunning(t *testing.T) {
	d := open(t, memory.New(), Config{Flush: 10 * time.Millisecond})
	ctx, stop := context.WithCancel(t.Context())
	var running, seeing sync.WaitGroup
	running.Go(func() { _ = d.Run(ctx) })
	const callers, each = 4, 20_000
	for c := range callers {
		seeing.Go(func() {
			for i := range each {
				d.Seen(scan(i%5+1, fmt.Sprint(c, i)))
			}
		})
	}
	seeing.Wait()
	stop()
	running.Wait()
	h, err := d.Heat(t.Context(), "", noon, noon)
	if err != nil {
		t.Fatal(err)
	}
	if got := h[0].Total; got.Scans+int(d.dropped(full)) != callers*each || got.Visitors != got.Scans || got.Scans == 0 {
		t.Errorf("got %v and %v dropped", got, d.dropped(full))
	}
}

// TestOneBadDocumentStopsNoOther has what is stored of one plate be broken: the others are written, and it is tried again.
func TestOneBadDocumentStopsNoOther(t *testing.T) {
	bad := "revoked_code.0A1B2C3D4E5F6.2026-11-16"
	e := &storetest.Watched{Engine: memory.New(), Before: func(c storetest.Call) error {
		if c.Op == storetest.Insert && c.ID == bad {
			return fault.New(fault.Internal, "")
		}
		return nil
	}}
	d := open(t, e, Config{})
	d.see(scan(1, ""), inState(registry.Ended, oldCode))
	d.see(scan(2, ""))
	for range 3 {
		if err := d.flush(t.Context(), maxWrites); fault.CodeOf(err) != fault.Internal {
			t.Fatalf("got %v", err)
		}
	}
	if n := d.waiting(); n != 1 || d.counts(2).Month.Scans != 1 || d.counts(1).Revoked != 1 {
		t.Errorf("%v documents wait", n)
	}
	e.Before = nil
	d.written()
	if got := d.list(true); len(got) != 1 || got[0].Count != 1 {
		t.Errorf("got %+v", got)
	}
}

// TestFlushIsBounded has more documents than one flush may write: the longest waiting go first, and all get there.
func TestFlushIsBounded(t *testing.T) {
	d := open(t, memory.New(), Config{})
	for i := range 300 {
		d.see(scan(i+1, ""))
	}
	d.drain()
	for left := 302; left > 0; left = max(left-100, 0) { // and the ward and the city
		if n := int(d.waiting()); n != left {
			t.Fatalf("%d documents wait, want %d", n, left)
		}
		if err := d.flush(t.Context(), 100); err != nil {
			t.Fatal(err)
		}
	}
	if d.waiting() != 0 {
		t.Error("something is left")
	}
}

func TestMemoryIsBounded(t *testing.T) {
	d := open(t, &storetest.Watched{Engine: memory.New(), Before: func(c storetest.Call) error {
		if c.Doc == nil {
			return nil
		}
		return away()
	}}, Config{})
	for i := range maxDays + 500 {
		d.see(scan(i+1, ""), func(x *Scan) { x.Where = &home })
		d.see(scan(i+1, ""), func(x *Scan) { x.State, x.Code = registry.Unknown, fmt.Sprintf("%013d", i) })
		if i%1000 == 0 {
			d.drain()
			_ = d.flush(t.Context(), maxWrites)
		}
	}
	d.drain()
	if n := len(d.days.entries); n != maxDays {
		t.Errorf("%d days wait", n)
	}
	if n := len(d.events.entries); n != maxEvents {
		t.Errorf("%d events wait", n)
	}
	if n := len(d.watch.plates); n != maxWatched {
		t.Errorf("%d plates are watched", n)
	}
	if d.dropped(crowded) == 0 {
		t.Error("nothing was counted as dropped")
	}
	d.watch.tidy(noon.Add(time.Hour).UnixMilli())
	if n := len(d.watch.plates); n != 0 {
		t.Errorf("%d plates are still watched", n)
	}
}

// TestLastFlushGivesUp has the store hang for good: Run ends all the same.
func TestLastFlushGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, &hanging{memory.New()}, Config{})
		d.deps.Now = time.Now
		ctx, stop := context.WithCancel(t.Context())
		d.Seen(scan(1, ""))
		began := time.Now()
		time.AfterFunc(time.Minute, stop)
		if err := d.Run(ctx); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != time.Minute+lastLimit {
			t.Errorf("it took %s", took)
		}
		if n := d.dropped(unwritten); n != 3 {
			t.Errorf("%v documents were counted as lost", n)
		}
	})
}

// hanging never answers.
type hanging struct{ store.Engine }

func (h *hanging) Get(ctx context.Context, _ string, _ ...string) ([]store.Row, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}
