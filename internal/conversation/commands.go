package conversation

import (
	"slices"

	"github.com/motcua/motcua/internal/message"
)

// command is something that a person can always say to the dialogue itself.
type command string

const (
	cmdMenu       command = "menu"
	cmdCancel     command = "cancel"
	cmdBack       command = "back"
	cmdHelp       command = "help"
	cmdVietnamese command = "vietnamese"
	cmdEnglish    command = "english"
	cmdChange     command = "change"
	cmdRestart    command = "restart"
	cmdSkip       command = "skip"
	cmdMore       command = "more"
	cmdDone       command = "done"
	cmdYes        command = "yes"
	cmdNo         command = "no"
)

func isCommand(intent string) bool {
	switch command(intent) {
	case cmdMenu, cmdCancel, cmdBack, cmdHelp, cmdVietnamese, cmdEnglish, cmdChange, cmdRestart, cmdSkip, cmdMore, cmdDone, cmdYes, cmdNo:
		return true
	}
	return false
}

// exact is from which score on a text is a command where any text may be the answer: a name is often one slip away from some command.
const exact = 0.92

// freeText tells whether the question that stands takes any text.
func (t *turn) freeText() bool {
	if t.s.Draft == nil || !t.at(askField) {
		return false
	}
	n := t.form.root.at(t.s.Question.Path)
	return n != nil && (n.kind == kindText || n.kind == kindAny || n.kind == kindPlace)
}

// maxCommand is the longest text, in runes, that is looked at as a command.
const maxCommand = 60

// commandIn gives the command that text is, when it is nothing else; "" otherwise.
func (t *turn) commandIn(text string) command {
	if len([]rune(text)) > maxCommand {
		return ""
	}
	least := sure
	if t.freeText() {
		least = exact
	}
	for _, x := range t.recognise(text) {
		switch {
		case x.Score < least:
			return ""
		case isCommand(x.Intent) && x.Whole:
			if x.Lang == message.English && command(x.Intent) == cmdHelp {
				t.speaks(x.Lang)
			}
			return command(x.Intent)
		case x.Whole:
			return "" // the opening words of an action come closer
		}
	}
	return ""
}

// obey does what a command says. It is false when the command means nothing here, so that the text may be an answer.
func (t *turn) obey(c command) bool {
	switch c {
	case cmdMenu:
		t.menu(0)
	case cmdCancel:
		t.cancel()
	case cmdBack:
		t.back()
	case cmdHelp:
		t.guide()
	case cmdVietnamese:
		t.speak(message.Vietnamese)
	case cmdEnglish:
		t.speak(message.English)
	case cmdRestart:
		t.restart()
	case cmdYes, cmdNo:
		return t.agree(c == cmdYes)
	case cmdChange:
		t.change()
	case cmdMore:
		t.more()
	case cmdSkip:
		t.inDraftOnly(t.skipQuestion)
	case cmdDone:
		t.inDraftOnly(t.done)
	default:
		return false
	}
	return true
}

func (t *turn) inDraftOnly(do func()) {
	if t.s.Draft == nil {
		t.menu(0)
		return
	}
	do()
}

// skipQuestion goes on without an answer to the question that stands.
func (t *turn) skipQuestion() {
	switch {
	case t.at(askRetry):
		t.later()
	case t.at(askInstead):
		t.decideInstead(false)
	case t.at(askField):
		t.skip()
	case t.at(askConfirm):
		t.again()
	default:
		t.s.Question = nil
		t.advance()
	}
}

// agree takes a yes or a no as the answer to the question that stands. It is false when that question wants something else.
func (t *turn) agree(yes bool) bool {
	q := t.s.Question
	if q == nil {
		return false
	}
	switch q.Kind {
	case askConfirm:
		t.decide(yes)
	case askReport:
		t.decideReport(yes)
	case askLeave:
		t.decideLeave(yes)
	case askInstead:
		t.decideInstead(yes)
	case askRetry:
		if yes {
			t.retry()
		} else {
			t.later()
		}
	case askChange:
		if yes {
			return false
		}
		t.s.Question = nil
		t.advance()
	case askField:
		return t.agreeToField(yes)
	default:
		return false
	}
	return true
}

// agreeToField takes a no as leaving out what is optional, and gives the rest to the question itself.
func (t *turn) agreeToField(yes bool) bool {
	path := t.s.Question.Path
	n := t.form.root.at(path)
	switch {
	case n == nil:
		t.advance()
		return true
	case n.kind == kindBool:
		t.give(path, yes, nil)
		return true
	case yes || !single(path) && t.count(first(parent(path))) == 0 && !n.leaf():
		return false
	}
	if _, can := t.optional(path); !can {
		return false
	}
	t.skip()
	return true
}

func first[A, B any](a A, _ B) A { return a }

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

// change lets the person choose which answer to change.
func (t *turn) change() {
	switch {
	case t.s.Draft == nil:
		t.menu(0)
	case t.s.Draft.Sent != nil:
		t.say("locked", nil)
		t.askRetry()
	case len(t.changeable()) == 0:
		t.say("nothing_to_change", nil)
		t.again()
	default:
		t.askChange(nil)
	}
}

// more shows what comes after what is shown.
func (t *turn) more() {
	q := t.s.Question
	switch {
	case q == nil || q.Kind == askNext:
		t.menu(0)
	case q.Kind == askMenu:
		t.menu(q.From + t.m.rules.Page)
	case q.Kind == askChange:
		t.askChangeFrom(q.From+t.m.rules.Page, nil)
	case q.Kind == askField && t.s.Draft != nil && slices.ContainsFunc(q.Controls, func(c message.Choice) bool { return c.Value == tokenDo+string(cmdMore) }):
		t.nextPage()
	case q.Kind == askField && t.s.Draft != nil && !single(q.Path):
		t.askField(q.Path)
	default:
		t.say("no_more", nil)
		t.again()
	}
}

// guide says where the person is and what can be said here.
func (t *turn) guide() {
	if t.s.Draft == nil {
		t.say("help", nil)
		t.again()
		return
	}
	t.say("help_draft", params{"action": t.title(t.form)})
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
		t.mendOrChange(q)
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
