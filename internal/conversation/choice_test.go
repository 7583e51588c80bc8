package conversation

import (
	"reflect"
	"strings"
	"testing"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/miniapps"
)

func wardNames(t testing.TB) []named {
	t.Helper()
	c := configstest.City(t)
	var out []named
	for _, w := range c.Wards() {
		out = append(out, named{label: w.FullName, value: w.Code})
	}
	return out
}

// TestEveryWardIsNamed: what a person may write for a ward means that ward alone, or, where two are written the same, both.
func TestEveryWardIsNamed(t *testing.T) {
	t.Parallel()
	c := configstest.City(t)
	of := wardNames(t)
	generic := genericIn(of)
	if !reflect.DeepEqual(generic, set{"phuong": true, "xa": true}) {
		t.Fatalf("the words that most wards share are %v", generic)
	}
	for i, w := range c.Wards() {
		for _, text := range []string{w.FullName, strings.ToUpper(w.FullName), fold.Text(w.FullName), w.Name, fold.Text(w.Name)} {
			found := means(text, of, generic)
			if len(found) == 1 && found[0] == i || len(found) == 2 && fold.Text(w.Name) == "cam giang" && text == fold.Text(text) {
				continue
			}
			t.Errorf("%q for %s: found %v", text, w.FullName, found)
		}
	}
}

func TestMeans(t *testing.T) {
	t.Parallel()
	wards := wardNames(t)
	several := []named{{label: "Thoát nước"}, {label: "Nước sạch"}, {label: "Thuế, phí, lệ phí"}, {label: "Cây xanh"}, {label: "Bảng"}, {label: "Bằng"}, {label: "7"}, {label: "Rác"}}
	for _, tt := range []struct {
		of   []named
		text string
		want string // labels, joined by a bar
	}{
		{several, "nước", "Thoát nước|Nước sạch"}, {several, "thoat", "Thoát nước"}, {several, "cây x", "Cây xanh"}, {several, "cay xanh", "Cây xanh"},
		{several, "cày xanh", ""}, {several, "bang", "Bảng|Bằng"}, {several, "băng", ""}, {several, "BẢNG", "Bảng"}, {several, "7", "7"}, {several, "c", ""}, {several, "", ""},
		{several, "thue phi le phi", "Thuế, phí, lệ phí"}, {several, "về thuế, phí, lệ phí ạ", "Thuế, phí, lệ phí"}, {several, "rác chất đống", ""},
		{wards, "Hải An", "Phường Hải An"}, {wards, "hai an", "Phường Hải An"}, {wards, "An Lão", "Xã An Lão"}, {wards, "an lao", "Xã An Lão"},
		{wards, "Cát Hải", "Đặc khu Cát Hải"}, {wards, "bach long vi", "Đặc khu Bạch Long Vĩ"}, {wards, "Đồ Sơn", "Phường Đồ Sơn"}, {wards, "do son", "Phường Đồ Sơn"},
		{wards, "An Phú", "Xã An Phú"}, {wards, "An Phụ", "Phường Bắc An Phụ|Xã Nam An Phụ"}, {wards, "xã Cẩm Giang", "Xã Cẩm Giang"}, {wards, "Cẩm Giàng", "Xã Cẩm Giàng"},
		{wards, "xa cam giang", "Xã Cẩm Giang|Xã Cẩm Giàng"}, {wards, "xã Gia Viên", ""}, {wards, "phường Trần Phú", ""}, {wards, "Phường Gia Vien1", ""},
		{wards, "tôi ở phường Gia Viên ạ", "Phường Gia Viên"}, {wards, "ở phường nam đồ sơn", "Phường Nam Đồ Sơn"}, {wards, "phường Lê Chân và xã An Lão", "Phường Lê Chân|Xã An Lão"},
		{wards, "đặc khu", "Đặc khu Cát Hải|Đặc khu Bạch Long Vĩ"}, {wards, "Máy Chai", ""},
	} {
		if got := labelled(tt.of, means(tt.text, tt.of, genericIn(tt.of))); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestResembles(t *testing.T) {
	t.Parallel()
	wards := wardNames(t)
	for _, tt := range []struct{ text, want string }{
		{"xã Gia Viên", "Phường Gia Viên"}, {"Phường Gia Vein", "Phường Gia Viên"}, {"gia vienn", "Phường Gia Viên"}, {"phường Trần Phú", "Xã Trần Phú"},
		{"Phường Hải Anh", "Phường Hải An"}, {"Phường Máy Chai", ""}, {"phường", ""}, {"xã phường", ""}, {"chuyện khác hẳn", ""},
	} {
		if got := labelled(wards, resembles(tt.text, wards, genericIn(wards))); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

func labelled(of []named, at []int) string {
	var out []string
	for _, i := range at {
		out = append(out, of[i].label)
	}
	return strings.Join(out, "|")
}

func TestGenericWords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		labels string
		want   set
	}{
		{"Phường A|Phường B|Xã C|Xã D|Xã Đ|Đặc khu E", set{"xa": true}},
		{"Đường Lạch Tray|Đường Tô Hiệu", set{"duong": true}},
		{"Đường Lạch Tray|Phố Tô Hiệu", set{}},
		{"Đường Lạch Tray", set{}},
		{"Rác rác rác|Cây|Nước", set{}},
		{"", set{}},
	} {
		var of []named
		for _, l := range strings.Split(tt.labels, "|") {
			of = append(of, named{label: l})
		}
		if got := genericIn(of); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.labels, got, tt.want)
		}
	}
}

func TestAgrees(t *testing.T) {
	t.Parallel()
	w := testWords(t)
	for text, want := range map[string][2]bool{
		"có": {true, false}, "dạ vâng": {true, false}, "đúng rồi ạ": {true, false}, "phải": {true, false}, "không phải ạ": {false, true}, "dạ không": {false, true},
		"sai rồi": {false, true}, "phường Lê Chân": {}, "ạ": {}, "": {}, "yes": {true, false}, "no": {false, true},
	} {
		if yes, no := w.agrees(text); yes != want[0] || no != want[1] {
			t.Errorf("%q: got %v, %v", text, yes, no)
		}
	}
}

// TestPageSize: a mini-app is asked for no more options than it says that it gives.
func TestPageSize(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Rules{}, feedbackApp(t), alertsApp(t))
	for _, tt := range []struct {
		action, field string
		most          int
	}{{"feedback.categories", "text", 100}, {"feedback.mine", "", 100}, {"alerts.wards", "text", 120}, {"feedback.check", "", 0}} {
		f := w.machine.forms[refOf(tt.action)]
		if f.pageSize() != tt.most || f.searchField() != tt.field {
			t.Errorf("%s: at most %d, searched by %q", tt.action, f.pageSize(), f.searchField())
		}
	}
	if f := (*form)(nil); f.pageSize() != 0 || f.searchField() != "" {
		t.Error("an action that is not there gives options")
	}
}

// alertsApp declares what alerts does.
func alertsApp(t testing.TB) *stub {
	return &stub{manifest: manifest(t, "../../miniapps/alerts/manifest.json"), do: func(miniapps.Call) (miniapps.Result, error) { return miniapps.Result{}, nil }}
}
