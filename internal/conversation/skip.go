package conversation

import "slices"

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
	if _, known := t.known(q.Path); !can && known { // it stays as it is
		t.s.Draft.Want = ""
		t.advance()
		return
	}
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
		t.say("too_few", params{"min": n.min, "count": t.count(around)})
		t.again()
	default:
		t.leaveOut(q.Path)
	}
}
