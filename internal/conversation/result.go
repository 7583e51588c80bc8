package conversation

import (
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
	blocks := spoken(r.Result.Blocks)
	if len(blocks) == 0 {
		t.say("finished", nil)
	}
	t.tellAll(blocks)
	t.drop()
	t.suggest(ref, r.Result)
}

// suggest offers what makes sense after a result of the action.
func (t *turn) suggest(ref Ref, r miniapps.Result) {
	t.s.Next = nil
	for _, s := range append(slices.Clone(r.Next), offersIn(r.Blocks)...) {
		to := Ref{App: ref.App, Action: s.Action}
		f := t.m.forms[to]
		n := Next{Ref: to, Label: s.Label}
		if len(s.Input) > 0 {
			n.Input = encode(s.Input)
		}
		if f == nil || len(t.s.Next) >= maxNext || len(n.Input) > maxInput {
			continue
		}
		if len(n.Label) == 0 {
			n.Label = f.action.Title
		}
		if !f.action.ReadOnly {
			n.Case = r.Case
		}
		if !slices.ContainsFunc(t.s.Next, func(x Next) bool { return x.token() == n.token() }) {
			t.s.Next = append(t.s.Next, n)
		}
	}
	t.askNext()
}

// askNext offers the suggestions of the last result.
func (t *turn) askNext() {
	var options []message.Choice
	for _, n := range t.s.Next {
		options = append(options, message.Choice{Label: n.Label.In(t.lang()), Value: n.token()})
	}
	key := "next"
	if len(options) == 0 {
		key = "next_none"
	}
	t.ask(Question{Kind: askNext}, t.text(key, nil), options, t.controls(cmdMenu))
}

// offersIn gives the actions that the choices of a mini-app's own blocks name: "action", or "app.action".
func offersIn(blocks message.Blocks) []miniapps.Suggestion {
	var out []miniapps.Suggestion
	for _, b := range blocks {
		for _, c := range choicesIn(b) {
			action := c.Value[strings.LastIndexByte(c.Value, '.')+1:]
			out = append(out, miniapps.Suggestion{Action: action, Label: message.Text{message.Vietnamese: c.Label}})
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

// park puts the draft aside because another action was opened.
func (t *turn) park() {
	d := t.s.Draft
	d.Answers = encode(t.answers)
	d.Options, d.Want = nil, ""
	t.s.Parked = append(t.s.Parked, d)
	if len(t.s.Parked) > maxParked {
		t.s.Parked = t.s.Parked[len(t.s.Parked)-maxParked:]
	}
}
