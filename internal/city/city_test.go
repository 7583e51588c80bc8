package city_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/message"
)

func TestShippedCity(t *testing.T) {
	t.Parallel()
	c := load(t)
	if c.ID() != "haiphong" || c.Name().In(message.Vietnamese) != "Thành phố Hải Phòng" || !c.Sample() {
		t.Errorf("got %s, %v, sample %v", c.ID(), c.Name(), c.Sample())
	}
	kinds := map[city.Kind]int{}
	population := 0
	for _, w := range c.Wards() {
		kinds[w.Kind]++
		population += w.Population
		if got, ok := c.WardAt(w.Lat, w.Lon); !ok || got.Code != w.Code {
			t.Errorf("the inner point of %s lies in %q", w.FullName, got.FullName)
		}
		if rings, ok := c.Outline(w.Code); !ok || len(rings) == 0 {
			t.Errorf("%s has no outline", w.FullName)
		}
		if w.Office == "" || w.NameEn == "" || w.AreaKm2 <= 0 {
			t.Errorf("%s is incomplete: %+v", w.FullName, w)
		}
	}
	if kinds[city.KindWard] != 45 || kinds[city.KindCommune] != 67 || kinds[city.KindSpecialZone] != 2 || len(kinds) != 3 {
		t.Errorf("got %v, want 45 wards, 67 communes and 2 special zones", kinds)
	}
	if population < 4_600_000 || population > 4_700_000 { // 4.66 million by the resolution that made the city
		t.Errorf("%d people live in all wards together", population)
	}
	if len(c.Groups()) < 12 || len(c.Categories()) < 50 {
		t.Errorf("got %d groups and %d categories", len(c.Groups()), len(c.Categories()))
	}
}

func TestListsAreCopies(t *testing.T) {
	t.Parallel()
	c := load(t)
	c.Wards()[0], c.Groups()[0], c.Categories()[0], c.Units()[0] = city.Ward{}, city.Group{}, city.Category{}, city.Unit{}
	if c.Wards()[0].Code == "" || c.Groups()[0].Code == "" || c.Categories()[0].Code == "" || c.Units()[0].ID == "" {
		t.Error("a caller can change the city")
	}
}

func TestWardAt(t *testing.T) {
	t.Parallel()
	c := load(t)
	tests := []struct {
		place    string
		lat, lon float64
		want     string // "" for outside
	}{
		{"opera house", 20.8578, 106.6810, "Phường Hồng Bàng"},
		{"Bạch Long Vĩ", 20.1333, 107.7300, "Đặc khu Bạch Long Vĩ"},
		{"Hà Nội", 21.0285, 105.8542, ""},
		{"not a number", math.NaN(), 106.6810, ""},
		{"swapped", 106.6810, 20.8578, ""},
	}
	for _, tt := range tests {
		t.Run(tt.place, func(t *testing.T) {
			got, ok := c.WardAt(tt.lat, tt.lon)
			if got.FullName != tt.want || ok != (tt.want != "") {
				t.Errorf("got %q, %v, want %q", got.FullName, ok, tt.want)
			}
		})
	}
}

func TestResponsible(t *testing.T) {
	t.Parallel()
	c := load(t)
	ward, ok := c.WardAt(20.8578, 106.6810)
	if !ok {
		t.Fatal("the opera house lies nowhere")
	}
	wardUnit := city.WardUnitID(ward.Code)
	tests := []struct {
		name, category, ward, want string // "" for none
	}{
		{"not sure goes to the ward", "", ward.Code, wardUnit},
		{"a ward's category", "pothole", ward.Code, wardUnit},
		{"a department's category", "traffic-signal", ward.Code, "traffic-police"},
		{"an unknown category", "no-such", ward.Code, ""},
		{"an unknown ward", "pothole", "99999", ""},
		{"an unknown ward for a department", "traffic-signal", "99999", ""},
		{"nothing", "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := c.Responsible(tt.category, tt.ward)
			if got.ID != tt.want || ok != (tt.want != "") {
				t.Errorf("got %q, %v, want %q", got.ID, ok, tt.want)
			}
		})
	}
	unit, _ := c.Unit(wardUnit)
	want := city.Unit{ID: wardUnit, Kind: city.WardUnit, Ward: ward.Code, Name: message.Text{"vi": "Ủy ban nhân dân phường Hồng Bàng", "en": "People's Committee of Hong Bang Ward"}}
	if unit.Name["vi"] != want.Name["vi"] || unit.Name["en"] != want.Name["en"] || unit.Kind != want.Kind || unit.Ward != want.Ward {
		t.Errorf("got %+v, want %+v", unit, want)
	}
}

