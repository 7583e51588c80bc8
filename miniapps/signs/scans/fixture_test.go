package scans

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/mongo"
	"github.com/motcua/motcua/internal/store/mongo/mongotest"
	"github.com/motcua/motcua/internal/store/storetest"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// noon is 12:00 in the city, on a Monday.
var noon = time.Date(2026, 11, 16, 5, 0, 0, 0, time.UTC)

// The opera house, and points so many metres north of it.
var home = Point{20.85735, 106.68310}

func north(metres float64) *Point { return &Point{home.Lat + metres/111_195, home.Lon} }

const (
	ward      = "11311"
	otherWard = "11329"
	goodCode  = "938NM5X4140SV"
	oldCode   = "0A1B2C3D4E5F6"
)

// desk is a Scans whose clock stands still and whose counting and writing the test does.
type desk struct {
	*Scans
	t      testing.TB
	clock  *time.Time
	reg    *prometheus.Registry
	raised *[]Event
}

func open(t testing.TB, e store.Engine, cfg Config) *desk {
	t.Helper()
	clock, raised, reg := noon, []Event{}, prometheus.NewRegistry()
	var mu sync.Mutex
	s, err := Open(t.Context(), e, Deps{
		Now: func() time.Time { return clock }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Reg: reg,
		Raise: func(_ context.Context, e Event) {
			mu.Lock()
			defer mu.Unlock()
			raised = append(raised, e)
		},
	}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &desk{s, t, &clock, reg, &raised}
}

func (d *desk) later(by time.Duration) { *d.clock = d.clock.Add(by) }

// drain counts all that was seen.
func (d *desk) drain() { d.queue.drain(d.countAll) }

// written counts and writes all that was seen.
func (d *desk) written() {
	d.t.Helper()
	d.drain()
	for range 2 { // the second time, what gathered behind a write that had to be repeated
		if err := d.flush(d.t.Context(), maxDays); err != nil {
			d.t.Fatal(err)
		}
	}
	if n := d.waiting(); n != 0 {
		d.t.Fatalf("%v documents were left", n)
	}
}

// scan gives a scan of a good code of the plate of that number.
func scan(plate int, client string) Scan {
	return Scan{Code: goodCode, Plate: registry.PlateID(plate), Ward: ward, State: registry.Current, Face: Web, Client: client, Home: home}
}

// see shows the desk a scan with changes, and counts it: two scans that are counted together may be counted in either order.
func (d *desk) see(x Scan, with ...func(*Scan)) {
	for _, f := range with {
		f(&x)
	}
	if x.At.IsZero() {
		x.At = *d.clock
	}
	d.Seen(x)
	d.drain()
}

func (d *desk) counts(plate int) Counts {
	d.t.Helper()
	c, err := d.Plate(d.t.Context(), registry.PlateID(plate))
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

func (d *desk) list(open bool) []Event {
	d.t.Helper()
	p, err := d.Events(d.t.Context(), open, 100, "")
	if err != nil {
		d.t.Fatal(err)
	}
	return p.Items
}

// dropped gives what was not counted for a reason.
func (d *desk) dropped(r drop) float64 { return testutil.ToFloat64(d.metrics.dropped[r]) }

// onEngines runs a test on each engine.
func onEngines(t *testing.T, test func(*testing.T, store.Engine)) {
	storetest.OnEngines(t, test)
	t.Run("mongo", func(t *testing.T) { // the wire server keeps no race of several connections
		e, err := mongo.Open(t.Context(), mongo.Config{URI: mongotest.Serve(t), Database: "scans", MaxPool: 1, Timeout: 30 * time.Second, SelectionTimeout: 30 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = e.Close() })
		test(t, e)
	})
}

func wantCode(t testing.TB, err error, want fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// brief gives what matters of events, by id.
func brief(events []Event) map[string]string {
	out := map[string]string{}
	for _, e := range events {
		out[e.ID] = fmt.Sprintf("%d code=%s plate=%s ward=%s metres=%d", e.Count, e.Code, e.Plate, e.Ward, e.Metres)
	}
	return out
}
