package conversation

import (
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// refused takes back what a fault says is wrong, and remembers what it says is missing. With quiet, nothing is said about what is missing: it will be
// asked for. It is true when it asked something itself.
func (t *turn) refused(f *fault.Error, quiet bool) bool {
	changed := false
	var wrong, whole []string
	for _, x := range f.Fields {
		n, at := t.nearest(pathOf(x.Path))
		_, known := t.known(at)
		switch {
		case at == "":
			whole = append(whole, t.field(x))
			continue
		case !known && n.impossible():
			t.appOnly(n)
			return true
		case t.need(n, at):
			changed = true
		case known:
			wrong = append(wrong, t.culprits(n, at)...)
		}
		if known || !quiet {
			t.tell(message.Words{Text: t.field(x)})
		}
	}
	if t.rejectAll(wrong) || changed || t.settle() {
		return false
	}
	if len(f.Fields) == 0 {
		whole = append(whole, t.fault(f))
	} else if b := t.beyond(); b != nil && len(whole) > 0 {
		t.appOnly(b)
		return true
	}
	t.mend(whole)
	return true
}

// mend says what is wrong with the whole, and lets the person choose what to change or to add.
func (t *turn) mend(whole []string) {
	for _, s := range whole {
		t.tell(message.Words{Text: s})
	}
	t.askChange(true, 0)
}

// culprits are the answers to take back when the value at path is wrong: of a list that holds something twice, only what came later.
func (t *turn) culprits(n *node, path string) []string {
	if n.kind != kindList || !n.unique {
		return []string{path}
	}
	v, _ := t.known(path)
	items, _ := v.([]any)
	var out []string
	for i := range items {
		if slices.ContainsFunc(items[:i], func(x any) bool { return equal(x, items[i]) }) {
			out = append(out, joinIndex(path, i))
		}
	}
	if len(out) == 0 {
		return []string{path}
	}
	return out
}

// settle sets one of the alternatives that need no asking, if there is one.
func (t *turn) settle() bool {
	for _, c := range t.form.root.children {
		if _, known := t.known(c.name); !known && c.fixed != nil && slices.Contains(t.form.root.either, c.name) {
			return t.set(c.name, *c.fixed)
		}
	}
	return false
}

// beyond gives a value that no chat may ask for, when only such are left of the alternatives that the schema wants one of.
func (t *turn) beyond() *node {
	var out *node
	for _, c := range t.form.root.children {
		if !slices.Contains(t.form.root.either, c.name) {
			continue
		}
		if _, known := t.known(c.name); known || c.giveable() {
			return nil
		}
		out = c
	}
	return out
}

// rejectAll takes answers back, the last items of lists first, so that taking one away does not move those still to be taken. The first is asked for next.
func (t *turn) rejectAll(paths []string) bool {
	done := false
	for _, p := range slices.SortedFunc(slices.Values(paths), backwards) {
		done = t.reject(p) || done
	}
	if i := slices.IndexFunc(paths, single); i >= 0 && done {
		t.s.Draft.Want = paths[i]
	}
	return done
}

// backwards orders paths so that later items of a list come before earlier ones.
func backwards(a, b string) int {
	x, y := steps(a), steps(b)
	for i := range min(len(x), len(y)) {
		if x[i] == y[i] {
			continue
		}
		if p, q := index(x[i]), index(y[i]); p >= 0 && q >= 0 {
			return q - p
		}
		return strings.Compare(x[i], y[i])
	}
	return len(y) - len(x)
}

// single tells whether path names no item of a list.
func single(path string) bool {
	_, last := parent(path)
	return index(last) < 0
}

func pathOf(list []string) string {
	path := ""
	for _, step := range list {
		path = join(path, step)
	}
	return path
}

// nearest gives the value at path, or the one around it, that a dialogue knows of. The path is "" for the input itself.
func (t *turn) nearest(path string) (*node, string) {
	n, at := t.form.root, ""
	for _, step := range steps(path) {
		c := n.child(step)
		if c == nil {
			break
		}
		n, at = c, join(at, step)
	}
	return n, at
}

// need remembers that the value at path, which is not known or too short a list, is missing beside the others. It is false when that is nothing new.
func (t *turn) need(n *node, path string) bool {
	d := t.s.Draft
	if _, known := t.known(path); known && (n.kind != kindList || t.count(path) >= n.min) {
		return false
	}
	switch {
	case n.fixed != nil:
		return t.set(path, *n.fixed)
	case n.kind == kindObject && !n.giveable(): // there is nothing to ask for in it
		d.Needed = add(d.Needed, path)
		return t.set(path, map[string]any{})
	}
	fresh, before := !slices.Contains(d.Needed, path), len(d.Skipped)
	d.Needed = add(d.Needed, path)
	d.Skipped = slices.DeleteFunc(d.Skipped, func(p string) bool { return inside(path, p) })
	return fresh || before != len(d.Skipped)
}

// reject takes the answer at path back, to be asked for again.
func (t *turn) reject(path string) bool {
	if _, known := t.known(path); !known {
		return false
	}
	t.unset(path)
	if single(path) {
		t.s.Draft.Want = path
	}
	return true
}

// alternatives are the values of the form itself that are not known and can be given: those that the schema wants one of, if it says so.
func (t *turn) alternatives() []*node {
	var named, all []*node
	for _, c := range t.form.root.children {
		if _, known := t.known(c.name); known || !c.giveable() {
			continue
		}
		if slices.Contains(t.form.root.either, c.name) {
			named = append(named, c)
		}
		if c.words.Ask != miniapps.AskNever {
			all = append(all, c)
		}
	}
	if len(named) > 0 {
		return named
	}
	return all
}

// appOnly ends the draft because no chat may ask for a value that it needs. Where the app can go on with it, it is handed over there.
func (t *turn) appOnly(n *node) {
	if t.inApp(t.name(n)) {
		return
	}
	t.say("app_only", params{"label": t.name(n), "action": t.title(t.form)})
	t.drop()
	t.menu(0)
}
