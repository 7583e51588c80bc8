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
	shown, rest := t.page(n, path, &q)
	t.ask(q, t.prompt(n, path), shown, t.ways(path, rest))
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
		lines = append(lines, t.text("another", params{"count": t.count(around), "values": t.show(list, around)}))
	case list != nil:
		lines = append(lines, t.question(list))
		if list.max > 1 && list.min != list.max {
			lines = append(lines, t.text("until_done", nil))
		}
	default:
		lines = append(lines, t.question(n))
	}
	if v := t.show(n, path); v != "" && t.s.Draft.Want == path && !n.words.Secret {
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
func (t *turn) ways(path string, rest paging) []message.Choice {
	out := rest.commands()
	around, last := parent(path)
	_, can := t.optional(path)
	switch i := index(last); {
	case i > 0 && t.count(around) > 0 && can:
		out = append(out, cmdDone)
	case can:
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
	return d.Want != "" && t.stands(d.Want) || slices.ContainsFunc(d.Asked, func(p string) bool { return p != path }) || t.opened(&Question{Kind: askField, Path: path}) != ""
}
