package intake

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/internal/store/storetest"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// TestSample imports what the city's folder holds.
func TestSample(t *testing.T) {
	t.Parallel()
	files, err := FromFS(os.DirFS("../../../configs/cities/haiphong/signs"))
	if err != nil {
		t.Fatal(err)
	}
	storetest.OnEngines(t, func(t *testing.T, e store.Engine) {
		d := openDesk(t, e)
		rep, rows := d.check(files...)
		if rep.Faulty() > 0 || rep.Plates.New < 100 || rep.Stories.New < 60 || rep.Plates.New+rep.Stories.New != len(rows) {
			t.Fatalf("got %+v", rep)
		}
		if len(dump(t, d)) != 0 {
			t.Fatal("checking stored something")
		}
		var last, total int
		done, err := d.Apply(t.Context(), rows, Options{By: "importer", Progress: func(n, of int) {
			if n != last+1 {
				t.Errorf("%d came after %d", n, last)
			}
			last, total = n, of
		}})
		if err != nil || done.Plates != rep.Plates || done.Stories != rep.Stories || last != len(rows) || total != len(rows) {
			t.Errorf("got %+v, %v, %d of %d", done, err, last, total)
		}
		if done := d.bring(files...); done.Plates.Same != rep.Plates.New || done.Stories.Same != rep.Stories.New {
			t.Errorf("again: got %+v", done)
		}
		found, err := d.registry.Search(t.Context(), registry.Filter{Text: "nha hat lon"}, 10, "")
		if err != nil || len(found.Items) == 0 {
			t.Errorf("got %d, %v", len(found.Items), err)
		}
		t.Logf("%d plates, %d stories", rep.Plates.New, rep.Stories.New)
	})
}

// planted is one kind of fault: how a row gets it, and how it must be told.
type planted struct {
	column, key string
	change      func(row []string, all [][]string)
}

// set gives a change of one column.
func set(column, value string) func([]string, [][]string) {
	return func(row []string, _ [][]string) { row[slices.Index(columns[:], column)] = value }
}

func plantable() []planted {
	like := func(cols ...int) func([]string, [][]string) {
		return func(row []string, all [][]string) {
			for _, c := range cols {
				row[c] = all[0][c]
			}
		}
	}
	return []planted{
		{"number", "number", set("number", "12a")},
		{"number", "number", set("number", "0")},
		{"number", "number", set("number", "1234567")},
		{"number", "number", set("number", "")},
		{"number", "number", set("number", "1.5")},
		{"number", "number_printed", set("number", "HP-00092-1")},
		{"number", "number_twice", like(0)},
		{"lat", "same_place", like(1, 4, 5, 6, 7, 8)},
		{"story", "needed", set("story", "")},
		{"story", "story", set("story", "khong-co")},
		{"story", "story_id", set("story", "Đường 1")},
		{"street", "needed", set("street", " ")},
		{"street", "too_long", set("street", strings.Repeat("ư", 121))},
		{"address", "needed", set("address", "")},
		{"address", "too_long", set("address", strings.Repeat("ư", 201))},
		{"address", "control", set("address", "Số\u00071")},
		{"address", "control", set("address", "Số\u20281")},
		{"address", "garbled", set("address", "Số nhÃ , phÆ°á»ng")},
		{"address", "html", set("address", "<a href=x>")},
		{"address", "formula", set("address", `=HYPERLINK("https://a.example";"Cạnh chợ")`)},
		{"side", "side", set("side", "trai phai")},
		{"side", "side", set("side", "")},
		{"lat", "needed", set("lat", "")},
		{"lon", "needed", set("lon", "")},
		{"lat", "coordinate", set("lat", "20°51'")},
		{"lon", "coordinate", set("lon", "NaN")},
		{"lat", "degrees", set("lat", "96.8")},
		{"lat", "metres", set("lat", "2307856.12")},
		{"lat", "outside", set("lat", "21.5")},
		{"lat", "swapped", func(row []string, _ [][]string) { row[5], row[6] = row[6], row[5] }},
		{"ward", "other_ward", func(row []string, all [][]string) {
			row[7] = all[slices.IndexFunc(all, func(o []string) bool { return o[7] != row[7] })][7]
		}},
		{"ward", "ward_but", set("ward", "99999")},
		{"unit", "unit", set("unit", "ward-99999")},
		{"batch", "batch", set("batch", "đợt 1")},
		{"batch", "batch", set("batch", strings.Repeat("x", 41))},
		{"installed", "day_form", set("installed", "04/15/2025")},
		{"installed", "day_serial", set("installed", "45762")},
		{"installed", "day_range", set("installed", "2027-01-01")},
		{"condition", "condition", set("condition", "khá")},
	}
}

