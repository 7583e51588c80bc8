package conversation

import "github.com/motcua/motcua/internal/message"

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
	cmdFirst      command = "first" // of the choices shown page by page; by its exact words
	cmdDone       command = "done"
	cmdYes        command = "yes"
	cmdNo         command = "no"
	cmdPerson     command = "person" // speak with somebody of the city
	cmdApp        command = "app"    // go on with what was begun in the app or on the city's page; by its exact words
)

func isCommand(intent string) bool {
	switch command(intent) {
	case cmdMenu, cmdCancel, cmdBack, cmdHelp, cmdVietnamese, cmdEnglish, cmdChange, cmdRestart, cmdSkip, cmdMore, cmdFirst, cmdDone, cmdYes, cmdNo, cmdPerson:
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

// choosing tells whether one of several options is asked for, some of which may not be shown.
func (t *turn) choosing() bool {
	return t.at(askField) && !t.showsAll(t.s.Question)
}

// commandIn gives the command that text is, when it is nothing else; "" otherwise. What is only like a command may be the name of an option: see nearCommand.
func (t *turn) commandIn(text string) command {
	if t.freeText() || t.choosing() {
		return t.commandFrom(text, exact)
	}
	return t.commandFrom(text, sure)
}

// nearCommand gives the command that text is like, when it names nothing that can be chosen; "" for none.
func (t *turn) nearCommand(text string) command {
	if !t.choosing() {
		return ""
	}
	return t.commandFrom(text, sure)
}

// commandFrom gives the command that text is, from that score on.
func (t *turn) commandFrom(text string, least float64) command {
	switch {
	case len([]rune(text)) > maxCommand:
		return ""
	case t.m.words.app.has(text):
		return cmdApp
	case t.m.words.first.has(text):
		return cmdFirst
	}
	for _, x := range t.recognise(text) {
		switch {
		case x.Score < least:
			return ""
		case isCommand(x.Intent) && x.Whole:
			if c := command(x.Intent); x.Lang == message.English && (c == cmdHelp || c == cmdPerson) {
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
	case cmdPerson:
		t.handOver()
	case cmdApp:
		t.toApp()
	case cmdYes, cmdNo:
		return t.agree(c == cmdYes)
	case cmdChange:
		t.change()
	case cmdMore:
		t.more()
	case cmdFirst:
		t.first()
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
	case askWhich:
		return t.agreeToWhich(q, yes)
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

// agreeToWhich takes a yes as the only action that was named. With several, it does not say which.
func (t *turn) agreeToWhich(q *Question, yes bool) bool {
	switch {
	case !yes:
		t.menu(0)
	case len(q.Options) == 1:
		return t.tap(q.Options[0].Value)
	default:
		t.again()
	}
	return true
}

// agreeToField takes a no as leaving out what is optional, and gives the rest to the question itself.
func (t *turn) agreeToField(yes bool) bool {
	path := t.s.Question.Path
	around, _ := parent(path)
	n := t.form.root.at(path)
	switch {
	case n == nil:
		t.advance()
		return true
	case n.kind == kindBool:
		t.give(path, yes, nil)
		return true
	case yes || !single(path) && t.count(around) == 0 && !n.leaf():
		return false
	}
	if _, can := t.optional(path); !can {
		return false
	}
	t.skip()
	return true
}

// change lets the person choose which answer to change.
func (t *turn) change() {
	switch {
	case t.s.Draft == nil:
		t.menu(0)
	case t.locked():
	case len(t.changeable()) == 0:
		t.say("nothing_to_change", nil)
		t.again()
	default:
		t.askChange(false, 0)
	}
}
