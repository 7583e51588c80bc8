package conversation

import (
	"strings"

	"github.com/motcua/motcua/internal/message"
)

// titled tells whether a text is what an action is called, in any language, with or without diacritics.
func (f *form) titled(text string) bool { return f.titleLang(plain(text)) != "" }

// titleLang gives the language in which these words are what an action is called; "" for none.
func (f *form) titleLang(words string) message.Lang {
	for _, lang := range []message.Lang{message.Vietnamese, message.English} {
		if title := f.action.Title[lang]; words != "" && plain(title) == words {
			return lang
		}
	}
	return ""
}

// called gives the one action of the menu that a text is the title of; nil when there is none.
func (m *Machine) called(text string) *form {
	var found *form
	words := plain(text)
	for _, f := range m.offers {
		if f.titleLang(words) == "" {
			continue
		}
		if found != nil {
			return nil
		}
		found = f
	}
	return found
}

// startsByTitle opens the action that a text is the title of: as the choice that stands does, if one of them leads there. It is false when there is none.
func (t *turn) startsByTitle(h Heard, text string) bool {
	f := t.m.called(text)
	if f == nil {
		return false
	}
	t.hold(h)
	t.speaks(f.titleLang(plain(text)))
	if q := t.s.Question; q != nil {
		leads := func(c named) bool { return t.opens(c.value) == f.ref && !strings.HasPrefix(c.value, tokenNext) } // see start
		if i := only(those(namesOf(q.Options), leads)); i >= 0 && t.tap(q.Options[i].Value) {
			return true
		}
	}
	t.start(f.ref, opening{text: text})
	return true
}

// titleElsewhere is leavesForTitle for a text that was given as an answer to the question for n: an option that is called the same is the answer.
func (t *turn) titleElsewhere(text string, n *node) bool {
	if picked := n.kind == kindChoice || n.kind == kindRemote; picked && len(t.stock(n, t.s.Question.Path, text).meant(text)) > 0 {
		return false
	}
	return t.leavesForTitle(text)
}

// leavesForTitle asks whether to leave the draft for the action that a text is the title of. It is false when there is none.
func (t *turn) leavesForTitle(text string) bool {
	f := t.m.called(text)
	switch {
	case f == nil:
		return false
	case t.isAt(f.ref):
		t.say("already_here", params{"action": t.title(t.doing())})
		t.again()
	default:
		t.leaveFor([]Ref{f.ref}, text)
	}
	return true
}
