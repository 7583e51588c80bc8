package conversation

import (
	"maps"
	"slices"
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
	helloVi                        set // of hello, those that no English speaker says
	unknown                        set // "I do not know"
	times                          set // make a number another one: thousand
	app                            set // "continue on the web"
	first                          set // "first page"
	thanks                         set // "thank you", "goodbye": nothing is asked for
	goOn                           set // "continue" with what was put off
	where                          set // "near", "in front of": what follows says where something is
	polite                         set // single words around the others that change nothing
}

type set map[string]bool

// has tells whether a text is one of the words, also with a letter held down: "okkk", "guii".
func (s set) has(text string) bool {
	words := plain(text)
	return s[words] || s[squeezed(words)]
}

// unadorned gives a text without the words that are only polite.
func (w words) unadorned(text string) string {
	return strings.Join(slices.DeleteFunc(fold.Words(text), func(s string) bool { return w.polite[s] }), " ")
}

// agrees tells whether a text is a yes or a no to a plain question, in any number of such words: "dạ vâng", "không phải ạ".
func (w words) agrees(text string) (yes, no bool) {
	if w.yes.has(text) || w.no.has(text) {
		return w.yes.has(text), w.no.has(text)
	}
	for _, s := range fold.Words(text) {
		if !w.yes[s] && !w.no[s] && !w.polite[s] {
			return false, false
		}
		yes, no = yes || w.yes[s], no || w.no[s]
	}
	return yes && !no, no
}

// squeezed leaves one of letters that follow each other.
func squeezed(text string) string {
	var last rune
	return strings.Map(func(r rune) rune {
		if r == last {
			return -1
		}
		last = r
		return r
	}, text)
}

func readWords(texts Texts) words {
	in := func(lang message.Lang, key string) set {
		out := set{}
		for _, w := range strings.Split(texts.Text(lang, "conversation.words."+key, nil), ";") {
			out[plain(w)] = true
		}
		delete(out, "")
		return out
	}
	read := func(key string) set {
		out := in(message.Vietnamese, key)
		maps.Copy(out, in(message.English, key))
		return out
	}
	helloVi := in(message.Vietnamese, "hello")
	maps.DeleteFunc(helloVi, func(w string, _ bool) bool { return in(message.English, "hello")[w] })
	return words{
		yes: read("yes"), no: read("no"), today: read("today"), tomorrow: read("tomorrow"), afterTomorrow: read("after_tomorrow"),
		send: read("send"), retry: read("retry"), hello: read("hello"), helloVi: helloVi, times: read("times"), unknown: read("unknown"), app: read("app"), first: read("first"),
		thanks: read("thanks"), goOn: read("go_on"), polite: read("polite"), where: read("where"),
	}
}

// plain gives the words of a text without diacritics, case and punctuation.
func plain(text string) string { return strings.Join(fold.Words(text), " ") }
