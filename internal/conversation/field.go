package conversation

import (
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// askField asks for the value at path.
func (t *turn) askField(path string) {
	n := t.form.root.at(path)
	if n.kind == kindRemote && t.fetchMore(n, path) {
		return
	}
	if (n.kind == kindChoice || n.kind == kindRemote) && len(t.options(n, path)) == 0 {
		t.nothingToChoose(miniapps.Result{}, path)
		return
	}
	q := Question{Kind: askField, Path: path}
	if b := t.s.Question; b != nil && b.Kind == askField && b.Path == path {
		q.From, q.Only = b.From, b.Only
	}
	shown, more := t.page(n, path, &q)
	t.ask(q, t.prompt(n, path), shown, t.ways(path, more))
}

// fetchMore calls for options while there is none to show. It is true when it asked something else, or a call is under way.
func (t *turn) fetchMore(n *node, path string) bool {
	options := t.options(n, path)
	if len(options) > 0 || options != nil && t.after(path) == "" {
		return false
	}
	if !t.fetch(n, path, t.after(path), Wait{For: forOptions, Path: path}) {
		t.noOptions(path)
	}
	return true
}

// prompt gives the question for the value at path.
func (t *turn) prompt(n *node, path string) string {
	around, last := parent(path)
	var list *node
	if i := index(last); i >= 0 {
		list = t.form.root.at(around)
	}
	var lines []string
	switch {
	case list != nil && t.count(around) > 0 && index(last) >= t.count(around):
		lines = append(lines, t.text("another", params{"label": t.name(list), "count": t.count(around), "values": t.show(list, around)}))
	case list != nil:
		lines = append(lines, t.question(list))
		if list.max > 1 && list.min != list.max {
			lines = append(lines, t.text("until_done", nil))
		}
	default:
		lines = append(lines, t.question(n))
	}
	if v := t.show(n, path); v != "" && t.s.Draft.Want == path {
		lines = append(lines, t.text("now", params{"value": v}))
	}
	if p, can := t.optional(path); can && p == path && (list == nil || t.count(around) == 0) {
		lines = append(lines, t.text("optional", nil))
	}
	return strings.Join(lines, "\n")
}

// question gives a value's own question.
func (t *turn) question(n *node) string {
	if p := n.words.Prompt.In(t.lang()); p != "" {
		return p
	}
	return t.text("ask", params{"label": t.name(n)})
}

// name is what a value is called.
func (t *turn) name(n *node) string {
	switch {
	case n.words.Label.In(t.lang()) != "":
		return n.words.Label.In(t.lang())
	case n.title != "":
		return n.title
	case n.words.Prompt.In(t.lang()) != "":
		return n.words.Prompt.In(t.lang())
	}
	return n.name
}

// nameAt is what the value at path is called: one of a list bears the name of the list.
func (t *turn) nameAt(path string) string {
	n := t.form.root.at(path)
	if n == nil {
		return ""
	}
	if around, last := parent(path); index(last) >= 0 && t.name(n) == "" {
		return t.nameAt(around)
	}
	return t.name(n)
}

// ways are the ways out of a question.
func (t *turn) ways(path string, more bool) []message.Choice {
	var out []command
	around, last := parent(path)
	_, can := t.optional(path)
	_, known := t.known(path)
	if more {
		out = append(out, cmdMore)
	}
	switch i := index(last); {
	case i > 0 && t.count(around) > 0 && can:
		out = append(out, cmdDone)
	case can && !known:
		out = append(out, cmdSkip)
	}
	if t.canGoBack(path) {
		out = append(out, cmdBack)
	}
	return t.controls(append(out, cmdCancel)...)
}

// canGoBack tells whether there is a question before the one for the value at path.
func (t *turn) canGoBack(path string) bool {
	d := t.s.Draft
	return d.Want != "" && t.stands(d.Want) || slices.ContainsFunc(d.Asked, func(p string) bool { return p != path })
}

// answer takes a text as the answer to the question for a value.
func (t *turn) answer(text string) {
	path := t.s.Question.Path
	n := t.form.root.at(path)
	t.fill(t.form.root, "")
	if p, _ := t.open(); p != path || n == nil { // it was asked by an earlier version of the manifest
		t.advance()
		return
	}
	if t.elsewhere(text, n) {
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
	t.advance()
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

// skip goes on without the value that is asked for.
func (t *turn) skip() {
	q := t.s.Question
	if q == nil || q.Kind != askField || t.form.root.at(q.Path) == nil {
		t.again()
		return
	}
	around, last := parent(q.Path)
	if index(last) > 0 && index(last) >= t.count(around) {
		t.done()
		return
	}
	path, can := t.optional(q.Path)
	if !can {
		t.say("needed", params{"label": t.nameAt(q.Path)})
		t.again()
		return
	}
	t.leaveOut(path)
}

// leaveOut goes on without the value at path, which is optional. A list that must be there is left empty.
func (t *turn) leaveOut(path string) {
	d := t.s.Draft
	t.unset(path)
	if around, last := parent(path); index(last) >= 0 {
		path = around
		d.Closed = add(d.Closed, path)
		if n := t.form.root.at(path); t.count(path) == 0 && (n.required || slices.Contains(d.Needed, path)) {
			t.set(path, []any{})
		}
	} else {
		d.Skipped = add(d.Skipped, path)
	}
	d.Want = ""
	t.note(path)
	t.advance()
}

// done says that a list is complete.
func (t *turn) done() {
	q := t.s.Question
	if q == nil || q.Kind != askField {
		t.again()
		return
	}
	around, last := parent(q.Path)
	n := t.form.root.at(around)
	switch {
	case index(last) < 0 || n == nil:
		t.skip()
	case t.count(around) < n.min:
		t.say("too_few", params{"label": t.name(n), "min": n.min, "count": t.count(around)})
		t.again()
	default:
		t.leaveOut(q.Path)
	}
}
