package conversation

import "slices"

// cancel ends what is being done.
func (t *turn) cancel() {
	switch d := t.s.Draft; {
	case t.s.Aside != nil:
		t.cancelBoth()
	case d == nil:
		t.say("nothing_to_cancel", nil)
	case d.Sent != nil:
		t.say("cancelled_unsure", params{"action": t.title(t.form)})
	case d.Follows:
		t.say("cancelled_step", params{"action": t.title(t.form)})
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
	case t.locked():
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

// locked tells whether the draft waits to hear what became of a change, and asks again about that: nothing of it can be changed now.
func (t *turn) locked() bool {
	if t.s.Draft.Sent == nil {
		return false
	}
	t.say("locked", nil)
	t.askRetry()
	return true
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
	if p := t.opened(q); p != "" {
		t.edit(p)
		return
	}
	t.say("first_question", nil)
	t.again()
}

// opened gives the last answer that the opening sentence held and that is not asked for by q; "" when there is none.
func (t *turn) opened(q *Question) string {
	for _, p := range slices.Backward(t.s.Draft.Opened) {
		if _, known := t.known(p); known && (q.Kind != askField || q.Path != p) && slices.Contains(t.changeable(), p) {
			return p
		}
	}
	return ""
}

// restart begins the same action anew.
func (t *turn) restart() {
	switch {
	case t.s.Draft == nil:
		t.menu(0)
	case t.locked():
	default:
		f := t.form
		t.clear()
		t.start(f.ref, opening{anew: true})
	}
}
