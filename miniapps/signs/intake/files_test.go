package intake

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf16"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store/memory"
)

func zipped(t testing.TB, files ...File) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		w, err := z.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.Data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// geoJSON gives rows as a FeatureCollection.
func geoJSON(t testing.TB, rows [][]string) []byte {
	t.Helper()
	features := []any{}
	for _, row := range rows {
		props := map[string]any{}
		for i, name := range columns {
			props[name] = row[i]
		}
		props["number"] = json.RawMessage(row[0])
		at := []json.RawMessage{json.RawMessage(row[6]), json.RawMessage(row[5])}
		delete(props, "lat")
		features = append(features, map[string]any{"type": "Feature", "properties": props, "geometry": map[string]any{"type": "Point", "coordinates": at}})
	}
	raw, err := json.Marshal(map[string]any{"type": "FeatureCollection", "features": features})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestSameInEveryForm: the same list, however it was written, comes to the same.
func TestSameInEveryForm(t *testing.T) {
	t.Parallel()
	rows, stories := list(t, 20, 4)
	text := written(',', rows)
	commas := make([][]string, len(rows))
	for i, row := range rows {
		commas[i] = slices.Clone(row)
		commas[i][5], commas[i][6] = strings.Replace(row[5], ".", ",", 1), strings.Replace(row[6], ".", ",", 1)
	}
	forms := map[string][]File{
		"byte order mark": {{"a.csv", append([]byte("\xef\xbb\xbf"), text...)}},
		"semicolons":      {{"a.CSV", written(';', commas)}},
		"as Excel":        {{"a.csv", append([]byte("\xef\xbb\xbfsep=;\r\n"), bytes.ReplaceAll(written(';', commas), []byte("\n"), []byte("\r\n"))...)}},
		"tabs":            {{"a.csv", written('\t', commas)}},
		"tabs, by name":   {{"a.tsv", append([]byte("\xef\xbb\xbf"), written('\t', rows)...)}},
		"old Macintosh":   {{"a.csv", bytes.ReplaceAll(text, []byte("\n"), []byte("\r"))}},
		"empty lines":     {{"a.csv", append(bytes.ReplaceAll(text, []byte("\n"), []byte("\n\n")), ",,,,\n"...)}},
		"extra commas":    {{"a.csv", bytes.ReplaceAll(text, []byte("\n"), []byte(",,\n"))}},
		"decomposed":      {{"a.csv", []byte(strings.ReplaceAll(string(text), "ố", "o\u0302\u0301"))}},
		"GeoJSON":         {{"a.geojson", geoJSON(t, rows)}},
		"two files":       {{"a.csv", written(',', rows[:9])}, {"b.json", geoJSON(t, rows[9:])}},
		"zip":             {{"a.zip", zipped(t, File{"signs/plates.csv", text}, File{"signs/README.md", nil}, File{"__MACOSX/signs/._plates.csv", []byte("x")})}},
		"stories again":   append([]File{{"s.zip", zipped(t, stories...)}}, File{"a.csv", text}),
	}
	d := openDesk(t, memory.New())
	d.bring(append(stories, File{"a.csv", text})...)
	for name, files := range forms {
		rep, _ := d.check(files...)
		if rep.Plates.Same != 20 || rep.Plates.Rows != 20 || rep.Faulty() > 0 || rep.Stories.New+rep.Stories.Changed > 0 {
			t.Errorf("%s: got %+v, %v", name, rep.Plates, told(rep))
		}
	}
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	rows, stories := list(t, 2, 2)
	text := string(written(',', rows))
	story := string(stories[0].Data)
	wide := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	tests := []struct {
		name, file string
		data       string
		want       []string
	}{
		{"kind", "a.xlsx", "PK", []string{"a.xlsx:0  file_kind"}},
		{"Windows-1258", "a.csv", strings.Replace(text, "Đường", "\xd0\xfd\xf6ng", 1), []string{"a.csv:0  encoding"}},
		{"UTF-16", "a.csv", string(wide), []string{"a.csv:0  utf16"}},
		{"nothing", "a.csv", "", []string{"a.csv:0  file_empty"}},
		{"names only", "a.csv", strings.Join(columns[:], ","), []string{"a.csv:0  file_empty"}},
		{"missing columns", "a.csv", "number,story\n1,x\n", []string{"a.csv:1 street column_missing", "a.csv:1 address column_missing", "a.csv:1 side column_missing", "a.csv:1 lat column_missing", "a.csv:1 lon column_missing"}},
		{"unknown column", "a.csv", strings.Replace(text, "condition", "conditon", 1), []string{"a.csv:1 conditon column_unknown"}},
		{"column twice", "a.csv", strings.Replace(text, "condition", "Ward", 1), []string{"a.csv:1 ward column_twice"}},
		{"quote never closed", "a.csv", text + "\"3,a\n4,b\n", []string{"a.csv:4  quote"}},
		{"after sep and a cell of two lines", "a.csv", "sep=,\n" + strings.Replace(strings.Replace(text, "Trước số nhà 0, cạnh chợ", "Trước\nsố 0", 1), "left", "x", 1) + "x\n", []string{"a.csv:3 side side", "a.csv:6  cells"}},
		{"no separator", "a.csv", strings.ReplaceAll(text, ",", "|"), []string{"a.csv:1 number|story|street|address|side|lat|lon|ward|unit|batch|ins column_unknown", "a.csv:1 number column_missing", "a.csv:1 story column_missing",
			"a.csv:1 street column_missing", "a.csv:1 address column_missing", "a.csv:1 side column_missing", "a.csv:1 lat column_missing", "a.csv:1 lon column_missing"}},
		{"a line of millions of cells", "a.csv", text + strings.Repeat(",", maxLine+1), []string{"a.csv:4  line_long"}},
		{"no GeoJSON", "a.geojson", "[]", []string{"a.geojson:0  geojson"}},
		{"cut GeoJSON", "a.geojson", `{"type":"FeatureCollection","features":[`, []string{"a.geojson:0  geojson"}},
		{"empty GeoJSON", "a.geojson", `{"type":"FeatureCollection","features":[]}`, []string{"a.geojson:0  file_empty"}},
		{"features", "a.geojson", `{"type":"FeatureCollection","features":[1,{"type":"Feature","geometry":null},{"type":"Feature","geometry":{"type":"Point","coordinates":[1]}},{"type":"Feature","geometry":{"type":"LineString","coordinates":[[1,2],[3,4]]}}]}`,
			[]string{"a.geojson:1  geojson", "a.geojson:2 geometry geometry", "a.geojson:3 geometry geometry", "a.geojson:4 geometry geometry"}},
		{"several points", "a.geojson", `{"type":"FeatureCollection","features":[` + multiPoint(`[[106.6,20.8],[106.7,20.8]]`) + "," + multiPoint(`[]`) + "," + multiPoint(`[106.6,20.8]`) + "," + multiPoint(`[[106.6]]`) + "," + multiPoint(`null`) + `]}`,
			[]string{"a.geojson:1 geometry geometry", "a.geojson:2 geometry geometry", "a.geojson:3 geometry geometry", "a.geojson:4 geometry geometry", "a.geojson:5 geometry geometry"}},
		{"properties", "a.geojson", strings.Replace(strings.Replace(string(geoJSON(t, rows)), `"good"`, `{"a":1}`, 1), `"lon":"`, `"fids":"`, 2), []string{"a.geojson:1 fids column_unknown", "a.geojson:1 condition value"}},
		{"no zip", "a.zip", "PK\x03\x04", []string{"a.zip:0  zip"}},
		{"zip in a zip", "a.zip", string(zipped(t, File{"b.zip", zipped(t)})), []string{"a.zip/b.zip:0  zip"}},
		{"broken YAML", "duong-0.yaml", story + "\n  a: [", []string{"duong-0.yaml:12  yaml"}},
		{"unknown field", "duong-0.yaml", "kimd: work\n" + story, []string{"duong-0.yaml:1  yaml_field"}},
		{"field twice", "duong-0.yaml", story + "kind: work\n", []string{"duong-0.yaml:11  yaml"}},
		{"list for a text", "duong-0.yaml", strings.Replace(story, "kind: street", "kind: [street]", 1), []string{"duong-0.yaml:2  yaml"}},
		{"anchors", "duong-0.yaml", strings.Replace(story, "kind: street", "kind: &a street", 1), []string{"duong-0.yaml:2  yaml_plain"}},
		{"tags", "duong-0.yaml", strings.Replace(story, "kind: street", "kind: !!str street", 1), []string{"duong-0.yaml:2  yaml_plain"}},
		{"two documents", "duong-0.yaml", "---\n" + story + "---\n" + story, []string{"duong-0.yaml:12  yaml_plain"}},
		{"deep", "duong-0.yaml", story + "former: " + strings.Repeat("[", 50_000), []string{"duong-0.yaml:11  yaml_plain"}},
		{"deep entries", "duong-0.yaml", story + "former:\n" + strings.Repeat("- ", 30_000), []string{"duong-0.yaml:12  yaml_plain"}},
		{"large", "duong-0.yaml", story + "#" + strings.Repeat("x", maxYAML), []string{"duong-0.yaml:0  story_large"}},
		{"other name", "duong-9.yaml", story, []string{"duong-9.yaml:0 id file_name"}},
		{"wrong twice over", "duong-0.yaml", strings.Replace(story, "named_after: {vi: ", "named_after: {vi: <b>"+strings.Repeat("x", 400)+", en: ", 1), []string{"duong-0.yaml:0 named_after.vi html"}},
		{"empty story", "x.yaml", "", []string{"x.yaml:0 id needed", "x.yaml:0 kind kind", "x.yaml:0 name.vi vietnamese"}},
		{"language without words", "duong-0.yaml", story + "dates: {fr: \"1900\"}\n", []string{"duong-0.yaml:0 name.fr needed"}},
		{"picture", "duong-0.yaml", story + "pictures: [{url: \"http://a/b\"}]\n", []string{"duong-0.yaml:0 pictures.0.url https", "duong-0.yaml:0 pictures.0.credit credit"}},
		{"review of one's own", "duong-0.yaml", story + "state: {vi: reviewed, en: reviewed}\nreviewed_by: {vi: importer}\n", []string{"duong-0.yaml:0 reviewed_by.en reviewer", "duong-0.yaml:0 reviewed_by.vi reviewer"}},
	}
	d := openDesk(t, memory.New())
	d.bring(stories...)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rep, got := d.check(File{tt.file, []byte(tt.data)})
			if !slices.Equal(told(rep), tt.want) {
				t.Errorf("got %q, want %q", told(rep), tt.want)
			}
			for _, f := range rep.Faults {
				inWords(t, f)
			}
			if _, err := d.Apply(t.Context(), got, Options{By: "importer"}); fault.CodeOf(err) != fault.Invalid {
				t.Errorf("applied: %v", err)
			}
		})
	}
}

