package signpage

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/scanpage"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

func (b *book) reads(t testing.TB, want int64) {
	t.Helper()
	if got := b.asked.Swap(0); got != want {
		t.Errorf("the registry was asked %d times, want %d", got, want)
	}
}

func TestKept(t *testing.T) {
	d := open(t)
	first := d.page(t, Ask{Sign: d.code, Lang: "vi"})
	d.book.reads(t, 2)
	for _, sign := range []string{d.code, "938nm5" + d.code[6:], "938NM5-" + d.code[6:], "938NM5%20" + d.code[6:]} {
		if again, ok := d.Ready(Ask{Sign: sign, Accept: "vi-VN"}); !ok || again != first {
			t.Errorf("%s is another page, or none", sign)
		}
	}
	d.page(t, Ask{Sign: d.code, Lang: "en"})
	d.book.reads(t, 0) // the same plate in another language is made of what was read
	d.later(59 * time.Second)
	d.page(t, Ask{Sign: d.code})
	d.book.reads(t, 0)
	d.later(2 * time.Second)
	if again := d.page(t, Ask{Sign: d.code, Lang: "vi"}); again == first || again.ETag != first.ETag {
		t.Error("after a minute it is not made anew, or a page that says the same has another tag")
	}
	d.book.reads(t, 2)
	unzipped(t, first)
}

func unzipped(t *testing.T, a *Answer) {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(a.Zipped))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, a.Body) {
		t.Errorf("the packed page is another one: %v", err)
	}
}

func TestForget(t *testing.T) {
	d := open(t)
	fresh := made(t, "NEW000")
	for _, s := range []string{d.code, printed, d.old, fresh} {
		d.page(t, Ask{Sign: s})
	}
	d.book.asked.Store(0)
	d.Forget("000001")
	d.page(t, Ask{Sign: d.code})
	d.book.reads(t, 0)
	d.Forget(registry.PlateID(plateNumber))
	d.page(t, Ask{Sign: d.code})
	d.page(t, Ask{Sign: printed})
	d.book.reads(t, 4)
	d.Forget()
	d.page(t, Ask{Sign: d.code})
	d.book.reads(t, 2)
}

// TestNewCodeWorksSoon: what was scanned before it was put up is nobody's for a few seconds only.
func TestNewCodeWorksSoon(t *testing.T) {
	d := open(t)
	fresh := made(t, "NEW000")
	for range 3 {
		if page := d.page(t, Ask{Sign: fresh}); page.Status != 404 || page.State != scanpage.Unknown || page.Cache != forNobody || page.ETag != "" {
			t.Errorf("got %d, %s, %s", page.Status, page.State, page.Cache)
		}
	}
	d.book.reads(t, 1)
	d.book.change(func() { d.book.coded[fresh] = registry.Coded{State: registry.Current, Code: fresh, Plate: plate()} })
	d.later(shortTTL)
	if page := d.page(t, Ask{Sign: fresh}); page.Status != 200 {
		t.Errorf("got %d", page.Status)
	}
}

// TestNewCodeWorksAtOnce: who changes a plate tells the pages, and what was nobody's may be its now.
func TestNewCodeWorksAtOnce(t *testing.T) {
	d := open(t)
	fresh := made(t, "NEW000")
	d.page(t, Ask{Sign: fresh})
	d.book.change(func() { d.book.coded[fresh] = registry.Coded{State: registry.Current, Code: fresh, Plate: plate()} })
	d.Forget(registry.PlateID(plateNumber))
	if page := d.page(t, Ask{Sign: fresh}); page.Status != 200 {
		t.Errorf("got %d", page.Status)
	}
}

