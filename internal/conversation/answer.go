package conversation

import (
	"slices"

	"github.com/motcua/motcua/internal/message"
)

// answer takes a text as the answer to the question for a value.
func (t *turn) answer(text string) {
	path := t.s.Question.Path
	n := t.form.root.at(path)
	t.fill(t.form.root, "")
	if p, _ := t.open(); p != path || n == nil { // it was asked by an earlier version of the manifest
		t.advance()
		return
	}
	t.answerWith(n, path, text)
}

// answerWith takes text as the value at path, unless it rather asks for something else. What can be chosen is looked through first.
func (t *turn) answerWith(n *node, path, text string) {
	if t.locates(path, text) || t.picks(n, path, text) || t.looksFor(n, path, text) || t.elsewhere(text, n) {
		return
	}
	t.answerAs(n, path, text)
}

// answerAs takes text as the value at path, whatever else it may mean.
func (t *turn) answerAs(n *node, path, text string) {
	switch n.kind {
	case kindChoice, kindRemote, kindBool:
		if t.pickAnswer(n, path, text) {
			return
		}
	case kindObject, kindList: // asks whether there is one more
		if t.m.words.no.has(text) {
			t.done()
			return
		}
		if t.m.words.yes.has(text) {
			t.s.Draft.Taken = add(t.s.Draft.Taken, path)
			t.advance()
			return
		}
	case kindPhoto, kindVideo, kindPlace:
		if n.kind != kindPlace || !n.address {
			t.expect(n, path, text)
			return
		}
	}
	if len([]rune(text)) > maxText {
		t.say("too_long", params{"max": maxText})
		t.askField(path)
		return
	}
	v, ok := t.reader().read(n, text)
	if !ok {
		t.wrong(n, path, text)
		return
	}
	t.give(path, v, nil)
}

func (t *turn) reader() reader { return reader{words: t.m.words, lang: t.lang(), now: t.s.At} }

// give makes v the answer to the question for the value at path, and goes on. o is the option that it was; nil when it was typed.
func (t *turn) give(path string, v any, o *option) {
	if t.repeated(path, v) {
		t.say("already_given", nil)
		t.askField(path)
		return
	}
	if !t.set(path, v) {
		t.say("too_much", nil)
		t.askField(path)
		return
	}
	if o != nil {
		t.chosen(path, *o)
	}
	t.note(path)
	if n := t.form.root.at(path); n != nil && n.words.Opening && t.locates(t.placeField(), textOf(v)) {
		return
	}
	t.advance()
}

// textOf gives a value that is a text; "" for any other.
func textOf(v any) string {
	s, _ := v.(string)
	return s
}

// repeated tells whether v stands in the list already, whose items must differ.
func (t *turn) repeated(path string, v any) bool {
	around, last := parent(path)
	n := t.form.root.at(around)
	if index(last) < 0 || n == nil || !n.unique {
		return false
	}
	list, _ := t.known(around)
	items, _ := list.([]any)
	return slices.ContainsFunc(items, func(x any) bool { return equal(x, v) })
}

// expect says what to send instead of a text.
func (t *turn) expect(n *node, path, text string) {
	if t.strays(text) {
		return
	}
	t.say("send_"+string(n.kind), nil)
	t.askField(path)
}

// wrong says why text is no value for the question, and asks again.
func (t *turn) wrong(n *node, path, text string) {
	if t.strays(text) {
		return
	}
	switch n.kind {
	case kindDate, kindMoment, kindTime: // the schema's report wants them as programs write them
		t.say("not_"+string(n.kind), nil)
		t.askField(path)
		return
	}
	for _, v := range append(t.reader().candidates(n, text), any(text)) {
		if said := t.complaints(path, v); len(said) > 0 {
			for _, s := range said {
				t.tell(message.Words{Text: s})
			}
			t.askField(path)
			return
		}
	}
	t.say("not_this", params{"label": t.nameAt(path)})
	t.askField(path)
}

// complaints are the words of the schema's report about v as the value at path.
func (t *turn) complaints(path string, v any) []string {
	var in any = v
	var want []string
	list := steps(path)
	for i := len(list) - 1; i >= 0; i-- {
		step := list[i]
		if index(step) >= 0 {
			in, step = []any{in}, "0"
		} else {
			in = map[string]any{step: in}
		}
		want = append([]string{step}, want...)
	}
	_, err := t.m.services.Check(t.form.ref.App, t.form.ref.Action, encode(in), t.lang())
	var out []string
	for _, f := range fieldsOf(err) {
		if inside(pathOf(f.Path), pathOf(want)) && len(out) < 2 {
			out = append(out, t.field(f))
		}
	}
	return out
}
