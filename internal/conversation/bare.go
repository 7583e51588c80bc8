package conversation

import "strings"

// bare tells whether a text is a yes, a no or a go-ahead and nothing else.
func (t *turn) bare(text string) bool {
	if t.m.words.yes.has(text) || t.m.words.no.has(text) || t.m.words.send.has(text) {
		return true
	}
	c := t.commandIn(text)
	return c == cmdYes || c == cmdNo
}

// takesBare tells whether the question that stands can be answered with a bare yes, no or go-ahead.
func (t *turn) takesBare(q *Question, text string) bool {
	switch q.Kind {
	case askConfirm:
		return t.m.words.send.has(text)
	case askField:
	default:
		return false
	}
	n := t.form.root.at(q.Path)
	if n == nil {
		return true
	}
	switch n.kind {
	case kindBool, kindObject, kindList, kindAny:
		return true
	case kindText:
		return !n.words.Opening && n.valid(text)
	case kindChoice, kindRemote:
		return exactly(text, names(t.options(n, q.Path))) >= 0
	}
	return false
}

// missed says that an answer was not understood, and puts the question again.
func (t *turn) missed() {
	t.say("not_understood", nil)
	if !t.unlisted() {
		t.again()
	}
}

// longList is from how many options on a list is not shown again at once when an answer was not understood.
const longList = 5

// unlisted asks for one of the options of a long list without showing it again, only every other time. It is false when there is no such list.
func (t *turn) unlisted() bool {
	q := t.s.Question
	if !t.at(askField) || len(q.Options) <= longList || q.Unlisted || t.node(q.Path) == nil {
		return false
	}
	var ways []string
	for _, c := range q.Controls {
		ways = append(ways, "“"+lowerFirst(c.Label)+"”")
	}
	again := *q
	again.Unlisted = true
	t.ask(again, t.text("pick_how", params{"ways": strings.Join(ways, ", ")}), q.Options, q.Controls)
	return true
}

// doesNotKnow takes "I do not know", in whatever words, as the option that says so. It is false when that is not asked.
func (t *turn) doesNotKnow(text string) bool {
	if !t.at(askField) || !t.m.words.unknown.has(text) {
		return false
	}
	path := t.s.Question.Path
	n := t.node(path)
	if n == nil || n.kind != kindChoice && n.kind != kindRemote {
		return false
	}
	options := t.options(n, path)
	i := only(those(names(options), func(x named) bool { return t.m.words.unknown.has(x.label) }))
	if i < 0 {
		return false
	}
	t.choose(path, options[i])
	return true
}
