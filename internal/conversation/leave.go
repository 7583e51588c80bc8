package conversation

import "github.com/motcua/motcua/internal/message"

// elsewhere looks whether an answer rather asks for another action: a short text that is nothing but its opening words. It is true when it asked.
func (t *turn) elsewhere(text string, n *node) bool {
	if len([]rune(text)) > t.m.rules.LongText {
		return false
	}
	if _, code := linkCode(text); code && t.signsIn() {
		return false // another try at the code that is asked for, which looks like one of a case
	}
	for _, x := range t.recognise(text) {
		if !x.Whole || x.Score < certain || t.m.forms[refOf(x.Intent)] == nil {
			continue
		}
		if !t.isAt(refOf(x.Intent)) {
			t.leaveFor([]Ref{refOf(x.Intent)}, text)
			return true
		}
		if !x.Open {
			return false
		}
		if n.words.Opening || n.kind == kindText { // it only asks for what is being done already
			t.say("already_here", params{"action": t.title(t.doing())})
			t.again()
			return true
		}
	}
	return false
}

// signsIn tells whether what is being done belongs to the service that takes the codes of sign-ins.
func (t *turn) signsIn() bool {
	app := refOf(t.m.rules.Link).App
	return app != "" && t.s.Draft != nil && t.s.Draft.App == app
}

// strays looks whether a text that is no answer asks for another action. It is true when it asked.
func (t *turn) strays(text string) bool {
	for _, x := range t.actions(text) {
		switch ref := refOf(x.Intent); {
		case x.Score < sure:
		case !t.isAt(ref):
			t.leaveFor([]Ref{ref}, text)
			return true
		case x.Whole && x.Open, ref != t.form.ref:
			t.say("already_here", params{"action": t.title(t.doing())})
			t.again()
			return true
		}
	}
	return false
}

// leaveFor asks whether to leave the draft for another action.
func (t *turn) leaveFor(refs []Ref, text string) {
	q := Question{Kind: askLeave, Refs: refs, Text: text}
	if t.at(askField) {
		q.Path = t.s.Question.Path
	}
	t.askLeave(&q)
}

func (t *turn) askLeave(q *Question) {
	var f *form
	if len(q.Refs) > 0 {
		f = t.m.forms[q.Refs[0]]
	}
	if f == nil {
		t.s.Question = nil
		t.advance()
		return
	}
	stay := message.Choice{Label: t.text("choice.go_on", params{"action": t.title(t.form)}), Value: tokenGoOn}
	if n := t.node(q.Path); n != nil && n.leaf() && q.Text != "" {
		if _, fits := t.reader().read(n, q.Text); fits {
			stay = message.Choice{Label: t.text("choice.is_answer", nil), Value: tokenText + digest(q.Text)}
		}
	}
	open := message.Choice{Label: t.text("choice.open", params{"action": t.title(f)}), Value: tokenLeave + f.ref.String()}
	t.ask(Question{Kind: askLeave, Refs: q.Refs, Text: q.Text, Path: q.Path},
		t.text("leave", params{"action": t.title(t.doing()), "other": t.title(f)}), []message.Choice{open, stay}, t.controls(cmdCancel))
}

// decideLeave leaves the draft for the other action, or takes what was said as the answer that it may have been.
func (t *turn) decideLeave(leave bool) {
	q := t.s.Question
	if leave && len(q.Refs) > 0 {
		if t.s.Draft.Sent != nil {
			t.park()
		}
		if a := t.s.Aside; a != nil && a.Sent != nil {
			t.keepParked(a)
		}
		t.s.Aside = nil
		t.drop()
		t.start(q.Refs[0], opening{text: q.Text})
		return
	}
	n := t.node(q.Path)
	if n == nil || q.Text == "" {
		t.s.Question = nil
		t.advance()
		return
	}
	if _, fits := t.reader().read(n, q.Text); !fits {
		t.s.Question = nil
		t.advance()
		return
	}
	t.s.Question = &Question{Kind: askField, Path: q.Path}
	t.answerAs(n, q.Path, q.Text)
}

// choseFromMenu opens an action that was picked from the menu. A draft that holds something is not left without asking.
func (t *turn) choseFromMenu(ref Ref) {
	switch {
	case t.s.Draft == nil:
		t.start(ref, opening{})
	case t.isAt(ref):
		t.s.Question = nil
		t.advance()
	case len(t.answers) == 0 && t.s.Draft.Sent == nil && t.s.Aside == nil:
		t.drop()
		t.start(ref, opening{})
	default:
		t.leaveFor([]Ref{ref}, "")
	}
}
