package conversation

import (
	"bytes"
	"encoding/json"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/motcua/motcua/internal/message"
)

// elsewhere looks whether an answer rather asks for another action: a short text that is nothing but its opening words, or a code. It is true when it asked.
func (t *turn) elsewhere(text string, n *node) bool {
	if t.codeElsewhere(text, n) || t.titleElsewhere(text, n) {
		return true
	}
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
	if t.leavesForCode(text) || t.leavesForTitle(text) {
		return true
	}
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

// leaveFor asks whether to leave the draft for another action. text is what was said, which may be the answer to the question that stands.
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
	ask, open := "leave", "choice.open"
	if f == t.doing() {
		ask, open = "leave_same", "choice.anew"
	}
	leave := message.Choice{Label: t.text(open, params{"action": t.title(f)}), Value: tokenLeave + f.ref.String()}
	t.ask(Question{Kind: askLeave, Refs: q.Refs, Text: q.Text, Path: q.Path, Next: q.Next},
		t.text(ask, params{"action": t.title(t.doing()), "other": t.title(f)}), []message.Choice{leave, stay}, t.controls(cmdCancel))
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
		o := opening{text: q.Text}
		if q.Next != nil {
			o.input, o.about = q.Next.Input, q.Next.Case
		}
		t.start(q.Refs[0], o)
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
		t.start(ref, opening{text: t.beside})
	case t.isAt(ref):
		t.s.Question = nil
		t.advance()
	case t.holdsNothing():
		t.drop()
		t.start(ref, opening{})
	default:
		t.leaveFor([]Ref{ref}, "")
	}
}

// holdsNothing tells whether nothing is lost when the draft ends.
func (t *turn) holdsNothing() bool {
	return len(t.answers) == 0 && t.s.Draft.Sent == nil && t.s.Aside == nil
}

// shows opens an action that shows what words stand for which came by a link or in a photo: they are no answer to the question that stands.
func (t *turn) shows(ref Ref, words string) {
	switch d := t.s.Draft; {
	case d == nil:
		t.s.Held = nil
		t.start(ref, opening{text: words})
	case t.s.Aside != nil && t.s.Aside.Ref == ref: // goes on after the errand
		t.choseFromMenu(ref)
	case d.Ref == ref && t.form.action.ReadOnly && t.s.Aside == nil, t.holdsNothing():
		t.drop()
		t.start(ref, opening{text: words})
	default:
		t.askLeave(&Question{Kind: askLeave, Refs: []Ref{ref}, Text: words})
	}
}

// choseNext opens what a result suggested. A draft that holds something else is not left without asking.
func (t *turn) choseNext(n Next) {
	switch d := t.s.Draft; {
	case d == nil:
		t.start(n.Ref, opening{text: t.beside, input: n.Input, about: n.Case})
	case len(n.Input) == 0, t.isAt(n.Ref) && t.agrees(n):
		t.choseFromMenu(n.Ref)
	case t.holdsNothing():
		t.drop()
		t.start(n.Ref, opening{input: n.Input, about: n.Case})
	default:
		t.askLeave(&Question{Kind: askLeave, Refs: []Ref{n.Ref}, Next: &n})
	}
}

// agrees tells whether the draft, or what waits for it, holds what the suggestion knows of the input: it was tapped twice.
func (t *turn) agrees(n Next) bool {
	d, answers := t.s.Draft, t.answers
	if d.Ref != n.Ref && t.s.Aside != nil {
		d = t.s.Aside
		answers = plainObject(d.Answers)
	}
	if d.Case != n.Case {
		return false
	}
	for name, v := range plainObject(n.Input) {
		if x, known := answers[name]; !known || !equal(x, v) {
			return false
		}
	}
	return true
}

// plainObject reads an object of JSON; nil when it is none.
func plainObject(data json.RawMessage) map[string]any {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	object, _ := v.(map[string]any)
	return object
}
