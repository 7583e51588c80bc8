package damage

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// TestRounds: taps count while somebody works on the case, and begin the next when it has ended.
func TestRounds(t *testing.T) {
	t.Parallel()
	storetest.OnEngines(t, func(t *testing.T, e store.Engine) {
		d := deskIn(t, worldOn(e))
		if d.of(1) != nil {
			t.Error("nobody told anything yet")
		}
		first := d.tap(tapOn(1, Damaged, "a"))
		if !first.New || first.Taps != 1 || first.ID == "" || first.Code == "" {
			t.Errorf("got %+v", first)
		}
		d.later(time.Hour)
		more := d.tap(tapOn(1, Unreadable, "b"))
		if more.New || more.Taps != 2 || more.ID != first.ID || more.Code != first.Code {
			t.Errorf("got %+v", more)
		}
		d.tap(tapOn(1, Damaged, "c"))
		r := d.of(1)
		if r == nil || r.Round != 1 || r.Taps != 3 || !maps.Equal(r.Kinds, map[string]int{Damaged: 2, Unreadable: 1}) || !r.Since.Equal(noon) || !r.Last.Equal(d.clock) {
			t.Errorf("got %+v", r)
		}
		d.tap(tapOn(2, Missing, "d"))
		if len(d.office.cases) != 2 {
			t.Errorf("%d cases for two plates", len(d.office.cases))
		}
		d.office.settle()
		if d.of(1) != nil {
			t.Error("the case has ended")
		}
		second := d.tap(tapOn(1, Missing, "e"))
		if !second.New || second.Taps != 1 || second.ID == first.ID {
			t.Errorf("got %+v", second)
		}
		if r := d.of(1); r == nil || r.Round != 2 || !maps.Equal(r.Kinds, map[string]int{Missing: 1}) || r.Case != second.ID {
			t.Errorf("got %+v", r)
		}
		delete(d.office.cases, "damage/000001/2") // removed long after its end
		if third := d.tap(tapOn(1, Damaged, "f")); !third.New || third.ID == second.ID {
			t.Errorf("got %+v", third)
		}
	})
}

func TestKeysCountOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	x := tapOn(1, Damaged, "k")
	x.Note = "Gãy đôi"
	first := d.tap(x)
	for range 3 {
		if again := d.tap(x); again.New || again.Taps != 1 || again.ID != first.ID {
			t.Errorf("got %+v", again)
		}
	}
	for _, other := range []Tap{{Plate: x.Plate, Kind: Missing, Note: x.Note, Key: x.Key}, {Plate: x.Plate, Kind: x.Kind, Note: "khác", Key: x.Key}} {
		_, err := d.Report(t.Context(), other)
		wantCode(t, err, fault.Conflict)
	}
	if c := d.tap(tapOn(2, Missing, "k")); !c.New { // of another plate
		t.Errorf("got %+v", c)
	}
	x.Key = ""
	d.tap(x)
	if c := d.tap(x); c.Taps != 3 {
		t.Errorf("taps without a key: got %+v", c)
	}
	d.office.settle()
	x.Key = "k"
	if c := d.tap(x); c.New || d.office.opened() != 0 {
		t.Errorf("a late repeat began a round: %+v", c)
	}
	for i := range 100 {
		d.tap(tapOn(3, Damaged, fmt.Sprint(i)))
	}
	if n := len(d.stored(3).Marks); n != 32 {
		t.Errorf("%d keys are remembered", n)
	}
}

func TestReportRefuses(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	tests := []struct {
		name string
		tap  Tap
		key  string
	}{
		{"kind", tapOn(1, "stolen", "k"), "signdamage.kind_unknown"},
		{"no kind", tapOn(1, "", "k"), "signdamage.kind_unknown"},
		{"note", Tap{Plate: plate(1), Kind: Damaged, Note: strings.Repeat("ế", MaxNote+1)}, "signdamage.note_too_long"},
	}
	for _, tt := range tests {
		_, err := d.Report(t.Context(), tt.tap)
		f := fault.Of(err)
		if f == nil || f.Code != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Key != tt.key {
			t.Errorf("%s: got %v", tt.name, err)
			continue
		}
		if text := configstest.Texts(t).Text(message.Vietnamese, tt.key, f.Fields[0].Params); strings.Contains(text, "no value") || strings.Contains(text, "{{") {
			t.Errorf("%s: %s", tt.name, text)
		}
	}
	if _, err := d.Report(t.Context(), Tap{Kind: Damaged}); err == nil {
		t.Error("a tap without a plate was taken")
	}
	if len(d.office.cases) != 0 || d.stored(1).Round != 0 {
		t.Error("a refused tap left something")
	}
	if _, err := Open(t.Context(), d.engine, Deps{}); err == nil {
		t.Error("nothing that it needs was missed")
	}
}

