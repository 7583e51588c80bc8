package fold

import "testing"

func TestSame(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text, name string
		want       bool
	}{
		{"Phường Việt Hoà", "Phường Việt Hoà", true},
		{"phường việt hòa", "Phường Việt Hoà", true}, // the other public place of the tone
		{"PHUONG VIET HOA", "Phường Việt Hoà", true},
		{"phuong Việt hoa", "Phường Việt Hoà", true},
		{"Phường Việt Hoả", "Phường Việt Hoà", false},
		{"Việt Hoà", "Phường Việt Hoà", false},
		{"Xã Cẩm Giàng", "Xã Cẩm Giang", false},
		{"Thuế - phí... lệ phí", "Thuế, phí, lệ phí", true},
		{"", "", false},
		{"?", "!", false},
	} {
		if got := Same(tt.text, tt.name); got != tt.want {
			t.Errorf("%q, %q: got %v", tt.text, tt.name, got)
		}
	}
}

func TestBegin(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text, name string
		want       bool
	}{
		{"hong b", "Phường Hồng Bàng", true}, {"bang hong", "Phường Hồng Bàng", true}, {"", "Phường Hồng Bàng", true},
		{"ong", "Phường Hồng Bàng", false}, {"hong c", "Phường Hồng Bàng", false},
	} {
		if got := Begin(Words(tt.text), Words(tt.name)); got != tt.want {
			t.Errorf("%q in %q: %v", tt.text, tt.name, got)
		}
	}
}
