package fold_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/fold"
)

func TestText(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"empty", "", ""},
		{"only space", " \t\n\u00a0 ", ""},
		{"plain stays", "lach tray 12", "lach tray 12"},
		{"all diacritics", "Đường Nguyễn Bỉnh Khiêm, Thuỷ Nguyên", "duong nguyen binh khiem, thuy nguyen"},
		{"two ways to place the tone, first", "Hoà Thuỷ", "hoa thuy"},
		{"two ways to place the tone, second", "Hòa Thủy", "hoa thuy"},
		{"decomposed input", "Hồng Bàng", "hong bang"},
		{"spaces collapse", "  An\u00a0\u00a0Biên \n", "an bien"},
		{"capital D with stroke", "ĐỒ SƠN", "do son"},
		{"full width and bold letters", "Ｈải 𝗣𝗵𝗼̀𝗻𝗴 １２", "hai phong 12"},
		{"zero-width characters go", "Hải\u200b Phòng\ufeff", "hai phong"},
		{"dotted capital I", "İ", "i"},
		{"broken bytes go", "a\xffb", "ab"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fold.Text(tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	got := fold.Words("Ổ gà to — trước số 12/5, ngõ Lạch-Tray!")
	want := []string{"o", "ga", "to", "truoc", "so", "12", "5", "ngo", "lach", "tray"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := fold.Words(" …! "); got != nil {
		t.Errorf("got %q, want nil", got)
	}
}

func TestSpelling(t *testing.T) {
	t.Parallel()
	same := [][2]string{{"Hoà Bình", "hòa  bình"}, {"THUỶ NGUYÊN", "Thủy Nguyên"}, {"Kiến Thuỵ", "Kiến Thụy"}, {"Ái Quốc", "ái quốc"}, {"số 3b", "SỐ 3B"}}
	for _, p := range same {
		if a, b := fold.Spelling(p[0]), fold.Spelling(p[1]); a != b {
			t.Errorf("%q gives %q, %q gives %q", p[0], a, p[1], b)
		}
	}
	different := [][2]string{{"Cẩm Giang", "Cẩm Giàng"}, {"đèn", "đến"}, {"rắc", "rác"}, {"hoa", "hoà"}, {"an", "ăn"}}
	for _, p := range different {
		if fold.Spelling(p[0]) == fold.Spelling(p[1]) {
			t.Errorf("%q and %q are the same", p[0], p[1])
		}
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	tests := []struct {
		typed, want string
		match       bool
	}{
		{"đèn", "đèn", true}, {"den", "đèn", true}, {"DEN", "đèn", true}, {"đến", "đèn", false}, {"hòa", "hoà", true}, {"bus", "bus", true}, {"đèn", "den", false},
	}
	for _, tt := range tests {
		typed, want := fold.Both(tt.typed)[0], fold.Both(tt.want)[0]
		if got := typed.Matches(want); got != tt.match {
			t.Errorf("%q for %q: got %v", tt.typed, tt.want, got)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "Hồng Bàng", "HOÀ hòa", "a\xff\xfe", "İſK", "Ｈ１２ 𝗕", "ạ̀́", "\u0300a", "ﷺ", "đĐ\u200d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := fold.Text(s)
		if twice := fold.Text(once); twice != once {
			t.Errorf("%q folds to %q and then to %q", s, once, twice)
		}
		if strings.Contains(once, "  ") || strings.TrimSpace(once) != once {
			t.Errorf("%q keeps loose spaces: %q", s, once)
		}
		if a := fold.Spelling(s); fold.Spelling(a) != a {
			t.Errorf("%q spells as %q and then as %q", s, a, fold.Spelling(a))
		}
		for _, w := range fold.Both(s) {
			if w.Folded == "" {
				t.Errorf("%q has an empty word", s)
			}
		}
	})
}

func BenchmarkBoth(b *testing.B) {
	text := strings.Repeat("Đèn đường trước số nhà 12 Đinh Tiên Hoàng bị hỏng cả tuần nay. ", 10)
	for b.Loop() {
		fold.Both(text)
	}
}