func TestEveryReportHasAUnit(t *testing.T) {
	t.Parallel()
	c := load(t)
	for _, w := range c.Wards() {
		for _, cat := range append(c.Categories(), city.Category{}) {
			if u, ok := c.Responsible(cat.Code, w.Code); !ok || u.ID == "" {
				t.Fatalf("nobody answers for %q in %s", cat.Code, w.FullName)
			}
		}
	}
	for _, cat := range c.Categories() {
		if _, ok := c.Group(cat.Group); !ok {
			t.Errorf("%s is in group %q, which does not exist", cat.Code, cat.Group)
		}
		if got, ok := c.Category(cat.Code); !ok || got.Code != cat.Code {
			t.Errorf("%s is not found by its code", cat.Code)
		}
	}
}

func TestUnknownCodes(t *testing.T) {
	t.Parallel()
	c := load(t)
	_, ward := c.Ward("99999")
	_, category := c.Category("no-such")
	_, group := c.Group("no-such")
	_, unit := c.Unit("ward-99999")
	_, outline := c.Outline("99999")
	if ward || category || group || unit || outline {
		t.Errorf("found: ward %v, category %v, group %v, unit %v, outline %v", ward, category, group, unit, outline)
	}
}

func TestCalendar(t *testing.T) {
	t.Parallel()
	c := load(t)
	cal := c.Calendar()
	if got := cal.PerDay(); got != 8*time.Hour {
		t.Errorf("a working day has %s", got)
	}
	if got := c.HolidayYears(); !slices.Equal(got, []int{2026, 2027}) {
		t.Errorf("the holidays of %v are known", got)
	}
	tests := []struct {
		date        string
		off         bool
		provisional bool
	}{
		{"2026-01-01", true, false}, {"2026-01-02", true, false}, {"2026-01-10", false, false},
		{"2026-02-13", false, false}, {"2026-02-16", true, false}, {"2026-02-17", true, false}, {"2026-02-20", true, false}, {"2026-02-23", false, false},
		{"2026-04-27", true, false}, {"2026-04-30", true, false}, {"2026-05-01", true, false}, {"2026-05-04", false, false},
		{"2026-09-01", true, false}, {"2026-09-02", true, false}, {"2026-09-03", false, false}, {"2026-11-24", true, true},
		{"2027-01-01", true, false}, {"2027-02-05", true, true}, {"2027-02-06", true, false}, {"2027-02-11", false, false},
		{"2027-04-16", true, false}, {"2027-05-03", true, false}, {"2027-09-02", true, false}, {"2027-09-03", true, true},
	}
	for _, tt := range tests {
		t.Run(tt.date, func(t *testing.T) {
			noon, err := time.ParseInLocation("2006-01-02 15", tt.date+" 12", cal.Zone())
			if err != nil {
				t.Fatal(err)
			}
			if got := !cal.IsWorkday(noon); got != tt.off {
				t.Errorf("off: got %v", got)
			}
			if h, _ := cal.Holiday(noon); h.Provisional != tt.provisional {
				t.Errorf("provisional: got %v", h.Provisional)
			}
		})
	}
}

