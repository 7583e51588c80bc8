package scans

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/internal/store/sqlite"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

func TestCounting(t *testing.T) {
	onEngines(t, func(t *testing.T, e store.Engine) {
		d := open(t, e, Config{})
		for range 3 {
			d.see(scan(1, "203.0.113.7")) // one visitor
		}
		d.see(scan(1, "203.0.113.8"))
		d.see(scan(2, "203.0.113.7")) // another plate
		d.see(scan(3, ""), func(x *Scan) { x.Ward = otherWard })
		d.written()
		d.later(9 * time.Minute)
		d.see(scan(1, "203.0.113.7"))
		d.later(2 * time.Hour)
		d.see(scan(1, "203.0.113.7"))
		d.see(scan(1, "203.0.113.9"), func(x *Scan) { x.State, x.Code = registry.Ended, oldCode })
		d.see(scan(1, "203.0.113.9"), func(x *Scan) { x.State = "number" })
		d.written()

		c := d.counts(1)
		if want := (Count{6, 3}); c.Month != want || c.Last24h != want || c.Days[29].Count != want || c.Days[29].Day != "2026-11-16" {
			t.Errorf("got %+v, want %v", c, want)
		}
		if c.Hours[12] != (Count{5, 2}) || c.Hours[14] != (Count{1, 1}) || c.Revoked != 1 || !c.LastScan.Equal(*d.clock) {
			t.Errorf("got %+v", c)
		}
		if len(c.Days) != 30 || c.Days[0].Day != "2026-10-18" {
			t.Errorf("got %d days from %s", len(c.Days), c.Days[0].Day)
		}
		if c := d.counts(4); c.Month != (Count{}) || !c.LastScan.IsZero() || len(c.Days) != 30 {
			t.Errorf("a plate that nobody scanned: %+v", c)
		}
		for w, want := range map[string]Count{ward: {7, 4}, otherWard: {1, 1}, "": {8, 5}} {
			if h, err := d.Heat(t.Context(), w, noon, noon); err != nil || len(h) != 1 || h[0].Total != want {
				t.Errorf("ward %q: got %+v, %v, want %v", w, h, err, want)
			}
		}
	})
}

func TestDaysEndAtMidnightInTheCity(t *testing.T) {
	d := open(t, memory.New(), Config{})
	midnight := time.Date(2026, 11, 16, 17, 0, 0, 0, time.UTC)
	for _, at := range []time.Time{midnight.Add(-time.Millisecond), midnight, midnight.Add(30 * time.Minute)} {
		d.see(scan(1, ""), func(x *Scan) { x.At = at })
	}
	*d.clock = midnight.Add(22*time.Hour + 30*time.Minute)
	d.written()
	c := d.counts(1)
	if c.Hours[23].Scans != 1 || c.Hours[0].Scans != 2 || c.Days[28].Scans != 1 || c.Days[29].Scans != 2 {
		t.Errorf("got %+v", c)
	}
	if c.Last24h.Scans != 3 {
		t.Errorf("at 22:30, 23:59 the day before is among the last 24 hours: %+v", c.Last24h)
	}
	d.later(time.Hour)
	if c := d.counts(1); c.Last24h.Scans != 2 {
		t.Errorf("an hour later it is not: %+v", c.Last24h)
	}
}

func TestLastScanOutlivesTheRollUps(t *testing.T) {
	e := memory.New()
	d := open(t, e, Config{})
	d.see(scan(1, ""))
	d.written()
	d.later(20 * time.Minute)
	d.see(scan(1, "")) // not worth a write of the last scan
	d.written()
	last, err := d.records.lastScans(t.Context(), []string{"000001"})
	if err != nil || !last["000001"].At.Equal(noon) {
		t.Fatalf("got %v, %v", last, err)
	}
	d.later(401 * 24 * time.Hour)
	if n, err := store.SweepAll(t.Context(), e, *d.clock); err != nil || n != 3 { // the plate's day, the ward's, the city's
		t.Fatalf("removed %d, %v", n, err)
	}
	if c := d.counts(1); !c.LastScan.Equal(noon) || c.Month != (Count{}) {
		t.Errorf("got %+v", c)
	}
}

func TestRetention(t *testing.T) {
	e := memory.New()
	d := open(t, e, Config{Retention: 100 * oneDay, EventRetention: 30 * oneDay})
	d.see(scan(1, ""), func(x *Scan) { x.State, x.Code = registry.Ended, oldCode })
	d.written()
	for _, step := range []struct {
		after   time.Duration
		removed int
	}{{30*oneDay - time.Minute, 0}, {2 * time.Minute, 1}, {70*oneDay + 11*time.Hour, 0}, {2 * time.Hour, 1}} {
		d.later(step.after)
		if n, err := store.SweepAll(t.Context(), e, *d.clock); err != nil || n != step.removed {
			t.Errorf("after %s: removed %d, %v", step.after, n, err)
		}
	}
}

