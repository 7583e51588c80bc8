package clip

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, in string
		bytes    int
		want     string
		ok       bool
	}{
		{"fits", "Đường ngập", 100, "Đường ngập", true},
		{"ends at a word", "Đường Lạch Tray ngập", 22, "Đường Lạch…", true},
		{"ends where a word ends", "mưa rất to ở đây", 3 + len("mưa rất"), "mưa rất…", true},
		{"one long word is cut", strings.Repeat("a", 50), 13, "aaaaaaaaaa…", true},
		{"the first of two words is short", "ờ " + strings.Repeat("a", 50), 13, "ờ aaaaaa…", true},
		{"letters stay whole", strings.Repeat("ờ", 9), 9, "ờờ…", true},
		{"an emoji of several stays whole", "👨‍👩‍👧x", 10, "", false},
		{"nothing fits", "ab", 1, "", false},
	} {
		got, ok := Text(tt.in, func(s string) bool { return len(s) <= tt.bytes })
		if got != tt.want || ok != tt.ok {
			t.Errorf("%s: got %q %v, want %q", tt.name, got, ok, tt.want)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("Đường Lạch Tray ngập", 12)
	f.Add("👨‍👩‍👧 gia đình", 9)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		got, ok := Text(s, func(s string) bool { return len(s) <= limit })
		if ok && len(got) > limit {
			t.Errorf("got %d bytes of %d", len(got), limit)
		}
		if ok && utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("got %q", got)
		}
	})
}
