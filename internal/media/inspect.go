package media

import (
	"bytes"
	"errors"
	"mime"
	"path"
	"slices"
	"strings"
)

// Content types. The first group is taken as photos, the second as videos, the third as recordings of the city's own; heic is refused with advice.
const (
	typeJPEG = "image/jpeg"
	typePNG  = "image/png"
	typeWebP = "image/webp"

	typeMP4       = "video/mp4"
	typeQuickTime = "video/quicktime"
	typeWebM      = "video/webm"
	type3GP       = "video/3gpp"

	typeMP3 = "audio/mpeg"
	typeM4A = "audio/mp4"

	typeHEIC    = "image/heic"
	typeUnknown = "application/octet-stream"
)

// sniffLen is how many bytes from the start of a file sniff needs at most.
const sniffLen = 512

// kindOf gives the kind of a content type, or the key of the reason why it is not taken.
func kindOf(contentType string) (k Kind, refused string) {
	switch contentType {
	case typeJPEG, typePNG, typeWebP:
		return Photo, ""
	case typeMP4, typeQuickTime, typeWebM, type3GP:
		return Video, ""
	case typeHEIC:
		return "", "media.heic"
	}
	return "", "media.type_unknown"
}

// extension gives the usual ending of a file of one of our types.
func extension(contentType string) string {
	switch contentType {
	case typeJPEG:
		return "jpg"
	case typeQuickTime:
		return "mov"
	case type3GP:
		return "3gp"
	case typeMP3:
		return "mp3"
	case typeM4A:
		return "m4a"
	}
	_, sub, _ := strings.Cut(contentType, "/")
	return sub
}

// declaredType gives one name to the type that a sender means, by what it says or else by the ending of the file's name.
func declaredType(contentType, name string) string {
	t, _, err := mime.ParseMediaType(contentType)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		t = ""
	}
	switch t {
	case "image/jpg", "image/pjpeg":
		return typeJPEG
	case "image/heif", "image/heic-sequence", "image/heif-sequence":
		return typeHEIC
	case "video/x-m4v":
		return typeMP4
	case "", typeUnknown:
		return typeByEnding(strings.ToLower(path.Ext(name)))
	}
	return t
}

func typeByEnding(ext string) string {
	switch ext {
	case ".jpg", ".jpeg":
		return typeJPEG
	case ".png":
		return typePNG
	case ".webp":
		return typeWebP
	case ".heic", ".heif":
		return typeHEIC
	case ".mp4", ".m4v":
		return typeMP4
	case ".mov":
		return typeQuickTime
	case ".webm":
		return typeWebM
	case ".3gp":
		return type3GP
	}
	return typeUnknown
}

// claims tells whether the type named in a request's header fits the one announced. Types that clients send without meaning them fit any.
func claims(header, declared string) bool {
	t := declaredType(header, "")
	return t == declared || t == typeUnknown || t == "application/x-www-form-urlencoded"
}

// sniff tells the type of a file by its first bytes, whatever anybody says about it.
func sniff(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return typeJPEG
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return typePNG
	case len(head) >= 16 && string(head[:4]) == "RIFF" && string(head[8:15]) == "WEBPVP8":
		return typeWebP
	case len(head) >= 16 && string(head[4:8]) == "ftyp":
		return sniffBrands(head)
	case bytes.HasPrefix(head, []byte("\x1a\x45\xdf\xa3")):
		return sniffEBML(head)
	case bytes.HasPrefix(head, []byte("ID3")), soundFrame(head):
		return typeMP3
	}
	return typeUnknown
}

// sniffBrands tells the type of an ISO base media file (ISO/IEC 14496-12 §4.3) by its brands: the major one first, then those it is compatible with.
func sniffBrands(head []byte) string {
	size := min(int(be32(head)), len(head))
	if size < 16 {
		return typeUnknown
	}
	if t := typeByBrand(string(head[8:12])); t != "" {
		return t
	}
	if string(head[8:12]) == "M4A " || string(head[8:12]) == "M4B " { // sound alone, though compatible with MP4
		return typeM4A
	}
	brands := make([]string, 0, 8)
	for at := 16; at+4 <= size; at += 4 {
		brands = append(brands, string(head[at:at+4]))
	}
	if slices.Contains(brands, "avif") || slices.Contains(brands, "avis") {
		return typeUnknown
	}
	for _, b := range brands {
		if t := typeByBrand(b); t != "" {
			return t
		}
	}
	if string(head[8:12]) == "mif1" || string(head[8:12]) == "msf1" { // a still image of unnamed coding: in the hands of citizens that is HEIF
		return typeHEIC
	}
	return typeUnknown
}

// typeByBrand gives the type that a brand (mp4ra.org) stands for; "" for those that do not tell.
func typeByBrand(brand string) string {
	switch brand {
	case "isom", "iso2", "iso3", "iso4", "iso5", "iso6", "mp41", "mp42", "avc1", "M4V ", "MSNV", "mmp4", "dash":
		return typeMP4
	case "qt  ":
		return typeQuickTime
	case "heic", "heix", "hevc", "hevx", "heim", "heis", "hevm", "hevs":
		return typeHEIC
	}
	if strings.HasPrefix(brand, "3gp") || strings.HasPrefix(brand, "3gr") || strings.HasPrefix(brand, "3gs") {
		return type3GP
	}
	return ""
}

func be16(b []byte) uint16 { return uint16(b[0])<<8 | uint16(b[1]) }

func be32(b []byte) uint32 { return uint32(be16(b))<<16 | uint32(be16(b[2:])) }

func le32(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}