// TestRun has time pass: what is seen is written about every ten seconds, and the rest when Run ends.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, memory.New(), Config{})
		d.deps.Now = time.Now
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = d.Run(ctx) })
		month := func() int { *d.clock = time.Now(); return d.counts(1).Month.Scans }

		for range 500 {
			d.Seen(scan(1, ""))
		}
		time.Sleep(8 * time.Second)
		synctest.Wait()
		if n := month(); n != 0 {
			t.Errorf("after 8s: %d scans are written", n)
		}
		time.Sleep(4 * time.Second)
		synctest.Wait()
		if n := month(); n != 500 {
			t.Errorf("after 12s: %d scans are written", n)
		}
		d.Seen(scan(1, ""))
		stop()
		running.Wait()
		if n := month(); n != 501 {
			t.Errorf("at the end: %d scans are written", n)
		}
	})
}

// TestSaltLivesADay has a visitor stay for two days: each salt knows them, and none knows of the one before.
func TestSaltLivesADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, memory.New(), Config{})
		d.deps.Now, d.salted = time.Now, time.Now()
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = d.Run(ctx) })
		first := *d.salt.Load()
		time.Sleep(24*time.Hour - time.Second)
		synctest.Wait()
		d.Seen(scan(1, "203.0.113.7"))
		if *d.salt.Load() != first {
			t.Error("the salt changed within the day")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if *d.salt.Load() == first {
			t.Error("the salt is older than a day")
		}
		for _, slot := range d.visits.slots {
			if slot != 0 {
				t.Fatal("a visitor outlived the salt")
			}
		}
		stop()
		running.Wait()
	})
}

func TestMetrics(t *testing.T) {
	d := open(t, memory.New(), Config{})
	d.see(scan(1, ""))
	d.see(scan(1, ""), func(x *Scan) { x.State, x.Face = registry.Invented, Chat })
	d.see(scan(1, ""), func(x *Scan) { x.State, x.Face, x.Code = registry.Ended, App, oldCode })
	d.see(scan(1, ""), func(x *Scan) { x.Said = SaidElsewhere })
	d.drain()
	for metric, want := range map[string]float64{"waiting": 5, "page": 1, "chat": 1, "app": 1} {
		got := 0.0
		switch metric {
		case "waiting":
			got = d.waiting()
		case "page":
			got = testutil.ToFloat64(d.metrics.scans[web][current])
		case "chat":
			got = testutil.ToFloat64(d.metrics.scans[chat][invented])
		case "app":
			got = testutil.ToFloat64(d.metrics.scans[app][ended])
		}
		if got != want {
			t.Errorf("%s: got %v, want %v", metric, got, want)
		}
	}
	d.written()
	if got := testutil.ToFloat64(d.metrics.events.WithLabelValues(string(RevokedCode))); got != 1 {
		t.Errorf("%v events were opened", got)
	}
	families, err := d.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "motcua_signs_") || f.GetHelp() == "" {
			t.Errorf("metric %s", f.GetName())
		}
	}
	if problems, err := testutil.GatherAndLint(d.reg); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	if _, err := Open(t.Context(), memory.New(), Deps{}, Config{}); err == nil {
		t.Error("without anything to work with it opens")
	}
	bad := Config{Flush: time.Hour, Far: 10, PerMinute: -1, Burst: 2_000_000, Retention: time.Hour, EventRetention: time.Hour, SilentDays: 4000}
	err := bad.Validate()
	for _, key := range []string{"flush", "far", "per_minute", "burst", "retention", "event_retention", "silent_days"} {
		if err == nil || !strings.Contains(err.Error(), key+":") {
			t.Errorf("%s is not named in %v", key, err)
		}
	}
	if err := (Config{}).filled().Validate(); err != nil {
		t.Errorf("the defaults are wrong: %v", err)
	}
	if _, err := Open(t.Context(), memory.New(), open(t, memory.New(), Config{}).deps, bad); err == nil {
		t.Error("with wrong settings it opens")
	}
}

// BenchmarkFlush writes the roll-ups of 1,000 plates to SQLite, one flush.
func BenchmarkFlush(b *testing.B) {
	e, err := sqlite.Open(context.Background(), sqlite.Config{Dir: b.TempDir(), Synchronous: "full"})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	d := open(b, e, Config{})
	for b.Loop() {
		for i := range maxWrites - 2 {
			d.Seen(scan(i+1, ""))
		}
		d.written()
	}
}
