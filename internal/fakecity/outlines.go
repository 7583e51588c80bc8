package fakecity

import (
	"encoding/json"
	"math"
	"slices"

	"github.com/motcua/motcua/internal/city"
)

// Ward is one area of the maps on the phones.
type Ward struct {
	Code, Name string
	Rings      [][][2]float64 // closed, of [longitude, latitude], filled by the even-odd rule
}

// fineness is what a degree is divided into: about a metre.
const fineness = 1e5

// outline is a ward in numbers that take little room: whole steps of 1/Scale degrees, longitude and latitude in turn, the first point of a ring from zero
// and each further one from the point before it.
type outline struct {
	Code  string    `json:"code"`
	Name  string    `json:"name"`
	Rings [][]int64 `json:"rings"`
}

// outlines gives what the page's map reads; nil for no wards.
func outlines(wards []Ward) []byte {
	if len(wards) == 0 {
		return nil
	}
	file := struct {
		Scale int       `json:"scale"`
		Wards []outline `json:"wards"`
	}{Scale: fineness}
	for _, w := range wards {
		o := outline{Code: w.Code, Name: w.Name}
		for _, ring := range w.Rings {
			o.Rings = append(o.Rings, steps(ring))
		}
		file.Wards = append(file.Wards, o)
	}
	out, err := json.Marshal(file)
	if err != nil {
		panic("fakecity: " + err.Error()) // numbers and text only
	}
	return out
}

func steps(ring [][2]float64) []int64 {
	out := make([]int64, 0, 2*len(ring))
	var lastX, lastY int64
	for _, p := range ring {
		x, y := int64(math.Round(p[0]*fineness)), int64(math.Round(p[1]*fineness))
		if len(out) > 0 && x == lastX && y == lastY {
			continue
		}
		out = append(out, x-lastX, y-lastY)
		lastX, lastY = x, y
	}
	return out
}

// precision is how far the outlines on a phone may be from the true ones, in metres.
const precision = 15

// WardsOf gives the wards of a city.
func WardsOf(c *city.City) []Ward {
	var out []Ward
	for _, o := range c.Outlines(precision) {
		w, _ := c.Ward(o.Code) // every outline is a ward's
		out = append(out, Ward{Code: w.Code, Name: w.FullName, Rings: slices.Concat(o.Polygons...)})
	}
	return out
}

// SamplePeople are the citizens that the phones have from the start.
func SamplePeople() []string { return []string{"Lan", "Hùng", "Mai", "Bác Tư"} }
