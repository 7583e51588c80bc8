package conversation

import (
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/internal/intent"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// realIntents is what the program uses.
func realIntents(t testing.TB, apps []miniapps.Manifest) Intents {
	t.Helper()
	phrases, err := phrasings()
	if err != nil {
		t.Fatal(err)
	}
	return intent.New(slices.Concat(phrases, intent.Of(apps)))
}

// phrasings take a moment to read, and never change.
var phrasings = sync.OnceValues(func() ([]intent.Phrase, error) { return intent.Load(os.DirFS("../../configs/phrasings")) })

// commandIntents takes a moment to learn, and never changes.
var commandIntents = sync.OnceValues(func() (Intents, error) {
	phrases, err := phrasings()
	return intent.New(slices.Clone(phrases)), err
})

// realCommands is what the program understands beside the opening words of actions.
func realCommands(t testing.TB) Intents {
	t.Helper()
	in, err := commandIntents()
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// eitherIntents asks the second where the first finds nothing.
type eitherIntents [2]Intents

func (e eitherIntents) Recognise(text string) []intent.Match {
	if out := e[0].Recognise(text); len(out) > 0 {
		return out
	}
	return e[1].Recognise(text)
}

// plainIntents understands phrases to the letter, so that dialogues can be held without what a recogniser thinks of them.
type plainIntents []plainPhrase

type plainPhrase struct {
	intent.Phrase
	words, spelling string
}

func newPlainIntents(apps []miniapps.Manifest) plainIntents {
	var list plainIntents
	for _, p := range intent.Of(apps) {
		list = append(list, newPlainPhrase(p))
	}
	return append(list, plainCommands()...)
}

func newPlainPhrase(p intent.Phrase) plainPhrase {
	return plainPhrase{p, plain(p.Text), fold.Spelling(strings.TrimSpace(p.Text))}
}

// plainCommands are the phrases of what is understood everywhere.
var plainCommands = sync.OnceValue(func() (list plainIntents) {
	for name, texts := range map[string][2]string{
		"menu": {"menu; menuu", "menu"}, "cancel": {"huỷ; hủy; thôi", "cancel; cancle; stop"}, "back": {"quay lại", "back; go back"},
		"help": {"trợ giúp", "help"}, "vietnamese": {"tiếng Việt", "vietnamese"}, "english": {"tiếng Anh", "english"},
		"change": {"sửa", "change"}, "restart": {"làm lại từ đầu", "start over"}, "skip": {"bỏ qua", "skip"}, "more": {"xem thêm; thêm nữa; thêm", "more"},
		"person": {"gặp cán bộ; nói chuyện với người", "talk to a person"}, "done": {"xong", "done"}, "yes": {"có; đồng ý; gửi đi", "yes"}, "no": {"không", "no"},
	} {
		for i, lang := range []message.Lang{message.Vietnamese, message.English} {
			for _, text := range strings.Split(texts[i], ";") {
				list = append(list, newPlainPhrase(intent.Phrase{Text: text, Lang: lang, Intent: name}))
			}
		}
	}
	return list
})

func (list plainIntents) Recognise(text string) []intent.Match {
	var out, parts []intent.Match
	said, spelling, bare := plain(text), fold.Spelling(text), fold.Text(text) == strings.ToLower(text)
	for _, p := range list {
		m := intent.Match{Intent: p.Intent, Lang: p.Lang, Open: p.Open, Score: 1, Whole: true}
		switch {
		case said == p.words && (spelling == p.spelling || bare):
			out = append(out, m)
		case strings.Contains(p.Intent, ".") && within(p.words, said):
			m.Score, m.Whole = 0.8, false
			parts = append(parts, m)
		}
	}
	if len(out) == 0 {
		out = parts
	}
	return out[:min(len(out), 5)]
}
