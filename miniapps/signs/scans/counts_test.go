package scans

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

func TestHeat(t *testing.T) {
	onEngines(t, func(t *testing.T, e store.Engine) {
		d := open(t, e, Config{})
		for _, x := range []struct {
			days int
			ward string
		}{{0, ward}, {0, ward}, {0, otherWard}, {-1, ward}, {-91, otherWard}, {-92, ward}, {1, ward}} {
			d.see(scan(1, ""), func(s *Scan) { s.Ward, s.At = x.ward, noon.AddDate(0, 0, x.days) })
		}
		d.written()
		from := noon.AddDate(0, 0, -91)
		for w, want := range map[string][3]int{ward: {0, 1, 2}, otherWard: {1, 0, 1}, "": {1, 1, 3}, "99999": {}} {
			h, err := d.Heat(t.Context(), w, from, noon)
			if err != nil || len(h) != 92 || h[0].Day != "2026-08-17" || h[91].Day != "2026-11-16" || h[0].Ward != w {
				t.Fatalf("ward %q: got %d days, %v", w, len(h), err)
			}
			if got := [3]int{h[0].Hours[12].Scans, h[90].Hours[12].Scans, h[91].Total.Scans}; got != want {
				t.Errorf("ward %q: got %v, want %v", w, got, want)
			}
		}
		all, err := d.HeatOfWards(t.Context(), []string{ward, "99999", otherWard}, from, noon)
		if err != nil || len(all) != 4 {
			t.Fatalf("got %v, %v", all, err)
		}
		for i, want := range []struct {
			ward  string
			scans int
		}{{ward, 3}, {"99999", 0}, {otherWard, 2}, {"", 5}} {
			if h := all[i]; h.Ward != want.ward || h.Total.Scans != want.scans || h.Hours[12].Scans != want.scans || h.Day != "" {
				t.Errorf("%d: got %+v, want %v", i, h, want)
			}
		}
	})
}

func TestHeatRefuses(t *testing.T) {
	d := open(t, memory.New(), Config{})
	for _, to := range []time.Time{noon.AddDate(0, 0, 92), noon.AddDate(0, 0, -1), {}} {
		_, err := d.Heat(t.Context(), ward, noon, to)
		wantCode(t, err, fault.Invalid)
		_, err = d.HeatOfWards(t.Context(), nil, noon, to)
		wantCode(t, err, fault.Invalid)
	}
}

func TestCountsOfNoPlate(t *testing.T) {
	d := open(t, memory.New(), Config{})
	c, err := d.Plate(t.Context(), "not a plate")
	if err != nil || c.Month != (Count{}) || len(c.Days) != 30 {
		t.Errorf("got %+v, %v", c, err)
	}
	text, err := json.Marshal(DayCount{"2026-11-16", Count{1, 2}})
	if err != nil || string(text) != `{"day":"2026-11-16","scans":1,"visitors":2}` {
		t.Errorf("got %s, %v", text, err)
	}
}

// hung gives a plate that was put up so many days before noon.
func hung(number, days int, with ...func(*registry.Plate)) registry.Plate {
	p := registry.Plate{
		ID: registry.PlateID(number), Number: number, Street: "Phố Trần Phú", Ward: ward, Condition: registry.Good,
		Codes: []registry.Issued{{Code: goodCode}}, InstalledAt: noon.AddDate(0, 0, -days),
	}
	for _, f := range with {
		f(&p)
	}
	return p
}

func plates(list []registry.Plate, err error) iter.Seq2[registry.Plate, error] {
	return func(yield func(registry.Plate, error) bool) {
		for _, p := range list {
			if !yield(p, nil) {
				return
			}
		}
		if err != nil {
			yield(registry.Plate{}, err)
		}
	}
}

