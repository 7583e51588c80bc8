package conversation

import "slices"

// cancel ends what is being done.
func (t *turn) cancel() {
	switch d := t.s.Draft; {
	case d == nil:
		t.say("nothing_to_cancel", nil)
	case d.Sent != nil:
		t.say("cancelled_unsure", params{"action": t.title(t.form)})
	default:
		t.say("cancelled", params{"action": t.title(t.form)})
	}
	t.drop()
	t.menu(0)
}

// back asks the previous question again.
func (t *turn) back() {
	d, q := t.s.Draft, t.s.Question
	switch {
	case d == nil:
		t.menu(0)
	case d.Sent != nil:
		t.say("locked", nil)
		t.askRetry()
	case q == nil || q.Kind != askField && q.Kind != askConfirm && q.Kind != askRetry:
		t.s.Question = nil
		t.advance()
	case q.Kind == askField && d.Want != "" && t.stands(d.Want):
		d.Want = ""
		t.advance()
	default:
		t.previous(q)
	}
}

// stands tells whether the draft is whole without asking for what is wanted: a change or an addition may simply be given up.
func (t *turn) stands(want string) bool {
	if _, known := t.known(want); known {
		return true
	}
	n := t.form.root.at(want)
	return n != nil && !n.always() && !slices.Contains(t.s.Draft.Needed, want)
}

// previous drops the last answer that was asked for, and asks for it again.
func (t *turn) previous(q *Question) {
	d := t.s.Draft
	d.Want = ""
	for len(d.Asked) > 0 {
		path := d.Asked[len(d.Asked)-1]
		d.Asked = d.Asked[:len(d.Asked)-1]
		n := t.form.root.at(path)
		if n == nil || q.Kind == askField && path == q.Path {
			continue
		}
		if _, known := t.known(path); known {
			t.unset(path)
		}
		d.Skipped = slices.DeleteFunc(d.Skipped, func(p string) bool { return inside(path, p) })
		d.Closed = slices.DeleteFunc(d.Closed, func(p string) bool { return inside(path, p) })
		if single(path) {
			d.Want = path
		}
		t.s.Question = nil
		t.advance()
		return
	}
	t.say("first_question", nil)
	t.again()
}

// restart begins the same action anew.
func (t *turn) restart() {
	switch {
	case t.s.Draft == nil:
		t.menu(0)
	case t.s.Draft.Sent != nil:
		t.say("locked", nil)
		t.askRetry()
	default:
		f := t.form
		t.drop()
		t.start(f.ref, opening{})
	}
}
