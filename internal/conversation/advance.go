package conversation

import "github.com/motcua/motcua/internal/fault"

// maxRounds bounds how often one step looks for what to do next. Each round learns of values that are missing beside the others.
const maxRounds = 20

// advance does what comes next for the draft: it looks at what is known, asks for what is missing, sums up, or makes the call.
func (t *turn) advance() {
	if t.call != nil {
		return
	}
	if t.s.Draft == nil {
		t.menu(0)
		return
	}
	if t.s.Draft.Sent != nil {
		t.askRetry()
		return
	}
	if t.barred() {
		return
	}
	for range maxRounds {
		if b := t.form.root.blind(); b != nil {
			t.appOnly(b)
			return
		}
		t.fill(t.form.root, "")
		if t.verify() || t.check() {
			return
		}
		if path, ok := t.open(); ok {
			t.askField(path)
			return
		}
		if t.complete() {
			return
		}
	}
	t.askChange(true, 0)
}

// complete sums up, or makes the call. It is false when values turned out to be missing: then they are to be asked for.
func (t *turn) complete() bool {
	if t.recheck() {
		return true
	}
	input, err := t.m.services.Check(t.form.ref.App, t.form.ref.Action, encode(t.input()), t.lang())
	switch {
	case fault.CodeOf(err) == fault.Invalid:
		return t.refused(fault.Of(err), true)
	case err != nil:
		t.failed(err)
	case t.sumsUp():
		t.summary()
	default:
		t.send(input)
	}
	return true
}

// sumsUp tells whether the person is asked before the call is made: when the action wants it, or when there is more to offer.
func (t *turn) sumsUp() bool {
	a := t.form.action
	return !a.ReadOnly && (len(a.Confirm) > 0 || len(t.offered()) > 0)
}

// submit makes the call, once everything fits.
func (t *turn) submit() {
	if t.barred() {
		return
	}
	input, err := t.m.services.Check(t.form.ref.App, t.form.ref.Action, encode(t.input()), t.lang())
	_, open := t.open()
	if open || err != nil || t.sumsUp() && t.s.Draft.Confirmed != digest(t.input()) {
		t.advance()
		return
	}
	t.send(input)
}

// send makes the call of the draft with an input that was checked.
func (t *turn) send(input []byte) {
	d := t.s.Draft
	if d.Sent != nil || t.s.Calls >= maxCalls { // while it is not known what became of one call, there is no other
		t.askRetry()
		return
	}
	c := Call{App: d.App, Action: d.Action, Input: input, Case: d.Case}
	if !t.form.action.ReadOnly {
		c.Key = t.key()
		d.Sent = &c
	}
	t.run(c, Wait{For: forResult})
}

// drop ends the draft. What waited for it is kept.
func (t *turn) drop() {
	t.clear()
	if t.s.Aside != nil {
		t.putOff(t.s.Aside)
	}
}

// clear ends the draft, with something that follows from it to come.
func (t *turn) clear() {
	t.s.Draft, t.s.Question, t.s.Held = nil, nil, nil
	t.load()
}
