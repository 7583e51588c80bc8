package conversation

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/motcua/motcua/internal/intent"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

const (
	sure    = intent.Sure // from which score on a text is taken for what it seems to ask
	certain = 0.85        // from which score on it interrupts what is being done
	nearly  = 0.08        // scores that differ by less mean about the same
)

// inIdle takes in what was said while nothing is being prepared.
func (t *turn) inIdle(h Heard, text string) {
	if text != "" {
		if token, ok := t.shown(text); ok && t.tap(token) {
			return
		}
		if t.m.words.retry.has(text) && len(t.s.Parked) > 0 {
			t.resume(len(t.s.Parked) - 1)
			return
		}
		if c := t.commandIn(text); c != "" && t.obey(c) {
			return
		}
	}
	sent := len(h.Photos)+len(h.Videos) > 0 || h.Place != nil
	if !sent && text != "" && t.pickShown(text) {
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
	t.ask(Question{Kind: askReport, Text: text}, t.text("report", params{"action": title}), []message.Choice{
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

// opening is what is known when an action is opened.
type opening struct {
	text   string           // what the person said; "" nothing
	matter bool             // text is the matter itself, whatever it sounds like
	input  json.RawMessage  // from a suggestion
	about  miniapps.CaseRef //
}

// start begins to prepare an action with what is known.
func (t *turn) start(ref Ref, o opening) {
	f := t.m.forms[ref]
	held := t.s.Held
	t.s.Held, t.s.Question = nil, nil
	if f == nil || !t.mayStart(f) {
		t.menu(0)
		return
	}
	t.s.Draft = &Draft{Ref: ref, Version: f.version, Answers: json.RawMessage("{}"), Case: o.about}
	t.load()
	t.prefill(o.input)
	m, asks := t.saidFor(o.text)
	if asks {
		t.speaks(m.Lang)
	}
	var got []string
	if only := asks && m.Whole && m.Open; !only || o.matter {
		got = t.openWith(o.text)
	}
	if _, open := t.open(); open || !f.action.ReadOnly {
		t.say("opened", params{"action": t.title(f)})
		t.sayGot(got)
	}
	if held != nil {
		t.take(held.heard())
	}
	t.advance()
}

// mayStart tells whether an action can be opened now, and says why if not.
func (t *turn) mayStart(f *form) bool {
	switch a := f.action; {
	case !t.m.services.Available(f.ref.App):
		t.say("resting", params{"action": t.title(f)})
	case !t.s.Assurance.Reaches(a.Assurance):
		t.say("needs_"+string(a.Assurance), params{"action": t.title(f)})
	case f.root.blind() != nil:
		t.say("app_only", params{"label": t.name(f.root.blind()), "action": t.title(f)})
	default:
		return true
	}
	return false
}

// prefill takes the values of a suggestion that fit.
func (t *turn) prefill(input json.RawMessage) {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(input))
	object, ok := v.(map[string]any)
	if err != nil || !ok {
		return
	}
	for _, c := range t.form.root.children {
		if x, given := object[c.name]; given {
			t.keep(c, c.name, x)
		}
	}
}

// keep takes what fits of a value: all of it, the parts of an object, or the items of a list. It is false when something was left out.
func (t *turn) keep(n *node, path string, v any) bool {
	if n.words.Sensitive {
		return false
	}
	if n.valid(v) {
		return t.set(path, v)
	}
	whole := true
	switch v := v.(type) {
	case map[string]any:
		if n.kind != kindObject {
			return false
		}
		for _, c := range n.children {
			if x, given := v[c.name]; given {
				whole = t.keep(c, join(path, c.name), x) && whole
			}
		}
		return whole
	case []any:
		if n.kind != kindList {
			return false
		}
		for _, x := range v {
			at := joinIndex(path, t.count(path))
			whole = t.count(path) < n.max && !t.repeated(at, x) && t.keep(n.item, at, x) && whole
		}
		return whole
	}
	return false
}

// openWith takes what the opening sentence holds: the matter itself, and values that have a form of their own. It gives their names.
func (t *turn) openWith(text string) []string {
	if text == "" || len([]rune(text)) > maxText {
		return nil
	}
	var got []string
	for _, c := range t.form.root.children {
		if _, known := t.known(c.name); known || c.words.Sensitive || !c.askable() {
			continue
		}
		v, ok := t.reader().find(c, text)
		if c.words.Opening {
			v, ok = text, c.valid(text)
		} else if t.twins(c) {
			ok = false
		}
		if ok && t.set(c.name, v) {
			got = append(got, t.name(c))
		}
	}
	return got
}

func (t *turn) sayGot(labels []string) {
	if len(labels) > 0 {
		t.say("got", params{"labels": joined(labels)})
	}
}

// twins tells whether another value has the same form, so that what is found in a sentence may be either.
func (t *turn) twins(n *node) bool {
	alike := func(c *node) bool {
		return c != n && c.kind == n.kind && (n.kind != kindText || c.pattern != nil && n.pattern != nil)
	}
	return slices.ContainsFunc(t.form.root.children, func(c *node) bool { return alike(c) && !c.words.Opening })
}

// saidFor gives how a text asks for the action that is being opened.
func (t *turn) saidFor(text string) (intent.Match, bool) {
	for _, x := range t.recognise(text) {
		if x.Intent == t.form.ref.String() {
			return x, true
		}
	}
	return intent.Match{}, false
}
