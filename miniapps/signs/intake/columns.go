package intake

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/motcua/motcua/internal/fold"
)

// columns are the names that a list of plates can have; the first ones it must have.
var columns = [...]string{"number", "story", "street", "address", "side", "lat", "lon", "ward", "unit", "batch", "installed", "condition"}

const neededColumns = 7

// technical are the names under which mapping tools write keys of their own beside the columns of a list, QGIS and GDAL, ArcGIS, PostGIS, and under which a
// spreadsheet counts its rows. They are left out.
var technical = [...]string{"fid", "ogc_fid", "objectid", "gid", "id", "stt"}

// left tells of a column that is left out without a word: one without a name, which a spreadsheet left over, and a key of a tool.
func left(name string) bool { return name == "" || slices.Contains(technical[:], name) }

// columnName gives the name of a column in one spelling: lower case, without diacritics, an underscore for each run of blanks and marks: "Phường / Xã:" is
// "phuong_xa". A name of nothing but marks stays as it is.
func columnName(s string) string {
	folded := fold.Text(s)
	words := strings.FieldsFunc(folded, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return cmp.Or(strings.Join(words, "_"), folded)
}

// columnOf gives what a plate has in a column, by its own name or another that is usual for it, as the operators' manual has them; a name that no plate has comes
// back as it is.
func columnOf(s string) string {
	switch name := columnName(s); name {
	case "so_bien", "so_hieu_bien":
		return "number"
	case "ma_cau_chuyen", "cau_chuyen", "ma_bai", "ma_bai_gioi_thieu", "bai_gioi_thieu":
		return "story"
	case "duong", "ten_duong", "duong_pho", "ten_duong_pho":
		return "street"
	case "dia_chi", "vi_tri", "noi_treo":
		return "address"
	case "phia":
		return "side"
	case "latitude", "y", "vi_do":
		return "lat"
	case "longitude", "lng", "x", "kinh_do":
		return "lon"
	case "phuong", "phuong_xa", "ma_phuong", "ma_phuong_xa":
		return "ward"
	case "don_vi", "don_vi_quan_ly", "ma_don_vi":
		return "unit"
	case "lo_in", "dot_in", "ma_lo_in", "ma_dot_in":
		return "batch"
	case "ngay_lap", "ngay_lap_dat", "ngay_treo":
		return "installed"
	case "tinh_trang":
		return "condition"
	default:
		return name
	}
}
