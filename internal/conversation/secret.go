package conversation

import (
	"regexp"
	"strings"
)

// Masked stands for what is a secret, wherever somebody else than the person may read it.
const Masked = "••••"

// Kept gives what the person wrote as it may be kept for others to read, who go on with the conversation: the state is that in which it was heard. The answer to a
// question for a code, and the code of a sign-in wherever it stands, open the person's account to whoever reads them.
func (m *Machine) Kept(s State, h Heard) string {
	token, text := said(h)
	if token != "" || text == "" {
		return h.Text
	}
	t := m.begin(s)
	if t.wantsCode() && t.commandIn(text) == "" || strings.HasPrefix(text, LinkRef) {
		return Masked
	}
	if _, code := linkCode(strings.Join(strings.Fields(text), "-")); code && !plateRE.MatchString(text) || t.s.Draft != nil && t.form.secret() && aloneRE.MatchString(text) {
		return Masked
	}
	return groupedRE.ReplaceAllStringFunc(h.Text, func(word string) string {
		if _, code := linkCode(word); code {
			return Masked
		}
		return word
	})
}

var (
	groupedRE = regexp.MustCompile(`\b[0-9A-Za-z]{4}-[0-9A-Za-z]{4}\b`)
	aloneRE   = regexp.MustCompile(`^[0-9 .-]{4,20}$`)             // a one-time code, typed when another question stands
	plateRE   = regexp.MustCompile(`^[1-9][0-9][A-Za-z][0-9]{5}$`) // of a car, which has the form of a code; officers ask for it
)

// wantsCode tells whether the question that stands is for a secret.
func (t *turn) wantsCode() bool {
	if !t.at(askField) || t.form == nil {
		return false
	}
	n := t.form.root.at(t.s.Question.Path)
	return n != nil && n.words.Secret
}

// secret tells whether one of the form's own values is a secret.
func (f *form) secret() bool {
	if f == nil {
		return false
	}
	for _, c := range f.root.children {
		if c.words.Secret {
			return true
		}
	}
	return false
}
