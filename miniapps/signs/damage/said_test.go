package damage

import (
	"fmt"
	"testing"
	"time"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
)

// TestFurtherKinds: the case hears of each further kind once in a round, in words.
func TestFurtherKinds(t *testing.T) {
	t.Parallel()
	storetest.OnEngines(t, func(t *testing.T, e store.Engine) {
		d := deskIn(t, worldOn(e))
		for i, kind := range []string{Damaged, Damaged, Fake, Fake, Damaged, Missing, Fake} {
			d.tap(tapOn(1, kind, fmt.Sprint(i)))
			d.tap(tapOn(1, kind, fmt.Sprint(i)))
		}
		if got := d.office.told("damage/000001/1"); got != "fake missing" || d.office.notes != 2 {
			t.Errorf("told %q in %d notes", got, d.office.notes)
		}
		const want = "Người dân nghi biển tên đường HP-00001-7 bị dán đè mã lạ.\n" +
			"Đề nghị đơn vị kiểm tra sớm, gỡ phần dán đè và chụp ảnh lại; nếu cần thì cấp lại mã cho biển và báo cơ quan công an.\n" +
			"Tin này được báo sau khi mở phản ánh. Số lượt báo về biển đến nay: 3."
		if got := d.office.cases["damage/000001/1"].notes["damage/000001/1/fake"]; got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
		if r := d.stored(1); !r.DueAt.Equal(noon.Add(checkEvery)) || len(r.unsaid()) != 0 || r.Said[1].Raise != nil {
			t.Errorf("it does not come to rest: %+v", r)
		}
		d.office.settle()
		d.tap(tapOn(1, Fake, "next"))
		d.tap(tapOn(1, Damaged, "next but one"))
		if got := d.office.told("damage/000001/2"); got != "damaged" {
			t.Errorf("the next case is told %q", got)
		}
	})
}

// TestKindsBeforeTheCase: what is told while no case can be opened is told to the one that comes.
func TestKindsBeforeTheCase(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.office.down = true
	for _, kind := range []string{Damaged, Fake, Missing} {
		d.tap(tapOn(1, kind, kind))
	}
	d.office.down = false
	d.later(time.Hour)
	d.resume()
	if got := d.office.told("damage/000001/1"); got != "fake missing" {
		t.Errorf("told %q", got)
	}
	d.office.down = true // now nobody says whether the case is open
	d.tap(tapOn(1, Elsewhere, "late"))
	d.office.down = false
	d.later(time.Hour)
	d.resume()
	if got := d.office.told("damage/000001/1"); got != "elsewhere fake missing" {
		t.Errorf("told %q", got)
	}
	t.Run("refused at first", func(t *testing.T) {
		d := newDesk(t)
		d.office.never = true
		d.tap(tapOn(1, Damaged, "a"))
		d.office.never = false
		d.tap(tapOn(1, Fake, "b"))
		if f := d.office.cases["damage/000001/1.1"]; f == nil || f.raise.Kind != Fake || f.notes["damage/000001/1/damaged"] == "" || len(f.notes) != 1 {
			t.Errorf("got %+v", f)
		}
	})
}

