package registry

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/internal/store/storetest"
)

// TestAnotherProcess has one registry change what another has in memory.
func TestAnotherProcess(t *testing.T) {
	t.Parallel()
	e := memory.New()
	here, ctx := told(t, e, 3), t.Context()
	there := &desk{openDesk(t, e).Registry, t, here.clock}
	there.deps.Now = here.deps.Now
	count := func(text string) (n int) {
		t.Helper()
		found, err := there.Search(ctx, Filter{Text: text}, 10, "")
		near, err2 := there.Near(ctx, Circle{Lat: lat, Lon: lon}, Filter{Text: text}, 10, "")
		if err != nil || err2 != nil || len(found.Items) != len(near.Items) || found.HasNext || near.HasNext {
			t.Fatalf("%s: %d and %d, %v, %v", text, len(found.Items), len(near.Items), err, err2)
		}
		return len(found.Items)
	}
	if n := count("quang truong"); n != 3 {
		t.Fatalf("got %d, want 3", n)
	}
	row := plate(1)
	row.Address = "Cổng sau"
	here.plate(row)
	if old, now := count("quang truong"), count("cong sau"); old != 2 || now != 0 { // what is wrong is not given
		t.Errorf("before it is told: %d and %d, want 2 and 0", old, now)
	}
	there.Forget()
	if n := count("cong sau"); n != 1 {
		t.Errorf("told: got %d, want 1", n)
	}
	row.Address = "Cổng trước"
	here.plate(row)
	here.later(maxOutlineAge - time.Second)
	if n := count("cong truoc"); n != 0 {
		t.Errorf("before the minute: got %d, want none", n)
	}
	here.later(time.Second)
	if n := count("cong truoc"); n != 1 {
		t.Errorf("after a minute: got %d, want 1", n)
	}
	row.Address = "Cổng bên"
	here.plate(row)
	here.later(-time.Hour)
	if n := count("cong ben"); n != 1 {
		t.Errorf("after the clock was put back: got %d, want 1", n)
	}
}

// TestMovedElsewhere has plates moved by another process: pages stay full, in order, and come to an end.
func TestMovedElsewhere(t *testing.T) {
	t.Parallel()
	e := memory.New()
	here, there, ctx := told(t, e, 12), openDesk(t, e), t.Context()
	if _, err := there.outlines(ctx); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 2, 3, 7} {
		row := plate(n)
		row.Lat, row.Lon, row.Ward, row.Unit = 20.8400, 106.6930, "", ""
		here.plate(row)
	}
	got := turned(t, func(c Cursor) (Page[Nearby], error) {
		return there.Near(ctx, Circle{Lat: lat, Lon: lon}, Filter{}, 3, c)
	})
	there.Forget()
	want := turned(t, func(c Cursor) (Page[Nearby], error) {
		return there.Near(ctx, Circle{Lat: lat, Lon: lon}, Filter{}, 3, c)
	})
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// stopped is a desk whose first passes over all plates stop when they have read, until they are let go.
func stopped(t *testing.T, passes int) (d *desk, e *counted, began, release chan struct{}) {
	began, release = make(chan struct{}), make(chan struct{})
	e = &counted{Engine: memory.New()}
	d = told(t, e, 2)
	e.pass = func(ctx context.Context) error {
		if e.passes.Load() > int64(passes) {
			return ctx.Err()
		}
		began <- struct{}{}
		<-release
		return ctx.Err()
	}
	return d, e, began, release
}

// TestOneGivesUp has the caller that began the pass go away: the others are answered by the same one.
func TestOneGivesUp(t *testing.T) {
	t.Parallel()
	d, e, began, release := stopped(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error)
	go func() { _, err := d.Search(ctx, Filter{Text: "opera"}, 10, ""); first <- err }()
	<-began
	cancel()
	wantCode(t, <-first, fault.Unavailable)
	var others sync.WaitGroup
	for range 5 {
		others.Go(func() {
			if found, err := d.Search(t.Context(), Filter{Text: "opera"}, 10, ""); err != nil || len(found.Items) != 2 {
				t.Errorf("got %d, %v", len(found.Items), err)
			}
		})
	}
	close(release)
	others.Wait()
	if n := e.passes.Load(); n != 1 {
		t.Errorf("%d passes, want 1", n)
	}
}