// TestNotes: a few are kept, clean, for as long as somebody works on the case, and never in what everybody may read.
func TestNotes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for i := range 8 {
		x := tapOn(1, Damaged, fmt.Sprint(i))
		x.Note = fmt.Sprintf(" \u202eGhi chu\u0301 %d\x07\u0000 ", i)
		d.later(time.Minute)
		d.tap(x)
	}
	d.tap(tapOn(1, Fake, "none"))
	r := d.of(1)
	if r.Taps != 9 || len(r.Notes) != maxNotes || r.Notes[0].Text != "Ghi chú 3" || r.Notes[4].Text != "Ghi chú 7" || r.Notes[4].Kind != Damaged || !r.Notes[4].At.Equal(d.clock) {
		t.Errorf("got %+v", r.Notes)
	}
	for _, f := range d.office.cases {
		if strings.Contains(f.raise.Description, "Ghi ch") {
			t.Errorf("a note stands in %q", f.raise.Description)
		}
	}
	x := tapOn(1, Damaged, "long")
	x.Note = strings.Repeat("ế", MaxNote)
	d.tap(x)
	d.office.settle()
	d.later(checkEvery)
	d.resume()
	if s := d.stored(1); len(s.Notes) != 0 || s.Open || s.DueAt != nil || s.Taps != 10 {
		t.Errorf("after the end: %+v", s)
	}
}

// TestNobodyIsKept looks for what the tap was known by in all that is stored.
func TestNobodyIsKept(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.tap(tapOn(1, Damaged, "203.0.113.7 an@example"))
	raw, err := bson.MarshalExtJSON(d.stored(1), false, false)
	if err != nil || strings.Contains(string(raw), "203.0.113") || strings.Contains(string(raw), "an@") {
		t.Errorf("got %s, %v", raw, err)
	}
	shown, err := json.Marshal(d.of(1))
	if err != nil || strings.Contains(string(shown), "marks") || !strings.Contains(string(shown), `"plate":"000001"`) || !strings.Contains(string(shown), `"taps":1`) {
		t.Errorf("staff see %s, %v", shown, err)
	}
}

// TestCase looks at what the owner of a plate is asked to do.
func TestCase(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.tap(tapOn(3, Fake, "k"))
	want := Raise{
		Key: "damage/000003/1", Unit: "construction", About: "signs/000003", Kind: Fake,
		Place: Place{Lat: 20.85735, Lon: 106.68310, Address: "Phố Trần Hưng Đạo, Góc quảng trường"},
		Description: "Người dân nghi biển tên đường HP-00003-7 bị dán đè mã lạ.\n" +
			"Nơi treo: Phố Trần Hưng Đạo, Góc quảng trường.\n" +
			"Đề nghị đơn vị kiểm tra sớm, gỡ phần dán đè và chụp ảnh lại; nếu cần thì cấp lại mã cho biển và báo cơ quan công an.\n" +
			"Trang của biển: https://motcua.haiphong.example/s/000003",
	}
	if got := d.office.cases["damage/000003/1"]; got == nil || got.raise != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	d.deps.Link = nil
	wide := plate(4)
	wide.Street, wide.Place.Address = strings.Repeat("Đ", 120), strings.Repeat("đ", 200)
	for _, kind := range Kinds() {
		r := d.raiseOf(wide, kind)
		if strings.Contains(r.Description, "signdamage") || strings.Contains(r.Description, "no value") || strings.Contains(r.Description, "Trang của biển") {
			t.Errorf("%s: %s", kind, r.Description)
		}
		if n := utf8.RuneCountInString(r.Place.Address); n != maxAddress || len([]rune(r.Description)) > 4000 {
			t.Errorf("%s: an address of %d characters", kind, n)
		}
	}
	twice := plate(5)
	twice.Place.Address = "Số 2 Phố Trần Hưng Đạo"
	if got := d.raiseOf(twice, Damaged).Place.Address; got != twice.Place.Address {
		t.Errorf("got %q", got)
	}
}

// TestSuspicious: strange codes are told of once, and so that nobody has to listen.
func TestSuspicious(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.tap(tapOn(1, Fake, "unheard"))
	var heard []string
	d.deps.Suspicious = func(_ context.Context, p registry.Plate, kind, client string) {
		heard = append(heard, p.ID+" "+kind+" by "+client)
	}
	for i, kind := range Kinds() {
		for n := range 2 {
			x := tapOn(1, kind, fmt.Sprint(i))
			x.Client = "somebody"
			if c := d.tap(x); c.Repeated != (n > 0) {
				t.Errorf("%s, time %d: got %+v", kind, n, c)
			}
		}
	}
	if !slices.Equal(heard, []string{"000001 elsewhere by somebody", "000001 fake by somebody"}) {
		t.Errorf("heard %v", heard)
	}
}

