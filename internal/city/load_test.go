package city_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/motcua/motcua/internal/city"
)

// folder is the shipped city.
const folder = "../../configs/cities/haiphong"

// shipped is loaded once: a city is immutable.
var shipped = sync.OnceValues(func() (*city.City, error) { return city.Load(os.DirFS(folder)) })

func load(t testing.TB) *city.City {
	t.Helper()
	c, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// squares is the shipped map with each ward shrunk to a square around its inner point, so that tests which load it often are quick.
var squares = sync.OnceValues(func() ([]byte, error) {
	c, err := shipped()
	if err != nil {
		return nil, err
	}
	var features []any
	for _, w := range c.Wards() {
		const d = 1e-4
		ring := [][2]float64{{w.Lon - d, w.Lat - d}, {w.Lon + d, w.Lat - d}, {w.Lon + d, w.Lat + d}, {w.Lon - d, w.Lat + d}, {w.Lon - d, w.Lat - d}}
		features = append(features, map[string]any{
			"type":       "Feature",
			"properties": map[string]any{"code": w.Code, "name": w.Name, "fullName": w.FullName, "nameEn": w.NameEn, "fullNameEn": w.FullNameEn},
			"geometry":   map[string]any{"type": "Polygon", "coordinates": [][][2]float64{ring}},
		})
	}
	return json.Marshal(map[string]any{"type": "FeatureCollection", "features": features})
})

// edited gives the shipped city with changes to some files: old text to new text. An old text of "" replaces the whole file, new text "" with it removes it.
func edited(t *testing.T, changes map[string][2]string) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	names, err := fs.Glob(os.DirFS(folder), "*.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(os.DirFS(folder), name)
		if err != nil {
			t.Fatal(err)
		}
		if name == "wards.geojson" {
			if data, err = squares(); err != nil {
				t.Fatal(err)
			}
		}
		change, ok := changes[name]
		switch {
		case !ok:
		case change == [2]string{}:
			continue
		case change[0] == "":
			data = []byte(change[1])
		case !strings.Contains(string(data), change[0]):
			t.Fatalf("%s does not hold %q", name, change[0])
		default:
			data = []byte(strings.Replace(string(data), change[0], change[1], 1))
		}
		out[name] = &fstest.MapFile{Data: data}
	}
	return out
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file, from, to, says string
	}{
		{"a missing file", "categories.yaml", "", "", "categories.yaml: open"},
		{"no YAML", "city.yaml", "", "id: [", "city.yaml"},
		{"an unknown key", "city.yaml", "sample:", "sampel:", "sampel"},
		{"a malformed id", "city.yaml", "id: haiphong", "id: Hải Phòng", "lower-case"},
		{"a name in one language", "city.yaml", `, en: "Hai Phong City"`, "", "no text in en"},
		{"an unknown zone", "city.yaml", "Asia/Ho_Chi_Minh", "Asia/Haiphong", "Asia/Haiphong"},
		{"an unknown day", "city.yaml", "[monday", "[moonday", "moonday"},
		{"malformed hours", "city.yaml", "07:30-11:30", "7h30", "7h30"},
		{"overlapping hours", "city.yaml", "13:00-17:00", "11:00-17:00", "overlaps"},
		{"bounds too small", "city.yaml", "min_lat: 19.9", "min_lat: 20.9", "beyond the bounds"},
		{"too few wards", "city.yaml", "expected_wards: 114", "expected_wards: 115", "has 114 wards"},
		{"no GeoJSON", "wards.geojson", "", "{}", "wards.geojson: geo:"},
		{"a ward without a name", "wards.geojson", `"nameEn":"Hong Bang"`, `"nameEn":""`, "ward 11311 has no nameEn"},
		{"a ward of an unknown kind", "wards.geojson", `"fullName":"Phường Hồng Bàng"`, `"fullName":"Làng Hồng Bàng"`, "begins with no word of a ward"},
		{"a ward without an office", "ward_offices.csv", "11407,", "99999,", "ward 11407 of wards.geojson is missing"},
		{"an office without a ward", "ward_offices.csv", "11407,", "99999,", "ward 99999 is not in wards.geojson"},
		{"an office by another name", "ward_offices.csv", "Phường An Biên", "Phường An Biển", "is called"},
		{"an office twice", "ward_offices.csv", "11581,Phường An Dương", "11407,Phường An Biên", "11407 is there twice"},
		{"a population of words", "ward_offices.csv", "116091", "many", `row 2: population "many"`},
		{"an area of nothing", "ward_offices.csv", "6.56", "0", `row 2: area "0"`},
		{"other columns", "mergers.csv", "old_province", "province", "the first line is not"},
		{"a broken line", "mergers.csv", "no,Xã An Lão,11629", "no", "mergers.csv"},
		{"a successor that does not exist", "mergers.csv", "no,Xã An Lão,11629", "no,Xã An Lão,99999", "ward 99999 does not exist"},
		{"a successor by another name", "mergers.csv", "no,Xã An Lão,11629", "no,Xã An Hưng,11629", "is called"},
		{"divided into one", "mergers.csv", "11629,no,", "11629,yes,", "divided is true, but 11629 has 1 rows"},
		{"divided or not", "mergers.csv", "11629,no,", "11629,maybe,", "not yes or no"},
		{"a former unit of an unknown kind", "mergers.csv", "Thị trấn An Lão", "Làng An Lão", "begins with no word of a ward"},
		{"a ward that came from nowhere", "mergers.csv", "Đặc khu Bạch Long Vĩ,11948", "Đặc khu Cát Hải,11914", "no row leads to ward 11948"},
		{"a department twice", "departments.yaml", "id: justice", "id: finance", `"finance" is there twice`},
		{"a department that looks like a ward", "departments.yaml", "id: justice", "id: ward-11311", "begins as a ward's"},
		{"a department without a name", "departments.yaml", `en: "Department of Justice"`, `en: ""`, "justice: no text in en"},
		{"a category of an unknown unit", "categories.yaml", "unit: construction", "unit: constructions", `unit "constructions" is neither`},
		{"a category without a service level", "categories.yaml", "hours: 24", "hours: 0", "hours is 0"},
		{"a category twice", "categories.yaml", "code: street-light-daytime", "code: street-light-out", "twice"},
		{"a group twice", "categories.yaml", "code: roads", "code: lighting", "twice"},
		{"no categories", "categories.yaml", "", "groups: []", "no groups"},
		{"a holiday twice", "holidays.yaml", "date: 2026-01-02", "date: 2026-01-01", "2026-01-01 is there twice"},
		{"a holiday in another year", "holidays.yaml", "date: 2026-01-02", "date: 2028-01-02", "2028-01-02 is in none of the years"},
		{"a holiday that is no date", "holidays.yaml", "date: 2026-01-02", "date: 2026-02-30", "2026-02-30"},
		{"a holiday that is worked", "holidays.yaml", "[2026-01-10", "[2026-01-01", "2026-01-01 is also a holiday"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := city.Load(edited(t, map[string][2]string{tt.file: {tt.from, tt.to}}))
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v\nwant it to say %q", err, tt.says)
			}
		})
	}
}

func TestLoadNamesEveryProblemAtOnce(t *testing.T) {
	t.Parallel()
	_, err := city.Load(edited(t, map[string][2]string{
		"city.yaml":        {"expected_wards: 114", "expected_wards: 3"},
		"ward_offices.csv": {"116091", "-5"},
		"mergers.csv":      {"no,Xã An Lão,11629", "no,Xã An Lão,99999"},
		"departments.yaml": {"id: justice", "id: finance"},
		"categories.yaml":  {"hours: 24", "hours: 5000"},
		"holidays.yaml":    {"[2026-01-10", "[2026-13-10"},
	}))
	if err == nil {
		t.Fatal("loaded")
	}
	for _, want := range []string{"expects 3", `"-5"`, "99999", `"finance"`, "5000", "2026-13-10"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not named in\n%v", want, err)
		}
	}
	_, err = city.Load(fstest.MapFS{})
	for _, name := range []string{"city.yaml", "address.yaml", "wards.geojson", "ward_offices.csv", "mergers.csv", "departments.yaml", "categories.yaml", "holidays.yaml"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in\n%v", name, err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := city.Load(os.DirFS(folder)); err != nil {
			b.Fatal(err)
		}
	}
}
