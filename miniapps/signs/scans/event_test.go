package scans

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

func inState(s registry.CodeState, code string) func(*Scan) {
	return func(x *Scan) {
		x.State, x.Code = s, code
		if s == registry.Unknown || s == registry.Invented {
			x.Plate, x.Ward, x.Home = "", "", Point{}
		}
	}
}

func where(p *Point) func(*Scan) { return func(x *Scan) { x.Where = p } }

func said(x *Scan) { x.Said = SaidElsewhere }

func from(x *Scan) { x.Client = "203.0.113.7" }

func saidFake(x *Scan) { x.Said = SaidFake }

func TestEvents(t *testing.T) {
	type step struct {
		after time.Duration
		times int
		with  []func(*Scan)
	}
	do := func(times int, with ...func(*Scan)) step { return step{time.Millisecond, times, with} }
	after := func(d time.Duration, with ...func(*Scan)) step { return step{d, 1, with} }
	tests := []struct {
		name  string
		steps []step
		want  map[string]string
	}{
		{"good scans are none", []step{do(50), do(10, where(north(290))), do(1, where(north(-290)))}, nil},
		{"a code of no plate", []step{do(3, inState(registry.Unknown, oldCode))},
			map[string]string{"unknown_code.0A1B2C3D4E5F6.2026-11-16": "3 code=0A1B2C3D4E5F6 plate= ward= metres=0"}},
		{"an old code", []step{do(2, inState(registry.Ended, oldCode))},
			map[string]string{"revoked_code.0A1B2C3D4E5F6.2026-11-16": "2 code=0A1B2C3D4E5F6 plate=000001 ward=11311 metres=0"}},
		{"two codes are two events", []step{do(1, inState(registry.Unknown, oldCode)), do(1, inState(registry.Unknown, goodCode))}, map[string]string{
			"unknown_code.0A1B2C3D4E5F6.2026-11-16": "1 code=0A1B2C3D4E5F6 plate= ward= metres=0",
			"unknown_code.938NM5X4140SV.2026-11-16": "1 code=938NM5X4140SV plate= ward= metres=0",
		}},
		{"a code that is no text as codes are", []step{do(1, inState(registry.Unknown, "\u202e<b>")), do(1, inState(registry.Unknown, ""))},
			map[string]string{"unknown_code.other.2026-11-16": "2 code=other plate= ward= metres=0"}},
		{"few invented codes are none", []step{do(49, inState(registry.Invented, ""))}, nil},
		{"many invented codes are one", []step{do(73, inState(registry.Invented, oldCode))},
			map[string]string{"invented_codes.city.2026-11-16": "73 code= plate= ward= metres=0"}},
		{"many in two hours are none", []step{do(49, inState(registry.Invented, "")), after(time.Hour, inState(registry.Invented, "")), do(48, inState(registry.Invented, ""))}, nil},
		{"far from its place", []step{do(2, where(north(310))), do(1, where(north(1260)))},
			map[string]string{"elsewhere.000001.2026-11-16": "3 code= plate=000001 ward=11311 metres=1300"}},
		{"far from its place, then nearer", []step{do(1, where(north(1260))), do(2, where(north(310)))},
			map[string]string{"elsewhere.000001.2026-11-16": "3 code= plate=000001 ward=11311 metres=1300"}},
		{"no place at all", []step{do(1, where(&Point{200, 300})), do(1, where(north(5000)), func(x *Scan) { x.Home = Point{} })}, nil},
		{"a visitor says so, and again", []step{do(4, said, func(x *Scan) { x.Client = "203.0.113.7" }), do(1, said)},
			map[string]string{"elsewhere.000001.2026-11-16": "2 code= plate=000001 ward=11311 metres=0"}},
		{"a visitor says that it is fake, and again", []step{do(4, saidFake, func(x *Scan) { x.Client = "203.0.113.7" }), do(1, saidFake)},
			map[string]string{"fake.000001.2026-11-16": "2 code= plate=000001 ward=11311 metres=0"}},
		{"a visitor says both", []step{do(2, saidFake, func(x *Scan) { x.Client = "203.0.113.7" }), do(2, said, func(x *Scan) { x.Client = "203.0.113.7" })}, map[string]string{
			"fake.000001.2026-11-16":      "1 code= plate=000001 ward=11311 metres=0",
			"elsewhere.000001.2026-11-16": "1 code= plate=000001 ward=11311 metres=0",
		}},
		{"a visitor says so all day, and the next", []step{do(1, said, from), after(5*time.Hour, said, from), after(6*time.Hour, said, from), after(2*time.Hour, said, from)}, map[string]string{
			"elsewhere.000001.2026-11-16": "1 code= plate=000001 ward=11311 metres=0",
			"elsewhere.000001.2026-11-17": "1 code= plate=000001 ward=11311 metres=0",
		}},
		{"a visitor says what nobody knows", []step{do(3, func(x *Scan) { x.Said = "nonsense" })}, nil},
		{"just possible", []step{do(120), after(time.Minute), do(119)}, nil},
		{"impossibly many", []step{do(125)}, map[string]string{"impossible_rate.000001.2026-11-16": "1 code= plate=000001 ward=11311 metres=0"}},
		{"in two minutes", []step{do(150), after(time.Minute), do(120)}, map[string]string{"impossible_rate.000001.2026-11-16": "2 code= plate=000001 ward=11311 metres=0"}},
		{"a journey", []step{do(1, where(north(250))), after(time.Minute, where(north(-5200)))}, map[string]string{
			"impossible_rate.000001.2026-11-16": "1 code= plate=000001 ward=11311 metres=5500",
			"elsewhere.000001.2026-11-16":       "1 code= plate=000001 ward=11311 metres=5200",
		}},
		{"a journey that can be", []step{do(1, where(north(250))), after(70*time.Second, where(north(-5200)))},
			map[string]string{"elsewhere.000001.2026-11-16": "1 code= plate=000001 ward=11311 metres=5200"}},
		{"a short journey", []step{do(1, where(north(-900))), do(1, where(north(1000)))},
			map[string]string{"elsewhere.000001.2026-11-16": "2 code= plate=000001 ward=11311 metres=1000"}},
		{"another day is another event", []step{do(1, inState(registry.Ended, oldCode)), after(12*time.Hour, inState(registry.Ended, oldCode))}, map[string]string{
			"revoked_code.0A1B2C3D4E5F6.2026-11-16": "1 code=0A1B2C3D4E5F6 plate=000001 ward=11311 metres=0",
			"revoked_code.0A1B2C3D4E5F6.2026-11-17": "1 code=0A1B2C3D4E5F6 plate=000001 ward=11311 metres=0",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := open(t, memory.New(), Config{})
			for _, s := range tt.steps {
				d.later(s.after)
				for range s.times {
					d.see(scan(1, ""), s.with...)
				}
			}
			d.written()
			if got := brief(d.list(true)); !maps.Equal(got, tt.want) {
				t.Errorf("got %v\nwant %v", got, tt.want)
			}
			if len(*d.raised) != len(tt.want) {
				t.Errorf("%d events were told", len(*d.raised))
			}
		})
	}
}

