package conversation

import (
	"cmp"
	"strings"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

// placeField gives the path of the place that an action asks for and nobody has told yet; "" when there is none. An action that takes the value itself which a
// sentence mentions needs no place of it.
func (t *turn) placeField() string {
	if t.form.root.mentioned() != nil {
		return ""
	}
	for _, c := range t.form.root.children {
		if _, known := t.known(c.name); c.kind == kindPlace && c.askable() && !known {
			return c.name
		}
	}
	return ""
}

// locates looks where that is what a text mentions, for the place at path: the action that shows it suggests what can be done there, with the place filled in. It is
// false when the text mentions nothing of the kind.
func (t *turn) locates(path, text string) bool {
	n := t.form.root.at(path)
	m, ok := t.mention(text)
	if !ok || n == nil || n.kind != kindPlace || !t.may() || !t.s.Assurance.Reaches(m.form.action.Assurance) {
		return false
	}
	ref := m.form.ref
	input, err := t.m.services.Check(ref.App, ref.Action, encode(params{m.node.name: m.value}), t.lang())
	if err != nil {
		return false
	}
	t.run(Call{App: ref.App, Action: ref.Action, Input: input}, Wait{For: forPlace, Path: path, Text: m.value})
	return true
}

// gotPlace takes the place of what a text mentioned.
func (t *turn) gotPlace(r Returned, w Wait) {
	n := t.form.root.at(w.Path)
	place, ok := any(nil), false
	if n != nil && r.Err == nil {
		m, _ := t.mention(w.Text)
		place, ok = t.placeIn(m.form, r, n, w.Path)
	}
	asked := t.askedPath() == w.Path
	switch {
	case ok && t.set(w.Path, place):
		t.say("place_of", params{"code": strings.ToUpper(w.Text), "place": t.showBriefly(n)})
		if asked {
			t.note(w.Path)
			t.s.Question = nil
		}
	case r.Err != nil:
		t.tell(message.Words{Text: t.fault(fault.Of(r.Err))})
	default:
		t.say("no_place_of", params{"code": strings.ToUpper(w.Text)})
	}
	t.advance()
}

// placeIn finds in what a result of an action suggests the place for a field: that for the draft's own action, else any that fits.
func (t *turn) placeIn(of *form, r Returned, n *node, path string) (any, bool) {
	if of == nil {
		return nil, false
	}
	refs := make([]Ref, len(r.Result.Next))
	for i, s := range r.Result.Next {
		refs[i] = Ref{App: cmp.Or(s.App, of.ref.App), Action: s.Action}
		v, given := get(any(plainObject(encode(s.Input))), path)
		if refs[i] == t.form.ref && given && n.valid(v) {
			return v, true
		}
	}
	for i, s := range r.Result.Next {
		f := t.m.forms[refs[i]]
		if f == nil {
			continue
		}
		for _, c := range f.root.children {
			if v := plainObject(encode(s.Input))[c.name]; c.kind == kindPlace && v != nil && n.valid(v) {
				return v, true
			}
		}
	}
	return nil, false
}
