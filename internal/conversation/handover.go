package conversation

import "strings"

// handOver asks for a person of the city. What was being prepared is put off, so that nothing said to that person is taken for an answer later.
func (t *turn) handOver() {
	about := t.s.Case
	d := t.s.Draft
	if t.s.Aside != nil {
		d = t.s.Aside
	}
	if d != nil && d.Case.ID != "" {
		about = d.Case
	}
	t.pause()
	t.s.Held, t.s.Question, t.block = nil, nil, nil
	t.hand, t.asked = &HandOver{Case: about}, true
}

// pause puts off what the person was at, if it holds anything.
func (t *turn) pause() {
	d := t.s.Draft
	if t.s.Aside != nil {
		d, t.s.Aside = t.s.Aside, nil
	} else if d != nil {
		d.Answers = encode(t.answers)
	}
	t.clear()
	if d != nil && (d.Sent != nil || string(d.Answers) != "{}") {
		d.Paused = d.Sent == nil
		t.keepParked(d)
	}
}

// handedBack says what can be done, after a person has spoken.
func (t *turn) handedBack(in HandedBack) {
	t.now = in.At
	t.s.Call, t.s.Wait = nil, nil
	t.pause()
	t.menu(0)
}

// AsksPerson tells whether what the person did asks for somebody of the city, and nothing else.
func (m *Machine) AsksPerson(h Heard) bool {
	token, text := said(h)
	if token != "" {
		return token == tokenDo+string(cmdPerson)
	}
	return m.begin(State{}).commandIn(text) == cmdPerson
}

// Leaves tells whether what the person did means that they want the dialogue back while they wait for somebody, or, with talking, while they talk with
// somebody: then only the plainest word counts, for any other may be meant for that person.
func (m *Machine) Leaves(h Heard, talking bool) bool {
	token, text := said(h)
	c := command(strings.TrimPrefix(token, tokenDo))
	if token == "" {
		c = m.begin(State{}).commandIn(text)
	}
	switch c {
	case cmdMenu:
		return true
	case cmdCancel, cmdBack, cmdRestart:
		return !talking
	}
	return false
}
