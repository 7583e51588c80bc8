package conversation

import (
	"strings"

	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/internal/message"
)

// words are short answers that mean something by themselves, folded. They are data of the message catalogues, in all languages at once:
// people mix them.
type words struct {
	yes, no                        set
	today, tomorrow, afterTomorrow set
	send, retry, hello             set
	unknown                        set // "I do not know"
	times                          set // make a number another one: thousand
}

type set map[string]bool

func (s set) has(text string) bool { return s[plain(text)] }

func readWords(texts Texts) words {
	read := func(key string) set {
		out := set{}
		for _, lang := range []message.Lang{message.Vietnamese, message.English} {
			for _, w := range strings.Split(texts.Text(lang, "conversation.words."+key, nil), ";") {
				out[plain(w)] = true
			}
		}
		delete(out, "")
		return out
	}
	return words{
		yes: read("yes"), no: read("no"), today: read("today"), tomorrow: read("tomorrow"), afterTomorrow: read("after_tomorrow"),
		send: read("send"), retry: read("retry"), hello: read("hello"), times: read("times"), unknown: read("unknown"),
	}
}

// plain gives the words of a text without diacritics, case and punctuation.
func plain(text string) string { return strings.Join(fold.Words(text), " ") }
