package conversation

import (
	"slices"
	"strings"
)

// A token names what was tapped. Networks hand it back as it was given, some of them as if it had been typed; its mark tells it from what people write.
// Each says what it is about, so that a button of an earlier message is not taken for an answer to the present question.
const (
	tokenMark    = "mc:"
	tokenDo      = tokenMark + "do:"      // a command
	tokenOpen    = tokenMark + "open:"    // an action
	tokenWith    = tokenMark + "with:"    // an action, with what was sent before
	tokenNext    = tokenMark + "next:"    // a suggestion of the last result, by its digest
	tokenIs      = tokenMark + "is:"      // path=value
	tokenAdd     = tokenMark + "add:"     // a value to give as well, by its path
	tokenEdit    = tokenMark + "edit:"    // a value to change, by its path
	tokenSend    = tokenMark + "send:"    // carry it out, by the digest of the input that was shown
	tokenInstead = tokenMark + "instead:" // what a check suggests, by its digest
	tokenOwn     = tokenMark + "own:"     // not what that check suggests
	tokenLeave   = tokenMark + "leave:"   // the draft, for an action
	tokenText    = tokenMark + "text:"    // what was said is the answer, by its digest
	tokenReport  = tokenMark + "report:"  // send what was said as a report, by its digest
	tokenParked  = tokenMark + "parked:"  // what was put off, by its digest
	tokenGoOn    = tokenMark + "go-on"    // with the draft
	tokenRetry   = tokenMark + "retry"
	tokenLater   = tokenMark + "later"
)

// tap does what was tapped. It is false when that belongs to an earlier question and means nothing any more.
func (t *turn) tap(token string) bool {
	for _, x := range []struct {
		prefix string
		do     func(rest string) bool
	}{
		{tokenDo, t.tapCommand}, {tokenOpen, t.tapOpen}, {tokenWith, t.tapWith}, {tokenNext, t.tapNext}, {tokenIs, t.tapAnswer}, {tokenAdd, t.tapAdd},
		{tokenEdit, t.tapEdit}, {tokenSend, t.tapSend}, {tokenInstead, t.tapInstead}, {tokenOwn, t.tapOwn}, {tokenLeave, t.tapLeave},
		{tokenText, t.tapText}, {tokenReport, t.tapReport}, {tokenParked, t.tapParked}, {tokenGoOn, t.tapGoOn}, {tokenRetry, t.tapRetry}, {tokenLater, t.tapLater},
	} {
		if rest, ok := strings.CutPrefix(token, x.prefix); ok {
			return x.do(rest)
		}
	}
	return false
}

// at tells whether the question that stands is of that kind.
func (t *turn) at(kind asking) bool {
	return t.s.Question != nil && t.s.Question.Kind == kind
}

func (t *turn) tapCommand(rest string) bool {
	c := command(rest)
	return isCommand(rest) && c != cmdYes && c != cmdNo && t.obey(c)
}

func (t *turn) tapOpen(rest string) bool {
	if !t.m.offered(refOf(rest)) {
		return false
	}
	t.choseFromMenu(refOf(rest))
	return true
}

// offered tells whether an action is one of those that citizens can open by words: others serve them, or follow from them.
func (m *Machine) offered(ref Ref) bool {
	return slices.ContainsFunc(m.offers, func(f *form) bool { return f.ref == ref })
}

func (t *turn) tapWith(rest string) bool {
	ref := refOf(rest)
	if t.s.Draft != nil || t.m.forms[ref] == nil || t.s.Held == nil {
		return t.tapOpen(rest)
	}
	t.start(ref, opening{text: t.s.Held.Text})
	return true
}

func (t *turn) tapNext(rest string) bool {
	i := slices.IndexFunc(t.s.Next, func(n Next) bool { return n.token() == tokenNext+rest })
	if i < 0 {
		return false
	}
	t.choseNext(t.s.Next[i])
	return true
}