func TestSilent(t *testing.T) {
	onEngines(t, func(t *testing.T, e store.Engine) {
		d := open(t, e, Config{})
		for plate, days := range map[int]int{2: 61, 3: 59, 4: 80, 10: 500} {
			d.see(scan(plate, ""), func(x *Scan) { x.At = noon.AddDate(0, 0, -days) })
		}
		d.see(scan(1, ""), inState(registry.Ended, oldCode)) // of the plate's old code: nobody scans the good one
		d.written()
		list := []registry.Plate{
			hung(1, 100), hung(2, 400), hung(3, 400), hung(4, 70), hung(5, 59), hung(6, 60),
			hung(7, 100, func(p *registry.Plate) { p.Condition = registry.Missing }),
			hung(8, 100, func(p *registry.Plate) { p.InstalledAt = time.Time{} }),
			hung(9, 100, func(p *registry.Plate) { p.Codes[0].RevokedAt = noon }),
			hung(10, 100), hung(11, -1),
			hung(12, 400, func(p *registry.Plate) { p.CreatedAt = noon.AddDate(0, 0, -10) }), // before that nobody counted
		}
		p, err := d.Silent(t.Context(), plates(list, nil), 0, 0, "")
		if err != nil || p.HasNext {
			t.Fatal(err)
		}
		want := []struct{ number, days int }{{1, 100}, {10, 100}, {4, 70}, {2, 61}, {6, 60}}
		if len(p.Items) != len(want) {
			t.Fatalf("got %+v", p.Items)
		}
		for i, w := range want {
			if x := p.Items[i]; x.Number != w.number || x.Days != w.days || !x.Since.Equal(noon.AddDate(0, 0, -w.days)) {
				t.Errorf("%d: got %+v, want %v", i, x, w)
			}
		}
		if x := p.Items[3]; !x.LastScan.Equal(x.Since) || !p.Items[0].LastScan.IsZero() {
			t.Errorf("got last scans %v, %v", x.LastScan, p.Items[0].LastScan)
		}
		if p, err := d.Silent(t.Context(), plates(list, nil), 59, 0, ""); err != nil || len(p.Items) != 7 {
			t.Errorf("59 days: got %+v, %v", p.Items, err)
		}
	})
}

func TestSilentIsPaged(t *testing.T) {
	d := open(t, memory.New(), Config{})
	var list []registry.Plate
	for i := range 2800 {
		list = append(list, hung(i+1, 61+i%7))
	}
	seen, last := map[int]bool{}, 1000
	for after := Cursor(""); ; {
		p, err := d.Silent(t.Context(), plates(list, nil), 0, 100, after)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range p.Items {
			if seen[x.Number] || x.Days > last {
				t.Fatalf("%d comes twice, or after one of %d days", x.Number, last)
			}
			seen[x.Number], last = true, x.Days
		}
		if !p.HasNext {
			break
		}
		if len(p.Items) != 100 {
			t.Fatalf("a page of %d", len(p.Items))
		}
		after = p.Cursors[99]
	}
	if len(seen) != 2800 {
		t.Errorf("%d of 2800 are listed", len(seen))
	}
}

func TestSilentRefuses(t *testing.T) {
	d := open(t, memory.New(), Config{})
	for _, after := range []Cursor{"x", "1", "1.", ".1", "1.-1", "1.99999999999", "1.1.1", "e30"} {
		_, err := d.Silent(t.Context(), plates(nil, nil), 0, 0, after)
		wantCode(t, err, fault.Invalid)
	}
	for _, days := range []int{-1, 3651} {
		_, err := d.Silent(t.Context(), plates(nil, nil), days, 0, "")
		wantCode(t, err, fault.Invalid)
	}
	broke := errors.New("half way")
	if _, err := d.Silent(t.Context(), plates([]registry.Plate{hung(1, 100)}, broke), 0, 0, ""); !errors.Is(err, broke) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := d.Silent(ctx, plates([]registry.Plate{hung(1, 100)}, nil), 0, 0, "")
	wantCode(t, err, fault.Unavailable)
}

func FuzzSilentCursor(f *testing.F) {
	f.Add("1763251200000.572")
	f.Add("-1.0")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := openSilence(Cursor(s))
		if err != nil || s == "" {
			return
		}
		if again, err := openSilence(p.cursor()); err != nil || again != p {
			t.Errorf("%q: %v, %v", s, again, err)
		}
	})
}
