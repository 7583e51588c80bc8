package conversation

// inApp asks for a link under which the draft, with what is known of it, can be finished in the app. blind names the value that no chat may ask for; ""
// when that is not the reason. It is false when there is no such link to be had.
func (t *turn) inApp(blind string) bool {
	f, d := t.service(t.m.rules.Continue), t.s.Draft
	if f == nil || f == t.form || d.Sent != nil || t.call != nil || t.s.Calls >= maxCalls {
		return false
	}
	in := params{"app": d.App, "action": d.Action, "input": t.input()}
	if d.Case.ID != "" {
		in["case"] = d.Case
	}
	input, err := t.m.services.Check(f.ref.App, f.ref.Action, encode(in), t.lang())
	if err != nil {
		return false
	}
	c := Call{App: f.ref.App, Action: f.ref.Action, Input: input}
	if !f.action.ReadOnly {
		c.Key = t.key()
	}
	t.run(c, Wait{For: forInApp, Text: blind})
	return true
}

// toApp makes that link because the person asked for it. What waits for an errand is what they mean, and the errand ends.
func (t *turn) toApp() {
	switch {
	case t.s.Draft == nil:
		t.say("nothing_to_continue", nil)
		t.again()
		return
	case t.s.Aside != nil:
		t.s.Draft, t.s.Aside, t.s.Question = t.s.Aside, nil, nil
		t.load()
	}
	if t.isErrand(t.form.ref) || !t.inApp("") {
		t.sayInApp("")
		t.again()
	}
}

// gotLink shows where the draft can be finished, which ends it here. Without a link, what can go on here does.
func (t *turn) gotLink(r Returned, blind string) {
	key := "in_app_link"
	if !t.elsewhereFirst() {
		key = "in_app_asked"
	}
	switch {
	case r.Err != nil && key == "in_app_asked":
		t.say("in_app_failed", nil)
		t.again()
		return
	case r.Err != nil:
		t.sayInApp(blind)
		t.drop()
		t.menu(0)
		return
	}
	t.say(key, params{"action": t.title(t.form)})
	t.tellAll(spoken(r.Result.Blocks))
	t.drop()
	t.suggest(refOf(t.m.rules.Continue), r.Result)
}

// sayInApp says why the draft has to be finished in the app, when there is no link to it.
func (t *turn) sayInApp(blind string) {
	want := t.form.action.Assurance
	switch {
	case blind != "":
		t.say("app_only", params{"label": blind, "action": t.title(t.form)})
	case !t.s.Assurance.Reaches(want):
		t.say("needs_"+string(want), params{"action": t.title(t.form)})
	default:
		t.say("in_app", nil)
	}
}
