package conversation

import (
	"errors"
	"maps"
	"strings"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

// fault gives the words of a fault that a person may read. An internal one shows the standard text, whatever it carries.
func (t *turn) fault(f *fault.Error) string {
	switch {
	case f.Code == fault.Internal:
	case f.Public != "":
		return f.Public
	case f.Key != "":
		return t.m.texts.Text(t.lang(), f.Key, f.Params)
	case len(f.Fields) > 0:
		return t.field(f.Fields[0])
	}
	return t.m.texts.Text(t.lang(), "fault."+strings.ToLower(string(f.Code)), f.Params)
}

// field gives the words about one wrong field.
func (t *turn) field(x fault.Field) string {
	if x.Public != "" {
		return x.Public
	}
	return t.m.texts.Text(t.lang(), x.Key, t.labelled(x))
}

// labelled gives the parameters of a field's text with what the dialogue calls the field: a part that it does not ask for by itself bears the name of
// the whole.
func (t *turn) labelled(x fault.Field) map[string]any {
	if t.form == nil {
		return x.Params
	}
	path := pathOf(x.Path)
	_, at := t.nearest(path)
	if x.Params["label"] != nil && (at == "" || at == path) {
		return x.Params
	}
	out := params{}
	maps.Copy(out, x.Params)
	if out["label"] = t.nameAt(at); at == "" {
		out["label"] = t.title(t.form)
	}
	return out
}

func fieldsOf(err error) []fault.Field {
	var f *fault.Error
	if !errors.As(err, &f) {
		return nil
	}
	return f.Fields
}

// failed says why the action was not carried out, and offers the ways out. The draft stays.
//
// Whether a change took effect is unknown after UNAVAILABLE and INTERNAL. From then on, until a definite answer comes, the same call with the same key
// is all that may be sent: only so it takes effect once.
func (t *turn) failed(err error) {
	f, d := fault.Of(err), t.s.Draft
	switch f.Code {
	case fault.Unavailable, fault.Internal:
		d.Unsure = d.Sent != nil
	case fault.Invalid, fault.NotFound, fault.Conflict:
		d.Sent, d.Unsure = nil, false
	default: // refused before it was tried; an earlier try may still have taken effect
		if !d.Unsure {
			d.Sent = nil
		}
	}
	switch f.Code {
	case fault.Invalid, fault.NotFound:
		if d.Followed {
			t.linkOver()
			return
		}
	}
	switch f.Code {
	case fault.Invalid:
		if !t.refused(f, false) {
			t.advance()
		}
		return
	case fault.NotFound:
		if t.askOnlyAgain(f) {
			return
		}
	case fault.Unauthorized, fault.Forbidden:
		if t.provesFor(f) {
			return
		}
	}
	t.sayFailed(f)
	t.askRetry()
}

func (t *turn) sayFailed(f *fault.Error) {
	t.tell(message.Words{Text: t.fault(f)})
	switch {
	case f.Code == fault.Unauthorized, f.Code == fault.Forbidden && strings.HasPrefix(f.Key, "runner."):
		t.say("in_app", nil)
	case f.Code == fault.RateLimited && f.RetryAfter > 0:
		t.say("wait", params{"count": (f.WaitSeconds() + 59) / 60})
	case t.s.Draft.Unsure:
		t.say("kept", nil)
	}
}

// askOnlyAgain asks for the only answer there is again, when nothing was found for it.
func (t *turn) askOnlyAgain(f *fault.Error) bool {
	known := t.changeable()
	if len(known) != 1 || t.s.Draft.Sent != nil {
		return false
	}
	t.tell(message.Words{Text: t.fault(f)})
	t.reject(known[0])
	t.advance()
	return true
}

// askRetry offers to try again, to change something, or to put it off.
func (t *turn) askRetry() {
	options := []message.Choice{{Label: t.text("choice.retry", nil), Value: tokenRetry}}
	if t.s.Draft.Sent == nil && len(t.changeable()) > 0 {
		options = append(options, message.Choice{Label: t.text("control.change", nil), Value: tokenDo + string(cmdChange)})
	}
	options = append(options, message.Choice{Label: t.text("choice.later", nil), Value: tokenLater})
	t.ask(Question{Kind: askRetry}, t.text("retry", params{"action": t.title(t.form)}), options, t.controls(cmdCancel))
}

// retry tries again: with the same key and the same input as long as it is not known whether that took effect.
func (t *turn) retry() {
	sent := t.s.Draft.Sent
	if sent == nil {
		t.s.Question = nil
		t.submit()
		return
	}
	if _, err := t.m.services.Check(sent.App, sent.Action, sent.Input, t.lang()); err != nil {
		t.failed(err)
		return
	}
	if t.s.Calls >= maxCalls {
		t.askRetry()
		return
	}
	t.run(*sent, Wait{For: forResult})
}

// later puts the draft off. It can be taken up from the menu.
func (t *turn) later() {
	if t.s.Aside != nil { // what waits for it is what the person wants
		t.drop()
		t.menu(0)
		return
	}
	t.park()
	t.say("parked", params{"action": t.title(t.form)})
	t.drop()
	t.menu(0)
}

// resume takes up what was put off.
func (t *turn) resume(i int) {
	if i < 0 || i >= len(t.s.Parked) || t.s.Draft != nil {
		t.again()
		return
	}
	d := t.s.Parked[i].clone()
	t.s.Parked = append(t.s.Parked[:i:i], t.s.Parked[i+1:]...)
	d.Proved, d.Paused = false, false
	t.takeUp(d)
}

// takeUp goes on with a draft that waited.
func (t *turn) takeUp(d *Draft) {
	d.renew()
	t.s.Draft, t.s.Question = d, nil
	t.load()
	t.reconcile()
	if t.s.Draft == nil {
		t.menu(0)
		return
	}
	t.retry()
}
