package registry

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
)

// counted is an engine that counts the plates that are read of it, and the passes over all.
type counted struct {
	store.Engine
	plates, passes atomic.Int64
	pass           func(context.Context) error // called when a pass has read, before it gives what it read; nil does nothing
}

func (c *counted) Get(ctx context.Context, kind string, ids ...string) ([]store.Row, error) {
	rows, err := c.Engine.Get(ctx, kind, ids...)
	if kind == platesKind {
		c.plates.Add(int64(len(rows)))
	}
	return rows, err
}

func (c *counted) Find(ctx context.Context, kind string, q store.Query) iter.Seq2[store.Row, error] {
	if kind != platesKind {
		return c.Engine.Find(ctx, kind, q)
	}
	if q.ByID() && q.Limit > maxLooked {
		return c.over(ctx, q)
	}
	return func(yield func(store.Row, error) bool) {
		for row, err := range c.Engine.Find(ctx, kind, q) {
			c.plates.Add(1)
			if !yield(row, err) {
				return
			}
		}
	}
}

// over is a pass over all plates.
func (c *counted) over(ctx context.Context, q store.Query) iter.Seq2[store.Row, error] {
	return func(yield func(store.Row, error) bool) {
		c.passes.Add(1)
		var rows []store.Row
		for row := range c.Engine.Find(ctx, platesKind, q) {
			rows = append(rows, row)
		}
		if c.pass != nil {
			if err := c.pass(ctx); err != nil {
				yield(store.Row{}, err)
				return
			}
		}
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

var questions = []struct {
	c Circle
	f Filter
}{
	{Circle{lat, lon, MaxRadius}, Filter{}},
	{Circle{lat, lon, MaxRadius}, Filter{Text: "opera"}},
	{Circle{lat, lon, MaxRadius}, Filter{Text: "phố 7", Ward: ward}},
	{Circle{lat, lon, MaxRadius}, Filter{Text: "hat zzz"}},
	{Circle{lat, lon, MaxRadius}, Filter{Text: "zzz", Ward: ward}},
	{Circle{lat, lon, MaxRadius}, Filter{Text: "tran hung dao", Ward: "1"}},
	{Circle{lat, lon, 300}, Filter{Text: "pho"}},
	{Circle{lat + 0.03, lon, 1500}, Filter{}},
	{Circle{lat + 0.2, lon, MaxRadius}, Filter{}},
}

// TestOutlinesAgree turns the pages of the same questions with outlines and without, down to the cursors.
func TestOutlinesAgree(t *testing.T) {
	t.Parallel()
	kept := openDesk(t, memory.New())
	crowded(t, kept, 150)
	plain := &desk{&Registry{deps: kept.deps, records: kept.records}, t, kept.clock} // which keeps no outlines
	for _, q := range questions {
		for _, first := range []int{0, 60, 1000} {
			for name, turn := range map[string]func(*desk) string{
				"near": func(d *desk) string {
					return turned(t, func(c Cursor) (Page[Nearby], error) { return d.Near(t.Context(), q.c, q.f, first, c) })
				},
				"search": func(d *desk) string {
					return turned(t, func(c Cursor) (Page[Plate], error) { return d.Search(t.Context(), q.f, first, c) })
				},
			} {
				if got, want := turn(kept), turn(plain); got != want {
					t.Errorf("%s %+v by %d: got %.300s\nwant %.300s", name, q, first, got, want)
				}
			}
		}
	}
	for _, f := range []Filter{{Text: "zzz"}, {Text: "opera"}, {Text: "opera hat", Ward: "1"}, {Text: "zzz", Ward: ward}} {
		for _, c := range []Cursor{"x", "1.000001"} {
			_, got := kept.Search(t.Context(), f, 10, c)
			_, want := plain.Search(t.Context(), f, 10, c)
			if fault.CodeOf(got) != fault.CodeOf(want) {
				t.Errorf("%+v behind %q: got %v, want %v", f, c, got, want)
			}
		}
	}
}

// turned gives all pages of a list as text, the first of them only up to a hundred.
func turned[T any](t *testing.T, read func(Cursor) (Page[T], error)) (out string) {
	t.Helper()
	after := Cursor("")
	for range 100 {
		p, err := read(after)
		if err != nil || p.Items == nil {
			t.Fatalf("%v, %v", p.Items, err)
		}
		ids := make([]string, len(p.Items))
		for i, x := range p.Items {
			switch x := any(x).(type) {
			case Nearby:
				ids[i] = fmt.Sprintf("%s %.3f", x.ID, x.Metres)
			case Plate:
				ids[i] = x.ID
			}
		}
		out += fmt.Sprintln(ids, p.Cursors, p.HasNext)
		if !p.HasNext {
			break
		}
		after = p.Cursors[len(p.Cursors)-1]
	}
	return out
}

// TestReadsNoMore counts the plates that are read.
func TestReadsNoMore(t *testing.T) {
	t.Parallel()
	e := &counted{Engine: memory.New()}
	d := openDesk(t, e)
	crowded(t, d, 700)
	wide, ctx := Circle{Lat: lat, Lon: lon, Radius: MaxRadius}, t.Context()
	for name, tt := range map[string]struct {
		f    Filter
		want int64
	}{
		"none":            {Filter{Text: "zzz"}, 0},
		"none of all":     {Filter{Text: "opera zzz"}, 0},
		"none in a ward":  {Filter{Text: "zzz", Ward: ward}, 0},
		"another ward":    {Filter{Text: "opera", Ward: "1"}, 0},
		"some":            {Filter{Text: "hat 77"}, 4}, // 77 is a number and the street of three
		"a page":          {Filter{Text: "opera"}, 11},
		"a page, a ward":  {Filter{Text: "opera", Ward: ward}, 11},
		"number one only": {Filter{Text: "nha hat 700"}, 1},
	} {
		for list, ask := range map[string]func() error{
			"near":   func() error { _, err := d.Near(ctx, wide, tt.f, 10, ""); return err },
			"search": func() error { _, err := d.Search(ctx, tt.f, 10, ""); return err },
		} {
			before := e.plates.Load()
			if err := ask(); err != nil {
				t.Fatal(err)
			}
			if got := e.plates.Load() - before; got != tt.want {
				t.Errorf("%s, %s: read %d plates, want %d", list, name, got, tt.want)
			}
		}
	}
	if got := e.passes.Load(); got != 1 {
		t.Errorf("went over all plates %d times, want once", got)
	}
}

// TestOwnChangesAreSeen asks right after each kind of change.
func TestOwnChangesAreSeen(t *testing.T) {
	t.Parallel()
	d, ctx := told(t, memory.New(), 3), t.Context()
	seen := func(what string, f Filter, c Circle, want ...int) {
		t.Helper()
		found, err := d.Search(ctx, f, 10, "")
		near, err2 := d.Near(ctx, c, f, 10, "")
		var close []int
		for _, n := range near.Items {
			close = append(close, n.Number)
		}
		if err != nil || err2 != nil || !slices.Equal(numbers(found.Items), want) || !slices.Equal(close, want) {
			t.Errorf("%s: got %v and %v, %v, %v, want %v", what, numbers(found.Items), close, err, err2, want)
		}
	}
	here := Circle{Lat: lat, Lon: lon}
	seen("as it was", Filter{Text: "nha hat lon"}, here, 1, 2, 3)
	row := plate(4)
	row.Lat += 60.0 / 111_195
	d.plate(row)
	seen("a new plate", Filter{Text: "nha hat lon"}, here, 1, 2, 3, 4)
	row.Address = "Cổng sau"
	d.plate(row)
	seen("an address", Filter{Text: "cong sau"}, here, 4)
	row.Lat, row.Lon, row.Ward, row.Unit = 20.8400, 106.6930, "", ""
	d.plate(row)
	seen("moved there", Filter{Text: "cong sau"}, Circle{Lat: row.Lat, Lon: row.Lon}, 4)
	if near, err := d.Near(ctx, here, Filter{}, 10, ""); err != nil || len(near.Items) != 3 {
		t.Errorf("moved away: got %d, %v", len(near.Items), err)
	}
	if _, err := d.Translate(ctx, "nha-hat-lon", "fr", Words{Title: "Le Théâtre", Text: "Beau."}, Act{By: "a"}); err != nil {
		t.Fatal(err)
	}
	seen("a language", Filter{Text: "theatre", Ward: ward}, here, 1, 2, 3)
	story := opera()
	story.Former = append(story.Former, "Rạp Tây cũ")
	d.story(story)
	seen("a former name", Filter{Text: "rap cu", Ward: ward}, here, 1, 2, 3)
}

// TestStoppedRenameIsSeen has a story's name known before its plate follows it, as after a process that ended in the middle.
func TestStoppedRenameIsSeen(t *testing.T) {
	t.Parallel()
	d, ctx := told(t, memory.New(), 2), t.Context()
	if _, err := d.records.stories.Update(ctx, "nha-hat-lon", func(s *Story) error { s.Former = append(s.Former, "Rạp"); return nil }); err != nil {
		t.Fatal(err)
	}
	count := func() int {
		t.Helper()
		found, err := d.Search(ctx, Filter{Text: "rap"}, 10, "")
		if err != nil {
			t.Fatal(err)
		}
		return len(found.Items)
	}
	if n := count(); n != 0 {
		t.Fatalf("got %d, want none", n)
	}
	if res := d.plate(plate(1)); res != Same || count() != 1 {
		t.Errorf("a row that says the same: %s, found %d, want 1", res, count())
	}
	row := opera()
	row.Former = append(row.Former, "Rạp")
	if res := d.story(row); res != Same || count() != 2 {
		t.Errorf("a story that says the same: %s, found %d, want 2", res, count())
	}
}

// TestTooMany goes over so many plates only once a minute, and answers.
func TestTooMany(t *testing.T) {
	t.Parallel()
	e := &counted{Engine: memory.New()}
	d := openDesk(t, e)
	crowded(t, d, 30)
	d.keeper.limit = 29
	for range 2 {
		found, err := d.Search(t.Context(), Filter{Text: "opera"}, 100, "")
		if err != nil || len(found.Items) != 30 {
			t.Errorf("got %d, %v", len(found.Items), err)
		}
	}
	if x, err := d.outlines(t.Context()); x != nil || err != nil || e.passes.Load() != 0 {
		t.Errorf("got outlines, %v, after %d passes", err, e.passes.Load())
	}
	d.keeper.limit = 30
	d.Forget()
	if x, err := d.outlines(t.Context()); err != nil || x == nil || len(x.plates) != 30 {
		t.Errorf("got %v, %v, want all", x, err)
	}
}

// TestOutlineWordsAreBounded stores a plate past the checks.
func TestOutlineWordsAreBounded(t *testing.T) {
	t.Parallel()
	d := openDesk(t, memory.New())
	held := Plate{ID: "000001", Number: 1, Ward: ward}
	for i := range 2 * maxTokens {
		held.Tokens = append(held.Tokens, fmt.Sprintf("w%03d", i))
	}
	if _, err := insert(t.Context(), d.records.plates, held); err != nil {
		t.Fatal(err)
	}
	if x, err := d.outlines(t.Context()); err != nil || len(x.words) != maxTokens {
		t.Errorf("got %d words, %v, want %d", len(x.words), err, maxTokens)
	}
}
