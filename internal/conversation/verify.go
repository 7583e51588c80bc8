package conversation

import "slices"

// verify looks whether choices that were known before they were asked for are among their options. It is true when it made a call for that.
func (t *turn) verify() bool {
	d, found, lost := t.s.Draft, false, false
	t.each(func(path string, n *node, v any) bool {
		if n.kind != kindRemote || slices.Contains(d.Listed, path) {
			return true
		}
		switch t.lookUp(n, path, v) {
		case unknown:
			found = t.fetch(n, path, t.after(path), Wait{For: forVerify, Path: path})
			if !found { // cannot be told: the action itself will
				d.Listed = add(d.Listed, path)
			}
		case absent:
			t.say("gone_choice", params{"label": t.nameAt(path)})
			lost = t.reject(path)
			return false
		}
		return !found
	})
	return found || lost && t.verify()
}

// sight tells what is known about a choice.
type sight int

const (
	unknown sight = iota
	present
	absent
)

// lookUp looks for a value among the options that have come.
func (t *turn) lookUp(n *node, path string, v any) sight {
	l := t.s.Draft.Options
	if l == nil || l.Path != pattern(path) {
		return unknown
	}
	for _, c := range l.Choices {
		if x, ok := n.remote(c.Value); ok && equal(x, v) {
			t.s.Draft.Listed = add(t.s.Draft.Listed, path)
			t.label(path, c.Label)
			return present
		}
	}
	switch {
	case l.After != "":
		return unknown
	case len(l.Choices) >= maxLoaded: // there may be more than are kept
		t.s.Draft.Listed = add(t.s.Draft.Listed, path)
		return present
	}
	return absent
}

func (t *turn) after(path string) string {
	if l := t.s.Draft.Options; l != nil && l.Path == pattern(path) {
		return l.After
	}
	return ""
}

// gotVerified goes on when a page has come to look for a known choice in.
func (t *turn) gotVerified(r Returned, path string) {
	if !t.loaded(r, path) {
		t.s.Draft.Listed = add(t.s.Draft.Listed, path)
	}
	t.advance()
}
