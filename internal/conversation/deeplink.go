package conversation

import (
	"cmp"
	"strings"
	"unicode"

	"github.com/motcua/motcua/internal/account"
)

// comes tells whether the person only came by a link.
func (h Heard) comes(text string) bool {
	return h.Ref != "" && text == "" && h.Contact == nil && h.Place == nil && len(h.Photos)+len(h.Videos)+len(h.Refused) == 0
}

// follows opens what a deep link names: an action that is offered, or the sign-in whose code it carries. It is false when it names neither.
func (t *turn) follows(h Heard, text string) bool {
	ref := h.Ref
	if code, is := strings.CutPrefix(text, LinkRef); is && code != "" && !strings.ContainsFunc(code, unicode.IsSpace) {
		ref = cmp.Or(ref, text)
	}
	if code, is := strings.CutPrefix(ref, LinkRef); is {
		return t.link(code)
	}
	if !t.m.offered(refOf(ref)) {
		return false
	}
	if t.s.Draft == nil {
		t.start(refOf(ref), opening{text: text})
	} else {
		t.choseFromMenu(refOf(ref))
	}
	return true
}

// link hands the code of a sign-in on. What is being prepared goes on afterwards.
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
