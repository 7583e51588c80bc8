package conversation

import (
	"slices"

	"github.com/motcua/motcua/internal/message"
)

// paging says what there is besides the choices that are shown.
type paging int

const (
	whole   paging = iota // nothing
	further               // more behind them
	final                 // they are the last; the first can be shown again
)

func pagingOf(from int, more bool) paging {
	switch {
	case more:
		return further
	case from > 0:
		return final
	}
	return whole
}

// commands are those that turn the page.
func (p paging) commands() []command {
	switch p {
	case further:
		return []command{cmdMore}
	case final:
		return []command{cmdFirst}
	}
	return nil
}

// turns tells whether the question that stands offers that way to turn its page.
func (t *turn) turns(c command) bool {
	return slices.ContainsFunc(t.s.Question.Controls, func(x message.Choice) bool { return x.Value == tokenDo+string(c) })
}

// more shows what else can be chosen, or goes on with a list.
func (t *turn) more() {
	q := t.s.Question
	switch {
	case t.at(askNext) && t.s.rest() != nil:
		t.choseNext(*t.s.rest())
	case q == nil || q.Kind == askNext:
		t.menu(0)
	case q.Kind == askMenu && t.turns(cmdMore):
		t.menu(q.From + t.m.rules.Page)
	case q.Kind == askChange && t.turns(cmdMore):
		t.askChange(q.Mend, q.From+t.m.rules.Page)
	case q.Kind == askField && t.s.Draft != nil && t.turns(cmdMore):
		t.nextPage()
	case q.Kind == askField && t.s.Draft != nil && !single(q.Path):
		t.askField(q.Path)
	default:
		t.say("no_more", nil)
		t.again()
	}
}

// first shows what can be chosen from its beginning.
func (t *turn) first() {
	if t.s.Question != nil {
		q := *t.s.Question
		q.From, q.Only = 0, nil
		t.s.Question = &q
	}
	t.again()
}
