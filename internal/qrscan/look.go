package qrscan

import (
	"context"
	"slices"
	"strings"

	"github.com/makiuchi-d/gozxing"
	multi "github.com/makiuchi-d/gozxing/multi/qrcode/detector"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/detector"
)

// attempt is one way to look at a picture. Codes that fill it are read when it is small and noise has been evened out, codes far away only when it is large.
type attempt struct {
	side   int     // pixels of the longer side
	wide   float64 // by how much the picture is stretched sideways, for codes seen from the side or from below; 0 means not at all
	plain  bool    // one threshold for the whole picture, for even light; else one for each part of it
	single bool    // looks for the one best code; else for all
}

// first are the attempts that every picture is worth. When nothing in it looks like the corners of a code, the others are not made.
func first() []attempt {
	return []attempt{{side: 1280}, {side: 640}, {side: 2560}, {side: 1100, wide: 1.4}}
}

func others() []attempt {
	return []attempt{
		{side: 1280, single: true}, {side: 1100, wide: 0.7}, {side: 900, plain: true}, {side: 640, single: true},
		{side: 1100, wide: 1.4, single: true}, {side: 1100, wide: 0.7, single: true},
	}
}

// perCode is how many corners a code has that can be told.
const perCode = 3

// look tries until something is found.
func look(ctx context.Context, g grey) []string {
	tried, corners := map[attempt]bool{}, 0
	try := func(all []attempt) []string {
		for _, a := range all {
			if a.side = min(a.side, max(g.width, g.height)); tried[a] || ctx.Err() != nil {
				continue
			}
			tried[a] = true
			texts, n := a.texts(ctx, g.within(a.side, a.wide))
			if corners = max(corners, n); len(texts) > 0 {
				return texts
			}
		}
		return nil
	}
	if texts := try(first()); len(texts) > 0 || corners < perCode {
		return texts
	}
	return try(others())
}

// The places that look like a corner of a code are compared three by three, so their number is bounded: a picture could be nothing else.
const (
	maxCorners = 250
	maxCodes   = 40 // triples that may be a code
)

// giveUp ends a search from within.
type giveUp struct{}

// texts gives what is read in a picture, and how many places look like the corner of a code.
func (a attempt) texts(ctx context.Context, g grey) (out []string, corners int) {
	defer func() {
		switch p := recover(); p.(type) {
		case nil, giveUp:
		default:
			panic(p)
		}
	}()
	matrix, err := a.matrix(g)
	if err != nil {
		return nil, 0
	}
	hints := map[gozxing.DecodeHintType]any{
		gozxing.DecodeHintType_TRY_HARDER: true,
		gozxing.DecodeHintType_NEED_RESULT_POINT_CALLBACK: gozxing.ResultPointCallback(func(gozxing.ResultPoint) {
			if corners++; corners > maxCorners || ctx.Err() != nil {
				panic(giveUp{})
			}
		}),
	}
	if a.single {
		if r, err := detector.NewDetector(matrix).Detect(hints); err == nil {
			out = add(out, decoded(r.GetBits()))
		}
		return out, corners
	}
	out = all(ctx, matrix, hints)
	return out, corners
}

func (a attempt) matrix(g grey) (*gozxing.BitMatrix, error) {
	source, err := gozxing.NewPlanarYUVLuminanceSource(g.pix, g.width, g.height, 0, 0, g.width, g.height, false)
	if err != nil {
		return nil, err
	}
	if a.plain {
		return gozxing.NewGlobalHistgramBinarizer(source).GetBlackMatrix()
	}
	return gozxing.NewHybridBinarizer(source).GetBlackMatrix()
}

// all reads every code in the picture.
func all(ctx context.Context, matrix *gozxing.BitMatrix, hints map[gozxing.DecodeHintType]any) (out []string) {
	finder := multi.NewMultiFinderPatternFinder(matrix, hints[gozxing.DecodeHintType_NEED_RESULT_POINT_CALLBACK].(gozxing.ResultPointCallback))
	infos, err := finder.FindMulti(hints)
	if err != nil {
		return nil
	}
	detect := detector.NewDetector(matrix)
	for _, info := range infos[:min(len(infos), maxCodes)] {
		if ctx.Err() != nil {
			break
		}
		if r, err := detect.ProcessFinderPatternInfo(info); err == nil {
			out = add(out, decoded(r.GetBits()))
		}
	}
	return out
}

// decoded gives what a code says; "" when it cannot be read.
func decoded(bits *gozxing.BitMatrix) string {
	r, err := decoder.NewDecoder().Decode(bits, nil)
	if err != nil {
		return ""
	}
	return r.GetText()
}

func add(list []string, text string) []string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, ""))
	if text == "" || len(text) > maxText || len(list) >= maxTexts || slices.Contains(list, text) {
		return list
	}
	return append(list, text)
}
