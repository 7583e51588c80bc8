package field_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/motcua/motcua/internal/field"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, line, lines string }{
		{"  Đường\x00 \u0007hỏng\r\n nặng\t ", "Đường hỏng  nặng", "Đường hỏng\n nặng"},
		{"ho\u0323c", "học", "học"},
		{"số \u202e21\u202c", "số 21", "số 21"},
		{"\u2066a\u2069\u200fb\u061cc", "abc", "abc"},
		{"mật\u200bkhẩu\u2060\ufeff\u00ad", "mậtkhẩu", "mậtkhẩu"},
		{"nhà\U000e0041\U000e007f\u3164", "nhà", "nhà"},
		{"👨‍👩‍👧 ❤️", "👨‍👩‍👧 ❤️", "👨‍👩‍👧 ❤️"},
		{"ខ្មែរ\u200cx", "ខ្មែរ\u200cx", "ខ្មែរ\u200cx"},
		{"a\u2028b\u2029c\u0085d", "a b c d", "a\nb\nc\nd"},
		{"\xff\xfea", "a", "a"},
		{"a\rb", "a b", "a b"},
		{"\u200b \u202e\n", "", ""},
		{"\ue000\ufdd0x", "x", "x"},
		{"٠\u06dd", "٠\u06dd", "٠\u06dd"},
	} {
		if got := field.Clean(tt.in, false); got != tt.line {
			t.Errorf("%q as a line is %q, want %q", tt.in, got, tt.line)
		}
		if got := field.Clean(tt.in, true); got != tt.lines {
			t.Errorf("%q is %q, want %q", tt.in, got, tt.lines)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"a\r\n b", "\u202eabc", "e\u0301\u200d", "\xff", " \u0085 ", "\u034f\u0300a"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, s string, lines bool) {
		got := field.Clean(s, lines)
		if !utf8.ValidString(got) || got != strings.TrimSpace(got) || field.Clean(got, lines) != got {
			t.Errorf("%q becomes %q, and that %q", s, got, field.Clean(got, lines))
		}
		for _, r := range got {
			if unicode.Is(unicode.Bidi_Control, r) || unicode.IsControl(r) && (!lines || r != '\n' && r != '\t') {
				t.Errorf("%q keeps %U", s, r)
			}
		}
	})
}
