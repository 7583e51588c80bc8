package printsheet

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// camera is a stand-in for a phone held before a plate.
type camera struct {
	mmPerPixel float64 // where the plate hangs
	turn       float64 // degrees around the line of sight
	slant      float64 // degrees that the plate is turned away sideways
	blur       float64 // Gaussian, standard deviation in pixels
	noise      float64 // standard deviation in steps of 256
	fade       float64 // share of the contrast that dust and sun have taken
	stain      float64 // width of a dark stain in the code's middle, as a share of the print's width
}

// preview is how wide a pixel of a phone camera's preview is on a plate, in millimetres: 1,920 pixels across 65 degrees.
func preview(distanceMetres float64) float64 {
	return 2000 * distanceMetres * math.Tan(32.5*math.Pi/180) / 1920
}

// shoot takes a picture of a print that has dpi dots per inch.
//
//go:norace
func (c camera) shoot(print *image.Gray, dpi float64) *image.Gray {
	b := print.Bounds()
	pixel := c.mmPerPixel * dpi / inch // dots
	diagonal := math.Hypot(float64(b.Dx()), float64(b.Dy()))
	side := int(diagonal/pixel) + 8
	out := make([]float64, side*side)
	sin, cos := math.Sincos(c.turn * math.Pi / 180)
	tilt, flat := math.Sincos(c.slant * math.Pi / 180)
	far := 3 * diagonal // the camera is three prints away, so a slanted one tapers
	sub := 3            // samples across a pixel: a sensor takes in the whole of it
	if pixel < 2 {
		sub = 1
	}
	for py := range side {
		for px := range side {
			sum := 0.0
			for s := range sub * sub {
				u := (float64(px) + (float64(s%sub)+0.5)/float64(sub) - float64(side)/2) * pixel
				v := (float64(py) + (float64(s/sub)+0.5)/float64(sub) - float64(side)/2) * pixel
				u, v = u*cos+v*sin, v*cos-u*sin
				x := u / (flat - u*tilt/far) // where the ray through u meets the slanted plate
				y := v * (1 + x*tilt/far)
				sum += c.print(print, x+float64(b.Dx())/2, y+float64(b.Dy())/2)
			}
			out[py*side+px] = sum / float64(sub*sub)
		}
	}
	return c.expose(gauss(out, side, c.blur), side)
}

// print is how light the print is at a point: 0 to 1. Around it is a grey wall.
//
//go:norace
func (c camera) print(print *image.Gray, x, y float64) float64 {
	b := print.Bounds()
	if x < 0 || y < 0 || x >= float64(b.Dx()) || y >= float64(b.Dy()) {
		return 0.6
	}
	if r := c.stain * float64(b.Dx()) / 2; math.Hypot(x-float64(b.Dx())/2, y-0.42*float64(b.Dy())) < r {
		return 0.2
	}
	return float64(print.GrayAt(int(x), int(y)).Y) / 255
}

//go:norace
func (c camera) expose(light []float64, side int) *image.Gray {
	r := rand.New(rand.NewPCG(7, 9))
	out := image.NewGray(image.Rect(0, 0, side, side))
	for i, l := range light {
		v := 255*(c.fade/2+l*(1-c.fade)) + c.noise*r.NormFloat64()
		out.SetGray(i%side, i/side, color.Gray{Y: uint8(min(max(v, 0), 255))})
	}
	return out
}

// gauss blurs a square picture.
//
//go:norace
func gauss(in []float64, side int, sigma float64) []float64 {
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
	for _, step := range []struct{ x, y int }{{1, 0}, {0, 1}} {
		out := make([]float64, len(in))
		for y := range side {
			for x := range side {
				sum := 0.0
				for i, w := range weights {
					nx, ny := x+(i-reach)*step.x, y+(i-reach)*step.y
					sum += w * in[min(max(ny, 0), side-1)*side+min(max(nx, 0), side-1)]
				}
				out[y*side+x] = sum / total
			}
		}
		in = out
	}
	return in
}

// decode reads a QR code with a decoder that shares nothing with the encoder: a port of ZXing.
func decode(pic *image.Gray) (text, level string, err error) {
	size := pic.Bounds().Size()
	light, err := gozxing.NewPlanarYUVLuminanceSource(pic.Pix, pic.Stride, size.Y, 0, 0, size.X, size.Y, false)
	if err != nil {
		return "", "", err
	}
	b, err := gozxing.NewBinaryBitmap(gozxing.NewHybridBinarizer(light))
	if err != nil {
		return "", "", err
	}
	r, err := qrcode.NewQRCodeReader().Decode(b, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	if err != nil {
		return "", "", err
	}
	level, _ = r.GetResultMetadata()[gozxing.ResultMetadataType_ERROR_CORRECTION_LEVEL].(string)
	return r.GetText(), strings.TrimSpace(level), nil
}
