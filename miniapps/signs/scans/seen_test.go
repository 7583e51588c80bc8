package scans

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

func TestSeenAllocatesNothing(t *testing.T) {
	d := open(t, memory.New(), Config{})
	x := scan(572, "203.0.113.7")
	x.At, x.Where = noon, north(10)
	fill := func() {
		for range 1000 {
			d.Seen(x)
		}
	}
	for range 50 { // until every tray and the spare one have grown
		fill()
		d.drain()
	}
	if n := testing.AllocsPerRun(20, func() { fill(); d.queue.drain(func([]record) {}) }); n > 1 {
		t.Errorf("1000 scans allocate %v times", n)
	}
}

// TestSeenKeepsNoBuffer hands over texts that lie in a buffer which is used again at once, as an HTTP server does.
func TestSeenKeepsNoBuffer(t *testing.T) {
	d := open(t, memory.New(), Config{})
	buffer := []byte(oldCode + "203.0.113.7")
	text := unsafe.String(&buffer[0], len(buffer))
	r := d.snapshot(func() {
		d.Seen(Scan{Code: text[:13], Plate: "000572", State: registry.Unknown, Client: text[13:], At: noon})
		clear(buffer)
	})
	if len(r) != 1 || r[0].code.text() != oldCode || r[0].visitor != fingerprint(*d.salt.Load(), "203.0.113.7", 572, nothing) {
		t.Fatalf("got %+v", r)
	}
}

// snapshot gives copies of the records that f puts into the queue.
func (d *desk) snapshot(f func()) (out []record) {
	f()
	d.queue.drain(func(rs []record) { out = append(out, rs...) })
	return out
}

func TestSeenReadsAnything(t *testing.T) {
	d := open(t, memory.New(), Config{})
	tests := []struct {
		in    Scan
		code  string
		plate uint32
		state state
		face  face
	}{
		{Scan{Code: goodCode, Plate: "000001", State: registry.Current, Face: App}, goodCode, 1, current, app},
		{Scan{Code: goodCode, Plate: "999999", State: registry.Ended, Face: Chat}, goodCode, 999_999, ended, chat},
		{Scan{Code: "short", Plate: "1000000", State: "number", Face: "fax"}, "other", 0, otherState, otherFace},
		{Scan{Code: "<script>12345", Plate: "00x572", State: registry.Unknown, Face: Web}, "other", 0, unknown, web},
		{Scan{Plate: strings.Repeat("9", 100), State: registry.Invented}, "other", 0, invented, otherFace},
	}
	for _, tt := range tests {
		r := d.snapshot(func() { d.Seen(tt.in) })
		if len(r) != 1 || r[0].code.text() != tt.code || r[0].plate != tt.plate || r[0].state != tt.state || r[0].face != tt.face {
			t.Errorf("%+v: got %+v", tt.in, r)
		}
		if r[0].at != noon.UnixMilli() || r[0].visitor != 0 {
			t.Errorf("%+v: at %d, by %d", tt.in, r[0].at, r[0].visitor)
		}
	}
}

func TestFingerprintsTellPlatesApart(t *testing.T) {
	d := open(t, memory.New(), Config{})
	salt := *d.salt.Load()
	a := fingerprint(salt, "203.0.113.7", 1, nothing)
	for _, other := range []uint64{fingerprint(salt, "203.0.113.7", 2, nothing), fingerprint(salt, "203.0.113.8", 1, nothing), fingerprint(salt, "203.0.113.7", 1, elsewhere), fingerprint(salt, "203.0.113.7", 1, fake)} {
		if other == a {
			t.Error("two fingerprints are one")
		}
	}
	if fingerprint(salt, "203.0.113.7", 1, nothing) != a {
		t.Error("a fingerprint changes")
	}
	d.resalt(noon)
	if fingerprint(*d.salt.Load(), "203.0.113.7", 1, nothing) == a {
		t.Error("a fingerprint outlives its salt")
	}
}

// TestQueueIsBounded lets many see at once while nobody counts: what does not fit is counted as dropped, and nothing else is lost.
func TestQueueIsBounded(t *testing.T) {
	d := open(t, memory.New(), Config{})
	const callers, each = 8, 6000
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range each {
				d.Seen(scan(1, ""))
			}
		})
	}
	all.Wait()
	d.written()
	got, dropped := d.counts(1).Month.Scans, int(d.dropped(full))
	if got+dropped != callers*each || got > trayCount*traySize {
		t.Errorf("%d counted, %d dropped of %d", got, dropped, callers*each)
	}
	if got < trayCount*traySize*9/10 { // some are dropped because every tray was locked
		t.Errorf("only %d of %d places were used", got, trayCount*traySize)
	}
}

// BenchmarkSeen is what a page pays for being counted; what is not counted in it is the counting itself, which another goroutine does.
func BenchmarkSeen(b *testing.B) {
	d := open(b, memory.New(), Config{})
	x := scan(572, "203.0.113.7")
	x.At = noon
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		d.Seen(x)
		if n++; n%(trayCount*traySize/2) == 0 {
			d.queue.drain(func([]record) {})
		}
	}
	if d.dropped(full) > 0 {
		b.Fatal("scans were dropped")
	}
}

// BenchmarkSeenAtOnce has all processors see at once. Those that do not fit into the queue cost more, as each tray is tried.
func BenchmarkSeenAtOnce(b *testing.B) {
	d := open(b, memory.New(), Config{})
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				d.queue.drain(func([]record) {})
			}
		}
	}()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		x := scan(572, "203.0.113.7")
		x.At = noon
		for pb.Next() {
			d.Seen(x)
		}
	})
	close(stop)
	<-stopped
	b.ReportMetric(d.dropped(full)/float64(b.N), "dropped/op")
}

// BenchmarkCount is what one scan costs in all: seen, counted and watched, of many plates and by many visitors.
func BenchmarkCount(b *testing.B) {
	d := open(b, memory.New(), Config{})
	var scans [4096]Scan
	for i := range scans {
		scans[i] = scan(i%2800+1, fmt.Sprintf("203.0.113.%d", i))
		scans[i].At = noon
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		d.Seen(scans[n%len(scans)])
		if n++; n%(trayCount*traySize/2) == 0 {
			d.drain()
		}
	}
}
