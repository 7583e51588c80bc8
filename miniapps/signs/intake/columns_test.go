package intake

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/internal/store/memory"
)

// TestColumnNames reads a list under other names for the place, and refuses one that says it twice.
func TestColumnNames(t *testing.T) {
	t.Parallel()
	rows, story := villagers()
	d := openIn(t, memory.New(), village{})
	text := string(written(',', rows[:1]))
	renamed := func(lat, lon string) []byte {
		return []byte(strings.Replace(text, ",lat,lon,", ","+lat+","+lon+",", 1))
	}
	want, _ := d.check(story, File{"a.csv", []byte(text)})
	if want.Faulty() > 0 {
		t.Fatalf("got %v", told(want))
	}
	_, plain := d.check(story, File{"a.csv", []byte(text)})
	for _, names := range [][2]string{{"latitude", "longitude"}, {"Lat", "LNG"}, {"y", "x"}, {"Y", "X"}, {"vi_do", "kinh_do"}, {"Vĩ độ", "Kinh độ"}, {" Latitude ", "lon"}} {
		rep, got := d.check(story, File{"a.csv", renamed(names[0], names[1])})
		if rep.Faulty() > 0 || got[len(got)-1].Plate.Lat != plain[len(plain)-1].Plate.Lat || got[len(got)-1].Plate.Lon != plain[len(plain)-1].Plate.Lon {
			t.Errorf("%v: got %v", names, told(rep))
		}
	}
	for head, want := range map[string]string{
		"X,Y":                     "a.csv:1 X column_same, a.csv:1 Y column_same",
		"latitude,a":              "a.csv:1 latitude column_same, a.csv:1 a column_unknown",
		"Lat,id":                  "a.csv:1 lat column_twice",
		"phố,x_y":                 "a.csv:1 phố column_unknown, a.csv:1 x_y column_unknown",
		"#,***":                   "a.csv:1 # column_unknown, a.csv:1 *** column_unknown",
		"Vị trí,STT":              "a.csv:1 Vị trí column_same",
		"Đơn vị quản lý,Đợt in":   "a.csv:1 Đơn vị quản lý column_same, a.csv:1 Đợt in column_same",
		"Phường / Xã:,TÌNH TRẠNG": "a.csv:1 Phường / Xã: column_same, a.csv:1 TÌNH TRẠNG column_same",
		"fid,":                    "",
	} {
		lines := strings.SplitN(text, "\n", 2)
		rep, _ := d.check(story, File{"a.csv", []byte(strings.TrimSuffix(lines[0], "\n") + "," + head + "\n" + strings.Replace(lines[1], "\n", ",1,2\n", 1))})
		if got := strings.Join(told(rep), ", "); got != want || rep.Plates.Rows > 0 && strings.Contains(want, "column_same") {
			t.Errorf("%s: got %q, want %q", head, got, want)
		}
		for _, f := range rep.Faults {
			inWords(t, f)
		}
	}
}

// TestPropertyNames: the geometry says where a feature is, whatever its properties say; any other thing may be said once.
func TestPropertyNames(t *testing.T) {
	t.Parallel()
	rows, story := villagers()
	d := openIn(t, memory.New(), village{})
	text := string(geoJSON(t, rows[:1]))
	with := func(more string) File {
		return File{"a.geojson", []byte(strings.Replace(text, `"properties":{`, `"properties":{`+more, 1))}
	}
	if rep, _ := d.check(story, with(`"x":1,"Y":"far","latitude":[],`)); rep.Faulty() > 0 {
		t.Errorf("got %v", told(rep))
	}
	rep, _ := d.check(story, with(`"SIDE":"right",`))
	if want := []string{"a.geojson:1 side column_same"}; !slices.Equal(told(rep), want) {
		t.Errorf("got %v", told(rep))
	}
}

// TestVietnameseList reads a list as an office of the country keeps it.
func TestVietnameseList(t *testing.T) {
	t.Parallel()
	rows, story := villagers()
	d := openIn(t, memory.New(), village{})
	d.bring(story, File{"a.csv", written(',', rows)})
	const list = "STT;Số biển;Mã câu chuyện;Tên đường;Vị trí;Phía;Vĩ độ;Kinh độ;Phường, xã;Đơn vị quản lý;Lô in;Ngày lắp;Tình trạng;\n" +
		"1;HP-00001-3;duong-0;Đường số 0;\"Cạnh\nchợ\";Trái;20,5;106,5;11311;ward-11311;HP-2025-01;15/4/2025;Tốt;\n" +
		"2;2;duong-0;Đường số 0;Cạnh chợ;bên trái;20,50001;106,5;11311;;HP-2025-01;15-4-2025;tot;\n"
	for separator, text := range map[string]string{"semicolons": list, "tabs": strings.ReplaceAll(list, ";", "\t"), "no diacritics": fold.Text(strings.SplitN(list, "\n", 2)[0]) + "\n" + strings.SplitN(list, "\n", 2)[1]} {
		if rep, _ := d.check(File{"b.csv", []byte(text)}); rep.Plates.Same != 2 || rep.Faulty() > 0 {
			t.Errorf("%s: got %+v, %v", separator, rep.Plates, told(rep))
		}
	}
}

// TestNamesInTheManual: the operators' manual has all columns, and each of their names is read as it says.
func TestNamesInTheManual(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile("../../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^ *\\| `([a-z]+)` \\| ([^|]+) \\|")
	told := map[string]int{}
	for _, m := range row.FindAllStringSubmatch(string(manual), -1) {
		if !slices.Contains(columns[:], m[1]) {
			continue
		}
		for name := range strings.SplitSeq(strings.ReplaceAll(m[2], "`", ""), "·") {
			if told[m[1]]++; columnOf(name) != m[1] {
				t.Errorf("%s is read as %s, not as %s", name, columnOf(name), m[1])
			}
		}
	}
	for _, name := range columns {
		if told[name] == 0 {
			t.Errorf("the manual has no other name of %s", name)
		}
	}
}