// TestOfficeIsDown: what is told while no case can be opened or looked at is kept, and finds its place.
func TestOfficeIsDown(t *testing.T) {
	t.Parallel()
	t.Run("first tap", func(t *testing.T) {
		d := newDesk(t)
		d.office.down = true
		for _, key := range []string{"a", "a", "b"} {
			if c := d.tap(tapOn(1, Damaged, key)); c.ID != "" || c.Code != "" {
				t.Errorf("got %+v", c)
			}
		}
		if r := d.of(1); r == nil || r.Taps != 2 || r.Case != "" {
			t.Errorf("got %+v", r)
		}
		if n, err := d.Resume(t.Context()); n != 0 || err != nil {
			t.Errorf("it is not due before a minute is over: got %d, %v", n, err)
		}
		d.later(time.Hour)
		if n, err := d.Resume(t.Context()); n != 0 || fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("got %d, %v", n, err)
		}
		d.office.down = false
		d.later(retryMost)
		if d.resume() != 1 || d.resume() != 0 {
			t.Error("it does not come to rest")
		}
		if r := d.of(1); r == nil || r.Taps != 2 || r.Case == "" || r.Round != 1 || len(d.office.cases) != 1 {
			t.Errorf("got %+v", r)
		}
	})
	for _, tt := range []struct {
		name        string
		ended       bool
		round, taps int
	}{{"case is open", false, 1, 4}, {"case has ended", true, 2, 2}} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t)
			d.tap(tapOn(1, Damaged, "a"))
			d.tap(tapOn(1, Damaged, "b"))
			if tt.ended {
				d.office.settle()
			}
			d.office.down = true
			x := tapOn(1, Fake, "c")
			x.Note = "Dán đè"
			for range 2 {
				if c := d.tap(x); c.Taps != 3 || c.New {
					t.Errorf("got %+v", c)
				}
			}
			d.tap(tapOn(1, Missing, "d"))
			if r := d.of(1); r == nil || r.Taps != 4 || len(r.Notes) != 1 {
				t.Errorf("while it is not known: %+v", r)
			}
			if _, err := d.Resume(t.Context()); fault.CodeOf(err) != fault.Unavailable {
				t.Errorf("got %v", err)
			}
			d.office.down = false
			if r := d.of(1); r == nil || r.Taps != 4 {
				t.Errorf("before it has found its place: %+v", r)
			}
			d.later(time.Hour)
			d.resume()
			r := d.of(1)
			if r == nil || r.Round != tt.round || r.Taps != tt.taps || r.Case == "" || len(r.Notes) != 1 || len(d.office.cases) != tt.round {
				t.Errorf("got %+v", r)
			}
		})
	}
	t.Run("a tap finds the place of others", func(t *testing.T) {
		d := newDesk(t)
		d.tap(tapOn(1, Damaged, "a"))
		d.office.settle()
		d.office.down = true
		d.tap(tapOn(1, Missing, "b"))
		d.office.down = false
		if c := d.tap(tapOn(1, Missing, "c")); !c.New || c.Taps != 2 || c.ID == "" {
			t.Errorf("got %+v", c)
		}
	})
}

// TestImpossibleCase: when a plate's unit is gone from the city's list no case can be opened; a later tap brings what the list says then.
func TestImpossibleCase(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.office.never = true
	if c := d.tap(tapOn(1, Damaged, "a")); c.ID != "" {
		t.Errorf("got %+v", c)
	}
	d.office.never = false
	x := tapOn(1, Damaged, "b")
	x.Plate.Unit = "construction"
	c := d.tap(x)
	if f := d.office.cases["damage/000001/1.1"]; c.ID == "" || c.Taps != 2 || f == nil || f.raise.Unit != "construction" || d.of(1).Unit != "construction" {
		t.Errorf("got %+v and %+v", c, d.office.cases)
	}
}

// TestEndedBeforeItWasNoted: a process dies when it has opened a case and before it knows so; staff end the case; what is told after that is not lost in it.
func TestEndedBeforeItWasNoted(t *testing.T) {
	t.Parallel()
	w := newWorld()
	life := &storetest.Life{}
	dying := w.process(t, life)
	life.EndAt(2, true) // the insert, the case
	_, _ = dying.Report(t.Context(), tapOn(1, Damaged, "a"))
	if w.office.settle() != 1 {
		t.Fatal("there is no case: the test tries nothing")
	}
	d := deskIn(t, w)
	if c := d.tap(tapOn(1, Damaged, "b")); c.ID == "" || w.office.opened() != 1 || d.of(1).Round != 2 {
		t.Errorf("got %+v, %+v", c, d.of(1))
	}
}