// TestPlantedFaults: each of fifty wrong rows among 2,800 is told of by row and reason, no other is, and nothing is stored.
func TestPlantedFaults(t *testing.T) {
	t.Parallel()
	rows, files := list(t, 2800, 450)
	kinds, want := plantable(), map[string]bool{}
	lines := make([]int, len(rows)) // where each row begins
	var planting []int
	for n := range 48 {
		at := 53*n + 29
		rows[at] = slices.Clone(rows[at])
		kinds[n%len(kinds)].change(rows[at], rows)
		planting = append(planting, at)
	}
	line := 2
	for i, row := range rows {
		lines[i] = line
		for _, cell := range row {
			line += strings.Count(cell, "\n")
		}
		line++
	}
	for n, at := range planting {
		k := kinds[n%len(kinds)]
		want[fmt.Sprintf("plates.csv:%d %s %s", lines[at], k.column, k.key)] = true
	}
	text := written(',', rows)
	text = append(text, "2801,duong-1,một ô\n2802,duong-1,\"a\" b,c,left,20,106,,,,,\n"...) // faults 49 and 50
	want[fmt.Sprintf("plates.csv:%d  cells", line)], want[fmt.Sprintf("plates.csv:%d  quote", line+1)] = true, true

	d := openDesk(t, memory.New())
	rep, got := d.check(append(files, File{"plates.csv", text})...)
	for _, f := range rep.Faults {
		if !want[short(f)] {
			t.Errorf("told of %s, value %q", short(f), f.Value)
		}
		delete(want, short(f))
		inWords(t, f)
	}
	for _, missing := range slices.Sorted(maps.Keys(want)) {
		t.Errorf("not told of %s", missing)
	}
	if len(rep.Faults) != 50 || rep.Faulty() != 50 || rep.Plates.Faulty != 48 || rep.Plates.New != 2752 || rep.Stories.New != 450 || rep.Unread != 2 || rep.More != 0 {
		t.Errorf("got %d faults, %+v, %+v", len(rep.Faults), rep.Plates, rep.Stories)
	}
	_, err := d.Apply(t.Context(), got, Options{By: "importer"})
	if f := fault.Of(err); f == nil || f.Key != "signs.faulty_rows" || f.Params["faulty"] != 50 || len(dump(t, d)) != 0 {
		t.Errorf("got %v, and %d stored", err, len(dump(t, d)))
	}
	done, err := d.Apply(t.Context(), got, Options{By: "importer", SkipFaulty: true})
	if err != nil || done.Plates != rep.Plates || done.Stories != rep.Stories || done.Unread != 2 || len(dump(t, d)) != 2752+450 {
		t.Errorf("the good ones: got %+v, %v", done, err)
	}
}

// TestFaultsSayWhat: a reason names what would be right.
func TestFaultsSayWhat(t *testing.T) {
	t.Parallel()
	rows, files := list(t, 3, 3)
	right := rows[0][7]
	rows[0][7], rows[1][0] = rows[1][7], "1"
	rep, _ := openDesk(t, memory.New()).check(append(files, File{"a.csv", written(',', rows)})...)
	if len(rep.Faults) != 2 {
		t.Fatalf("got %v", told(rep))
	}
	w, _ := configstest.City(t).Ward(right)
	if got := inWords(t, rep.Faults[0]); !strings.Contains(got, right) || !strings.Contains(got, w.FullNameEn) || rep.Faults[0].Value != rows[1][7] {
		t.Errorf("got %q about %q", got, rep.Faults[0].Value)
	}
	if got := inWords(t, rep.Faults[1]); !strings.Contains(got, "row 2 of a.csv") {
		t.Errorf("got %q", got)
	}
}

