package damage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

// TestRoundsEnd: Resume finds out that cases have ended, and asks for that now and then only.
func TestRoundsEnd(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.tap(tapOn(1, Damaged, "a"))
	d.tap(tapOn(2, Damaged, "b"))
	before := d.office.asked
	for range 10 {
		d.later(time.Minute)
		d.resume()
	}
	if d.office.asked != before {
		t.Errorf("asked %d times", d.office.asked-before)
	}
	d.later(checkEvery)
	if n := d.resume(); n != 2 || !d.stored(1).Open || d.office.asked != before+2 {
		t.Errorf("settled %d, %+v", n, d.stored(1))
	}
	d.office.settle()
	d.later(checkEvery)
	if n := d.resume(); n != 2 || d.stored(1).Open || d.stored(2).Open {
		t.Errorf("settled %d, %+v", n, d.stored(1))
	}
	asked := d.office.asked
	d.later(30 * 24 * time.Hour)
	if n := d.resume(); n != 0 || d.of(1) != nil || d.office.asked != asked {
		t.Errorf("what has ended is still looked at: %d", n)
	}
	if c := d.tap(tapOn(1, Damaged, "c")); !c.New || d.stored(1).Round != 2 || d.office.asked != asked {
		t.Errorf("got %+v", c)
	}
}

// TestFailuresWaitLonger: what fails again and again comes less often, and holds up nothing else.
func TestFailuresWaitLonger(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.office.down = true
	d.tap(tapOn(1, Damaged, "a"))
	tries := 0
	for range 24 * 60 {
		d.later(time.Minute)
		if _, err := d.Resume(t.Context()); err != nil {
			tries++
		}
	}
	if tries < 24 || tries > 40 {
		t.Errorf("tried %d times in a day", tries)
	}
	d.office.down = false
	d.tap(tapOn(2, Damaged, "b"))
	if d.stored(2).Case == "" {
		t.Error("held up")
	}
	d.later(retryMost)
	d.resume()
	if r := d.stored(1); r.Case == "" || r.Tries != 0 {
		t.Errorf("got %+v", r)
	}
}

func TestResumeStops(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.office.down = true
	for i := range 5 {
		d.tap(tapOn(i+1, Damaged, "k"))
	}
	d.later(time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	raises := 0
	d.Damage.deps.Raise = func(context.Context, Raise) (string, string, error) {
		raises++
		cancel()
		return "", "", errDown
	}
	if _, err := d.Resume(ctx); err == nil || raises != 1 {
		t.Errorf("tried %d times after its time was over, %v", raises, err)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	storetest.OnEngines(t, func(t *testing.T, e store.Engine) {
		d := deskIn(t, worldOn(e))
		for i := 9; i >= 1; i-- { // the one with the highest number waits longest
			d.later(time.Minute)
			d.tap(tapOn(i, Damaged, "k"))
		}
		d.later(time.Minute)
		d.tap(tapOn(9, Missing, "again")) // keeps its place
		all := func(unit string, first int) (plates string) {
			t.Helper()
			var after Cursor
			for range 10 {
				page, err := d.List(t.Context(), unit, first, after)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range page.Items {
					plates += strings.TrimLeft(r.ID, "0")
				}
				if !page.HasNext {
					return plates
				}
				if len(page.Items) != first || len(page.Cursors) != first {
					t.Fatalf("a page of %d", len(page.Items))
				}
				after = page.Cursors[len(page.Cursors)-1]
			}
			t.Fatal("the list has no end")
			return ""
		}
		for _, first := range []int{1, 2, 3, 9, 10, 0} {
			if got := all("", first); got != "987654321" {
				t.Errorf("%d at a time: got %s", first, got)
			}
			if got := all("construction", first); got != "963" {
				t.Errorf("%d at a time: got %s", first, got)
			}
		}
		if got := all("nobody", 3); got != "" {
			t.Errorf("got %s", got)
		}
		for _, number := range []int{8, 5, 4, 1} {
			d.office.cases[fmt.Sprintf("damage/%06d/1", number)].open = false
		}
		for _, first := range []int{1, 2, 3, 0} {
			if got := all("", first); got != "97632" {
				t.Errorf("%d at a time: got %s after some have ended", first, got)
			}
		}
		d.office.down = true // nobody can tell: shown all the same
		if got := all("ward-11311", 2); got != "875421" {
			t.Errorf("got %s", got)
		}
		_, err := d.List(t.Context(), "", 2, "nonsense")
		wantCode(t, err, fault.Invalid)
	})
}

// TestTextsExist looks for everything that is said.
func TestTextsExist(t *testing.T) {
	t.Parallel()
	keys := []string{"kind_unknown", "note_too_long", "where", "link", "later"}
	for _, kind := range Kinds() {
		keys = append(keys, "case."+kind, "todo."+kind)
	}
	for _, k := range keys {
		if !configstest.Texts(t).Has("signdamage." + k) {
			t.Errorf("no text %s", k)
		}
	}
	if !slices.Contains(Kinds(), Elsewhere) {
		t.Error("a kind is missing")
	}
}
