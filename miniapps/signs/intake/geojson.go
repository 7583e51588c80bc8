package intake

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// feature is one feature of a GeoJSON (RFC 7946).
type feature struct {
	Type     string          `json:"type"`
	CRS      json.RawMessage `json:"crs"`
	Geometry *struct {
		CRS         json.RawMessage `json:"crs"`
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	} `json:"geometry"`
	Properties map[string]json.RawMessage `json:"properties"`
}

// readGeoJSON reads a FeatureCollection of points whose properties are named as the columns of a CSV.
func (c *checking) readGeoJSON(f File) {
	text, reason := plain(f.Data)
	if reason != "" {
		c.unread(f.Name, 0, "", reason, nil)
		return
	}
	var whole struct {
		Type     string            `json:"type"`
		CRS      json.RawMessage   `json:"crs"`
		Features []json.RawMessage `json:"features"`
	}
	if err := json.Unmarshal(text, &whole); err != nil || whole.Type != "FeatureCollection" {
		c.unread(f.Name, 0, "", "geojson", nil)
		return
	}
	if name, is := foreign(whole.CRS); is {
		c.unread(f.Name, 0, "crs", "crs", map[string]any{"crs": name})
		return
	}
	if len(whole.Features) == 0 {
		c.unread(f.Name, 0, "", "file_empty", nil)
	}
	unknown := map[string]bool{}
	for i, raw := range whole.Features {
		if len(c.rows) > MaxRows {
			return
		}
		c.feature(Row{File: f.Name, Line: i + 1}, raw, unknown)
	}
}

// feature adds a plate. A property that no plate has is told of once in a file.
func (c *checking) feature(row Row, raw json.RawMessage, unknown map[string]bool) {
	var f feature
	if err := json.Unmarshal(raw, &f); err != nil || f.Type != "Feature" {
		c.unread(row.File, row.Line, "", "geojson", nil)
		return
	}
	if name, is := f.foreign(); is {
		c.unread(row.File, row.Line, "crs", "crs", map[string]any{"crs": name})
		return
	}
	lat, lon, ok := f.point()
	if !ok {
		c.unread(row.File, row.Line, "geometry", "geometry", nil)
		return
	}
	values, said := map[string]string{}, map[string]string{} // by column; what the properties call it
	var odd, twice []string
	for _, property := range slices.Sorted(maps.Keys(f.Properties)) {
		s, ok := scalar(f.Properties[property])
		switch name := columnOf(property); {
		case slices.Contains(technical[:], name), name == "lat", name == "lon": // the geometry says where
		case !slices.Contains(columns[:], name):
			if !unknown[property] {
				c.unread(row.File, row.Line, excerpt(property), "column_unknown", map[string]any{"column": excerpt(property)})
			}
			unknown[property] = true
		case said[name] != "":
			twice = append(twice, property)
		default:
			if !ok {
				odd = append(odd, name)
			}
			values[name], said[name] = s, property
		}
	}
	values["lat"], values["lon"] = lat, lon
	c.plate(row, values)
	last := &c.rows[len(c.rows)-1]
	for _, name := range odd {
		last.fault(name, "value", nil)
	}
	for _, name := range twice {
		last.fault(columnOf(name), "column_same", map[string]any{"column": excerpt(name), "other": excerpt(said[columnOf(name)])})
	}
}

// foreign tells whether a feature has coordinates of its own kind. The GeoJSON of 2008 lets it say so, and its geometry too.
func (f feature) foreign() (name string, is bool) {
	if name, is = foreign(f.CRS); is || f.Geometry == nil {
		return name, is
	}
	return foreign(f.Geometry.CRS)
}

// point gives the coordinates of a feature as text: GeoJSON has the longitude first, and perhaps a height last. A MultiPoint of one point is that point: so
// mapping tools write layers of many-pointed kind.
func (f feature) point() (lat, lon string, ok bool) {
	if f.Geometry == nil {
		return "", "", false
	}
	var at []float64
	switch f.Geometry.Type {
	case "Point":
		ok = json.Unmarshal(f.Geometry.Coordinates, &at) == nil
	case "MultiPoint":
		var several [][]float64
		if ok = json.Unmarshal(f.Geometry.Coordinates, &several) == nil && len(several) == 1; ok {
			at = several[0]
		}
	}
	if !ok || len(at) < 2 || len(at) > 3 {
		return "", "", false
	}
	return degreesText(at[1]), degreesText(at[0]), true
}

func degreesText(x float64) string { return strconv.FormatFloat(x, 'f', min(9, decimals(x)), 64) }

// decimals gives how many digits stand behind the point.
func decimals(x float64) int {
	_, behind, _ := strings.Cut(strconv.FormatFloat(x, 'f', -1, 64), ".")
	return len(behind)
}

// maxWhole is up to where every whole number is told from the next one as JSON has it.
const maxWhole = 1 << 53

// scalar gives a text or a number as text, a whole number without a point: databases keep 5104 as 5104.0. Nothing is the empty text.
func scalar(raw json.RawMessage) (string, bool) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return "", true
	}
	var s string
	if raw[0] == '"' {
		return s, json.Unmarshal(raw, &s) == nil
	}
	var n json.Number
	if err := json.Unmarshal(raw, &n); err != nil {
		return "", false
	}
	if x, err := n.Float64(); err == nil && x == math.Trunc(x) && math.Abs(x) < maxWhole {
		return strconv.FormatInt(int64(x), 10), true
	}
	return n.String(), true
}
