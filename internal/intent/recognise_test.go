package intent_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/internal/intent"
	"github.com/motcua/motcua/internal/message"
)

var errBroken = errors.New("broken")

// commands are the names that the dialogue knows.
var commands = []string{"menu", "cancel", "back", "help", "vietnamese", "english", "yes", "no", "more", "skip", "done", "change", "restart", "person"}

func best(t testing.TB, text string) intent.Match {
	t.Helper()
	if found := recogniser(t).Recognise(text); len(found) > 0 {
		return found[0]
	}
	return intent.Match{}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"hủy", "cancel"}, {"huỷ", "cancel"}, {"HUY", "cancel"}, {"huỷ bỏ", "cancel"}, {"huyyyy", "cancel"}, {"thoát", "cancel"}, {"cancel!", "cancel"}, {"dừng", "cancel"},
		{"menuu", "menu"}, {"Menu ạ", "menu"}, {"quay lai", "back"}, {"quay lại giùm tôi với ạ", "back"}, {"tro giup", "help"}, {"trợ giứp", "help"}, {"bắt đầu lại", "restart"},
		{"có", "yes"}, {"co", "yes"}, {"CÓ Ạ", "yes"}, {"ok", "yes"}, {"okkk", "yes"}, {"oke", "yes"}, {"vâng", "yes"}, {"đúng", "yes"}, {"dung", "yes"}, {"ừ", "yes"}, {"yes", "yes"},
		{"không", "no"}, {"khong", "no"}, {"ko", "no"}, {"Không ạ.", "no"}, {"đừng", "no"}, {"no", "no"}, {"nope", "no"},
		{"bỏ qua", "skip"}, {"bor qua", "skip"}, {"xong", "done"}, {"xong rồi ạ", "done"}, {"sửa", "change"}, {"thêm", "more"}, {"xem thêm", "more"}, {"tiếng Anh", "english"},
		{"tieengs anh", "english"}, {"english", "english"}, {"tiếng việt", "vietnamese"}, {"please go back", "back"}, {"cancle", "cancel"},
	}
	for _, tt := range tests {
		got := best(t, tt.text)
		if got.Intent != tt.want || !got.Whole || got.Open || got.Score < intent.Sure {
			t.Errorf("%q: got %+v, want %s", tt.text, got, tt.want)
		}
	}
}

// A command is never found inside what a citizen tells.
func TestCommandsInsideSentences(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"đèn đường không sáng có ai sửa giúp không", "tôi có con chó bị lạc ở chợ", "quán ăn mở menu tiếng Anh giá cắt cổ", "xe buýt bỏ qua điểm dừng không đón khách",
		"cán bộ không đồng ý nhận hồ sơ", "đường xong rồi lại đào lên", "bò", "cô", "không bỏ qua", "the bus driver said no and did not stop", "họ hủy hợp đồng của tôi", "Nguyễn Văn Huy",
	} {
		for _, m := range recogniser(t).Recognise(text) {
			if slices.Contains(commands, m.Intent) {
				t.Errorf("%q: got %+v", text, m)
			}
		}
	}
}

func TestOpenPhrases(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text, rest  string
		open, whole bool
	}{
		{"tôi muốn phản ánh", "", true, true},
		{"Em muốn gửi một phản ánh ạ", "", true, true},
		{"toi muon phan anh ve viec nay", "", true, true},
		{"Tôi muốn phản ánh: đèn đường ngõ 12 hỏng, tối om!", "đèn đường ngõ 12 hỏng, tối om!", true, false},
		{"cho tôi phản ánh về việc rác ùn ứ ở chợ Sắt", "rác ùn ứ ở chợ Sắt", true, false},
		{"toi muon phan anh den duong hong o ngo 5", "den duong hong o ngo 5", true, false},
		{"I want to report a pothole on Lach Tray", "a pothole on Lach Tray", true, false},
		{"Gửi phản ánh " + strings.Repeat("rác bốc mùi hôi ", 30) + "hết", strings.Repeat("rác bốc mùi hôi ", 30) + "hết", true, false},
		{"đèn đường hỏng", "", false, true},
		{"đèn đường hỏng ở ngõ 12 Lạch Tray", "", false, false},
		{"Ổ gà to trước số 5, tôi muốn phản ánh", "", false, false},
	}
	for _, tt := range tests {
		got := best(t, tt.text)
		if got.Intent != "feedback.submit" || got.Open != tt.open || got.Whole != tt.whole || got.Rest != tt.rest {
			t.Errorf("%q: got %+v", tt.text, got)
		}
	}
}

