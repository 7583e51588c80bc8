package conversation

import (
	"slices"
	"strings"
)

// picks takes text as the choice that it names beyond doubt. It is false when it names none, or when there may be another one of that name.
func (t *turn) picks(n *node, path, text string) bool {
	if n.kind != kindChoice && n.kind != kindRemote || t.options(n, path) == nil {
		return false
	}
	s := t.stock(n, path, text)
	if s.spells(text) < 0 && t.pickSeveral(path, text, s) {
		return true
	}
	o, ok := s.named(text)
	if ok {
		t.choose(path, o)
	}
	return ok
}

// pickAnswer takes text as the choice that it names, or asks which one it means. It is true when it went on or asked; false when nothing is like it and
// something else was asked.
func (t *turn) pickAnswer(n *node, path, text string) bool {
	if t.options(n, path) == nil {
		t.askField(path)
		return true
	}
	if n.kind == kindBool {
		if v := t.reader().bool(text); len(v) > 0 {
			t.give(path, v[0], nil)
			return true
		}
	}
	if t.picks(n, path, text) {
		return true
	}
	s := t.stock(n, path, text)
	found := s.meantOrApt(text)
	if len(found) == 0 {
		if c := t.nearCommand(text); c != "" && t.obey(c) {
			return true
		}
		found = s.like(text)
	}
	if len(found) == 0 {
		return t.notListed(path, text)
	}
	t.narrow(path, found)
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

// parts gives what a text names that answers several questions at once: "1, 3".
func parts(path, text string) []string {
	if _, last := parent(path); index(last) < 0 {
		return nil
	}
	list := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;+\n", r) })
	if len(list) < 2 {
		return nil
	}
	return list
}

// pickSeveral takes "1, 3" as several items of a list.
func (t *turn) pickSeveral(path, text string, s stock) bool {
	var picked []option
	for _, part := range parts(path, text) {
		o, ok := t.pickPart(path, part, s)
		if !ok {
			return false
		}
		picked = append(picked, o)
	}
	if len(picked) == 0 {
		return false
	}
	around, _ := parent(path)
	list := t.form.root.at(around)
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

// pickPart finds one of several: by its number among those that are shown, or by its name.
func (t *turn) pickPart(path, part string, s stock) (option, bool) {
	i := position(part, len(t.s.Question.Options))
	if i < 0 {
		return s.named(part)
	}
	i = slices.IndexFunc(s.all, func(o option) bool { return tokenIs+path+"="+o.token == t.s.Question.Options[i].Value })
	if i < 0 {
		return option{}, false
	}
	return s.all[i], true
}

// maxLike is how many options are asked about at most.
const maxLike = 40

// narrow asks which of the options was meant.
func (t *turn) narrow(path string, found []option) {
	found = found[:min(len(found), maxLike)]
	q := Question{Kind: askField, Path: path}
	for _, o := range found {
		q.Only = append(q.Only, o.token)
	}
	t.s.Question = &q
	if len(found) == 1 {
		t.say("meant_choice", params{"choice": found[0].label})
	} else {
		t.say("several_fit", nil)
	}
	t.askField(path)
}

// confirms takes a yes or a no as the answer to whether one option was meant. It is false when that is not asked, or text is neither.
func (t *turn) confirms(text string) bool {
	if !t.at(askField) || len(t.s.Question.Only) != 1 || t.node(t.s.Question.Path) == nil {
		return false
	}
	q, c := *t.s.Question, t.commandIn(text)
	yes, no := t.m.words.agrees(text)
	switch {
	case yes || c == cmdYes:
		return t.tap(tokenIs + q.Path + "=" + q.Only[0])
	case no || c == cmdNo:
		t.s.Question = &Question{Kind: askField, Path: q.Path}
		t.askField(q.Path)
		return true
	}
	return false
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
