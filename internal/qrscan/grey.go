package qrscan

import (
	"image"
	"image/color"
)

// grey is a picture as a decoder wants it: how light each pixel is, row by row.
type grey struct {
	pix           []byte
	width, height int
}

func greyOf(pic image.Image) grey {
	b := pic.Bounds()
	g := grey{make([]byte, b.Dx()*b.Dy()), b.Dx(), b.Dy()}
	switch p := pic.(type) {
	case *image.YCbCr:
		for y := range g.height {
			at := p.YOffset(b.Min.X, b.Min.Y+y)
			copy(g.pix[y*g.width:(y+1)*g.width], p.Y[at:])
		}
	case *image.Gray:
		for y := range g.height {
			at := p.PixOffset(b.Min.X, b.Min.Y+y)
			copy(g.pix[y*g.width:(y+1)*g.width], p.Pix[at:])
		}
	default:
		for y := range g.height {
			for x := range g.width {
				g.pix[y*g.width+x] = light(pic.At(b.Min.X+x, b.Min.Y+y))
			}
		}
	}
	return g
}

// light is how light a colour is on white paper.
func light(c color.Color) byte {
	r, g, b, a := c.RGBA() // with alpha multiplied in
	return byte((299*r+587*g+114*b)/1000>>8 + (0xffff-a)>>8)
}

// within gives the picture with a longer side of at most that many pixels, and stretched sideways by a factor unless that is 0: each new pixel is the mean of
// those that it covers.
func (g grey) within(side int, wide float64) grey {
	scale := min(1, float64(side)/float64(max(g.width, g.height)))
	x, y := scale, scale
	if wide > 1 {
		y /= wide
	} else if wide > 0 {
		x *= wide
	}
	if x == 1 && y == 1 {
		return g
	}
	out := grey{width: max(1, int(float64(g.width)*x)), height: max(1, int(float64(g.height)*y))}
	out.pix = make([]byte, out.width*out.height)
	for row := range out.height {
		top, bottom := row*g.height/out.height, (row+1)*g.height/out.height
		for col := range out.width {
			left, right := col*g.width/out.width, (col+1)*g.width/out.width
			out.pix[row*out.width+col] = g.mean(left, top, right, bottom)
		}
	}
	return out
}

func (g grey) mean(left, top, right, bottom int) byte {
	sum := 0
	for row := top; row < bottom; row++ {
		for _, p := range g.pix[row*g.width+left : row*g.width+right] {
			sum += int(p)
		}
	}
	return byte(sum / ((bottom - top) * (right - left)))
}
