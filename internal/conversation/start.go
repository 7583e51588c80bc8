package conversation

import (
	"encoding/json"
	"slices"

	"github.com/motcua/motcua/internal/intent"
	"github.com/motcua/motcua/miniapps"
)

// opening is what is known when an action is opened.
type opening struct {
	text   string           // what the person said; "" nothing
	matter bool             // text is the matter itself, whatever it sounds like
	input  json.RawMessage  // from a suggestion
	about  miniapps.CaseRef // the case that it goes on with
	quiet  bool             // it is not announced
	after  bool             // it goes on with what another action has done
	anew   bool             // what was suggested before is not meant
}

// start begins to prepare an action with what is known.
func (t *turn) start(ref Ref, o opening) {
	f := t.m.forms[ref]
	held := t.s.Held
	t.s.Held, t.s.Question = nil, nil
	if a := t.s.Aside; a != nil && !t.isErrand(ref) {
		if a.Ref == ref {
			a.Proved = false
			t.comeBack()
			return
		}
		t.putOff(a)
	}
	if f == nil || !t.mayStart(f) {
		t.menu(0)
		return
	}
	said := t.unmentioned(o.text)
	offer, offered := t.offer(ref, o)
	if offered = offered && said == o.text; offered { // what the words name themselves is meant, not what was shown before
		o.input, o.about = offer.Input, offer.Case
	}
	t.s.Draft = &Draft{Ref: ref, Version: f.version, Answers: json.RawMessage("{}"), Case: o.about, Follows: o.after}
	t.load()
	m, asks := t.saidFor(said)
	if asks && len(t.showers(o.text)) == 0 { // a code is in no language
		t.speaks(m.Lang)
	}
	got := t.takeMention(o.text)
	if only := asks && m.Whole && m.Open || f.titled(said); !only || o.matter {
		got = append(got, t.openWith(o.text)...)
	}
	if seen := t.fillSeen(); len(seen) > 0 {
		got, held = append(got, seen...), nil // the photo was for the code in it
	}
	where := ""
	if said != o.text && (held == nil || held.Place == nil) {
		where = t.placeField()
	}
	t.prefill(o.input, where)
	if _, open := t.open(); open || !f.action.ReadOnly {
		if !o.quiet && !t.elsewhereFirst() {
			t.say("opened", params{"action": t.title(f)})
		}
		t.sayGot(got)
		if offered {
			t.sayOffered(offer)
		}
	}
	if held != nil {
		t.take(held.heard())
	}
	if where == "" || !t.locates(where, o.text) {
		t.advance()
	}
}

// mayStart tells whether an action can be opened now, and says why if not.
func (t *turn) mayStart(f *form) bool {
	switch a := f.action; {
	case !t.m.services.Available(f.ref.App):
		t.say("resting", params{"action": t.title(f)})
	case !t.s.Assurance.Reaches(a.Assurance) && !t.provable(a.Assurance):
		t.say("needs_"+string(a.Assurance), params{"action": t.title(f)})
	case f.root.blind() != nil && t.service(t.m.rules.Continue) == nil:
		t.say("app_only", params{"label": t.name(f.root.blind()), "action": t.title(f)})
	default:
		return true
	}
	return false
}

// prefill takes the values of a suggestion that fit, but the one of that name. What the person said already stays; where that is something else, the suggestion's case is not meant.
func (t *turn) prefill(input json.RawMessage, but string) {
	object := plainObject(input)
	for _, c := range t.form.root.children {
		x, given := object[c.name]
		said, known := t.known(c.name)
		switch {
		case !given, c.name == but:
		case !known:
			t.keep(c, c.name, x)
		case !equal(said, x):
			t.s.Draft.Case = miniapps.CaseRef{}
		}
	}
}

// keep takes what fits of a value: all of it, the parts of an object, or the items of a list. It is false when something was left out.
func (t *turn) keep(n *node, path string, v any) bool {
	if n.words.Sensitive {
		return false
	}
	if n.valid(v) {
		return t.set(path, v)
	}
	whole := true
	switch v := v.(type) {
	case map[string]any:
		if n.kind != kindObject {
			return false
		}
		for _, c := range n.children {
			if x, given := v[c.name]; given {
				whole = t.keep(c, join(path, c.name), x) && whole
			}
		}
		return whole
	case []any:
		if n.kind != kindList {
			return false
		}
		for _, x := range v {
			at := joinIndex(path, t.count(path))
			whole = t.count(path) < n.max && !t.repeated(at, x) && t.keep(n.item, at, x) && whole
		}
		return whole
	}
	return false
}

// openWith takes what the opening sentence holds: the matter itself, and values that have a form of their own. It gives their names.
func (t *turn) openWith(text string) []string {
	if text == "" || len([]rune(text)) > maxText {
		return nil
	}
	var got []string
	for _, c := range t.form.root.children {
		if _, known := t.known(c.name); known || c.words.Sensitive || !c.askable() {
			continue
		}
		v, ok := t.reader().find(c, text)
		if c.words.Opening {
			v, ok = text, c.valid(text)
		} else if t.twins(c) {
			ok = false
		}
		if ok && t.set(c.name, v) {
			got = append(got, t.name(c))
			t.s.Draft.Opened = add(t.s.Draft.Opened, c.name)
		}
	}
	return got
}

func (t *turn) sayGot(labels []string) {
	if len(labels) > 0 {
		t.say("got", params{"labels": joined(labels)})
	}
}

// twins tells whether another value has the same form, so that what is found in a sentence may be either.
func (t *turn) twins(n *node) bool {
	alike := func(c *node) bool {
		return c != n && c.kind == n.kind && (n.kind != kindText || c.pattern != nil && n.pattern != nil)
	}
	return slices.ContainsFunc(t.form.root.children, func(c *node) bool { return alike(c) && !c.words.Opening })
}

// saidFor gives how a text asks for the action that is being opened.
func (t *turn) saidFor(text string) (intent.Match, bool) {
	for _, x := range t.recognise(text) {
		if x.Intent == t.form.ref.String() {
			return x, true
		}
	}
	return intent.Match{}, false
}