// TestTimesOfAnEvent counts scans out of their order, also behind a write.
func TestTimesOfAnEvent(t *testing.T) {
	d := open(t, memory.New(), Config{})
	d.later(8 * time.Hour)
	for _, write := range [][2]int{{3, 2}, {4, 3}, {1, 2}} {
		for _, hour := range write {
			d.see(scan(1, ""), inState(registry.Ended, oldCode), func(x *Scan) { x.At = noon.Add(time.Duration(hour) * time.Hour) })
		}
		d.written()
	}
	if e := d.list(true)[0]; e.Count != 6 || !e.First.Equal(noon.Add(time.Hour)) || !e.Last.Equal(noon.Add(4*time.Hour)) {
		t.Errorf("got %d, from %v to %v", e.Count, e.First, e.Last)
	}
}

// TestMarks tells repeats of writes, also of one that a later write of the same process overtook.
func TestMarks(t *testing.T) {
	var l marks
	for _, m := range []mark{{1, 5}, {2, 9}, {1, 7}} {
		if l.seen(m) {
			t.Errorf("%v is new", m)
		}
		l.add(m)
	}
	for m, want := range map[mark]bool{{1, 5}: true, {1, 7}: true, {1, 8}: false, {2, 9}: true, {2, 10}: false, {3, 1}: false} {
		if l.seen(m) != want {
			t.Errorf("%v: got %v", m, !want)
		}
	}
	if len(l) != 2 {
		t.Errorf("got %v, want one of each process", l)
	}
	for i := range int64(2 * maxMarks) {
		l.add(mark{100 + i, 1})
	}
	if len(l) != maxMarks || !l.seen(mark{100 + 2*maxMarks - 1, 1}) {
		t.Errorf("got %v, want the last", l)
	}
}

