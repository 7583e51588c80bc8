package conversation

import (
	"cmp"
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

const (
	maxNext   = 8       // suggestions that are offered
	maxInput  = 4 << 10 // bytes of a suggestion's input
	maxBlocks = 30      // of a result that are shown
)

// gotResult takes in the answer to the action itself.
func (t *turn) gotResult(r Returned) {
	if r.Err != nil {
		if t.form == nil { // it is gone; so is the way to try again
			t.tell(message.Words{Text: t.fault(fault.Of(r.Err))})
			t.drop()
			t.menu(0)
			return
		}
		t.failed(r.Err)
		return
	}
	ref := t.s.Draft.Ref
	rest, goesOn := t.onward(r.Result)
	blocks := spoken(r.Result.Blocks)
	if len(blocks) == 0 {
		t.say("finished", nil)
	}
	t.tellAll(blocks)
	if r.Result.Case.ID != "" {
		t.s.Case = r.Result.Case
	}
	t.clear()
	if t.startNow(ref, r.Result) {
		return
	}
	t.findNext(ref, r.Result)
	if goesOn {
		t.s.Next = append(t.s.Next, rest)
	}
	if t.s.Aside != nil && (t.ready(t.s.Aside) || len(t.s.Next) == 0) {
		t.s.Next = nil
		t.comeBack()
		return
	}
	t.askNext()
}

// startNow begins what the result says is the one thing that can follow. It is false when there is none, or it cannot be begun.
func (t *turn) startNow(ref Ref, r miniapps.Result) bool {
	if len(r.Next) == 0 || !r.Next[0].Now {
		return false
	}
	n, ok := t.nextOf(ref, r.Next[0], r.Case)
	if !ok || !t.mayStart(t.m.forms[n.Ref]) {
		return false
	}
	t.start(n.Ref, opening{input: n.Input, about: n.Case, quiet: true, after: true})
	return true
}

// nextOf gives a suggestion of an app as it is kept. It is false when citizens have no such action, or its input is too long. The case of the result belongs to
// its app: another one's action does not go on with it.
func (t *turn) nextOf(ref Ref, s miniapps.Suggestion, about miniapps.CaseRef) (Next, bool) {
	n := Next{Ref: Ref{App: cmp.Or(s.App, ref.App), Action: s.Action}, Label: s.Label, At: t.now}
	f := t.m.forms[n.Ref]
	if len(s.Input) > 0 {
		n.Input = encode(s.Input)
	}
	if f == nil || len(n.Input) > maxInput {
		return n, false
	}
	if len(n.Label) == 0 {
		n.Label = f.action.Title
	}
	if !f.action.ReadOnly && n.App == ref.App {
		n.Case = about
	}
	return n, true
}

// suggest offers what makes sense after a result of the action.
func (t *turn) suggest(ref Ref, r miniapps.Result) {
	t.findNext(ref, r)
	t.askNext()
}

// findNext keeps what a result suggests, as far as citizens have such actions.
func (t *turn) findNext(ref Ref, r miniapps.Result) {
	t.s.Next = nil
	for _, s := range append(slices.Clone(r.Next), offersIn(r.Blocks)...) {
		n, ok := t.nextOf(ref, s, r.Case)
		if !ok || len(t.s.Next) >= maxNext {
			continue
		}
		if !slices.ContainsFunc(t.s.Next, func(x Next) bool { return x.token() == n.token() }) {
			t.s.Next = append(t.s.Next, n)
		}
	}
}

// askNext offers the suggestions of the last result, and the rest of its list.
func (t *turn) askNext() {
	var options []message.Choice
	for _, n := range t.s.Next {
		if !n.More {
			options = append(options, message.Choice{Label: n.Label.In(t.lang()), Value: n.token()})
		}
	}
	key := "next"
	if len(options) == 0 {
		key = "next_none"
	}
	t.ask(Question{Kind: askNext}, t.text(key, nil), options, t.moreControls(cmdMenu))
}

// offersIn gives the actions that the choices of a mini-app's own blocks name: "action", or "app.action".
func offersIn(blocks message.Blocks) []miniapps.Suggestion {
	var out []miniapps.Suggestion
	for _, b := range blocks {
		for _, c := range choicesIn(b) {
			at := strings.LastIndexByte(c.Value, '.')
			out = append(out, miniapps.Suggestion{App: c.Value[:max(at, 0)], Action: c.Value[at+1:], Label: message.Text{message.Vietnamese: c.Label}})
		}
	}
	return out
}

func choicesIn(b message.Block) []message.Choice {
	switch b := b.(type) {
	case message.Choices:
		return b.Options
	case message.Card:
		return b.Actions
	}
	return nil
}

// spoken gives a mini-app's blocks without the answers that they offer: the dialogue offers its own, so that one number never means two things.
func spoken(blocks message.Blocks) message.Blocks {
	var out message.Blocks
	for _, b := range blocks {
		switch x := b.(type) {
		case message.Choices:
			if x.Text == "" {
				continue
			}
			b = message.Words{Text: x.Text}
		case message.Card:
			x.Actions = nil
			b = x
		case message.Words:
			if strings.TrimSpace(x.Text) == "" {
				continue
			}
		}
		if len(out) < maxBlocks {
			out = append(out, b)
		}
	}
	return out
}

func (t *turn) tellAll(blocks message.Blocks) {
	for _, b := range blocks {
		t.tell(b)
	}
}

// park puts the draft off because another action was opened.
func (t *turn) park() {
	t.s.Draft.Answers = encode(t.answers)
	t.keepParked(t.s.Draft)
}

func (t *turn) keepParked(d *Draft) {
	d.Options, d.Want = nil, ""
	t.s.Parked = append(t.s.Parked, d)
	if len(t.s.Parked) > maxParked {
		t.s.Parked = t.s.Parked[len(t.s.Parked)-maxParked:]
	}
}
