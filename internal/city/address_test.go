package city_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/fold"
)

// names gives what a resolution says: one ward, or all candidates sorted.
func names(r city.Resolution) []string {
	if !r.Divided {
		return []string{r.Ward.FullName}
	}
	var out []string
	for _, w := range r.Candidates {
		out = append(out, w.FullName)
	}
	slices.Sort(out)
	return out
}

func TestResolveAddress(t *testing.T) {
	t.Parallel()
	c := load(t)
	one := func(s string) []string { return []string{s} }
	tests := []struct {
		name, address string
		want          []string // one: the ward; several: the candidates; nil: not found
	}{
		{"today's ward", "phường Hồng Bàng", one("Phường Hồng Bàng")},
		{"today's ward in a full address", "Số 12 Đinh Tiên Hoàng, phường Hồng Bàng, thành phố Hải Phòng", one("Phường Hồng Bàng")},
		{"without diacritics", "so 12 dinh tien hoang, phuong hong bang, hai phong", one("Phường Hồng Bàng")},
		{"abbreviated", "12 Đinh Tiên Hoàng, P.Hồng Bàng, TP.HP", one("Phường Hồng Bàng")},
		{"no commas", "12 Lạch Tray phường Gia Viên Hải Phòng", one("Phường Gia Viên")},
		{"special zone", "đặc khu Cát Hải", one("Đặc khu Cát Hải")},
		{"without its kind, a name of today only", "Gia Viên, Hải Phòng", []string{"Phường Gia Viên"}},
		{"in English", "12 Lach Tray, Gia Vien ward", one("Phường Gia Viên")},
		{"in English, in full", "12 Lach Tray street, Gia Vien Ward, Hai Phong City, Vietnam", one("Phường Gia Viên")},
		{"the other way to place the tone", "phường Thủy Nguyên", one("Phường Thuỷ Nguyên")},
		{"i for y", "xã Tứ Kì", one("Xã Tứ Kỳ")},

		{"former commune, one successor", "xã An Thái, huyện An Lão", one("Xã An Hưng")},
		{"former commune, folded", "xa an thai huyen an lao hai phong", one("Xã An Hưng")},
		{"former commune without its district", "Xã An Thái", one("Xã An Hưng")},
		{"former commune and its successor", "xã An Thái (nay là xã An Hưng)", one("Xã An Hưng")},
		{"former township", "thị trấn Cát Bà, huyện Cát Hải", one("Đặc khu Cát Hải")},
		{"former township beside a commune of that name", "thị trấn An Lão", one("Xã An Lão")},
		{"former ward, no kinds", "Sở Dầu, Hồng Bàng, Hải Phòng", one("Phường Hồng Bàng")},
		{"former ward that is divided", "phường Lạch Tray, quận Ngô Quyền", []string{"Phường Gia Viên", "Phường Lê Chân"}},
		{"a name that the district tells apart", "phường Quang Trung, TP Hải Dương", one("Phường Hải Dương")},
		{"the same name in another district", "xã Quang Trung, huyện Tứ Kỳ, Hải Dương", one("Xã Lạc Phượng")},
		{"district and province stand alone", "Quang Trung, Tứ Kỳ, Hải Dương", one("Xã Lạc Phượng")},
		{"a street, a ward and a district stand alone", "Lê Lợi, Gia Viên, Ngô Quyền, Hải Phòng", []string{"Phường Gia Viên", "Phường Hồng Bàng", "Phường Ngô Quyền"}},
		{"a ward and a province stand alone", "Quang Khải, Hải Dương", one("Xã Tứ Kỳ")},
		{"an unknown ward and a province", "Hưng Thái, Hải Dương", nil},
		{"a former province alone", "Hải Dương", nil},
		{"a former city of that name", "TP Đồ Sơn", []string{"Phường Nam Đồ Sơn", "Phường Đồ Sơn"}},
		{"a former name that is today's elsewhere, with its district", "phường An Dương, quận Lê Chân", one("Phường An Biên")},
		{"a former name that is today's elsewhere, alone", "phường An Dương", one("Phường An Dương")},
		{"today's ward with its former district", "phường Hồng Bàng, quận Hồng Bàng", one("Phường Hồng Bàng")},
		{"a ward and a district that contradict each other", "phường Hồng Bàng, quận Đồ Sơn", []string{"Phường Hồng Bàng", "Phường Nam Đồ Sơn", "Phường Đồ Sơn"}},
		{"two wards", "phường Hồng Bàng, phường Gia Viên", []string{"Phường Gia Viên", "Phường Hồng Bàng"}},
		{"a digit in the name", "phường Đông Hải 1", one("Phường Đông Hải")},
		{"a village with a number", "thôn 3 An Thái", one("Xã An Hưng")},

		{"a district that is one ward now", "huyện Cát Hải", one("Đặc khu Cát Hải")},
		{"a district that had no wards", "huyện Bạch Long Vĩ", one("Đặc khu Bạch Long Vĩ")},
		{"a divided district", "quận Đồ Sơn", []string{"Phường Nam Đồ Sơn", "Phường Đồ Sơn"}},
		{"an unknown ward in a district", "phường Không Có, quận Đồ Sơn", []string{"Phường Nam Đồ Sơn", "Phường Đồ Sơn"}},
		{"a name that is a ward's and a former district's", "Đồ Sơn", []string{"Phường Nam Đồ Sơn", "Phường Đồ Sơn"}},
		{"two names that differ in a tone", "xã Cẩm Giàng", one("Xã Cẩm Giàng")},
		{"a former name spelt otherwise, folded: today's wins", "xa an thanh", one("Xã An Thành")},
		{"two names of today, folded", "xa cam giang", []string{"Xã Cẩm Giang", "Xã Cẩm Giàng"}},

		{"a street is not a ward", "12 Trần Phú, phường Gia Viên", one("Phường Gia Viên")},
		{"a street by its word is not a ward", "đường Trần Hưng Đạo, phường Hồng Bàng", one("Phường Hồng Bàng")},
		{"a street alone", "số 5 Trần Phú", nil},
		{"a street before an unknown ward", "Trần Phú, phường Máy Tơ", nil},
		{"a street in a district", "12 Lạch Tray, quận Đồ Sơn", []string{"Phường Nam Đồ Sơn", "Phường Đồ Sơn"}},

		{"the city alone", "Hải Phòng", nil},
		{"nothing known", "đầu ngõ nhà tôi", nil},
		{"empty", "", nil},
		{"punctuation", " ,,; ", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := c.ResolveAddress(tt.address)
			if ok != (tt.want != nil) {
				t.Fatalf("%q: got %v, %v", tt.address, names(got), ok)
			}
			if ok && !slices.Equal(names(got), tt.want) {
				t.Errorf("%q: got %v, want %v", tt.address, names(got), tt.want)
			}
			if got.Outside {
				t.Errorf("%q counts as outside", tt.address)
			}
		})
	}
}

