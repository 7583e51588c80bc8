package damage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/locale"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/internal/store/storetest"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// What the program hands to damage must fit.
var _ Texts = (*locale.Catalogue)(nil)

var noon = time.Date(2026, 11, 16, 5, 0, 0, 0, time.UTC)

// plate is a plate at the opera house; every third belongs to a department.
func plate(number int) registry.Plate {
	unit := "ward-11311"
	if number%3 == 0 {
		unit = "construction"
	}
	return registry.Plate{
		ID: registry.PlateID(number), Number: number, Street: "Phố Trần Hưng Đạo", Unit: unit, Ward: "11311",
		Place: registry.Place{Lat: 20.85735, Lon: 106.68310, Address: "Góc quảng trường", Side: registry.Corner},
	}
}

func tapOn(number int, kind, key string) Tap { return Tap{Plate: plate(number), Kind: kind, Key: key} }

// world is what outlives a process: the store and the office that works on cases.
type world struct {
	engine store.Engine
	office *office
	clock  time.Time
}

func newWorld() *world { return worldOn(memory.New()) }

func worldOn(e store.Engine) *world {
	return &world{engine: e, office: &office{cases: map[string]*file{}}, clock: noon}
}

// process starts a process in the world, which reaches the store and the office while it lives.
func (w *world) process(t testing.TB, life *storetest.Life) *Damage {
	t.Helper()
	d, err := Open(t.Context(), storetest.Mortal{Engine: w.engine, Life: life}, w.parts(t, life))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (w *world) parts(t testing.TB, life *storetest.Life) Deps {
	return Deps{
		Raise: func(_ context.Context, r Raise) (id, code string, err error) {
			err = life.Write(func() error {
				id, code, err = w.office.raise(r)
				return err
			})
			return id, code, err
		},
		Open: func(_ context.Context, id string) (bool, error) {
			if err := life.Read(); err != nil {
				return false, err
			}
			return w.office.isOpen(id)
		},
		Note: func(_ context.Context, id, key, text string) error {
			return life.Write(func() error { return w.office.note(id, key, text) })
		},
		Number: func(n int) string { return fmt.Sprintf("HP-%05d-7", n) },
		Link:   func(p registry.Plate) string { return "https://motcua.haiphong.example/s/" + p.ID },
		Texts:  configstest.Texts(t), Now: func() time.Time { return w.clock }, Log: slog.New(slog.DiscardHandler),
	}
}

func (w *world) later(by time.Duration) { w.clock = w.clock.Add(by) }

// office keeps cases as the service does that damage knows only by two functions.
type office struct {
	mu    sync.Mutex
	cases map[string]*file // by key
	down  bool
	never bool // no case can ever be
	asked int  // times that Open was asked
	busy  bool // no note is taken
	notes int  // times that a note was brought
}

type file struct {
	raise Raise
	id    string
	open  bool
	notes map[string]string // by key
}

var errDown = &fault.Error{Code: fault.Unavailable, Cause: errors.New("the office is closed")}

func (o *office) raise(r Raise) (id, code string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f := o.cases[r.Key]
	switch {
	case o.down:
		return "", "", errDown
	case f == nil && o.never:
		return "", "", fault.InvalidField("feedback.unknown_unit", "unit")
	case f == nil:
		f = &file{raise: r, id: "system:signs/" + once.ID(r.Key), open: true, notes: map[string]string{}}
		o.cases[r.Key] = f
	case f.raise != r:
		return "", "", once.Clash()
	}
	return f.id, "code of " + r.Key, nil
}

func (o *office) note(id, key, text string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.notes++
	if o.down || o.busy {
		return errDown
	}
	for _, f := range o.cases {
		if f.id != id {
			continue
		}
		if was, ok := f.notes[key]; ok && was != text {
			return once.Clash()
		}
		f.notes[key] = text
		return nil
	}
	return fault.New(fault.NotFound, "")
}

// told gives the kinds that a case has notes of, in order.
func (o *office) told(key string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	f := o.cases[key]
	if f == nil {
		return "no case"
	}
	kinds := []string{}
	for k := range f.notes {
		kinds = append(kinds, strings.TrimPrefix(k, key+"/"))
	}
	slices.Sort(kinds)
	return strings.Join(kinds, " ")
}

func (o *office) isOpen(id string) (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked++
	if o.down {
		return false, errDown
	}
	for _, f := range o.cases {
		if f.id == id {
			return f.open, nil
		}
	}
	return false, fault.New(fault.NotFound, "")
}

// settle ends all cases that are open and tells how many there were.
func (o *office) settle() (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, f := range o.cases {
		if f.open {
			f.open = false
			n++
		}
	}
	return n
}

func (o *office) opened() (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, f := range o.cases {
		if f.open {
			n++
		}
	}
	return n
}

// desk is a process that works.
type desk struct {
	*world
	*Damage
	t testing.TB
}

func newDesk(t testing.TB) *desk { return deskIn(t, newWorld()) }

func deskIn(t testing.TB, w *world) *desk {
	t.Helper()
	return &desk{w, w.process(t, &storetest.Life{}), t}
}

func (d *desk) tap(x Tap) Case {
	d.t.Helper()
	c, err := d.Report(d.t.Context(), x)
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

func (d *desk) resume() int {
	d.t.Helper()
	n, err := d.Resume(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	return n
}

func (d *desk) of(number int) *Record {
	d.t.Helper()
	r, err := d.Of(d.t.Context(), registry.PlateID(number))
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func (d *desk) stored(number int) Record {
	d.t.Helper()
	r, _, err := d.records.find(d.t.Context(), registry.PlateID(number))
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func wantCode(t testing.TB, err error, want fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
