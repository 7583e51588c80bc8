package intake

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// changed gives rows of which the first ones have other values in a column.
func changed(rows [][]string, column string, values ...string) [][]string {
	out := slices.Clone(rows)
	for i, v := range values {
		out[i] = slices.Clone(out[i])
		set(column, v)(out[i], nil)
	}
	return out
}

// multiPoint gives a feature of that kind.
func multiPoint(coordinates string) string {
	return `{"type":"Feature","properties":{},"geometry":{"type":"MultiPoint","coordinates":` + coordinates + `}}`
}

// asQGIS gives rows as QGIS exports a layer of many-pointed kind: keys of its own beside the columns, each point a list of one.
func asQGIS(t testing.TB, rows [][]string) []byte {
	t.Helper()
	text := string(geoJSON(t, rows))
	for _, row := range rows {
		text = strings.Replace(text, "["+row[6]+","+row[5]+"]", "[["+row[6]+","+row[5]+"]]", 1)
	}
	text = strings.ReplaceAll(text, `"type":"Point"`, `"type":"MultiPoint"`)
	return []byte(strings.ReplaceAll(text, `"properties":{`, `"id":7,"properties":{"fid":1,"OGC_FID":2,"OBJECTID":3.0,"gid":null,"id":"a",`))
}

// one checks a list of one plate with another value in one of its columns.
func one(t *testing.T, column, value string) (Report, registry.PlateRow) {
	t.Helper()
	rows, story := villagers()
	d := openIn(t, memory.New(), village{})
	rep, got := d.check(story, File{"a.csv", written(';', changed(rows[:1], column, value))})
	for _, f := range rep.Faults {
		inWords(t, f)
	}
	return rep, *got[len(got)-1].Plate
}

func TestDays(t *testing.T) {
	t.Parallel()
	tests := []struct{ cell, want string }{ // a day, or the reason
		{"2025-11-15", "2025-11-15"},
		{"2025/11/15", "2025-11-15"},
		{"2025/4/5", "2025-04-05"},
		{"15/11/2025", "2025-11-15"},
		{"15-11-2025", "2025-11-15"},
		{"5/1/2026", "2026-01-05"},
		{"05/01/2026", "2026-01-05"},
		{"05/1/2026", "2026-01-05"},
		{"5-1-2026", "2026-01-05"},
		{" 1/5/2026 ", "2026-05-01"},
		{"29/2/2024", "2024-02-29"},
		{"", ""},
		{"11/15/2025", "day_form"},
		{"29/2/2025", "day_form"},
		{"2025-02-30", "day_form"},
		{"2025-15-11", "day_form"},
		{"2025/15/11", "day_form"},
		{"25/04/15", "day_form"},
		{"2025/11-15", "day_form"},
		{"15/11/25", "day_form"},
		{"15/11-2025", "day_form"},
		{"15.11.2025", "day_form"},
		{"15/11/2025 08:00", "day_form"},
		{"015/11/2025", "day_form"},
		{"+5/1/2026", "day_form"},
		{"0/1/2026", "day_form"},
		{"1/1/0001", "day_form"},
		{"2025", "day_form"},
		{"20251115", "day_form"},
		{"hôm qua", "day_form"},
		{"45976", "day_serial"},
		{"45976.5", "day_serial"},
		{"45976,25", "day_serial"},
		{"15/11/1899", "day_range"},
		{"18/11/2026", "day_range"}, // the day after tomorrow
	}
	for _, tt := range tests {
		rep, plate := one(t, "installed", tt.cell)
		got := ""
		switch {
		case len(rep.Faults) == 1 && rep.Faults[0].Column == "installed" && rep.Faults[0].Value == strings.ToValidUTF8(tt.cell, ""):
			got = strings.TrimPrefix(rep.Faults[0].Key, faults)
		case len(rep.Faults) > 0:
			t.Errorf("%q: got %v", tt.cell, told(rep))
		case !plate.Installed.IsZero():
			got = plate.Installed.Format("2006-01-02")
		}
		if got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.cell, got, tt.want)
		}
	}
}

// TestDayReasons: who reads the reason knows what to write.
func TestDayReasons(t *testing.T) {
	t.Parallel()
	for cell, words := range map[string][]string{"11/15/2025": {"15/11/2026", "2026-11-15"}, "45976": {"Excel", "15/11/2026"}} {
		rep, _ := one(t, "installed", cell)
		got := inWords(t, rep.Faults[0])
		for _, w := range words {
			if !strings.Contains(got, w) {
				t.Errorf("%s: got %q without %q", cell, got, w)
			}
		}
	}
}