func TestResolveAddressOutside(t *testing.T) {
	t.Parallel()
	c := load(t)
	outside := []string{"Phường Trần Hưng Đạo, Hà Nội", "12 Tràng Tiền, Hoàn Kiếm, TP. Hà Nội, Việt Nam", "xã Tân An, tỉnh Nghệ An", "tỉnh Hà Nam", "phuong hong gai, quang ninh"}
	for _, s := range outside {
		if got, ok := c.ResolveAddress(s); ok || !got.Outside {
			t.Errorf("%q: got %v, %v", s, got, ok)
		}
	}
	inside := []string{"xã Hà Nam", "Hà Đông", "đường Hà Nội, phường Hồng Bàng", "phường Hồng Bàng, Hải Phòng"}
	for _, s := range inside {
		if got, ok := c.ResolveAddress(s); !ok || got.Outside {
			t.Errorf("%q: got %v, %v", s, got, ok)
		}
	}
}

// TestEveryMerger writes each former unit as an address and expects exactly the units it became.
func TestEveryMerger(t *testing.T) {
	t.Parallel()
	c := load(t)
	file, err := os.Open(filepath.Join(folder, "mergers.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows = rows[1:]
	if len(rows) != 454 {
		t.Errorf("got %d rows, want 454", len(rows))
	}
	successors := map[string][]string{} // by address
	for _, row := range rows {
		address := row[2] + ", " + row[1] + ", " + row[0]
		successors[address] = append(successors[address], row[5])
	}
	if len(successors) != 375 {
		t.Errorf("got %d former units, want 375", len(successors))
	}
	for address, want := range successors {
		slices.Sort(want)
		for _, s := range []string{address, fold.Text(address), "12 Lê Lợi, " + address, strings.ToUpper(strings.ReplaceAll(address, ",", " "))} {
			got, ok := c.ResolveAddress(s)
			if !ok || !slices.Equal(names(got), want) {
				t.Errorf("%q: got %v, want %v", s, names(got), want)
			}
		}
	}
}

// TestEveryWard writes each of today's wards as an address.
func TestEveryWard(t *testing.T) {
	t.Parallel()
	c := load(t)
	for _, w := range c.Wards() {
		got, ok := c.ResolveAddress("Số 3 Trần Phú, " + w.FullName + ", Thành phố Hải Phòng")
		if !ok || got.Divided || got.Ward.Code != w.Code {
			t.Errorf("%s: got %v, %v", w.FullName, names(got), ok)
		}
		got, ok = c.ResolveAddress(fold.Text(w.FullName))
		if !ok || !slices.Contains(names(got), w.FullName) {
			t.Errorf("%s, folded: got %v, %v", w.FullName, names(got), ok)
		}
	}
}

func FuzzResolveAddress(f *testing.F) {
	c := load(f)
	for _, s := range []string{"", "phường Hồng Bàng", "xa an thai huyen an lao", "P. Q. H. TP.", "Quang Trung, Tứ Kỳ, Hải Dương", "\xff, \u0300", strings.Repeat("phường Hồng Bàng, ", 100), "tỉnh Hà Nam", "cũ cũ cũ", "tp tp tp hải dương hải dương"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := c.ResolveAddress(s)
		switch {
		case !ok && (got.Ward.Code != "" || got.Divided || len(got.Candidates) > 0):
			t.Errorf("%q: not found, but %v", s, got)
		case ok && got.Divided && (len(got.Candidates) < 2 || got.Ward.Code != ""):
			t.Errorf("%q: divided, but %v", s, got)
		case ok && !got.Divided && (got.Ward.Code == "" || len(got.Candidates) > 0):
			t.Errorf("%q: one ward, but %v", s, got)
		case ok && got.Outside:
			t.Errorf("%q: found and outside", s)
		}
	})
}

func BenchmarkResolveAddress(b *testing.B) {
	c := load(b)
	for b.Loop() {
		c.ResolveAddress("Số 12 Đinh Tiên Hoàng, phường Hoàng Văn Thụ, quận Hồng Bàng, Hải Phòng")
	}
}
