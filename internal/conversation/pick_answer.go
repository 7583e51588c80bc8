package conversation

import (
	"slices"
	"strings"
)

// pickAnswer takes text as the choice that it names. It is true when it went on or asked; false when text names none.
func (t *turn) pickAnswer(n *node, path, text string) bool {
	options := t.options(n, path)
	if options == nil {
		t.askField(path)
		return true
	}
	if n.kind == kindBool {
		if v := t.reader().bool(text); len(v) > 0 {
			t.give(path, v[0], nil)
			return true
		}
	}
	if t.pickSeveral(path, text, options) {
		return true
	}
	found := fits(text, names(options))
	switch {
	case len(found) == 1:
		t.choose(path, options[found[0]])
	case len(found) > 1:
		t.narrow(path, options, found)
	case n.kind == kindRemote && t.searchOn(n, path, text):
	default:
		return t.notListed(path, text)
	}
	return true
}

func names(options []option) []named {
	out := make([]named, len(options))
	for i, o := range options {
		out[i] = named{label: o.label, value: o.token}
	}
	return out
}

// choose makes an option the answer.
func (t *turn) choose(path string, o option) { t.give(path, o.value, &o) }

// chosen remembers that the value at path is one of the options.
func (t *turn) chosen(path string, o option) {
	if n := t.form.root.at(path); n != nil && n.kind == kindRemote {
		t.s.Draft.Listed = add(t.s.Draft.Listed, path)
		t.label(path, o.label)
	}
}

// pickSeveral takes "1, 3" as several items of a list.
func (t *turn) pickSeveral(path, text string, options []option) bool {
	parts := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;+\n", r) })
	around, last := parent(path)
	if index(last) < 0 || len(parts) < 2 {
		return false
	}
	list := t.form.root.at(around)
	var picked []option
	for _, part := range parts {
		i := position(part, len(t.s.Question.Options))
		if i >= 0 {
			i = slices.IndexFunc(options, func(o option) bool { return tokenIs+path+"="+o.token == t.s.Question.Options[i].Value })
		} else {
			i = only(fits(part, names(options)))
		}
		if i < 0 {
			return false
		}
		picked = append(picked, options[i])
	}
	for _, o := range picked {
		at := joinIndex(around, t.count(around))
		if t.count(around) < list.max && !t.repeated(at, o.value) && t.set(at, o.value) {
			t.chosen(at, o)
			t.note(at)
		}
	}
	t.advance()
	return true
}

// narrow asks which of the options that fit was meant.
func (t *turn) narrow(path string, options []option, found []int) {
	q := Question{Kind: askField, Path: path}
	for _, i := range found {
		q.Only = append(q.Only, options[i].token)
	}
	t.s.Question = &q
	t.say("several_fit", nil)
	t.askField(path)
}

// searchOn looks on the next page for what was typed.
func (t *turn) searchOn(n *node, path, text string) bool {
	after := t.s.Draft.Options.After
	return after != "" && t.fetch(n, path, after, Wait{For: forMatch, Path: path, Text: text})
}

// gotMatch goes on when a further page has come to look for what was typed.
func (t *turn) gotMatch(r Returned, w Wait) {
	n := t.form.root.at(w.Path)
	if n == nil {
		t.advance()
		return
	}
	if !t.loaded(r, w.Path) && t.s.Draft.Options != nil {
		t.s.Draft.Options.After = ""
	}
	if t.askedPath() != w.Path {
		t.s.Question = &Question{Kind: askField, Path: w.Path}
	}
	if !t.pickAnswer(n, w.Path, w.Text) {
		t.wrong(n, w.Path, w.Text)
	}
}

// notListed asks again when nothing of what can be chosen fits.
func (t *turn) notListed(path, text string) bool {
	if t.strays(text) {
		return true
	}
	if q := t.s.Question; len(q.Options) > longList && !q.Unlisted && q.Path == path {
		t.say("not_in_list", params{"label": t.nameAt(path)})
		return t.unlisted()
	}
	t.say("not_listed", params{"label": t.nameAt(path)})
	t.s.Question = &Question{Kind: askField, Path: path}
	t.askField(path)
	return true
}
