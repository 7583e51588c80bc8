package damage

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

// maxWrites is more than any tap makes.
const maxWrites = 20

// TestKilledAtEachWrite kills a process at each of its writes while it takes a tap: the first of a plate, one that counts, and one after the case has ended.
// Then the same tap comes again, or only Resume; each time the tap counts once if it was stored, and there is one case.
func TestKilledAtEachWrite(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(d *desk){
		"first":   func(*desk) {},
		"counts":  func(d *desk) { d.tap(tapOn(1, Damaged, "before")) },
		"again":   func(d *desk) { d.tap(tapOn(1, Damaged, "before")); d.office.settle() },
		"waiting": func(d *desk) { d.office.down = true; d.tap(tapOn(1, Damaged, "before")); d.office.down = false },
		"late": func(d *desk) {
			d.tap(tapOn(1, Damaged, "before"))
			d.office.settle()
			d.office.down = true
			d.tap(tapOn(1, Damaged, "late"))
			d.office.down = false
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, after := range []bool{false, true} {
				for _, repeat := range []bool{false, true} {
					killEach(t, after, repeat, prepare)
				}
			}
		})
	}
}

func killEach(t *testing.T, after, repeat bool, prepare func(*desk)) {
	for n := 1; n < maxWrites; n++ {
		name := fmt.Sprintf("write %d, made %v, repeated %v", n, after, repeat)
		w := newWorld()
		d := deskIn(t, w)
		prepare(d)
		life := &storetest.Life{}
		dying := w.process(t, life)
		life.EndAt(n, after)
		x := tapOn(1, Missing, "the tap")
		_, err := dying.Report(t.Context(), x)
		lived := !life.Dead()
		if repeat {
			c := d.tap(x)
			if c.ID == "" {
				t.Errorf("%s: there is no case: %+v", name, c)
			}
		}
		w.later(2 * time.Hour)
		for d.resume() > 0 {
			w.later(checkEvery - time.Hour)
			if w.clock.Sub(noon) > 72*time.Hour {
				break
			}
		}
		r := d.stored(1)
		counted := r.Kinds[Missing]
		switch {
		case counted > 1, repeat && counted != 1, err == nil && counted != 1:
			t.Errorf("%s: counted %d times, answered %v", name, counted, err)
		case counted == 1 && (!r.Open || r.Case == "" || w.office.opened() != 1):
			t.Errorf("%s: got %+v with %d open cases", name, r, w.office.opened())
		case w.office.opened() > 1 || r.Late != nil:
			t.Errorf("%s: %d open cases, %+v", name, w.office.opened(), r)
		}
		if lived {
			return
		}
	}
	t.Errorf("more than %d writes", maxWrites)
}

// TestResumeKilledAtEachWrite kills a process at each write of Resume.
func TestResumeKilledAtEachWrite(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			w := newWorld()
			d := deskIn(t, w)
			w.office.down = true
			d.tap(tapOn(1, Damaged, "a"))
			w.office.down = false
			d.tap(tapOn(2, Damaged, "b"))
			w.office.settle()
			w.office.down = true
			d.tap(tapOn(2, Damaged, "c"))
			w.office.down = false
			d.tap(tapOn(3, Damaged, "d")) // its case stays open
			w.later(checkEvery)
			life := &storetest.Life{}
			dying := w.process(t, life)
			life.EndAt(n, after)
			_, _ = dying.Resume(t.Context())
			lived := !life.Dead()
			w.later(time.Hour)
			d.resume()
			if w.office.opened() != 3 || len(w.office.cases) != 4 {
				t.Errorf("write %d, made %v: %d of %d cases are open", n, after, w.office.opened(), len(w.office.cases))
			}
			for i := range 3 {
				if r := d.of(i + 1); r == nil || r.Taps != 1 || r.Case == "" {
					t.Errorf("write %d, made %v: plate %d: %+v", n, after, i+1, r)
				}
			}
			if lived {
				break
			}
			if n > maxWrites {
				t.Fatalf("more than %d writes", maxWrites)
			}
		}
	}
}

// TestTwoReplicas taps one plate from many places at two processes: one case, and each key counts once. Then staff end the case and it all comes again.
func TestTwoReplicas(t *testing.T) {
	t.Parallel()
	storetest.OnEngines(t, func(t *testing.T, e store.Engine) {
		w := worldOn(e)
		replicas := []*desk{deskIn(t, w), deskIn(t, w)}
		for round := 1; round <= 3; round++ {
			const taps = 12
			var wg sync.WaitGroup
			var mu sync.Mutex
			began, ids := 0, map[string]bool{}
			for i := range 2 * taps { // each key twice
				wg.Go(func() {
					d := replicas[i%2]
					c, err := d.Report(t.Context(), tapOn(1, Kinds()[i/2%5], fmt.Sprint(round, " ", i/2)))
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					defer mu.Unlock()
					ids[c.ID] = true
					if c.New {
						began++
					}
				})
			}
			wg.Go(func() {
				if _, err := replicas[0].Resume(t.Context()); err != nil {
					t.Error(err)
				}
			})
			wg.Wait()
			r := replicas[0].of(1)
			if r == nil || r.Round != round || r.Taps != taps || len(w.office.cases) != round || began != 1 || len(ids) != 1 || !ids[r.Case] {
				t.Fatalf("round %d: %d cases, begun %d times, ids %v, %+v", round, len(w.office.cases), began, ids, r)
			}
			if w.office.settle() != 1 {
				t.Error("there was not one open case")
			}
		}
	})
}

// TestAnyOrder lets taps, ends of cases, failures, deaths and Resume come in any order. There is never more than one open case for a plate, and in the end there
// is one exactly when something was told after the last case ended.
func TestAnyOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		w := newWorld()
		life := &storetest.Life{}
		d, dying := deskIn(t, w), w.process(t, life)
		told := false // acknowledged after the last end of a case
		var story []string
		for i := range 40 {
			w.later(time.Duration(rnd.IntN(90)) * time.Minute)
			switch what := rnd.IntN(8); what {
			case 0, 1, 2:
				_, err := d.Report(t.Context(), tapOn(1, Damaged, fmt.Sprint(i)))
				told = told || err == nil
				story = append(story, fmt.Sprint("tap ", err))
			case 3, 4:
				life.EndAt(1+rnd.IntN(6), rnd.IntN(2) == 0)
				_, err := dying.Report(t.Context(), tapOn(1, Missing, fmt.Sprint(i)))
				told = told || err == nil
				story = append(story, fmt.Sprint("dying tap ", err))
			case 5:
				if w.office.settle() > 0 {
					told = false
				}
				story = append(story, "end")
			case 6:
				w.office.down = !w.office.down
				story = append(story, fmt.Sprint("down ", w.office.down))
			case 7:
				_, _ = d.Resume(t.Context())
				story = append(story, "resume")
			}
			if n := w.office.opened(); n > 1 {
				t.Fatalf("seed %d: %d open cases after %v", seed, n, story)
			}
		}
		w.office.down = false
		for range 3 {
			w.later(checkEvery)
			d.resume()
		}
		if told && w.office.opened() != 1 {
			t.Fatalf("seed %d: nobody works on what was told: %v\n%+v", seed, story, d.stored(1))
		}
	}
}
