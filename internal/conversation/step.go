package conversation

import (
	"cmp"
	"strings"
	"time"
)

// hear takes in what the person did.
func (t *turn) hear(h Heard) {
	silence := t.arrive(h)
	t.learns(h)
	t.reconcile()
	t.revise()
	token, text := said(h)
	if link := t.linked(h.Refused); token == "" && text == "" && link != "" {
		text = link
	}
	t.refuse(h.Refused, text)
	repeats := t.repeats(text)
	h.Hello = h.Hello || h.comes(text)
	greets := h.Hello && text == "" || t.m.words.hello.has(text)
	if t.s.Draft != nil && silence >= t.m.rules.Remind && !greets {
		t.say("reminder", params{"action": t.title(t.form)})
	}
	switch {
	case token != "":
		t.tapped(h, token)
	case t.follows(h, text):
	case h.Contact != nil:
		t.gotContact(*h.Contact)
	case t.unseen(h, text, repeats):
		t.again()
	case h.Hello && text == "":
		t.greet()
	case len(h.Scanned) > 0 && t.scanned(h, text):
	case t.s.Draft != nil:
		t.inDraft(h, text)
	default:
		t.inIdle(h, text)
	}
	if t.call == nil && !t.asked {
		t.again()
	}
}

// said gives what was tapped, as a token, or what was written. A choice that is not ours, of a menu that the network keeps, says by its title what it means.
func said(h Heard) (token, text string) {
	text = shortened(h.Text)
	switch {
	case strings.HasPrefix(h.Choice, tokenMark):
		return h.Choice, text
	case strings.HasPrefix(text, tokenMark):
		return text, ""
	}
	return "", cmp.Or(text, shortened(h.Choice))
}

// shortened gives a text as it may be kept, with enough of a text that is too long to see that it is.
func shortened(text string) string {
	text = cleaned(text)
	if len(text) <= maxText {
		return text
	}
	r := []rune(text)
	return string(r[:min(len(r), maxText+1)])
}

// arrive begins a turn and gives how long the person was silent.
func (t *turn) arrive(h Heard) time.Duration {
	silence := time.Duration(0)
	if !t.s.At.IsZero() {
		silence = h.At.Sub(t.s.At)
	}
	t.s.At, t.s.Event, t.s.Calls, t.s.Assurance = h.At, h.ID, 0, h.Assurance
	t.now = h.At
	t.s.Call, t.s.Wait = nil, nil // a change that was under way stands in Draft.Sent
	if t.s.Draft != nil && t.s.Draft.Sent != nil && !t.s.Draft.Unsure {
		t.s.Draft.Unsure = true
	}
	return silence
}

// tapped does what was tapped. What belongs to an earlier question is not taken for an answer to this one.
func (t *turn) tapped(h Heard, token string) {
	if t.s.Draft != nil {
		t.take(h)
	}
	if !t.tap(token) {
		t.say("old_choice", nil)
		t.again()
	}
}

// inDraft takes in what was said while an action is being prepared.
func (t *turn) inDraft(h Heard, text string) {
	took := t.take(h)
	switch {
	case text != "" && !wordy(text) && t.wantsWords():
		t.say("odd", nil)
		t.again()
	case text != "" && took.asked:
		if c := t.commandIn(text); c == "" || !t.obey(c) {
			t.advance()
		}
	case text != "":
		t.understand(text)
	case took.any && !took.only:
		t.s.Question = nil
		t.advance()
	case len(h.Refused) == 0 && !took.any:
		t.say("nothing_heard", nil)
		t.again()
	default:
		t.again()
	}
}

// wantsWords tells whether a text without a letter or digit can be no answer to the question that stands.
func (t *turn) wantsWords() bool {
	if !t.at(askField) {
		return true
	}
	n := t.node(t.s.Question.Path)
	return n == nil || n.kind == kindText || n.kind == kindPlace
}

// understand finds out what a text means while an action is being prepared: one of the options as it is written, a command, or an answer.
func (t *turn) understand(text string) {
	if token, ok := t.shown(text); ok && t.tap(token) || t.old(text) || t.confirms(text) || t.doesNotKnow(text) {
		return
	}
	if t.at(askRetry) && (t.m.words.retry.has(text) || t.m.words.send.has(text)) {
		t.retry()
		return
	}
	if t.m.words.thanks.has(text) && !t.freeText() {
		t.welcome()
		return
	}
	if c := t.commandIn(text); c != "" && t.obey(c) {
		return
	}
	if t.m.words.hello.has(text) {
		t.greet()
		return
	}
	q := t.s.Question
	if q == nil {
		t.advance()
		return
	}
	switch {
	case t.bare(text) && !t.takesBare(q, text):
		t.missed()
	case q.Kind == askField:
		t.answer(text)
	case q.Kind == askConfirm && t.atSummary(text), q.Kind == askChange && t.pickNamed(text):
	case t.pickShown(text), t.strays(text):
	default:
		t.say("not_understood", nil)
		t.again()
	}
}

// shown gives the token of the choice that text names exactly, or by its number.
func (t *turn) shown(text string) (string, bool) {
	q := t.s.Question
	if q == nil {
		return "", false
	}
	all := append(namesOf(q.Options), namesOf(q.Controls)...)
	if i := exactly(text, all); i >= len(q.Options) || i >= 0 && (spelled(text, all) == i || t.showsAll(q)) {
		return all[i].value, true
	}
	if i := button(text, q.Options, q.Controls); i >= 0 {
		return all[i].value, true
	}
	if i := position(text, len(q.Options)); i >= 0 {
		return q.Options[i].Value, true
	}
	return "", false
}

// showsAll tells whether the question shows all that can be answered: then nothing else can be called almost the same.
func (t *turn) showsAll(q *Question) bool {
	if q.Kind != askField || t.node(q.Path) == nil {
		return true
	}
	n := t.node(q.Path)
	return n.kind != kindChoice && n.kind != kindRemote || t.after(q.Path) == "" && len(t.options(n, q.Path)) <= len(q.Options)
}

// pickShown takes text as one of the choices that were shown, in other words.
func (t *turn) pickShown(text string) bool {
	c, ok := t.fitting(text)
	return ok && t.tap(c.value)
}

// fitting gives the choice that was shown and that text names in other words.
func (t *turn) fitting(text string) (named, bool) {
	q := t.s.Question
	if q == nil || len([]rune(text)) >= 2*t.m.rules.LongText {
		return named{}, false
	}
	all := append(namesOf(q.Options), namesOf(q.Controls)...)
	i := only(fits(text, all))
	if i < 0 {
		return named{}, false
	}
	return all[i], true
}

// returned takes in the answer to the call under way.
func (t *turn) returned(r Returned) {
	w := t.s.Wait
	t.now = r.At
	t.s.Call, t.s.Wait = nil, nil
	if r.Assurance != "" {
		t.s.Assurance = r.Assurance
	}
	if t.s.Draft == nil || w == nil {
		t.again()
		return
	}
	if w.For != forResult {
		t.reconcile()
		t.revise()
		if t.s.Draft == nil {
			t.again()
			return
		}
	}
	switch w.For {
	case forOptions:
		t.gotOptions(r, w.Path)
	case forSearch:
		t.gotFound(r, *w)
	case forMatch:
		t.gotMatch(r, *w)
	case forVerify:
		t.gotVerified(r, w.Path)
	case forCheck:
		t.gotChecked(r, w.Path)
	case forResult:
		t.gotResult(r)
	case forInApp:
		t.gotLink(r, w.Text)
	case forPlace:
		t.gotPlace(r, *w)
	}
	if t.call == nil && !t.asked {
		t.again()
	}
}
