package conversation

import "github.com/motcua/motcua/internal/message"

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
	t.askChange(false, 0)
}

// atSummary takes a text as the answer to the summary: carry it out, or the name of something to change or to add. It is false when it is none of these.
func (t *turn) atSummary(text string) bool {
	if t.m.words.send.has(text) || t.m.words.send.has(t.m.words.unadorned(text)) {
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
	for _, p := range t.s.Draft.Skipped {
		if t.node(p) != nil && single(p) {
			of = append(of, named{label: t.nameAt(p), value: tokenAdd + p})
		}
	}
	if p, ok := t.open(); ok { // what was being asked for is no answer yet, but may be what is meant
		of = append(of, named{label: t.nameAt(p), value: tokenGoOn})
	}
	i := only(fits(text, of))
	return i >= 0 && t.tap(of[i].value)
}

// askChange asks which answer to change, from one on. With mend, it also offers what could be added: something is wrong that cannot be pinned on one
// answer.
func (t *turn) askChange(mend bool, from int) {
	key, options := "change", t.edits()
	if mend {
		key, options = "mend", append(t.additions(), options...)
	}
	if len(options) == 0 { // trying again is all that is left
		t.askRetry()
		return
	}
	size := t.m.rules.Page
	if from < 0 || from >= len(options) {
		from = 0
	}
	to := min(from+size, len(options))
	controls := t.controls(append(pagingOf(from, to < len(options)).commands(), cmdBack, cmdCancel)...)
	t.ask(Question{Kind: askChange, Mend: mend, From: from}, t.text(key, nil), options[from:to], controls)
}

// maxHint is how many runes of an answer stand beside its name.
const maxHint = 60

func (t *turn) edits() []message.Choice {
	var out []message.Choice
	for _, p := range t.changeable() {
		out = append(out, message.Choice{Label: t.nameAt(p), Value: tokenEdit + p, Hint: cut(t.show(t.form.root.at(p), p), maxHint)})
	}
	return out
}

func (t *turn) additions() []message.Choice {
	var out []message.Choice
	for _, c := range t.alternatives() {
		out = append(out, message.Choice{Label: t.text("choice.add", params{"label": t.name(c)}), Value: tokenAdd + c.name})
	}
	return out
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