// TestManyFaultsAreCounted: a list that is wrong throughout does not make an endless report.
func TestManyFaultsAreCounted(t *testing.T) {
	t.Parallel()
	rows, files := list(t, 1500, 5)
	for i := range rows {
		rows[i][4] = "x"
	}
	rep, _ := openDesk(t, memory.New()).check(append(files, File{"a.csv", written(',', rows)})...)
	if len(rep.Faults) != MaxFaults || rep.More != 500 || rep.Plates.Faulty != 1500 {
		t.Errorf("got %d faults and %d more, %+v", len(rep.Faults), rep.More, rep.Plates)
	}
}

// TestPlatesNeedTheirStory: a story that is wrong takes its plates with it, unless the registry has it.
func TestPlatesNeedTheirStory(t *testing.T) {
	t.Parallel()
	rows, files := list(t, 2, 2)
	plates := File{"a.csv", written(',', rows)}
	bad := File{files[0].Name, bytes.Replace(files[0].Data, []byte("kind: street"), []byte("kind: road"), 1)}
	d := openDesk(t, memory.New())
	rep, got := d.check(plates, bad, files[1])
	if want := []string{"a.csv:2 story story_faulty", "stories/duong-0.yaml:0 kind kind"}; !slices.Equal(told(rep), want) {
		t.Errorf("got %v, want %v", told(rep), want)
	}
	if _, err := d.Apply(t.Context(), got, Options{SkipFaulty: true, By: "x"}); err != nil || len(dump(t, d)) != 2 {
		t.Errorf("got %v, %d stored", err, len(dump(t, d)))
	}
	d.bring(append(files, plates)...)
	if rep, _ := d.check(plates, bad); rep.Plates.Same != 2 {
		t.Errorf("got %+v", rep)
	}
}

// TestPlacesOfTheRegistry: a plate is not put where another hangs already, unless that one is gone.
func TestPlacesOfTheRegistry(t *testing.T) {
	t.Parallel()
	rows, files := list(t, 2, 2)
	d := openDesk(t, memory.New())
	d.bring(append(files, File{"a.csv", written(',', rows)})...)
	other := slices.Clone(rows[0])
	other[0] = "77"
	rep, _ := d.check(File{"b.csv", written(',', [][]string{other})})
	if want := []string{"b.csv:2 lat same_place"}; !slices.Equal(told(rep), want) || rep.Faults[0].Params["number"] != 1 {
		t.Errorf("got %v", told(rep))
	}
	if _, err := d.registry.SetCondition(t.Context(), "000001", registry.Missing, "", registry.Act{}); err != nil {
		t.Fatal(err)
	}
	if rep, _ := d.check(File{"b.csv", written(',', [][]string{other})}); rep.Plates.New != 1 {
		t.Errorf("got %v", told(rep))
	}
	gone := slices.Clone(rows[0])
	gone[11] = "missing"
	if rep, _ := d.check(File{"b.csv", written(',', [][]string{other, gone})}); rep.Plates.New != 1 || rep.Plates.Same != 1 {
		t.Errorf("a list of both: got %+v, %v", rep.Plates, told(rep))
	}
}