// TestNotesWait: a note that is not taken comes later, the longer the more often; if the case has ended by then, it begins a round.
func TestNotesWait(t *testing.T) {
	t.Parallel()
	for _, ends := range []bool{false, true} {
		d := newDesk(t)
		d.tap(tapOn(1, Damaged, "a"))
		d.office.busy = true
		x := tapOn(1, Fake, "b")
		x.Note = "Dán đè"
		if c := d.tap(x); c.ID == "" || c.Taps != 2 {
			t.Errorf("got %+v", c)
		}
		tries := 0
		for range 12 * 60 {
			d.later(time.Minute)
			if _, err := d.Resume(t.Context()); err != nil {
				wantCode(t, err, fault.Unavailable)
				tries++
			}
		}
		if tries < 12 || tries > 24 {
			t.Errorf("tried %d times in half a day", tries)
		}
		if ends {
			d.office.settle()
		}
		d.office.busy = false
		d.later(retryMost)
		d.resume()
		r := d.of(1)
		if !ends && (d.office.told("damage/000001/1") != "fake" || r == nil || r.Round != 1 || r.Taps != 2) {
			t.Errorf("told %q, %+v", d.office.told("damage/000001/1"), r)
		}
		if f := d.office.cases["damage/000001/2"]; ends && (f == nil || f.raise.Kind != Fake || r == nil || r.Round != 2 || r.Taps != 1 || r.Kinds[Fake] != 1 || len(r.Notes) != 1) {
			t.Errorf("got %+v of %+v", r, d.office.cases)
		}
	}
}

// TestNobodyToNote: what was removed, or is there in other words, is not told again, and a city need not take notes at all.
func TestNobodyToNote(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.tap(tapOn(1, Damaged, "a"))
	f := d.office.cases["damage/000001/1"]
	f.notes["damage/000001/1/fake"] = "as another catalogue says it"
	d.tap(tapOn(1, Fake, "b"))
	if r := d.stored(1); len(r.unsaid()) != 0 || len(f.notes) != 1 {
		t.Errorf("got %+v", r)
	}
	d.Damage.deps.Note = nil
	d.tap(tapOn(1, Missing, "c"))
	if r := d.stored(1); len(r.unsaid()) != 0 || len(f.notes) != 1 || !r.DueAt.Equal(noon.Add(checkEvery)) {
		t.Errorf("got %+v", r)
	}
	for _, kind := range Kinds() {
		if n := len([]rune(d.noteOf("000001", Said{Kind: kind, Taps: 1_000_000}))); n > 2000 {
			t.Errorf("%s: %d characters", kind, n)
		}
	}
	if got := configstest.Texts(t).Text(message.English, "signdamage.later", map[string]any{"count": 3}); got == "" {
		t.Error("no text")
	}
}

// TestNoteKilledAtEachWrite kills a process at each of its writes while it takes a tap of a further kind. Then the same tap comes again, or only Resume: the
// case gets its note once, if the tap was stored.
func TestNoteKilledAtEachWrite(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*desk){
		"open": func(d *desk) { d.tap(tapOn(1, Damaged, "before")) },
		"yet to be opened": func(d *desk) {
			d.office.down = true
			d.tap(tapOn(1, Damaged, "before"))
			d.office.down = false
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, after := range []bool{false, true} {
				for _, repeat := range []bool{false, true} {
					noteKilled(t, after, repeat, prepare)
				}
			}
		})
	}
}

func noteKilled(t *testing.T, after, repeat bool, prepare func(*desk)) {
	for n := 1; n < maxWrites; n++ {
		name := fmt.Sprintf("write %d, made %v, repeated %v", n, after, repeat)
		w := newWorld()
		d, life := deskIn(t, w), &storetest.Life{}
		prepare(d)
		dying := w.process(t, life)
		life.EndAt(n, after)
		x := tapOn(1, Fake, "the tap")
		_, err := dying.Report(t.Context(), x)
		lived := !life.Dead()
		if lived && n < 4 {
			t.Errorf("%s: there were too few writes for a tap, its note and what came of it", name)
		}
		if repeat {
			d.tap(x)
		} else {
			w.later(time.Hour)
			d.resume()
		}
		r, told := d.stored(1), w.office.told("damage/000001/1")
		stored := r.Kinds[Fake] == 1
		switch {
		case (repeat || err == nil) && !stored:
			t.Errorf("%s: the tap is lost", name)
		case stored && (told != "fake" || len(r.unsaid()) != 0), !stored && told != "":
			t.Errorf("%s: told %q, %+v", name, told, r)
		}
		if lived {
			return
		}
	}
	t.Errorf("more than %d writes", maxWrites)
}