func TestDecimalComma(t *testing.T) {
	t.Parallel()
	rows, story := villagers()
	rows = changed(rows[:1], "lat", "20,86123")
	rows = changed(rows, "lon", "106,68")
	d := openIn(t, memory.New(), village{})
	for name, data := range map[string][]byte{"semicolons": written(';', rows), "quoted": written(',', rows)} {
		rep, got := d.check(story, File{"a.csv", data})
		if p := got[len(got)-1].Plate; rep.Faulty() > 0 || p.Lat != 20.86123 || p.Lon != 106.68 {
			t.Errorf("%s: got %+v, %v", name, p, told(rep))
		}
	}
	for _, cell := range []string{"20,861,23", "20.861,23", ",5", "20,"} {
		if rep, _ := one(t, "lat", cell); !slices.Equal(told(rep), []string{"a.csv:2 lat coordinate"}) {
			t.Errorf("%s: got %v", cell, told(rep))
		}
	}
}

func TestFormulas(t *testing.T) {
	t.Parallel()
	tests := []struct {
		cell string
		bad  bool
	}{
		{`=HYPERLINK("https://a.example";"Cạnh chợ")`, true},
		{"=A1", true},
		{" =A1", true},
		{"\u00a0=A1", true},
		{"=1+1", true},
		{"= A1", true},
		{"+A1", true},
		{"-cmd", true},
		{"@SUM(A1)", true},
		{"-Đối diện chợ", true},
		{"-O\u0302 số 1", true}, // a letter in two parts
		{"- Cạnh chợ", false},
		{"-5 mét từ chợ", false},
		{"+84 225", false},
		{"@ chợ", false},
		{"Số 1 = số 2", false},
		{"Nhà A-B", false},
	}
	for _, column := range []string{"street", "address"} {
		for _, tt := range tests {
			rep, _ := one(t, column, tt.cell)
			var want []string
			if tt.bad {
				want = []string{"a.csv:2 " + column + " formula"}
			}
			if !slices.Equal(told(rep), want) {
				t.Errorf("%s %q: got %v", column, tt.cell, told(rep))
			}
		}
	}
	for _, column := range []string{"story", "side", "ward", "unit", "batch", "condition"} {
		rep, _ := one(t, column, "=A1")
		if want := []string{"a.csv:2 " + column + " formula"}; !slices.Equal(told(rep), want) || !strings.Contains(inWords(t, rep.Faults[0]), "“=”") {
			t.Errorf("%s: got %v", column, told(rep))
		}
	}
}

// TestTechnicalColumns: keys of mapping tools are left out, and no name that only looks like one.
func TestTechnicalColumns(t *testing.T) {
	t.Parallel()
	rows, story := villagers()
	text := written(',', rows)
	with := func(names, cells string) []byte {
		head, rest, _ := bytes.Cut(text, []byte("\n"))
		rest = bytes.ReplaceAll(rest, []byte("good\n"), fmt.Appendf(nil, "good,%s\n", cells))
		return slices.Concat(head, []byte(","+names+"\n"), rest)
	}
	fids := string(asQGIS(t, rows))
	tests := []struct {
		name, file string
		data       []byte
		want       []string
	}{
		{"all", "a.csv", with("fid,ogc_fid,objectid,gid,id", "1,2,3,4,=A1"), nil},
		{"in capitals and twice", "a.csv", with("FID, OBJECTID ,Id,id", "1,,x,9"), nil},
		{"slips", "a.csv", with("fids,id_,objectid_1,object_id,uuid", "1,2,3,4,5"), []string{
			"a.csv:1 fids column_unknown", "a.csv:1 id_ column_unknown", "a.csv:1 objectid_1 column_unknown", "a.csv:1 object_id column_unknown", "a.csv:1 uuid column_unknown"}},
		{"instead of a number", "a.csv", bytes.Replace(text, []byte("number"), []byte("id"), 1), []string{"a.csv:1 number column_missing"}},
		{"GeoJSON", "a.geojson", []byte(fids), nil},
		{"GeoJSON, not a value", "a.geojson", []byte(strings.Replace(fids, `"fid":1`, `"fid":{"a":[1]}`, 1)), nil},
		{"GeoJSON, a slip", "a.geojson", []byte(strings.ReplaceAll(fids, `"fid":1`, `"fid_1":1`)), []string{"a.geojson:1 fid_1 column_unknown"}},
	}
	for _, tt := range tests {
		d := openIn(t, memory.New(), village{})
		d.bring(story, File{"b.csv", text})
		rep, _ := d.check(File{tt.file, tt.data})
		if !slices.Equal(told(rep), tt.want) || tt.want == nil && rep.Plates.Same != 2 {
			t.Errorf("%s: got %v, %+v", tt.name, told(rep), rep.Plates)
		}
	}
}
