package conversation

import (
	"encoding/json"
	"slices"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// maxTold bounds what is remembered of what checks said and suggested.
const maxTold = 20

func latest(list []string) []string { return list[max(0, len(list)-maxTold):] }

// check has the first answer looked at that was not yet. It is true when it made a call for that.
func (t *turn) check() bool {
	return t.look(func(path string, n *node) bool {
		_, seen := t.s.Draft.Checked[path]
		_, open := t.missing(n, path, n.always())
		return !seen && !open
	})
}

// recheck has answers looked at again that were given before others changed: what follows from them may have changed too.
func (t *turn) recheck() bool {
	now := digest(t.answers)
	return t.look(func(path string, _ *node) bool { return t.s.Draft.Checked[path] != now })
}

func (t *turn) look(due func(string, *node) bool) bool {
	called := false
	t.each(func(path string, n *node, _ any) bool {
		if n.words.Check == "" || !due(path, n) {
			return true
		}
		called = t.help(n.words.Check, nil, Wait{For: forCheck, Path: path})
		if !called { // cannot be looked at: the action itself will
			t.seen(path)
		}
		return !called
	})
	return called
}

func (t *turn) seen(path string) {
	d := t.s.Draft
	if d.Checked == nil {
		d.Checked = map[string]string{}
	}
	d.Checked[path] = digest(t.answers)
}

// gotChecked takes in what a check says about the answer at path.
func (t *turn) gotChecked(r Returned, path string) {
	t.seen(path)
	if r.Err != nil && fault.CodeOf(r.Err) != fault.Invalid { // what was derived before still stands
		t.advance()
		return
	}
	var c miniapps.Checked
	if r.Err == nil && json.Unmarshal(encode(r.Result.Data), &c) != nil {
		c = miniapps.Checked{}
	}
	if r.Err != nil {
		c.Errors = t.wrongAnswers(fault.Of(r.Err))
	}
	t.hearOnce(r.Result.Blocks)
	if len(c.Errors) > 0 {
		t.takeBack(c.Errors, path)
		return
	}
	t.derive(path, c.Derived)
	if t.offerInstead(c.Suggest) {
		return
	}
	t.advance()
}

func (t *turn) wrongAnswers(f *fault.Error) []miniapps.WrongAnswer {
	if len(f.Fields) == 0 {
		return []miniapps.WrongAnswer{{Text: t.fault(f)}}
	}
	var out []miniapps.WrongAnswer
	for _, x := range f.Fields {
		out = append(out, miniapps.WrongAnswer{Path: x.Path, Text: t.field(x)})
	}
	return out
}

// takeBack drops wrong answers, says what is wrong and asks again. Errors that name none of the answers are about the one that was checked.
func (t *turn) takeBack(errors []miniapps.WrongAnswer, checked string) {
	changed := false
	var wrong []string
	for _, e := range errors {
		if len(e.Path) > 0 && e.Path[0] == "answers" && t.form.root.child("answers") == nil {
			e.Path = e.Path[1:] // as the helper's own input names it
		}
		t.tell(message.Words{Text: e.Text})
		n, at := t.nearest(pathOf(e.Path))
		if at != "" {
			changed = !n.impossible() && t.need(n, at) || changed
			wrong = append(wrong, at)
		}
	}
	if !t.rejectAll(wrong) && !changed {
		t.reject(checked)
	}
	t.advance()
}

// hearOnce says what a check said, unless it was said before.
func (t *turn) hearOnce(blocks message.Blocks) {
	blocks = spoken(blocks)
	d := t.s.Draft
	if name := digest(blocks); len(blocks) > 0 && !slices.Contains(d.Told, name) {
		d.Told = latest(append(d.Told, name))
		t.tellAll(blocks)
	}
}

func (t *turn) derive(path string, derived map[string]any) {
	d := t.s.Draft
	if d.Derived == nil {
		d.Derived = map[string]json.RawMessage{}
	}
	delete(d.Derived, path)
	if len(derived) > 0 {
		d.Derived[path] = encode(derived)
	}
}

// offerInstead asks whether to do what a check suggests. It is false when there is nothing to ask.
func (t *turn) offerInstead(s *miniapps.Instead) bool {
	if s == nil || slices.Contains(t.s.Draft.Declined, suggestion(s)) {
		return false
	}
	f := t.m.forms[Ref{App: t.form.ref.App, Action: s.Action}]
	if f == nil {
		return false
	}
	t.askInstead(s)
	return true
}

func suggestion(s *miniapps.Instead) string { return digest([]any{s.Action, s.Input}) }

func (t *turn) askInstead(s *miniapps.Instead) {
	label := s.Label.In(t.lang())
	name := suggestion(s)
	t.ask(Question{Kind: askInstead, Instead: s}, t.text("instead", params{"label": label}), []message.Choice{
		{Label: label, Value: tokenInstead + name},
		{Label: t.text("choice.go_on", params{"action": t.title(t.form)}), Value: tokenOwn + name},
	}, t.controls(cmdCancel))
}

// decideInstead takes the suggestion, or goes on and does not suggest it again.
func (t *turn) decideInstead(take bool) {
	s := t.s.Question.Instead
	if s == nil {
		t.advance()
		return
	}
	if !take {
		t.s.Draft.Declined = latest(add(t.s.Draft.Declined, suggestion(s)))
		t.s.Question = nil
		t.advance()
		return
	}
	app := t.form.ref.App
	t.clear()
	t.start(Ref{App: app, Action: s.Action}, opening{input: encode(s.Input)})
}
