package registry

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/geo"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/internal/store/storetest"
)

// street gives a desk with a second street in another ward.
func withStreet(t *testing.T, e store.Engine) *desk {
	d := told(t, e, 5)
	row := opera()
	row.ID, row.Kind, row.Former = "lach-tray", Street, []string{"Đường Pháp quốc"}
	row.Texts = map[string]TextRow{"vi": {Words: Words{Title: "Lạch Tray", Text: "Con sông."}, State: Draft}}
	row.Pictures = nil
	d.story(row)
	w, ok := configstest.City(t).WardAt(20.8400, 106.6930)
	if !ok {
		t.Fatal("no ward there")
	}
	p := plate(12)
	p.Story, p.Street, p.Address, p.Lat, p.Lon, p.Ward, p.Unit, p.Batch, p.Condition = "lach-tray", "Đường Lạch Tray", "Trước số 07", 20.8400, 106.6930, w.Code, "", "", Damaged
	d.plate(p)
	return d
}

func TestSearch(t *testing.T) {
	t.Parallel()
	storetest.OnEngines(t, func(t *testing.T, e store.Engine) {
		d := withStreet(t, e)
		other := d.get(12).Ward
		tests := []struct {
			f    Filter
			want []int
		}{
			{Filter{Text: "nha hat lon"}, []int{1, 2, 3, 4, 5}},
			{Filter{Text: "NHÀ HÁT TÂY"}, []int{1, 2, 3, 4, 5}}, // a former name
			{Filter{Text: "opera"}, []int{1, 2, 3, 4, 5}},
			{Filter{Text: "tran hung dao"}, []int{1, 2, 3, 4, 5}},
			{Filter{Text: "lach tray 7"}, []int{12}},
			{Filter{Text: "lach hat"}, nil},
			{Filter{Text: "Lạch Tray", Ward: other}, []int{12}},
			{Filter{Text: "lach tray", Ward: ward}, nil},
			{Filter{Ward: other}, []int{12}},
			{Filter{}, []int{1, 2, 3, 4, 5, 12}},
			{Filter{Text: "?!"}, nil},
			{Filter{Text: codes(t).Numbers().Format(12)}, []int{12}},
			{Filter{Text: "12"}, []int{12}},
		}
		for _, tt := range tests {
			found, err := d.Search(t.Context(), tt.f, 10, "")
			if err != nil || !slices.Equal(numbers(found.Items), tt.want) {
				t.Errorf("%+v: got %v, %v, want %v", tt.f, numbers(found.Items), err, tt.want)
			}
		}
		stories, err := d.SearchStories(t.Context(), "phap quoc", 10, "")
		if err != nil || len(stories.Items) != 1 || stories.Items[0].ID != "lach-tray" {
			t.Errorf("got %v, %v", stories.Items, err)
		}
	})
}

// TestPages turns the pages of every list two by two.
func TestPages(t *testing.T) {
	t.Parallel()
	storetest.OnEngines(t, func(t *testing.T, e store.Engine) {
		d, ctx := withStreet(t, e), t.Context()
		if _, err := d.SetCondition(ctx, "000002", Missing, "", Act{}); err != nil {
			t.Fatal(err)
		}
		lists := map[string]struct {
			read func(Cursor) (Page[Plate], error)
			want []int
		}{
			"search":    {func(c Cursor) (Page[Plate], error) { return d.Search(ctx, Filter{Text: "hat"}, 2, c) }, []int{1, 2, 3, 4, 5}},
			"in a ward": {func(c Cursor) (Page[Plate], error) { return d.Search(ctx, Filter{Text: "hat", Ward: ward}, 2, c) }, []int{1, 2, 3, 4, 5}},
			"ward":      {func(c Cursor) (Page[Plate], error) { return d.InWard(ctx, ward, 2, c) }, []int{1, 2, 3, 4, 5}},
			"batch":     {func(c Cursor) (Page[Plate], error) { return d.ByBatch(ctx, "HP-2022-01", 2, c) }, []int{1, 2, 3, 4, 5}},
			"no batch":  {func(c Cursor) (Page[Plate], error) { return d.ByBatch(ctx, "", 2, c) }, []int{12}},
			"unit":      {func(c Cursor) (Page[Plate], error) { return d.ByUnit(ctx, "ward-"+ward, nil, 2, c) }, []int{1, 2, 3, 4, 5}},
			"missing": {func(c Cursor) (Page[Plate], error) {
				return d.ByUnit(ctx, "ward-"+ward, []Condition{Missing, Damaged}, 2, c)
			}, []int{2}},
			"story": {func(c Cursor) (Page[Plate], error) { return d.ByStory(ctx, "nha-hat-lon", 2, c) }, []int{1, 2, 3, 4, 5}},
			"all":   {func(c Cursor) (Page[Plate], error) { return d.Plates(ctx, 2, c) }, []int{1, 2, 3, 4, 5, 12}},
			"near": {func(c Cursor) (Page[Plate], error) {
				near, err := d.Near(ctx, Circle{Lat: lat, Lon: lon, Radius: 5000}, Filter{}, 2, c)
				out := Page[Plate]{Cursors: near.Cursors, HasNext: near.HasNext}
				for _, n := range near.Items {
					out.Items = append(out.Items, n.Plate)
				}
				return out, err
			}, []int{1, 2, 3, 4, 5, 12}},
		}
		for name, l := range lists {
			var got []int
			for after, turned := Cursor(""), 0; ; turned++ {
				p, err := l.read(after)
				if err != nil || turned > 5 || len(p.Items) > 2 || len(p.Cursors) != len(p.Items) {
					t.Fatalf("%s: %v after %d pages, %d items", name, err, turned, len(p.Items))
				}
				got = append(got, numbers(p.Items)...)
				if !p.HasNext {
					break
				}
				after = p.Cursors[len(p.Cursors)-1]
			}
			if !slices.Equal(got, l.want) {
				t.Errorf("%s: got %v, want %v", name, got, l.want)
			}
		}
		batches, err := d.Batches(ctx, 10, "")
		if err != nil || len(batches.Items) != 1 || batches.Items[0].Name != "HP-2022-01" || batches.Items[0].Plates != 5 || batches.Items[0].By != "importer" {
			t.Errorf("got %+v, %v", batches.Items, err)
		}
		works, err := d.Stories(ctx, Work, 10, "")
		if err != nil || len(works.Items) != 1 || works.Items[0].ID != "nha-hat-lon" {
			t.Errorf("got %+v, %v", works.Items, err)
		}
	})
}

