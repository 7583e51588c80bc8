package signs

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/miniapptest"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// TestListOfNowhere: a ward or unit that the city does not have is told of, not found empty.
func TestListOfNowhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	run := miniapptest.NewRunner(t, func() time.Time { return noon }, w.app)
	for _, field := range []string{"ward", "unit"} {
		_, err := run.Run(t.Context(), miniapps.Request{App: ID, Action: "list", Input: fmt.Appendf(nil, `{%q: "1"}`, field), Viewer: miniapptest.Dispatcher()})
		if f := fault.Of(err); f == nil || f.Code != fault.Invalid || len(f.Fields) != 1 || !slices.Equal(f.Fields[0].Path, []string{field}) {
			t.Errorf("%s: got %v", field, err)
		}
	}
}

// TestList: whatever staff ask for together narrows the list, with a unit and without.
func TestList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, number := range []int{2, 4, 150} {
		if _, err := w.app.plates.SetCondition(t.Context(), registry.PlateID(number), registry.Missing, "", registry.Act{By: "test"}); err != nil {
			t.Fatal(err)
		}
	}
	run := miniapptest.NewRunner(t, func() time.Time { return noon }, w.app)
	officer := miniapptest.Dispatcher()
	officer.Roles, officer.Unit = []account.Role{account.Officer}, unit
	for name, tt := range map[string]struct {
		viewer account.Viewer
		input  string // after "first"
		want   []int
	}{
		"all":                            {miniapptest.Dispatcher(), ``, []int{1, 2, 3, 4, 150, 151}},
		"a condition of all units":       {miniapptest.Dispatcher(), `, "conditions": ["missing"]`, []int{2, 4, 150}},
		"a condition in a ward":          {miniapptest.Dispatcher(), `, "conditions": ["missing"], "ward": "11311"`, []int{2, 4, 150}},
		"a condition in another ward":    {miniapptest.Dispatcher(), `, "conditions": ["missing"], "ward": "11383"`, []int{}},
		"a condition and words":          {miniapptest.Dispatcher(), `, "conditions": ["missing"], "text": "nha hat lon"`, []int{150}},
		"a unit and words":               {miniapptest.Dispatcher(), `, "unit": "` + unit + `", "text": "nha hat lon"`, []int{150, 151}},
		"a unit and another ward":        {miniapptest.Dispatcher(), `, "unit": "` + unit + `", "ward": "11383"`, []int{}},
		"another unit and words":         {miniapptest.Dispatcher(), `, "unit": "ward-11383", "text": "nha hat lon"`, []int{}},
		"an officer's":                   {officer, ``, []int{1, 2, 3, 4, 150, 151}},
		"an officer's by words":          {officer, `, "text": "nha hat lon"`, []int{150, 151}},
		"an officer's conditions":        {officer, `, "conditions": ["missing", "worn"]`, []int{2, 4, 150}},
		"an officer's in another's ward": {officer, `, "ward": "11383"`, []int{}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, first := range []int{1, 2, 100} {
				got, after := []int{}, Cursor("")
				for pages := 0; pages == 0 || after != ""; pages++ {
					if pages > 10 {
						t.Fatal("the list does not end")
					}
					res, err := run.Run(t.Context(), miniapps.Request{
						App: ID, Action: "list", Input: fmt.Appendf(nil, `{"after": %q, "first": %d%s}`, after, first, tt.input), Viewer: tt.viewer,
					})
					if err != nil {
						t.Fatal(err)
					}
					page := res.Data.(plateList)
					if len(page.Plates) > first {
						t.Fatalf("%d plates, want %d at most", len(page.Plates), first)
					}
					for _, p := range page.Plates {
						got = append(got, p.Number)
					}
					after = page.After
				}
				if !slices.Equal(got, tt.want) {
					t.Errorf("%d at a time: got %v, want %v", first, got, tt.want)
				}
			}
		})
	}
}

// TestListGoesOn: a list looks at so many plates at once, and then says where it goes on, also when it has found none.
func TestListGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.app.plates.SetCondition(t.Context(), registry.PlateID(151), registry.Missing, "", registry.Act{By: "test"}); err != nil {
		t.Fatal(err)
	}
	f := plateFilter{Conditions: []registry.Condition{registry.Missing}}
	looks, after := 0, Cursor("")
	for {
		plates, goesOn, err := w.app.filtered(t.Context(), f, 1, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		looks, after = looks+1, goesOn
		if len(plates) > 0 {
			if plates[0].Number != 151 || looks != 3 {
				t.Errorf("plate %d after %d looks, want 151 after 3", plates[0].Number, looks)
			}
			return
		}
		if after == "" {
			t.Fatalf("the list ends after %d looks", looks)
		}
	}
}

// TestHeatDays names the day that cannot be read.
func TestHeatDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, days := range map[string][2]string{"from": {"yesterday", "2026-11-16"}, "to": {"2026-11-16", "today"}} {
		_, _, err := w.app.span(days[0], days[1], noon)
		if f := fault.Of(err); f == nil || f.Code != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Path[0] != name {
			t.Errorf("got %v, want INVALID of %s", err, name)
		}
	}
}