// tapAnswer takes an option of the question that stands, also one from a page of it that was shown before.
func (t *turn) tapAnswer(rest string) bool {
	path, value, _ := strings.Cut(rest, "=")
	if t.s.Draft == nil || t.s.Draft.Sent != nil || !t.at(askField) || t.s.Question.Path != path {
		return false
	}
	n := t.form.root.at(path)
	if n == nil {
		return false
	}
	options := t.choices(n, path)
	i := slices.IndexFunc(options, func(o option) bool { return o.token == value })
	if i < 0 {
		return false
	}
	t.choose(path, options[i])
	return true
}

func (t *turn) tapAdd(path string) bool {
	n := t.node(path)
	if n == nil || !n.askable() {
		return false
	}
	if single(path) {
		t.s.Draft.Want = path
	} else {
		t.s.Draft.Taken = add(t.s.Draft.Taken, path)
	}
	t.s.Draft.Skipped = slices.DeleteFunc(t.s.Draft.Skipped, func(p string) bool { return inside(path, p) || inside(p, path) })
	t.s.Question = nil
	t.advance()
	return true
}

func (t *turn) tapEdit(path string) bool {
	if t.node(path) == nil || !slices.Contains(t.changeable(), path) {
		return false
	}
	t.edit(path)
	return true
}

// node gives the value of the draft at path; nil while the draft cannot be changed.
func (t *turn) node(path string) *node {
	if t.s.Draft == nil || t.s.Draft.Sent != nil || path == "" {
		return nil
	}
	return t.form.root.at(path)
}

func (t *turn) tapSend(rest string) bool {
	if t.s.Draft == nil || t.s.Draft.Sent != nil || rest != digest(t.input()) {
		return false
	}
	t.decide(true)
	return true
}

func (t *turn) tapInstead(rest string) bool { return t.tapSuggestion(rest, true) }
func (t *turn) tapOwn(rest string) bool     { return t.tapSuggestion(rest, false) }

func (t *turn) tapSuggestion(rest string, take bool) bool {
	if t.s.Draft == nil || !t.at(askInstead) || t.s.Question.Instead == nil || suggestion(t.s.Question.Instead) != rest {
		return false
	}
	t.decideInstead(take)
	return true
}

func (t *turn) tapLeave(rest string) bool {
	if t.s.Draft == nil || !t.at(askLeave) || !slices.Contains(t.s.Question.Refs, refOf(rest)) {
		return false
	}
	t.decideLeave(true)
	return true
}

func (t *turn) tapText(rest string) bool {
	if t.s.Draft == nil || !t.at(askLeave) || digest(t.s.Question.Text) != rest {
		return false
	}
	t.decideLeave(false)
	return true
}

func (t *turn) tapReport(rest string) bool {
	if t.s.Draft != nil || !t.at(askReport) || digest(t.s.Question.Text) != rest {
		return false
	}
	t.decideReport(true)
	return true
}

func (t *turn) tapParked(rest string) bool {
	i := slices.IndexFunc(t.s.Parked, func(d *Draft) bool { return d != nil && d.token() == tokenParked+rest })
	if i < 0 || t.s.Draft != nil {
		return false
	}
	t.resume(i)
	return true
}

func (t *turn) tapGoOn(string) bool {
	if t.s.Draft == nil {
		return false
	}
	t.s.Question = nil
	t.advance()
	return true
}

func (t *turn) tapRetry(string) bool {
	if t.s.Draft == nil || !t.at(askRetry) {
		return false
	}
	t.retry()
	return true
}

func (t *turn) tapLater(string) bool {
	if t.s.Draft == nil || !t.at(askRetry) {
		return false
	}
	t.later()
	return true
}

func (n Next) token() string   { return tokenNext + digest([]any{n.Ref, n.Input, n.Case}) }
func (d *Draft) token() string { return tokenParked + digest([]any{d.Ref, d.Sent, d.Answers}) }
