package conversation

import (
	"github.com/motcua/motcua/internal/message"
)

// guide says where the person is and what can be said here.
func (t *turn) guide() {
	if t.s.Draft == nil {
		t.say("help", nil)
		t.again()
		return
	}
	t.say("help_draft", params{"action": t.title(t.form)})
	if t.service(t.m.rules.Continue) != nil && !t.isErrand(t.form.ref) {
		t.say("help_app", nil)
	}
	t.again()
}

// speak goes on in another language. What mini-apps said in the first one is fetched anew.
func (t *turn) speak(lang message.Lang) {
	t.s.Lang = lang
	if d := t.s.Draft; d != nil {
		d.renew()
	}
	t.say("language", nil)
	t.again()
}

// speaks learns the language of a person who has not shown one yet.
func (t *turn) speaks(lang message.Lang) {
	if t.s.Lang == "" && (lang == message.English || lang == message.Vietnamese) {
		t.s.Lang = lang
	}
}

// again puts the question that stands once more, in the language of now.
func (t *turn) again() {
	if t.call != nil {
		return
	}
	q := t.s.Question
	if q == nil {
		t.advance()
		return
	}
	if t.s.Draft == nil {
		t.againIdle(q)
		return
	}
	switch q.Kind {
	case askChange:
		t.askChange(q.Mend, q.From)
	case askLeave:
		t.askLeave(q)
	case askInstead:
		if q.Instead == nil {
			t.advance()
			return
		}
		t.askInstead(q.Instead)
	case askMenu:
		t.menu(q.From)
	case askRetry:
		t.askRetry()
	default:
		t.advance()
	}
}

func (t *turn) againIdle(q *Question) {
	switch {
	case q.Kind == askWhich && len(q.Refs) > 0:
		t.askWhich(q.Refs, q.Text)
	case q.Kind == askReport && t.report() != nil:
		t.offerReport(q.Text)
	case q.Kind == askMenu:
		t.menu(q.From)
	case q.Kind == askNext && len(t.s.Next) > 0:
		t.askNext()
	default:
		t.menu(0)
	}
}

// title is what an action is called.
func (t *turn) title(f *form) string { return f.action.Title.In(t.lang()) }
