package conversation

import (
	"math"
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/intent"
	"github.com/motcua/motcua/internal/message"
)

const (
	sure    = intent.Sure // from which score on a text is taken for what it seems to ask
	certain = 0.85        // from which score on it interrupts what is being done
	nearly  = 0.08        // scores that differ by less mean about the same
)

// inIdle takes in what was said while nothing is being prepared.
func (t *turn) inIdle(h Heard, text string) {
	if text != "" {
		if token, ok := t.shown(text); ok && t.tap(token) || t.old(text) || t.startsByTitle(h, text) {
			return
		}
		if (t.m.words.retry.has(text) || t.m.words.goOn.has(text)) && len(t.s.Parked) > 0 {
			t.resume(len(t.s.Parked) - 1)
			return
		}
		if c := t.commandIn(text); c != "" && !t.m.words.thanks.has(text) && t.obey(c) {
			return
		}
		// Without its hyphen the code of a sign-in may be one of something else, whose form is narrower.
		if code, is := linkCode(text); is && (strings.Contains(text, "-") || len(t.showers(text)) == 0) && t.link(code) {
			return
		}
	}
	sent := len(h.Photos)+len(h.Videos) > 0 || h.Place != nil
	if !sent && text != "" && t.startsByCode(text) {
		return
	}
	if !sent && t.m.words.thanks.has(text) {
		t.welcome()
		return
	}
	if t.at(askReport) && t.m.words.send.has(text) {
		t.decideReport(true)
		return
	}
	if text != "" && t.bare(text) {
		if !sent {
			t.say("nothing_asked", nil)
			t.menu(0)
			return
		}
		text = ""
	}
	if !sent && text != "" && t.pickOffered(text) {
		return
	}
	t.hold(h)
	switch {
	case text != "":
		t.wants(text)
	case sent:
		t.sentFirst()
	case len(h.Refused) > 0:
		t.menu(0)
	default:
		t.say("nothing_heard", nil)
		t.menu(0)
	}
}

// wants opens the action that a text asks for.
func (t *turn) wants(text string) {
	if t.m.words.hello.has(text) {
		t.greet()
		return
	}
	if t.wantsMentioned(text) {
		return
	}
	matches := t.actions(text)
	long := len([]rune(text)) >= t.m.rules.LongText
	switch {
	case len(matches) == 0 && t.s.Held != nil:
		t.sentFirst(text)
	case len(matches) == 0 && long && t.report() != nil:
		t.offerReport(text)
	case len(matches) == 0:
		t.say("not_understood_idle", nil)
		t.menu(0)
	case len(matches) == 1 && matches[0].Score >= sure:
		t.start(refOf(matches[0].Intent), opening{text: text})
	default:
		t.askWhich(refsOf(matches), text)
	}
}

// welcome answers thanks, and good-byes.
func (t *turn) welcome() {
	t.say("welcome", nil)
	if t.s.Draft != nil {
		t.again()
		return
	}
	t.askNext()
}

// actions gives the actions that a text may ask for: those that fit about as well as the best.
func (t *turn) actions(text string) []intent.Match {
	var out []intent.Match
	for _, x := range t.recognise(text) {
		if t.m.forms[refOf(x.Intent)] == nil || slices.ContainsFunc(out, func(y intent.Match) bool { return y.Intent == x.Intent }) {
			continue
		}
		if len(out) > 0 && (math.Abs(out[0].Score-x.Score) >= nearly || out[0].Whole && !x.Whole) {
			break
		}
		out = append(out, x)
	}
	return out
}

func refsOf(matches []intent.Match) []Ref {
	var out []Ref
	for _, x := range matches {
		out = append(out, refOf(x.Intent))
	}
	return out
}

// sentFirst opens the action that takes what was sent, or asks which one of several.
func (t *turn) sentFirst(text ...string) {
	held := *t.s.Held
	if len(text) > 0 {
		held.Text = text[0]
	}
	takers := t.takers(held)
	switch len(takers) {
	case 0:
		t.s.Held = nil
		t.say("no_use", nil)
		t.menu(0)
	case 1:
		t.start(takers[0], opening{text: held.Text})
	default:
		t.askWhich(takers, held.Text)
	}
}

// askWhich asks which of several actions was meant.
func (t *turn) askWhich(refs []Ref, text string) {
	if t.s.Held == nil {
		t.s.Held = &Held{}
	}
	held := *t.s.Held
	held.Text = text
	t.s.Held = &held
	key := "which"
	if len(refs) == 1 {
		key = "meant"
	}
	t.ask(Question{Kind: askWhich, Refs: refs, Text: text}, t.text(key, nil), t.choicesOf(refs, tokenWith), t.controls(cmdMenu))
}

// report is the action that takes any sentence; nil when there is none.
func (t *turn) report() *form { return t.m.forms[refOf(t.m.rules.Report)] }

// offerReport asks whether to send a sentence that fits nothing as a report.
func (t *turn) offerReport(text string) {
	title := t.title(t.report())
	t.ask(Question{Kind: askReport, Text: text}, t.text("report", nil), []message.Choice{
		{Label: title, Value: tokenReport + digest(text)},
		{Label: t.text("control.menu", nil), Value: tokenDo + string(cmdMenu)},
	}, nil)
}

func (t *turn) decideReport(yes bool) {
	if !yes || t.report() == nil {
		t.menu(0)
		return
	}
	t.start(t.report().ref, opening{text: t.s.Question.Text, matter: true})
}