func TestGuessCategory(t *testing.T) {
	t.Parallel()
	c := load(t)
	tests := []struct{ text, want string }{
		{"Đèn đường trước số nhà 12 bị hỏng cả tuần nay", "street-light-out"},
		{"den duong hong", "street-light-out"},
		{"Ổ gà to trước số 12 Lạch Tray", "pothole"},
		{"duong nhieu o ga qua", "pothole"},
		{"Nước ngập sâu sau mưa, xe chết máy", "flooding"},
		{"Rác ùn ứ ba ngày không ai thu gom", "waste-uncollected"},
		{"Có người đổ trộm phế thải xây dựng ban đêm", "illegal-dumping"},
		{"Ô tô đỗ xe chắn cổng nhà tôi", "illegal-parking"},
		{"Hàng xóm hát karaoke loa kẹo kéo đến 12 giờ đêm", "noise-neighbour"},
		{"Cây đổ chắn đường sau bão", "fallen-tree"},
		{"Mất nước sinh hoạt từ hôm qua", "water-cut"},
		{"Vỡ ống nước chảy tràn ra đường", "water-leak"},
		{"Mất điện cả khu", "power-cut"},
		{"Dây cáp viễn thông chùng sát mặt đường", "hanging-cable"},
		{"Nhà bên xây dựng trái phép", "illegal-construction"},
		{"Quán ăn mất vệ sinh, bị ngộ độc", "food-safety"},
		{"Đèn tín hiệu giao thông ngã tư không hoạt động", "traffic-signal"},
		{"Chó thả rông không rọ mõm", "stray-dog"},
		{"Lấn chiếm vỉa hè bày bán trên vỉa hè", "pavement-occupied"},
		{"Dán quảng cáo rao vặt kín tường", "poster"},
		{"Xe buýt bỏ bến", "bus-service"},
		{"Nộp hồ sơ trễ hẹn, thủ tục phiền hà", "procedure-delay"},
		{"Công viên hỏng ghế đá", "park"},
		{"Lối thoát hiểm chung cư bị chặn, nguy cơ cháy", "fire-hazard"},
		{"Mất nắp hố ga rất nguy hiểm", "manhole-cover"},
		{"Nhà máy xả khói đen, mùi hôi", "air-pollution"},
		{"The street light is broken", "street-light-out"},
		{"Huge POTHOLES on this road", "pothole"},
		{"", ""},
		{"Xin chào", ""},
		{"toi dang den truong cho con", ""}, // "den" and "cho" without diacritics mean nothing by themselves
		{"đến đường Lạch Tray", ""},         // not a lamp
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			got := c.GuessCategory(tt.text)
			if len(got) == 0 {
				got = []city.Category{{}}
			}
			if got[0].Code != tt.want {
				t.Errorf("got %q, want %q", got[0].Code, tt.want)
			}
		})
	}
	if got := c.GuessCategory(strings.Repeat("rác ổ gà đèn đường ngập chó khói taxi ", 200)); len(got) > 5 {
		t.Errorf("got %d guesses", len(got))
	}
}

// TestOwnKeywordsLeadHome makes sure that no category is buried under others: its own first keyword finds it.
func TestOwnKeywordsLeadHome(t *testing.T) {
	t.Parallel()
	c := load(t)
	for _, cat := range c.Categories() {
		for lang, words := range cat.Keywords {
			got := c.GuessCategory(words[0])
			if !slices.ContainsFunc(got, func(g city.Category) bool { return g.Code == cat.Code }) {
				t.Errorf("%s: %q (%s) leads to %v", cat.Code, words[0], lang, got)
			}
		}
	}
}

func FuzzGuessCategory(f *testing.F) {
	c := load(f)
	for _, s := range []string{"", "Ổ gà to", "den duong", "\xff\xfe", strings.Repeat("rác ", 1000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := c.GuessCategory(s); len(got) > 5 {
			t.Errorf("%q: %d guesses", s, len(got))
		}
	})
}

func BenchmarkGuessCategory(b *testing.B) {
	c := load(b)
	text := strings.Repeat("Đèn đường trước số nhà 12 Đinh Tiên Hoàng bị hỏng cả tuần nay. ", 10)
	for b.Loop() {
		c.GuessCategory(text)
	}
}
