package city

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/motcua/motcua/internal/geo"
)

// Outlines gives the borders of the wards, ascending by code, made simpler for a map: no further than so many metres from the true ones.
func (c *City) Outlines(metres float64) []geo.Outline { return c.index.Outlines(metres) }

type feature struct {
	Type       string   `json:"type"`
	Properties naming   `json:"properties"`
	Geometry   geometry `json:"geometry"`
}

type naming struct {
	Code       string `json:"code"`
	FullName   string `json:"fullName"`
	FullNameEn string `json:"fullNameEn"`
}

type geometry struct {
	Type        string           `json:"type"`
	Coordinates [][][][2]float64 `json:"coordinates"`
}

// GeoJSON gives the wards as a feature collection for a map in a browser, each with code, fullName and fullNameEn, and with borders as Outlines gives them.
func (c *City) GeoJSON(metres float64) ([]byte, error) {
	var features []feature
	for _, o := range c.Outlines(metres) {
		w, ok := c.Ward(o.Code)
		if !ok {
			return nil, fmt.Errorf("city: an outline of no ward: %s", o.Code)
		}
		features = append(features, feature{"Feature", naming{w.Code, w.FullName, w.FullNameEn}, geometry{"MultiPolygon", rounded(o.Polygons)}})
	}
	return json.Marshal(map[string]any{"type": "FeatureCollection", "features": features})
}

// rounded gives the same with five decimals, which is a metre.
func rounded(polygons [][][][2]float64) [][][][2]float64 {
	for _, rings := range polygons {
		for _, ring := range rings {
			for i, p := range ring {
				ring[i] = [2]float64{math.Round(p[0]*1e5) / 1e5, math.Round(p[1]*1e5) / 1e5}
			}
		}
	}
	return polygons
}