// TestRevokedSoon: a code that is revoked opens nothing as soon as the pages are told, and at the latest when they are read anew.
func TestRevokedSoon(t *testing.T) {
	for name, pass := range map[string]func(*desk){"told": func(d *desk) { d.Forget(registry.PlateID(plateNumber)) }, "a minute": func(d *desk) { d.later(time.Minute) }} {
		d := open(t)
		d.page(t, Ask{Sign: d.code})
		d.book.change(func() {
			d.book.coded[d.code] = registry.Coded{State: registry.Ended, Code: d.code, Plate: plate(), RevokedAt: noon}
		})
		pass(d)
		page := d.page(t, Ask{Sign: d.code, Lang: "en"})
		if page.Status != 410 || page.Cache != forNobody || bytes.Contains(page.Body, []byte("Read about")) {
			t.Errorf("%s: %d, %s", name, page.Status, page.Cache)
		}
	}
}

// TestOneReadForMany has many ask at once for what is not kept.
func TestOneReadForMany(t *testing.T) {
	d := open(t)
	d.book.gate = make(chan struct{})
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if page, err := d.Open(context.Background(), Ask{Sign: d.code, Lang: "vi"}); err != nil || page.Status != 200 {
				t.Errorf("got %v, %v", page, err)
			}
		})
	}
	for d.book.asked.Load() == 0 { // the first of them is reading
		time.Sleep(time.Millisecond)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := d.Open(gone, Ask{Sign: d.code}); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("who left waits on: %v", err)
	}
	close(d.book.gate)
	wg.Wait()
	d.book.reads(t, 2)
}

// TestChangeWhileReading: what was begun to be read before a change is not kept.
func TestChangeWhileReading(t *testing.T) {
	d := open(t)
	gate := make(chan struct{})
	d.book.gate = gate
	done := make(chan *Answer)
	go func() {
		page, _ := d.Open(context.Background(), Ask{Sign: d.code})
		done <- page
	}()
	for d.book.asked.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	d.Forget()
	d.book.change(func() { d.book.gate = nil })
	close(gate)
	<-done
	d.book.asked.Store(0)
	d.page(t, Ask{Sign: d.code})
	d.book.reads(t, 2)
}

func TestStoreAway(t *testing.T) {
	d := open(t)
	old := d.page(t, Ask{Sign: d.code})
	d.book.change(func() { d.book.down = true })
	d.later(staleTTL - time.Second)
	if page, err := d.Open(t.Context(), Ask{Sign: d.code}); err != nil || page != old {
		t.Errorf("a visitor is not shown what is there: %v", err)
	}
	if _, err := d.Open(t.Context(), Ask{Sign: d.old}); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("what was never read: %v", err)
	}
	d.later(time.Second)
	if _, err := d.Open(t.Context(), Ask{Sign: d.code}); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("what was read ten minutes ago: %v", err)
	}
	d.book.change(func() { d.book.down = false })
	if page := d.page(t, Ask{Sign: d.code}); page.Status != 200 {
		t.Errorf("got %d", page.Status)
	}
}

// TestFewAreKept: neither plates nor numbers that nobody has fill the memory, nor do the latter push out the former.
func TestFewAreKept(t *testing.T) {
	d := open(t, func(x *Deps) { x.MaxCached = 2 })
	d.page(t, Ask{Sign: d.code})
	for n := 1000; n < 1200; n++ {
		if page := d.page(t, Ask{Sign: d.Pages.deps.Codes.Numbers().Format(n)}); page.Status != 404 {
			t.Fatalf("got %d", page.Status)
		}
	}
	if _, ok := d.Ready(Ask{Sign: d.code}); !ok {
		t.Error("the plate was pushed out")
	}
	if n := d.ready.plates.Len() + d.ready.others.Len(); n > 20 {
		t.Errorf("%d are kept", n)
	}
}

func TestMakingFails(t *testing.T) {
	fails := true
	d := open(t, func(x *Deps) {
		x.MediaURL = func(string, string) string {
			if fails {
				panic("no")
			}
			return "/x"
		}
	})
	func() {
		defer func() { _ = recover() }()
		d.page(t, Ask{Sign: d.code})
		t.Error("it did not panic")
	}()
	if page := d.page(t, Ask{Sign: d.code}); page.Status != 500 {
		t.Errorf("got %d", page.Status)
	}
	fails = false
	d.later(time.Minute)
	if page := d.page(t, Ask{Sign: d.code}); page.Status != 200 {
		t.Errorf("got %d", page.Status)
	}
}
