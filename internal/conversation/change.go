package conversation

import (
	"github.com/motcua/motcua/internal/message"
)

// decide carries the draft out, or asks what to change.
func (t *turn) decide(yes bool) {
	if yes {
		t.s.Draft.Confirmed = digest(t.input())
		t.s.Question = nil
		t.submit()
		return
	}
	if len(t.changeable()) == 0 {
		t.cancel()
		return
	}
	t.askChange(nil)
}

// atSummary takes a text as the answer to the summary: carry it out, or the name of something to change or to add. It is false when it is none of these.
func (t *turn) atSummary(text string) bool {
	if t.m.words.send.has(text) {
		t.decide(true)
		return true
	}
	return t.pickNamed(text)
}

// pickNamed takes a text as the name of a value to change or to add.
func (t *turn) pickNamed(text string) bool {
	if len([]rune(text)) >= t.m.rules.LongText {
		return false
	}
	var of []named
	for _, p := range t.changeable() {
		of = append(of, named{label: t.nameAt(p), value: tokenEdit + p})
	}
	for _, p := range t.offered() {
		if _, known := t.known(p); !known {
			of = append(of, named{label: t.nameAt(p), value: tokenAdd + p})
		}
	}
	i := only(fits(text, of))
	return i >= 0 && t.tap(of[i].value)
}

// askChange asks which answer to change. The options given come first.
func (t *turn) askChange(first []message.Choice) { t.askChangeFrom(0, first) }

func (t *turn) askChangeFrom(from int, first []message.Choice) {
	options := first
	for _, p := range t.changeable() {
		options = append(options, message.Choice{Label: t.nameAt(p), Value: tokenEdit + p, Hint: cut(t.show(t.form.root.at(p), p), maxHint)})
	}
	controls := t.controls(cmdBack, cmdCancel)
	if len(options) == 0 { // nothing can be changed: trying again is all that is left
		t.askRetry()
		return
	}
	if from < 0 || from >= len(options) {
		from = 0
	}
	shown := options[from:min(from+t.m.rules.Page, len(options))]
	if len(options) > t.m.rules.Page {
		controls = append(t.controls(cmdMore), controls...)
	}
	key := "change"
	if len(first) > 0 {
		key = "mend"
	}
	t.ask(Question{Kind: askChange, From: from, Only: mends(first)}, t.text(key, nil), shown, controls)
}

// maxHint is how many runes of an answer stand beside its name.
const maxHint = 60

// mends marks a question that also offers values to add.
func mends(first []message.Choice) []string {
	if len(first) == 0 {
		return nil
	}
	return []string{"add"}
}

func (t *turn) mendOrChange(q *Question) {
	if len(q.Only) > 0 {
		t.mend()
		return
	}
	t.askChange(nil)
}

// edit asks for an answer again. A plain one stays until another is given; a list is begun anew.
func (t *turn) edit(path string) {
	n := t.form.root.at(path)
	if n.kind == kindList {
		t.unset(path)
	}
	t.s.Draft.Options, t.s.Question = nil, nil
	t.s.Draft.Want = path
	t.advance()
}
