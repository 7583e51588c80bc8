package intake

import (
	"slices"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/store/memory"
)

// namedCRS gives the member of a system of coordinates.
func namedCRS(name string) string { return `{"type":"name","properties":{"name":"` + name + `"}}` }

// TestSystemsOfCoordinates: what is not WGS 84 is refused by its name, wherever a file says it.
func TestSystemsOfCoordinates(t *testing.T) {
	t.Parallel()
	rows, story := villagers()
	text := string(geoJSON(t, rows[:1]))
	d := openIn(t, memory.New(), village{})
	tests := []struct{ crs, refused string }{ // "" is taken
		{`null`, ""},
		{` null `, ""},
		{namedCRS("urn:ogc:def:crs:OGC:1.3:CRS84"), ""},
		{namedCRS("urn:ogc:def:crs:OGC::CRS84"), ""},
		{namedCRS("OGC:CRS84"), ""},
		{namedCRS("urn:ogc:def:crs:EPSG::4326"), ""},
		{namedCRS("urn:ogc:def:crs:EPSG:6.6:4326"), ""},
		{namedCRS("EPSG:4326"), ""},
		{namedCRS("epsg:4326"), ""},
		{namedCRS("http://www.opengis.net/def/crs/OGC/1.3/CRS84"), ""},
		{namedCRS("https://www.opengis.net/def/crs/EPSG/0/4326"), ""},
		{namedCRS("urn:ogc:def:crs:EPSG::4756"), "urn:ogc:def:crs:EPSG::4756"},
		{namedCRS("EPSG:3405"), "EPSG:3405"},
		{namedCRS("EPSG:43260"), "EPSG:43260"},
		{namedCRS("EPSG:14326"), "EPSG:14326"},
		{namedCRS("urn:ogc:def:crs:EPSG::4326+5773"), "urn:ogc:def:crs:EPSG::4326+5773"},
		{namedCRS("urn:ogc:def:crs:OGC:1.3:CRS83"), "urn:ogc:def:crs:OGC:1.3:CRS83"},
		{namedCRS("VN-2000 / UTM zone 48N"), "VN-2000 / UTM zone 48N"},
		{namedCRS(""), `{"type":"name","properties":{"name":""}}`},
		{`{"type":"link","properties":{"href":"https://epsg.io/4326.proj4","type":"proj4"}}`, "https://epsg.io/4326.proj4"},
		{`{"type":"EPSG","properties":{"code":4756}}`, `{"type":"EPSG","properties":{"code":4756}}`},
		{`{}`, `{}`},
		{`"EPSG:4756"`, `"EPSG:4756"`},
		{`[1]`, `[1]`},
	}
	places := []struct{ before, fault string }{
		{`"features":[`, "a.geojson:0 crs crs"},
		{`"geometry":{`, "a.geojson:1 crs crs"},
		{`"coordinates":[`, "a.geojson:1 crs crs"},
	}
	for _, tt := range tests {
		for _, p := range places {
			file := File{"a.geojson", []byte(strings.Replace(text, p.before, `"crs":`+tt.crs+`,`+p.before, 1))}
			rep, _ := d.check(story, file)
			switch {
			case tt.refused == "" && rep.Faulty() == 0 && rep.Plates.New == 1:
			case tt.refused != "" && slices.Equal(told(rep), []string{p.fault}) && rep.Plates.Rows == 0 && rep.Faults[0].Params["crs"] == tt.refused:
				if got := inWords(t, rep.Faults[0]); !strings.Contains(got, tt.refused) || !strings.Contains(got, "WGS 84 (EPSG:4326)") {
					t.Errorf("%s: got %q", tt.crs, got)
				}
			default:
				t.Errorf("%s before %s: got %v, %+v", tt.crs, p.before, told(rep), rep.Faults)
			}
		}
	}
}

// TestMetres: coordinates that are no degrees at all are taken for what they mostly are.
func TestMetres(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"2307856.12": "metres", "2307856,1": "metres", "590123": "metres", "-590123.5": "metres", "180.5": "metres", "2086286": "metres",
		"180": "degrees", "96.8": "degrees", "2.307.856,12": "coordinate", "1e7": "coordinate", "23078561234": "coordinate",
	} {
		rep, _ := one(t, "lat", cell)
		if !slices.Equal(told(rep), []string{"a.csv:2 lat " + want}) {
			t.Errorf("%s: got %v", cell, told(rep))
			continue
		}
		if got := inWords(t, rep.Faults[0]); want == "metres" && (!strings.Contains(got, "VN-2000") || !strings.Contains(got, "WGS 84 (EPSG:4326)")) {
			t.Errorf("%s: got %q", cell, got)
		}
	}
	rows, story := villagers()
	rows = changed(changed(rows[:1], "lat", "2307856.12"), "lon", "590123.4")
	rep, _ := openIn(t, memory.New(), village{}).check(story, File{"a.geojson", geoJSON(t, rows)})
	if want := []string{"a.geojson:1 lat metres", "a.geojson:1 lon metres"}; !slices.Equal(told(rep), want) {
		t.Errorf("got %v", told(rep))
	}
}
