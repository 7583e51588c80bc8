package media

import "encoding/binary"

// upright is the orientation of a picture that needs no turning.
const upright = 1

// orientationTag is the number of the Orientation field (Exif 2.32 §4.6.4 A).
const orientationTag = 0x0112

// exifOrientation reads the orientation, 1 to 8, from a TIFF block as it lies in an Exif segment. Whatever cannot be read counts as upright:
// a picture shown lying is better than one refused.
func exifOrientation(tiff []byte) int {
	if len(tiff) < 8 {
		return upright
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return upright
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return upright
	}
	entries := uint64(order.Uint16(tiff[at:]))
	for i := range entries {
		e := at + 2 + 12*i
		if e+12 > uint64(len(tiff)) {
			return upright
		}
		if order.Uint16(tiff[e:]) != orientationTag {
			continue
		}
		if v := int(order.Uint16(tiff[e+8:])); v >= 1 && v <= 8 {
			return v
		}
		return upright
	}
	return upright
}