// TestChangeDuringAPass asks while a pass that cannot have seen the change is under way.
func TestChangeDuringAPass(t *testing.T) {
	t.Parallel()
	d, e, began, release := stopped(t, 1)
	early := make(chan int)
	ask := func() int {
		found, err := d.Search(t.Context(), Filter{Text: "opera"}, 10, "")
		if err != nil {
			t.Error(err)
		}
		return len(found.Items)
	}
	go func() { early <- ask() }()
	<-began
	d.plate(plate(3))
	late := make(chan int)
	go func() { late <- ask() }()
	close(release)
	if n := <-early; n != 2 {
		t.Errorf("who asked before: got %d, want 2", n)
	}
	if n := <-late; n != 3 {
		t.Errorf("who asked after the change: got %d, want 3", n)
	}
	if n := ask(); n != 3 || e.passes.Load() != 2 {
		t.Errorf("got %d after %d passes, want 3 after 2", n, e.passes.Load())
	}
}

// TestAPassThatFails is told to who waits, and not kept.
func TestAPassThatFails(t *testing.T) {
	t.Parallel()
	e := &counted{Engine: memory.New()}
	d := told(t, e, 2)
	e.pass = func(context.Context) error {
		if e.passes.Load() == 1 {
			return fault.Wrap(fault.Unavailable, errors.New("away"))
		}
		return nil
	}
	_, err := d.Near(t.Context(), Circle{Lat: lat, Lon: lon}, Filter{}, 10, "")
	wantCode(t, err, fault.Unavailable)
	near, err := d.Near(t.Context(), Circle{Lat: lat, Lon: lon}, Filter{}, 10, "")
	if err != nil || len(near.Items) != 2 {
		t.Errorf("got %d, %v", len(near.Items), err)
	}
}

// TestWritersAndReaders has plates change under those who ask. Each writer finds what it wrote at once; nobody is given what they did not ask for.
func TestWritersAndReaders(t *testing.T) {
	t.Parallel()
	storetest.OnEngines(t, func(t *testing.T, e store.Engine) {
		d, ctx := told(t, e, 20), t.Context()
		done := make(chan struct{})
		var readers, writers sync.WaitGroup
		for range 3 {
			readers.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-done:
						return
					default:
					}
					d.ask(fmt.Sprintf("cong %d", i%10))
					if i%7 == 0 {
						d.Forget()
					}
				}
			})
		}
		for w := range 2 {
			writers.Go(func() {
				for i := range 20 {
					row := plate(w*10 + i%10 + 1)
					row.Address = fmt.Sprintf("Cổng %d hẻm %d", i%10, 1000+100*w+i)
					if _, err := d.PutPlate(ctx, row, "importer"); err != nil {
						t.Error(err)
						return
					}
					found, err := d.Search(ctx, Filter{Text: fmt.Sprintf("hem %d", 1000+100*w+i)}, 10, "")
					if err != nil || len(found.Items) != 1 || found.Items[0].Number != row.Number {
						t.Errorf("what was written is not found: %v, %v", numbers(found.Items), err)
					}
				}
			})
		}
		writers.Wait()
		close(done)
		readers.Wait()
	})
}

// ask looks for words near the opera house and everywhere, and checks what comes.
func (d *desk) ask(text string) {
	near, err := d.Near(d.t.Context(), Circle{Lat: lat, Lon: lon}, Filter{Text: text}, 5, "")
	found, err2 := d.Search(d.t.Context(), Filter{Text: text}, 5, "")
	if err != nil || err2 != nil {
		d.t.Errorf("%v, %v", err, err2)
	}
	for _, n := range near.Items {
		found.Items = append(found.Items, n.Plate)
	}
	for _, p := range found.Items {
		if !holds(tokens(p.Place.Address, fmt.Sprint(p.Number)), fold.Words(text)) {
			d.t.Errorf("asked for %q, got %q", text, p.Place.Address)
		}
	}
}