func TestActions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text, want string
		lang       message.Lang
	}{
		{"phản ánh của tôi", "feedback.mine", "vi"}, {"PHAN ANH CUA TOI", "feedback.mine", "vi"}, {"my reports", "feedback.mine", "en"},
		{"7K3-9QM-X2B", "feedback.track", "vi"}, {"7k39qmx2a", "feedback.track", "vi"}, {"mã 2HN 6XD 9KT đến đâu rồi", "feedback.track", "vi"},
		{"xe 15A-123.45 đỗ chắn cổng nhà tôi", "feedback.submit", "vi"}, {"add a comment", "feedback.comment", "en"}, {"dden dduwowngf bij hongr", "feedback.submit", "vi"},
	}
	for _, tt := range tests {
		if got := best(t, tt.text); got.Intent != tt.want || got.Lang != tt.lang {
			t.Errorf("%q: got %+v, want %s in %s", tt.text, got, tt.want, tt.lang)
		}
	}
}

func TestNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", " \n", "?!…", "👍👍", "xin chào", "hello", "asdf qwer zxcv", "\xff\xfe", "hôm nay trời đẹp quá"} {
		if got := recogniser(t).Recognise(text); len(got) > 0 {
			t.Errorf("%q: got %+v", text, got)
		}
	}
	if got := intent.New(nil).Recognise("đèn đường hỏng"); len(got) > 0 {
		t.Errorf("without phrases: got %+v", got)
	}
}

func TestLoadShipped(t *testing.T) {
	t.Parallel()
	core, err := intent.Load(os.DirFS("../../configs/phrasings"))
	if err != nil {
		t.Fatal(err)
	}
	kinds := []string{intent.Courtesy, intent.Link, intent.Alike, intent.SmallTalk}
	seen, owner := map[string]bool{}, map[string]string{}
	for _, p := range core {
		seen[p.Intent] = true
		if slices.Contains(kinds, p.Intent) {
			continue
		}
		if !slices.Contains(commands, p.Intent) {
			t.Errorf("%s is no command of the dialogue", p.Intent)
		}
		key := fold.Spelling(p.Text)
		if other, ok := owner[key]; ok && other != p.Intent {
			t.Errorf("%q means %s and %s", p.Text, other, p.Intent)
		}
		owner[key] = p.Intent
	}
	for _, name := range append(kinds, commands...) {
		if !seen[name] {
			t.Errorf("%s has no phrases", name)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no languages": "menu: [a]", "one language": "menu: {vi: [a]}", "another language": "menu: {vi: [a], en: [b], fr: [c]}", "an empty list": "menu: {vi: [], en: [a]}",
		"no text": "menu: {vi: [1], en: [a]}", "no words": "menu: {vi: ['…'], en: [a]}", "no YAML": "menu: {", "a nameless intent": "'': {vi: [a], en: [b]}",
	} {
		if _, err := intent.Load(fstest.MapFS{"a.yaml": {Data: []byte(text)}}); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, err := intent.Load(fstest.MapFS{}); err == nil {
		t.Error("no file is accepted")
	}
}

func FuzzRecognise(f *testing.F) {
	for _, s := range []string{"hủy", "đèn đường hỏng", "tôi muốn phản ánh ½ đường", "7K3-9QM-X2B", "7K3 9QM X2A 12", "a-b.c", "\xff", "ﷺ", "ạ̀́", "dd", "123-456-789", strings.Repeat("phản ánh ", 100)} {
		f.Add(s)
	}
	r := recogniser(f)
	f.Fuzz(func(t *testing.T, text string) {
		got := r.Recognise(text)
		if len(got) > 5 {
			t.Errorf("%q: %d matches", text, len(got))
		}
		seen := map[string]bool{}
		for i, m := range got {
			if m.Score < intent.Floor || m.Score > 1 || i > 0 && m.Score > got[i-1].Score || seen[m.Intent] || m.Lang == "" {
				t.Errorf("%q: got %+v", text, got)
			}
			if m.Rest != "" && (!m.Open || m.Whole || !strings.Contains(text, m.Rest)) {
				t.Errorf("%q: got %+v", text, m)
			}
			seen[m.Intent] = true
		}
		if again := r.Recognise(text); !slices.Equal(got, again) {
			t.Errorf("%q: got %+v, then %+v", text, got, again)
		}
	})
}

func BenchmarkNew(b *testing.B) {
	p := phrases(b)
	for b.Loop() {
		intent.New(p)
	}
}

func BenchmarkRecognise(b *testing.B) {
	for name, text := range map[string]string{
		"command":  "huy giup em voi",
		"sentence": "Ngõ 213 Lạch Tray mấy tối nay tối thui, bóng đèn cháy hết cả rồi",
		"typos":    "dden dduong truoc so 8 Minh Khai khong sagn",
		"longest":  strings.Repeat("Rác sinh hoạt ùn ứ nhiều ngày ở đầu ngõ, mùi hôi nồng nặc. ", 6),
	} {
		b.Run(name, func(b *testing.B) {
			r := recogniser(b)
			for b.Loop() {
				r.Recognise(text)
			}
		})
	}
}
