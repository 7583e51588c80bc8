package registry

import (
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/secret/secrettest"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/miniapps/signs/platecode"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// What the program hands to the registry must fit.
var (
	_ City  = (*city.City)(nil)
	_ Codes = (*platecode.Codes)(nil)
)

var noon = time.Date(2026, 11, 16, 5, 0, 0, 0, time.UTC)

// The opera house and its ward; and a ward on the other side of the city.
const (
	lat, lon = 20.85735, 106.68310
	ward     = "11311"
)

func codes(t testing.TB) *platecode.Codes {
	t.Helper()
	c, err := platecode.New(secrettest.Fixed{}, "HP")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// desk is a registry with a clock that stands still.
type desk struct {
	*Registry
	t     testing.TB
	clock *time.Time
}

func openDesk(t testing.TB, e store.Engine) *desk {
	t.Helper()
	clock, c := noon, codes(t)
	r, err := Open(t.Context(), e, Deps{City: configstest.City(t), Codes: c, Numbers: c.Numbers().Parse, Now: func() time.Time { return clock }})
	if err != nil {
		t.Fatal(err)
	}
	return &desk{r, t, &clock}
}

func (d *desk) later(by time.Duration) { *d.clock = d.clock.Add(by) }

// told is a desk with one story and n plates of it, 20 m apart.
func told(t testing.TB, e store.Engine, n int) *desk {
	t.Helper()
	d := openDesk(t, e)
	d.story(opera())
	for i := range n {
		row := plate(i + 1)
		row.Lat += float64(i) * 20 / 111_195
		d.plate(row)
	}
	return d
}

func (d *desk) plate(row PlateRow) Result {
	d.t.Helper()
	res, err := d.PutPlate(d.t.Context(), row, "importer")
	if err != nil {
		d.t.Fatalf("%v: %v", err, fault.Of(err).Fields)
	}
	return res
}

func (d *desk) story(row StoryRow) Result {
	d.t.Helper()
	res, err := d.PutStory(d.t.Context(), row, "importer")
	if err != nil {
		d.t.Fatalf("%v: %v", err, fault.Of(err).Fields)
	}
	return res
}

func (d *desk) get(number int) Plate {
	d.t.Helper()
	p, err := d.PlateByNumber(d.t.Context(), number)
	if err != nil {
		d.t.Fatal(err)
	}
	return p
}

func plate(number int) PlateRow {
	return PlateRow{
		Number: number, Story: "nha-hat-lon", Street: "Phố Trần Hưng Đạo", Address: "Góc quảng trường", Side: Corner, Lat: lat, Lon: lon,
		Ward: ward, Unit: "ward-" + ward, Batch: "HP-2022-01", Installed: time.Date(2022, 11, 15, 0, 0, 0, 0, time.UTC), Condition: Good,
	}
}

func opera() StoryRow {
	return StoryRow{
		ID: "nha-hat-lon", Kind: Work, Former: []string{"Nhà hát Tây"}, Sources: []string{"Sử thành phố"}, Sample: true,
		Texts: map[string]TextRow{
			"vi": {Words: Words{Title: "Nhà hát lớn", NamedAfter: "Nhà hát của thành phố", Dates: "1904 – 1912", Text: "Nhà hát xây năm 1904.\n\nĐẹp."}, State: Draft},
			"en": {Words: Words{Title: "Opera House", Text: "Built from 1904."}, State: Draft},
		},
		Pictures: []Picture{{URL: "https://anh.haiphong.example/nha-hat.jpg", Credit: "Bảo tàng", Alt: map[string]string{"vi": "Mặt tiền"}}},
	}
}

func wantCode(t testing.TB, err error, want fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// wrongs gives the fields of INVALID as "path key".
func wrongs(err error) string {
	var out []string
	if f := fault.Of(err); f != nil {
		for _, x := range f.Fields {
			out = append(out, strings.Join(x.Path, ".")+" "+strings.TrimPrefix(x.Key, faults))
		}
	}
	return strings.Join(out, ", ")
}

func numbers(plates []Plate) (out []int) {
	for _, p := range plates {
		out = append(out, p.Number)
	}
	return out
}