// TestLastOfADay is the latest scan, whichever write comes last.
func TestLastOfADay(t *testing.T) {
	var x tally
	for i, at := range []time.Time{noon, noon.Add(-time.Hour)} {
		x.add(&dayDelta{last: at.UnixMilli()}, mark{1, int64(i)})
	}
	x.add(&dayDelta{revoked: 1}, mark{1, 2})
	if !x.Last.Equal(noon) || x.Revoked != 1 {
		t.Errorf("got %+v", x)
	}
}

func TestSettings(t *testing.T) {
	d := open(t, memory.New(), Config{Far: 1000, PerMinute: 3, Burst: 2})
	for range 4 {
		d.see(scan(1, ""), where(north(900)))
	}
	d.see(scan(2, ""), inState(registry.Invented, ""))
	d.see(scan(2, ""), inState(registry.Invented, ""))
	d.written()
	if got := brief(d.list(true)); len(got) != 2 || got["impossible_rate.000001.2026-11-16"] == "" || got["invented_codes.city.2026-11-16"] == "" {
		t.Errorf("got %v", got)
	}
}

// TestInventedCodesAskAndKeepNothing shows that a code nobody issued leaves nothing of itself, its client or its place.
func TestInventedCodesKeepNothing(t *testing.T) {
	e := memory.New()
	d := open(t, e, Config{Burst: 1})
	d.see(Scan{Code: oldCode, Plate: "000007", Ward: ward, State: registry.Invented, Face: Web, Client: "203.0.113.7", Where: north(100)})
	d.written()
	got := stored(t, e)
	if len(got) != 1 {
		t.Fatalf("got %d documents", len(got))
	}
	ev := d.list(true)[0]
	if ev.Code != "" || ev.Plate != "" || ev.Ward != "" || ev.Near != nil {
		t.Errorf("got %+v", ev)
	}
}

func TestSettling(t *testing.T) {
	onEngines(t, func(t *testing.T, e store.Engine) {
		d := open(t, e, Config{})
		old := func(n int) {
			for range n {
				d.see(scan(1, ""), inState(registry.Ended, oldCode))
			}
			d.written()
		}
		old(3)
		const id = "revoked_code.0A1B2C3D4E5F6.2026-11-16"
		act := registry.Act{By: "officer", Key: "k1", Hash: "h"}
		d.later(time.Minute)
		ev, err := d.Settle(t.Context(), id, "  Đã gỡ biển cũ.\r\nXong. ", act)
		want := Settlement{By: "officer", At: noon.Add(time.Minute), Note: "Đã gỡ biển cũ.\nXong.", Count: 3}
		if err != nil || ev.Open || ev.Settled == nil || *ev.Settled != want {
			t.Fatalf("got %+v, %v", ev, err)
		}
		if len(d.list(true)) != 0 || len(d.list(false)) != 1 {
			t.Error("it is in the wrong list")
		}
		if again, err := d.Settle(t.Context(), id, "Đã gỡ biển cũ.", act); err != nil || *again.Settled != want {
			t.Errorf("a repeat: %+v, %v", again, err)
		}
		_, err = d.Settle(t.Context(), id, "other", registry.Act{By: "officer", Key: "k1", Hash: "other"})
		wantCode(t, err, fault.Conflict)
		_, err = d.Settle(t.Context(), id, "", registry.Act{By: "officer", Key: "k2"})
		wantCode(t, err, fault.Conflict)

		old(26) // 29 by now
		if got, err := d.Event(t.Context(), id); err != nil || got.Open || got.Count != 29 || *got.Settled != want {
			t.Errorf("before it is tenfold: %+v, %v", got, err)
		}
		d.later(time.Minute)
		old(1)
		got, err := d.Event(t.Context(), id)
		if err != nil || !got.Open || got.Count != 30 || got.Settled != nil || len(got.Before) != 1 || got.Before[0] != want || !got.Since.Equal(*d.clock) {
			t.Errorf("tenfold: %+v, %v", got, err)
		}
		if len(*d.raised) != 2 {
			t.Errorf("it was told %d times", len(*d.raised))
		}
		if _, err := d.Settle(t.Context(), id, "", registry.Act{By: "officer", Key: "k3"}); err != nil {
			t.Error(err)
		}
	})
}