// TestKilledImport ends the process at each write of an import that makes and changes rows. Each row is then as before or as it shall be, and a repeat ends it.
func TestKilledImport(t *testing.T) {
	t.Parallel()
	const plates, stories = 16, 5
	rows, files := list(t, 12, 4)
	next := make([][]string, plates)
	more, moreFiles := list(t, plates, stories)
	for i, row := range more {
		next[i] = slices.Clone(row)
		if i%3 == 0 {
			next[i][3], next[i][9] = "Đã chuyển sang bên kia", "HP-2026-01"
		}
		if i < len(rows) { // the same story as before
			next[i][1] = rows[i][1]
		}
	}
	for i := range 3 {
		moreFiles[i].Data = bytes.ReplaceAll(moreFiles[i].Data, []byte("Đường số"), []byte("Phố Mới số"))
	}
	before := append(files, File{"a.csv", written(',', rows)})
	now := append(moreFiles, File{"a.csv", written(',', next)})

	clean := openDesk(t, memory.New())
	clean.bring(before...)
	old := dump(t, clean)
	var count storetest.Life
	whole := openDesk(t, storetest.Mortal{Engine: memory.New(), Life: &count})
	whole.bring(before...)
	first := count.Writes()
	whole.bring(now...)
	want := dump(t, whole)
	writes := count.Writes() - first
	if writes < 20 {
		t.Fatalf("only %d writes", writes)
	}
	end := func(t *testing.T, n int, after, cancelled bool) {
		e := memory.New()
		openDesk(t, e).bring(before...)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		left, life := 0, &storetest.Life{} // writes until the caller goes away, right before the last of them
		leaves := &storetest.Watched{Engine: e, Before: func(c storetest.Call) error {
			if c.Doc == nil {
				return nil
			}
			if left--; left == 0 {
				cancel()
			}
			return nil
		}}
		d := openDesk(t, storetest.Mortal{Engine: leaves, Life: life})
		_, todo := d.check(now...)
		if cancelled {
			left = n
		} else {
			life.EndAt(n, after)
		}
		done, err := d.Apply(ctx, todo, Options{By: "importer"})
		if fault.CodeOf(err) != fault.Unavailable {
			t.Fatalf("write %d: got %v", n, err)
		}
		if stored := done.Plates.Rows + done.Stories.Rows; stored >= len(todo) {
			t.Errorf("write %d: told of %d rows", n, stored)
		}
		d = openDesk(t, e) // the next process
		for id, doc := range dump(t, d) {
			if doc != old[id] && doc != want[id] && !sameButWords(doc, old[id]) {
				t.Errorf("write %d: %s is neither old nor new:\n%s\n%s\n%s", n, id, doc, old[id], want[id])
			}
		}
		d.bring(now...)
		if got := dump(t, d); !maps.Equal(got, want) {
			t.Errorf("write %d: a repeat did not end it", n)
		}
		if done := d.bring(now...); done.Plates.Same != plates || done.Stories.Same != stories {
			t.Errorf("write %d: then %+v", n, done)
		}
	}
	for n := 1; n < writes; n++ {
		end(t, n, n%2 == 1, false)
	}
	for n := 3; n < writes-5; n += 5 {
		end(t, n, false, true)
	}
}

// sameButWords tells whether two plates differ only in what a search finds them by: that follows the names of the story, of which each plate is a write of its own.
func sameButWords(a, b string) bool {
	cut := func(s string) string {
		head, rest, _ := strings.Cut(s, "Tokens:[")
		_, tail, _ := strings.Cut(rest, "]")
		return head + tail
	}
	return cut(a) == cut(b)
}

// TestCancelledCheck ends soon and says why.
func TestCancelledCheck(t *testing.T) {
	t.Parallel()
	rows, files := list(t, 10, 2)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := openDesk(t, memory.New()).Check(ctx, append(files, File{"a.csv", written(',', rows)}), "importer")
	if fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("got %v", err)
	}
}

// TestRowsThatWentWrong: what has become wrong since the check is told and left.
func TestRowsThatWentWrong(t *testing.T) {
	t.Parallel()
	rows, files := list(t, 2, 2)
	d := openDesk(t, memory.New())
	_, todo := d.check(append(files, File{"a.csv", written(',', rows)})...)
	i := slices.IndexFunc(todo, func(r Row) bool { return r.Plate != nil })
	todo[i].Plate.Story = "gone"
	done, err := d.Apply(t.Context(), todo, Options{By: "importer"})
	if err != nil || done.Plates != (Counts{Rows: 2, New: 1, Faulty: 1}) || !slices.Equal(told(done), []string{"a.csv:2 story story"}) {
		t.Errorf("got %+v, %v", done, err)
	}
}