func TestTwoFilesOfOneStory(t *testing.T) {
	t.Parallel()
	_, stories := list(t, 1, 1)
	rep, _ := openDesk(t, memory.New()).check(stories[0], File{"again/duong-0.yaml", stories[0].Data})
	if want := []string{"again/duong-0.yaml:0 id story_twice"}; !slices.Equal(told(rep), want) {
		t.Errorf("got %v", told(rep))
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	d := openDesk(t, memory.New())
	bomb := zipped(t, File{"a.csv", make([]byte, MaxBytes+1)})
	if len(bomb) > 1<<20 {
		t.Fatal("this is no bomb")
	}
	half := make([]byte, MaxBytes/2+1)
	many := make([]File, MaxFiles+1)
	for i := range many {
		many[i].Name = fmt.Sprintf("%d.yaml", i)
	}
	tests := []struct {
		name  string
		files []File
		key   string
	}{
		{"one file", []File{{"a.csv", make([]byte, MaxBytes+1)}}, "file_large"},
		{"together", []File{{"a.csv", half}, {"b.csv", half}}, "file_large"},
		{"unpacked", []File{{"a.zip", bomb}}, "file_large"},
		{"files", many, "file_entries"},
		{"files in an archive", []File{{"a.zip", zipped(t, many...)}}, "file_entries"},
		{"rows", []File{{"a.csv", []byte(strings.Join(columns[:], ",") + "\n" + strings.Repeat("1\n", MaxRows+1))}}, "rows"},
	}
	for _, tt := range tests {
		_, rows, err := d.Check(t.Context(), tt.files, "importer")
		if f := fault.Of(err); f == nil || f.Code != fault.Invalid || f.Key != faults+tt.key || rows != nil {
			t.Errorf("%s: got %v", tt.name, err)
		}
	}
}

func TestFromFS(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{
		"plates.csv": {Data: []byte("a")}, "README.md": {Data: []byte("b")}, ".hidden.csv": {Data: []byte("c")}, "stories/x.yaml": {Data: []byte("d")}, "y.pdf": {Data: []byte("e")},
	}
	files, err := FromFS(fsys)
	var names []string
	for _, f := range files {
		names = append(names, f.Name+" "+string(f.Data))
	}
	if want := []string{"plates.csv a", "stories/x.yaml d", "y.pdf e"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("got %q, %v", names, err)
	}
	fsys["big.csv"] = &fstest.MapFile{Data: make([]byte, MaxBytes)}
	_, err = FromFS(fsys)
	if f := fault.Of(err); f == nil || f.Key != faults+"file_large" {
		t.Errorf("got %v", err)
	}
}
