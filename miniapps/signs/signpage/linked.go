package signpage

import (
	"strings"

	"github.com/motcua/motcua/miniapps/signs/registry"
)

// node is an object of JSON-LD. The template writes it as JSON in which neither a tag nor a comment can begin.
type node = map[string]any

// linked describes the page to machines in the words of schema.org: a page in a language about a place that lies in a ward of the city.
func (p *Pages) linked(v *view, s *subject) node {
	kind := "Place"
	if s.story.Kind == registry.Work {
		kind = "LandmarksOrHistoricalBuildings"
	}
	plate := &s.coded.Plate
	city := node{"@type": "City", "name": v.City}
	inside := city
	if v.Ward != "" {
		inside = node{"@type": "AdministrativeArea", "name": v.Ward, "containedInPlace": city}
	}
	about := node{
		"@type": kind, "name": v.Heading, "description": v.Summary, "containedInPlace": inside,
		"geo":     node{"@type": "GeoCoordinates", "latitude": plate.Place.Lat, "longitude": plate.Place.Lon},
		"address": postal(v),
	}
	if n := len(strings.Join(v.Former, "")); n > 0 && n < 500 {
		about["alternateName"] = v.Former
	}
	if v.Cover != nil {
		about["image"] = v.Cover.URL
	}
	return node{"@context": "https://schema.org", "@type": "WebPage", "url": v.Canonical, "name": v.Heading, "inLanguage": v.Spoken, "about": about}
}

// postal gives the plate's place as an address.
func postal(v *view) node {
	out := node{"@type": "PostalAddress", "streetAddress": strings.Trim(v.Place+", "+v.Street, ", "), "addressRegion": v.City, "addressCountry": "VN"}
	if v.Ward != "" {
		out["addressLocality"] = v.Ward
	}
	return out
}