// TestNearIsExact compares with every plate's distance, from the middle of the crowd to where nothing is.
func TestNearIsExact(t *testing.T) {
	t.Parallel()
	d := told(t, memory.New(), 0)
	r := rand.New(rand.NewPCG(3, 4))
	var all []Plate
	for i := range 600 { // stored past the checks: this is about distances, also where no city is
		at := [][2]float64{{lat, lon}, {-16.5, 179.9999}, {-16.5, -179.9999}}[i%3]
		spread := []float64{0.0005, 0.005, 0.05}[i/3%3]
		p := Plate{ID: PlateID(i + 1), Number: i + 1, Condition: Good, Story: "nha-hat-lon", Unit: "u", Ward: "w", Tokens: []string{"x"}}
		p.Place.Lat = at[0] + (2*r.Float64()-1)*spread
		p.Place.Lon = math.Mod(at[1]+(2*r.Float64()-1)*spread+540, 360) - 180
		p.Cells = geo.Cells(p.Place.Lat, p.Place.Lon, wideCell, midCell, smallCell)
		if _, err := insert(t.Context(), d.records.plates, p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	for _, at := range [][2]float64{{lat, lon}, {-16.5, 180}, {-16.5, -180}, {-16.5, 179.999}, {10, 10}} {
		for _, radius := range []float64{0, 0.5, 30, 150, 399, 400, 401, 1200, 3000, 5000, 99_000} {
			var want []string
			reach := min(radius, MaxRadius)
			if radius == 0 {
				reach = DefaultRadius
			}
			sort.Slice(all, func(i, j int) bool {
				return geo.Distance(at[0], at[1], all[i].Place.Lat, all[i].Place.Lon) < geo.Distance(at[0], at[1], all[j].Place.Lat, all[j].Place.Lon)
			})
			for _, p := range all {
				if m := geo.Distance(at[0], at[1], p.Place.Lat, p.Place.Lon); m <= reach {
					want = append(want, fmt.Sprintf("%s %.3f", p.ID, m))
				}
			}
			var got []string
			for after := Cursor(""); ; {
				page, err := d.Near(t.Context(), Circle{at[0], at[1], radius}, Filter{}, 50, after)
				if err != nil {
					t.Fatal(err)
				}
				for _, n := range page.Items {
					got = append(got, fmt.Sprintf("%s %.3f", n.ID, n.Metres))
				}
				if !page.HasNext {
					break
				}
				after = page.Cursors[len(page.Cursors)-1]
			}
			if !slices.Equal(got, want) {
				t.Errorf("%v, %v m: got %d, want %d", at, radius, len(got), len(want))
			}
		}
	}
}

func TestNearRefuses(t *testing.T) {
	t.Parallel()
	d := told(t, memory.New(), 1)
	for _, c := range []Circle{{Lat: 91}, {Lat: math.NaN()}, {Radius: -1}, {Radius: math.NaN()}} {
		_, err := d.Near(t.Context(), c, Filter{}, 10, "")
		wantCode(t, err, fault.Invalid)
	}
	for _, c := range []Cursor{"x", "1", "-1.000001", "1.x", "1.0000011", "1.000001.2"} {
		_, err := d.Near(t.Context(), Circle{Lat: lat, Lon: lon}, Filter{}, 10, c)
		wantCode(t, err, fault.Invalid)
	}
	near, err := d.Near(t.Context(), Circle{Lat: lat, Lon: lon}, Filter{Text: "tây"}, 10, "")
	if err != nil || len(near.Items) != 1 || near.Items[0].Metres > 0.1 {
		t.Errorf("got %+v, %v", near.Items, err)
	}
}
