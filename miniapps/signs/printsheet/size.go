package printsheet

import "math"

// Reading a code is a matter of how large one module looks. The rule of thumb is that a code is read from ten times its width; it is meant for short codes of 25
// modules, and denser ones must be larger by as much as they have more modules (qrstuff.com, "QR Code Minimum Size"; gmu.growthvine.com, "Optimal size for QR codes
// depend on a few things"; peasyqr.com, "QR Code Size and Scanning Distance"). A module then takes 1/250 of the distance: about 6 pixels in the preview of a phone's
// camera (1,920 pixels across 65 degrees), of which a decoder needs about 3, so that half is left for shaking hands, slanted views, dirt and cheap lenses.
//
// Ho Chi Minh City's plates of 2020 are 80 mm wide, hang above 2 m and are read from 3 to 4 m with the camera's zoom (vnexpress.net 4175931, saigoneer.com 19360);
// passers-by asked for larger ones, hung lower (vntravellive.com d31995). By this rule such a code is meant for 0.6 to 0.8 m, and a zoom of five reaches 4 m.
const (
	distancePerWidth = 10.0
	ruleModules      = 25.0
)

// SizeFor gives the width in millimetres, without the white border, of a QR code with modules squares a side that a phone reads from distanceMetres without zoom.
// It is 0 for what cannot be: no distance, no code.
func SizeFor(distanceMetres float64, modules int) (widthMM float64) {
	if !(distanceMetres > 0) || math.IsInf(distanceMetres, 0) || modules <= 0 {
		return 0
	}
	return distanceMetres * 1000 / distancePerWidth * float64(modules) / ruleModules
}

// DistanceFor is the other way about: from how many metres a code of that width and number of modules is read without zoom.
func DistanceFor(widthMM float64, modules int) (distanceMetres float64) {
	if !(widthMM > 0) || math.IsInf(widthMM, 0) || modules <= 0 {
		return 0
	}
	return widthMM / 1000 * distancePerWidth * ruleModules / float64(modules)
}
