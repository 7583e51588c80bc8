package conversation

import (
	"cmp"
	"strings"
	"unicode"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/message"
)

// comes tells whether the person only came by a link.
func (h Heard) comes(text string) bool {
	return h.Ref != "" && text == "" && h.Contact == nil && h.Place == nil && len(h.Photos)+len(h.Videos)+len(h.Refused) == 0
}

// refWords takes a deep link apart, app.action or app.action.language, and words behind a colon: the action that it names, the language of the page that it stands
// on, and the words that it opens the action with; "" for none.
func refWords(ref string) (name Ref, lang message.Lang, words string) {
	path, words, _ := strings.Cut(ref, ":")
	name = refOf(path)
	action, end, _ := strings.Cut(name.Action, ".") // no action's name holds a dot
	if lang = message.Lang(end); lang == message.Vietnamese || lang == message.English {
		name.Action = action
		return name, lang, shortened(words)
	}
	return name, "", shortened(words)
}

// learns learns a language: of a Vietnamese greeting, and of the page that a link stands on, which the link may say, else the network does. Of other pages than
// English ones the first words decide. Who reads a page and has shown no language yet is spoken to in that of the page: many a phone is set to English.
func (t *turn) learns(h Heard) {
	t.s.Page = cmp.Or(h.Lang, t.s.Page)
	if t.m.words.helloVi.has(h.Text) {
		t.speaks(message.Vietnamese)
	}
	if h.Ref == "" {
		return
	}
	if name, lang, _ := refWords(h.Ref); lang != "" && t.m.offered(name) {
		t.speaks(lang)
	}
	if h.Lang == message.English {
		t.speaks(h.Lang)
	}
}

// follows opens what a deep link names: an action that is offered, or the sign-in whose code it carries. It is false when it names neither.
//
// Its words say what is to be shown, where the action declares that links may carry them: anybody can write a link, and what comes of it is said by the city. Any
// other action is opened without them.
func (t *turn) follows(h Heard, text string) bool {
	ref := h.Ref
	if code, is := strings.CutPrefix(text, LinkRef); is && code != "" && !strings.ContainsFunc(code, unicode.IsSpace) {
		ref = cmp.Or(ref, text)
	}
	if code, is := strings.CutPrefix(ref, LinkRef); is {
		return t.linkFollowed(code)
	}
	name, _, words := refWords(ref)
	switch {
	case !t.m.offered(name):
		return false
	case words != "" && t.m.forms[name].action.LinkWords:
		t.shows(name, words)
	case t.s.Draft == nil:
		t.start(name, opening{text: text, anew: true})
	default:
		t.choseFromMenu(name)
	}
	return true
}

// link hands the code of a sign-in on, which may be a stranger's: the action that the rules name says whose it is and has the person asked, however the code
// came. What is being prepared goes on afterwards.
func (t *turn) link(code string) bool {
	f := t.service(t.m.rules.Link)
	if f == nil {
		return false
	}
	if t.s.Draft != nil && t.s.Draft.App == f.ref.App && t.s.Draft.Ref != f.ref && account.Guest.Reaches(t.form.action.Assurance) {
		t.clear() // another way to sign in, which this one makes needless
	}
	t.errand(f.ref, opening{input: encode(params{"code": code})})
	return true
}

// linkFollowed is link for a code that came by a link. Whoever followed that cannot mend it, so nobody is asked for the code.
func (t *turn) linkFollowed(code string) bool {
	if !t.link(code) {
		return false
	}
	if d := t.s.Draft; d != nil && d.Ref == refOf(t.m.rules.Link) {
		if d.Followed = true; t.call == nil && t.at(askField) {
			t.linkOver()
		}
	}
	return true
}

// linkOver says that a link leads nowhere any more, and goes on with what was being done.
func (t *turn) linkOver() {
	t.say("link_over", nil)
	t.clear()
	if t.s.Aside != nil {
		t.s.Aside.Proved = false // there may be another way to sign in
		t.comeBack()
		return
	}
	t.s.Next = nil
	t.askNext()
}

// linkCode gives the code of a sign-in that a text is, and nothing else, as it was shown: eight signs of Crockford's alphabet, in two groups of four.
// Without the hyphen it must hold a digit, and it always holds a letter: else it is a word, or a number.
func linkCode(text string) (string, bool) {
	const half, alphabet = 4, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	code := strings.NewReplacer("O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(strings.TrimSpace(text)))
	grouped := len(code) == 2*half+1 && code[half] == '-'
	if grouped {
		code = code[:half] + code[half+1:]
	}
	letters, digits := 0, 0
	for _, r := range strings.ToUpper(text) {
		letters += btoi(unicode.IsLetter(r))
		digits += btoi(unicode.IsDigit(r))
	}
	if len(code) != 2*half || strings.Trim(code, alphabet) != "" || letters == 0 || digits == 0 && !grouped {
		return "", false
	}
	return code, true
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// gotContact takes a phone number that was handed over as the answer to a question for one: it is no surer than one that was typed. Otherwise nothing of
// it is kept.
func (t *turn) gotContact(c Contact) {
	if t.at(askField) {
		if n := t.node(t.s.Question.Path); n != nil && n.kind == kindPhone && c.Phone != "" {
			t.answer(national(c.Phone))
			return
		}
	}
	t.say("contact_unused", nil)
	t.again()
}

// national writes a number that begins with the country's code without a plus as people do.
func national(phone string) string {
	if rest, ok := strings.CutPrefix(phone, "84"); ok && len(rest) >= 9 {
		return "0" + rest
	}
	return phone
}
