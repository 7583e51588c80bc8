package intake

import (
	"bytes"
	"encoding/json"
	"regexp"
)

// wgs84RE are the names of WGS 84 in degrees: CRS84, which RFC 7946 has for all GeoJSON, and EPSG:4326, which mapping tools write with the longitude first as
// well. Names are as in OGC 07-092r3 and as the GeoJSON of 2008 shows them.
var wgs84RE = regexp.MustCompile(`(?i)^(?:(?:urn:ogc:def:crs:)?(?:OGC:(?:[0-9.]*:)?CRS84|EPSG:(?:[0-9.]*:)?4326)|https?://www\.opengis\.net/def/crs/(?:OGC/[0-9.]+/CRS84|EPSG/[0-9.]+/4326))$`)

// foreign tells whether a member "crs" says that coordinates are not WGS 84, and gives what it says instead. RFC 7946 (section 4) dropped the member, but tools
// go on writing it as the GeoJSON of 2008 had it (section 3), and read as WGS 84 such coordinates lie hundreds of metres off. None, or null, is WGS 84; what a
// link leads to is not looked up.
func foreign(member json.RawMessage) (name string, is bool) {
	if len(member) == 0 || bytes.Equal(member, []byte("null")) {
		return "", false
	}
	var crs struct {
		Type       string `json:"type"`
		Properties struct {
			Name string `json:"name"`
			Href string `json:"href"`
		} `json:"properties"`
	}
	switch err := json.Unmarshal(member, &crs); {
	case err == nil && crs.Type == "name" && crs.Properties.Name != "":
		return excerpt(crs.Properties.Name), !wgs84RE.MatchString(crs.Properties.Name)
	case err == nil && crs.Properties.Href != "":
		return excerpt(crs.Properties.Href), true
	}
	return excerpt(string(member)), true
}
