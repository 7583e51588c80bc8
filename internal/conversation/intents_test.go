package conversation

import (
	"os"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/internal/intent"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// realIntents is what the program uses.
func realIntents(t testing.TB, apps []miniapps.Manifest) Intents {
	t.Helper()
	phrases, err := intent.Load(os.DirFS("../../configs/phrasings"))
	if err != nil {
		t.Fatal(err)
	}
	return intent.New(append(phrases, intent.Of(apps)...))
}

// plainIntents understands phrases to the letter, so that dialogues can be held without what a recogniser thinks of them.
type plainIntents []intent.Phrase

func newPlainIntents(apps []miniapps.Manifest) plainIntents {
	list := plainIntents(intent.Of(apps))
	for name, texts := range map[string][2]string{
		"menu": {"menu; menuu", "menu"}, "cancel": {"huỷ; hủy; thôi", "cancel; cancle; stop"}, "back": {"quay lại", "back; go back"},
		"help": {"trợ giúp", "help"}, "vietnamese": {"tiếng Việt", "vietnamese"}, "english": {"tiếng Anh", "english"},
		"change": {"sửa", "change"}, "restart": {"làm lại từ đầu", "start over"}, "skip": {"bỏ qua", "skip"}, "more": {"xem thêm; thêm nữa; thêm", "more"},
		"done": {"xong", "done"}, "yes": {"có; đồng ý; gửi đi", "yes"}, "no": {"không", "no"},
	} {
		for i, lang := range []message.Lang{message.Vietnamese, message.English} {
			for _, text := range strings.Split(texts[i], ";") {
				list = append(list, intent.Phrase{Text: text, Lang: lang, Intent: name})
			}
		}
	}
	return list
}

func (list plainIntents) Recognise(text string) []intent.Match {
	var out, parts []intent.Match
	said := plain(text)
	for _, p := range list {
		m := intent.Match{Intent: p.Intent, Lang: p.Lang, Open: p.Open, Score: 1, Whole: true}
		switch words := plain(p.Text); {
		case said == words && (fold.Spelling(text) == fold.Spelling(p.Text) || fold.Text(text) == strings.ToLower(text)):
			out = append(out, m)
		case strings.Contains(p.Intent, ".") && within(words, said):
			m.Score, m.Whole = 0.8, false
			parts = append(parts, m)
		}
	}
	if len(out) == 0 {
		out = parts
	}
	return out[:min(len(out), 5)]
}
