package media

import (
	"image"
	"image/color"
	"image/draw"
)

// fit gives the size of a picture of w by h whose longer side has at most side pixels. It never enlarges.
func fit(w, h, side int) (int, int) {
	longer := max(w, h)
	if longer <= side {
		return w, h
	}
	return max(1, (w*side+longer/2)/longer), max(1, (h*side+longer/2)/longer)
}

// shrink gives a copy of src with w by h pixels, at most as many as src has each way, on white where src is transparent.
// Each pixel is the mean of the area that it covers, computed line by line, so that memory depends on w and not on src.
func shrink(src image.Image, w, h int) *image.RGBA {
	b := src.Bounds()
	sw, sh := b.Dx(), b.Dy()
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	line := image.NewRGBA(image.Rect(0, 0, sw, 1))
	white := image.NewUniform(color.White)
	across := make([]uint64, 3*w) // one line of src, shrunk; each sum weighs sw
	down := make([]uint64, 3*w)   // lines of src that make up one line of dst; each sum weighs sw*sh
	y, room := 0, sh              // the line of dst being filled, and the weight that it still takes
	for sy := range sh {
		draw.Draw(line, line.Rect, white, image.Point{}, draw.Src)
		draw.Draw(line, line.Rect, src, image.Pt(b.Min.X, b.Min.Y+sy), draw.Over)
		squeeze(across, line.Pix, sw, w)
		for weight := h; weight > 0; {
			part := min(weight, room)
			for i, v := range across {
				down[i] += v * uint64(part)
			}
			weight -= part
			if room -= part; room == 0 {
				settle(dst.Pix[y*dst.Stride:], down, uint64(sw)*uint64(sh))
				y, room = y+1, sh
			}
		}
	}
	return dst
}

// squeeze sums a line of sw pixels into w of them: each of the sw weighs w in all, each of the w takes the weight sw.
func squeeze(sums []uint64, pix []uint8, sw, w int) {
	clear(sums)
	x, room := 0, sw
	for sx := range sw {
		p := pix[4*sx : 4*sx+3 : 4*sx+3]
		for weight := w; weight > 0; {
			part := min(weight, room)
			sums[3*x] += uint64(p[0]) * uint64(part)
			sums[3*x+1] += uint64(p[1]) * uint64(part)
			sums[3*x+2] += uint64(p[2]) * uint64(part)
			weight -= part
			if room -= part; room == 0 {
				x, room = x+1, sw
			}
		}
	}
}

// settle turns sums of a weight into pixels and clears them.
func settle(pix []uint8, sums []uint64, weight uint64) {
	for i := 0; i < len(sums); i += 3 {
		p := pix[4*(i/3) : 4*(i/3)+4 : 4*(i/3)+4]
		p[0] = uint8((sums[i] + weight/2) / weight)
		p[1] = uint8((sums[i+1] + weight/2) / weight)
		p[2] = uint8((sums[i+2] + weight/2) / weight)
		p[3] = 0xff
	}
	clear(sums)
}

// turn gives the picture as it is to be seen, by the eight orientations of Exif: 2 to 4 mirror or turn it around, 5 to 8 also swap its sides.
func turn(src *image.RGBA, orientation int) *image.RGBA {
	if orientation <= upright || orientation > 8 {
		return src
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	dw, dh := w, h
	if orientation >= 5 {
		dw, dh = h, w
	}
	dst := image.NewRGBA(image.Rect(0, 0, dw, dh))
	for y := range dh {
		for x := range dw {
			sx, sy := origin(x, y, w, h, orientation)
			copy(dst.Pix[y*dst.Stride+4*x:][:4], src.Pix[sy*src.Stride+4*sx:][:4])
		}
	}
	return dst
}

// origin tells which pixel of a stored picture of w by h is seen at x, y.
func origin(x, y, w, h, orientation int) (int, int) {
	switch orientation {
	case 2: // mirrored
		return w - 1 - x, y
	case 3: // upside down
		return w - 1 - x, h - 1 - y
	case 4: // mirrored upside down
		return x, h - 1 - y
	case 5: // mirrored along the falling diagonal
		return y, x
	case 6: // to be turned clockwise
		return y, h - 1 - x
	case 7: // mirrored along the rising diagonal
		return w - 1 - y, h - 1 - x
	case 8: // to be turned counter-clockwise
		return w - 1 - y, x
	}
	return x, y
}