func TestSettleRefuses(t *testing.T) {
	d := open(t, memory.New(), Config{})
	d.see(scan(1, ""), said)
	d.written()
	const id = "elsewhere.000001.2026-11-16"
	for _, tt := range []struct {
		id, note string
		want     fault.Code
	}{
		{"elsewhere.000002.2026-11-16", "", fault.NotFound}, {id, strings.Repeat("ă", maxNote+1), fault.Invalid}, {id, "a\x1b[31m", fault.Invalid},
		{id, "\u202egnp", fault.Invalid}, {id, "\xff", fault.Invalid}, {id, strings.Repeat("ă", maxNote), ""},
	} {
		_, err := d.Settle(t.Context(), tt.id, tt.note, registry.Act{By: "officer"})
		wantCode(t, err, tt.want)
	}
	_, err := d.Event(t.Context(), "none")
	wantCode(t, err, fault.NotFound)
}

func TestEventsArePaged(t *testing.T) {
	d := open(t, memory.New(), Config{})
	for i := range 45 {
		d.later(time.Second)
		d.see(scan(i+1, ""), said)
		d.written()
	}
	var got []string
	for after := Cursor(""); ; {
		p, err := d.Events(t.Context(), true, 20, after)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range p.Items {
			got = append(got, e.Plate)
		}
		if !p.HasNext {
			break
		}
		after = p.Cursors[len(p.Cursors)-1]
	}
	if len(got) != 45 || got[0] != "000045" || got[44] != "000001" {
		t.Errorf("got %v", got)
	}
	_, err := d.Events(t.Context(), true, 20, "x")
	wantCode(t, err, fault.Invalid)
}

// TestTexts shows that every event has words in both languages, with every value filled in.
func TestTexts(t *testing.T) {
	c := configstest.Texts(t)
	number := func(n int) string { return fmt.Sprintf("HP-%05d-1", n) }
	keys := []string{"signscans.no_event", "signscans.settled", "signscans.note_long", "signscans.note_control", "signscans.days", "signscans.silent_days"}
	for _, k := range []Kind{UnknownCode, RevokedCode, InventedCodes, Elsewhere, Fake, ImpossibleRate} {
		keys = append(keys, k.TitleKey())
		for _, metres := range []int{0, 2300} {
			e := Event{Kind: k, Code: oldCode, Plate: "000572", Ward: ward, Count: 12, Metres: metres}
			for _, lang := range []message.Lang{message.Vietnamese, message.English} {
				text := c.Text(lang, e.TextKey(), e.Params(number))
				if !c.Has(e.TextKey()) || strings.Contains(text, "<no value>") || k != ImpossibleRate && k != InventedCodes && !strings.Contains(text, "12") {
					t.Errorf("%s in %s: %q", e.TextKey(), lang, text)
				}
			}
		}
	}
	for _, k := range keys {
		if !c.Has(k) {
			t.Errorf("no text %s", k)
		}
	}
	none := Event{Kind: InventedCodes, Count: 50}
	if got := none.Params(number)["plate"]; got != "" {
		t.Errorf("no plate is %q", got)
	}
}
