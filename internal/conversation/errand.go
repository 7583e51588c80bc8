package conversation

import (
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
)

// An errand is an action that is done in between, such as signing in: the draft waits beside it, and goes on by itself when the errand, with all that
// follows from it at once, has ended well. An errand that did not come to what the draft needs leaves it waiting while it offers what else can be done.

// errand begins an action in between. What waits already goes on waiting: the errand under way gives way to the new one.
func (t *turn) errand(ref Ref, o opening) {
	if d := t.s.Draft; d != nil && t.s.Aside == nil && d.Ref != ref {
		d.Answers = encode(t.answers)
		t.s.Aside = d
	}
	t.clear()
	o.quiet = true
	t.start(ref, o)
}

// isErrand tells whether an action belongs to an errand: the app that the rules name for it has all its steps.
func (t *turn) isErrand(ref Ref) bool {
	return ref.App == refOf(t.m.rules.SignIn).App || ref.App == refOf(t.m.rules.Link).App
}

// ready tells whether the person is known as surely as a draft that waits needs.
func (t *turn) ready(d *Draft) bool {
	f := t.m.forms[d.Ref]
	return f == nil || t.s.Assurance.Reaches(f.action.Assurance)
}

// comeBack goes on with what waited for an errand that has ended well.
func (t *turn) comeBack() {
	d := t.s.Aside
	t.s.Aside = nil
	if f := t.m.forms[d.Ref]; f != nil {
		t.say("goes_on", params{"action": t.title(f)})
	}
	t.takeUp(d)
}

// putOff keeps a draft that cannot go on now, and says where it is.
func (t *turn) putOff(d *Draft) {
	if t.s.Aside == d {
		t.s.Aside = nil
	}
	d.Paused = d.Sent == nil
	if f := t.m.forms[d.Ref]; f != nil {
		t.say("parked", params{"action": t.title(f)})
	}
	t.keepParked(d)
}

// doing is what the person is at: what waits for an errand, or the draft itself.
func (t *turn) doing() *form {
	if t.s.Aside != nil && t.m.forms[t.s.Aside.Ref] != nil {
		return t.m.forms[t.s.Aside.Ref]
	}
	return t.form
}

// cancelBoth says that an errand and what waited for it have ended.
func (t *turn) cancelBoth() {
	of, key := t.doing(), "cancelled_both"
	if t.form == nil || of == t.form {
		key = "cancelled"
	} else if t.s.Draft.Follows {
		key = "cancelled_both_step"
	}
	if t.s.Aside.Sent != nil {
		key = "cancelled_unsure"
	}
	if of != nil {
		p := params{"action": t.title(of)}
		if t.form != nil {
			p["other"] = t.title(t.form)
		}
		t.say(key, p)
	}
	t.s.Aside = nil
}

// service gives the form of an action that the rules name; nil when there is none, or it cannot be done now.
func (t *turn) service(rule string) *form {
	f := t.m.forms[refOf(rule)]
	if rule == "" || f == nil || !t.m.services.Available(f.ref.App) {
		return nil
	}
	return f
}

// provable tells whether the dialogue knows a way to somebody who is known as surely as that.
func (t *turn) provable(want account.Assurance) bool {
	return want == account.Phone && t.service(t.m.rules.SignIn) != nil || t.service(t.m.rules.Continue) != nil
}

// elsewhereFirst tells whether the draft cannot go on before something else was done, or not here.
func (t *turn) elsewhereFirst() bool {
	return !t.s.Assurance.Reaches(t.form.action.Assurance) || t.form.root.blind() != nil
}

// barred sees to it that the person is known as surely as the action needs: by a sign-in in between, or in the app. It is false when nothing is to be done
// about it here.
func (t *turn) barred() bool {
	want := t.form.action.Assurance
	if t.s.Assurance.Reaches(want) {
		return false
	}
	if want == account.Phone && t.signIn() || t.inApp("") {
		return true
	}
	if !t.s.Draft.Proved {
		return false // the action itself will tell
	}
	t.say("needs_"+string(want), params{"action": t.title(t.form)})
	t.s.Draft.Answers = encode(t.answers)
	t.putOff(t.s.Draft)
	t.drop()
	t.menu(0)
	return true
}

// signIn begins a sign-in for the draft, once. It is false when that cannot be done.
func (t *turn) signIn() bool {
	f := t.service(t.m.rules.SignIn)
	if f == nil || t.s.Draft.Proved || t.s.Aside != nil || f == t.form {
		return false
	}
	t.s.Draft.Proved = true
	t.say("sign_in_first", params{"action": t.title(t.form)})
	t.errand(f.ref, opening{})
	return true
}

// provesFor sees to what an action wants of the person before it is carried out: a sign-in, or a step in the app. It is false when nothing can be done here.
func (t *turn) provesFor(f *fault.Error) bool {
	switch {
	case f.Code == fault.Unauthorized, f.Key == "runner.step_up" && f.Params["assurance"] != string(account.EID):
		return t.signIn()
	case f.Key != "runner.step_up" && f.Key != "runner.consent_needed", t.s.Draft.Sent != nil:
		return false
	}
	return t.inApp("")
}

// wants tells whether the action has room for something of what was sent.
func (f *form) wants(h Heard) bool {
	return len(h.Photos) > 0 && f.root.takes(kindPhoto) || len(h.Videos) > 0 && f.root.takes(kindVideo) || h.Place != nil && f.root.takes(kindPlace)
}

// takeAside puts what was sent during an errand into the draft that waits.
func (t *turn) takeAside(h Heard) took {
	errand, q := t.s.Draft, t.s.Question
	errand.Answers = encode(t.answers)
	t.s.Draft, t.s.Aside, t.s.Question = t.s.Aside, nil, nil
	t.load()
	t.take(h)
	t.s.Draft.Answers = encode(t.answers)
	t.s.Draft, t.s.Aside, t.s.Question = errand, t.s.Draft, q
	t.load()
	return took{any: true, only: true}
}

// isAt tells whether the person is at that action already, in an errand for it or not.
func (t *turn) isAt(ref Ref) bool {
	return t.form.ref == ref || t.s.Aside != nil && t.s.Aside.Ref == ref
}
