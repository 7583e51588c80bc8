package qrscan

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/motcua/motcua/internal/qrcode"
)

// plate is something that hangs in the street with a code on it, measured in the code's squares from its upper left corner.
type plate struct {
	code     [][]bool
	col, row float64 // where the code begins
	wide, hi float64
	left     float64 // where the plate is in the street, from the middle of what the camera looks at
}

func plateOf(t testing.TB, text string) plate {
	t.Helper()
	code, err := qrcode.Squares(text)
	if err != nil {
		t.Fatal(err)
	}
	n := float64(len(code))
	return plate{code: code, col: qrcode.Quiet, row: qrcode.Quiet, wide: n + 2*qrcode.Quiet, hi: n + 2*qrcode.Quiet + 12}
}

// The pictures have millions of dots: what only computes on them is not looked into for races, which took most of these tests' time.

// at gives how light the plate is, 0 to 1; false beside it.
//
//go:norace
func (p plate) at(x, y float64) (float64, bool) {
	x, y = x+p.wide/2-p.left, y+p.hi/2
	if x < 0 || y < 0 || x >= p.wide || y >= p.hi {
		return 0, false
	}
	col, row := x-p.col, y-p.row
	if col >= 0 && row >= 0 && int(row) < len(p.code) && int(col) < len(p.code) {
		if p.code[int(row)][int(col)] {
			return 0.08, true
		}
		return 0.95, true
	}
	if under := y - p.hi + 11; under > 0 && under < 8 && int(under)%3 != 2 && x > 4 && x < p.wide-4 && int(x*1.7)%3 != 0 {
		return 0.1, true // letters, from afar
	}
	return 0.95, true
}

// camera is a phone held before plates.
type camera struct {
	width, height int
	pixels        float64 // of one square
	turn          float64 // degrees around the line of sight
	slant         float64 // degrees that the plates are turned away sideways
	blur          float64 // standard deviation in pixels
	noise         float64 // standard deviation in steps of 256
	fade          float64 // share of the contrast that is gone
	shadow        bool    // across the picture
	quality       int     // of the JPEG; 0 means 82
}

// shoot gives a JPEG of what the camera sees: a street, and the plates.
func (c camera) shoot(t testing.TB, plates ...plate) []byte {
	t.Helper()
	return c.develop(t, blurred(c.light(plates), c.width, c.height, c.blur))
}

// light is what falls on the camera's sensor.
//
//go:norace
func (c camera) light(plates []plate) []float64 {
	light := make([]float64, c.width*c.height)
	sin, cos := math.Sincos(c.turn * math.Pi / 180)
	tilt, flat := math.Sincos(c.slant * math.Pi / 180)
	far := 3 * float64(c.width)
	across := 1 // samples of a pixel: a sensor takes in the whole of it
	if c.pixels < 6 {
		across = 2
	}
	for py := range c.height {
		for px := range c.width {
			sum := 0.0
			for s := range across * across {
				u := float64(px) + (float64(s%across)+0.5)/float64(across) - float64(c.width)/2
				v := float64(py) + (float64(s/across)+0.5)/float64(across) - float64(c.height)/2
				u, v = u*cos+v*sin, v*cos-u*sin
				x := u / (flat - u*tilt/far)
				y := v * (1 + x*tilt/far)
				sum += see(x/c.pixels, y/c.pixels, plates)
			}
			light[py*c.width+px] = sum / float64(across*across)
		}
	}
	return light
}

//go:norace
func see(x, y float64, plates []plate) float64 {
	for _, p := range plates {
		if l, on := p.at(x, y); on {
			return l
		}
	}
	return 0.45 + 0.2*math.Sin(x*0.9)*math.Cos(y*0.53) + 0.15*math.Sin(x*3.7+y*2.1) // leaves and walls
}

func (c camera) develop(t testing.TB, light []float64) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, c.expose(light), &jpeg.Options{Quality: cmp.Or(c.quality, 82)}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

//go:norace
func (c camera) expose(light []float64) *image.RGBA {
	r := rand.New(rand.NewPCG(7, 9))
	pic := image.NewRGBA(image.Rect(0, 0, c.width, c.height))
	for i, l := range light {
		l = c.fade/2 + l*(1-c.fade)
		if c.shadow && i%c.width > i/c.width {
			l *= 0.45
		}
		v := uint8(min(max(255*l+c.noise*r.NormFloat64(), 0), 255))
		pic.SetRGBA(i%c.width, i/c.width, color.RGBA{v, v, uint8(float64(v) * 0.9), 255})
	}
	return pic
}

// blurred smears a picture.
//
//go:norace
func blurred(in []float64, width, height int, sigma float64) []float64 {
	if sigma == 0 {
		return in
	}
	reach := int(3*sigma) + 1
	weights, total := make([]float64, 2*reach+1), 0.0
	for i := range weights {
		d := float64(i-reach) / sigma
		weights[i] = math.Exp(-d * d / 2)
		total += weights[i]
	}
	for _, step := range []image.Point{{X: 1}, {Y: 1}} {
		out := make([]float64, len(in))
		for y := range height {
			for x := range width {
				sum := 0.0
				for i, w := range weights {
					nx, ny := min(max(x+(i-reach)*step.X, 0), width-1), min(max(y+(i-reach)*step.Y, 0), height-1)
					sum += w * in[ny*width+nx]
				}
				out[y*width+x] = sum / total
			}
		}
		in = out
	}
	return in
}
