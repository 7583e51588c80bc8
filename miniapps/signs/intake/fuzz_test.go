package intake

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store/memory"
)

// village is a city of one ward, which takes no time to load.
type village struct{}

func (village) Ward(code string) (city.Ward, bool) { return city.Ward{Code: "11311"}, code == "11311" }

func (v village) WardAt(lat, lon float64) (city.Ward, bool) {
	if lat > 20 && lat < 21 && lon > 106 && lon < 107 {
		return v.Ward("11311")
	}
	return city.Ward{}, false
}

func (village) Unit(id string) (city.Unit, bool) { return city.Unit{ID: id}, id == "ward-11311" }

// villagers are two plates, and the file of their story.
func villagers() ([][]string, File) {
	row := func(number, lat string) []string {
		return []string{number, "duong-0", "Đường số 0", "Cạnh chợ", "left", lat, "106.5", "11311", "ward-11311", "HP-2025-01", "2025-04-15", "good"}
	}
	return [][]string{row("1", "20.5"), row("2", "20.50001")}, File{"duong-0.yaml", fmt.Appendf(nil, storyText, "duong-0", 0, 0)}
}

// fuzz checks and applies whatever comes: nothing breaks, the report adds up, and what was good is then stored and the same.
func fuzz(t *testing.T, name string, data []byte, files ...File) {
	d := openIn(t, memory.New(), village{})
	d.bring(files...)
	f := File{name, data}
	rep, rows, err := d.Check(t.Context(), []File{f}, "importer")
	if err != nil {
		if fault.CodeOf(err) != fault.Invalid {
			t.Fatal(err)
		}
		return
	}
	faulty := 0
	for _, r := range rows {
		if r.Faulty {
			faulty++
		}
		if r.Faulty != (r.Result == "") || r.Line < 0 || !r.Faulty && r.Plate == nil && r.Story == nil {
			t.Errorf("got %+v", r)
		}
		if r.Plate != nil && !r.Faulty && (math.IsNaN(r.Plate.Lat) || r.Plate.Number < 1) {
			t.Errorf("got %+v", *r.Plate)
		}
	}
	if rep.Faulty() != faulty || rep.Plates.Rows+rep.Stories.Rows+rep.Unread != len(rows) || (faulty > 0) != (len(rep.Faults) > 0) {
		t.Errorf("got %+v for %d rows, %d faulty", rep, len(rows), faulty)
	}
	for _, f := range rep.Faults {
		if !utf8.ValidString(f.Value) || !utf8.ValidString(f.Column) {
			t.Errorf("got %+v", f)
		}
	}
	done, err := d.Apply(t.Context(), rows, Options{By: "importer", SkipFaulty: true})
	if err != nil || done.Plates != rep.Plates || done.Stories != rep.Stories {
		t.Errorf("got %+v, %v, promised %+v", done, err, rep)
	}
	again, _, err := d.Check(t.Context(), []File{f}, "importer")
	if err != nil || again.Plates.New+again.Plates.Changed+again.Stories.New+again.Stories.Changed > 0 {
		t.Errorf("again: got %+v, %v", again, err)
	}
}

func FuzzCSV(f *testing.F) {
	rows, story := villagers()
	f.Add(written(',', rows))
	f.Add(written(';', rows))
	f.Add([]byte("\xef\xbb\xbfsep=;\r\nnumber;story\r\n\"1\";x\r\n"))
	f.Add([]byte("number,story,street,address,side,lat,lon\n1,duong-0,a,b,left,\"20,8\",106.6\n\"x"))
	f.Add(written(';', changed(rows, "installed", "15/11/2026", "5-1-2026")))
	f.Add(written(',', changed(rows, "installed", "45762", "11/15/2026")))
	f.Add(written(',', changed(rows, "address", `=HYPERLINK("https://a.example")`, "-Cạnh chợ")))
	f.Add(written(';', changed(rows, "lat", "20,86123", "20,5")))
	f.Add(written('\t', changed(rows, "number", "HP-00092-0", "5017.0")))
	f.Add(written(',', changed(rows, "address", "Số 1\nngõ 2", "Số 3\r\n")))
	f.Add([]byte("Số biển,Mã câu chuyện,Tên đường,Vị trí,Phía,Vĩ độ,Kinh độ,Tình trạng\nHP-00001-3,duong-0,a,b,Trái,\"20,8\",106.6,tot\n2,duong-0,a,b,phải,2307856,590000,Cũ\n"))
	f.Add([]byte("fid;OBJECTID;" + strings.ReplaceAll(strings.Join(columns[:], ";"), "batch", "gid") + "\n1;2;" + strings.Join(rows[0], ";") + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) { fuzz(t, "a.csv", data, story) })
}

func FuzzGeoJSON(f *testing.F) {
	rows, story := villagers()
	f.Add(geoJSON(f, rows))
	f.Add([]byte(`{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[1e308,-1e-300]},"properties":{"number":1e3,"a":null}}]}`))
	f.Add([]byte(`{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4756"}},"features":[]}`))
	f.Add([]byte(`{"type":"FeatureCollection","crs":null,"features":[{"type":"Feature","crs":{},"geometry":{"crs":[1],"type":"Point","coordinates":[590000,2307856]},"properties":{"number":5104.0,"ward":1e300}}]}`))
	f.Add(asQGIS(f, changed(rows, "installed", "15/11/2026", "=A1")))
	f.Add([]byte(`{"type":"FeatureCollection","features":[` + multiPoint(`[[106.5,20.5,3]]`) + "," + multiPoint(`[[106.5,20.5],[1]]`) + `]}`))
	f.Fuzz(func(t *testing.T, data []byte) { fuzz(t, "a.geojson", data, story) })
}

func FuzzYAML(f *testing.F) {
	names, err := filepath.Glob("../../../configs/cities/haiphong/signs/stories/l*.yaml")
	if err != nil || len(names) == 0 {
		f.Fatal(names, err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	_, story := villagers()
	f.Add(story.Data)
	f.Add([]byte("id: a\npictures: [{url: \"https://a/b\", credit: c, alt: {vi: d}}]\naudio:\n- lang: vi\n  file: m.mp3\n"))
	f.Add([]byte("a: &a [*a, *a]\n<<: *a\n"))
	f.Fuzz(func(t *testing.T, data []byte) { fuzz(t, "duong-0.yaml", data) })
}
