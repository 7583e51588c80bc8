package conversation

import (
	"slices"
	"strings"
	"unicode"
)

// Looks tells whether the photos of what the person did may have been sent for a code in them: then Heard.Scanned is to say what the codes are. It is false
// while anything that is being prepared takes photos, for then they are sent for themselves.
func (m *Machine) Looks(s State, h Heard) bool {
	if token, _ := said(h); token != "" || len(h.Photos) == 0 || h.Ref != "" {
		return false
	}
	for _, d := range []*Draft{s.Draft, s.Aside} {
		if d == nil {
			continue
		}
		if f := m.forms[d.Ref]; d.Sent != nil || f == nil || f.root.takes(kindPhoto) {
			return false
		}
	}
	return true
}

// scanned does what the codes in photos ask for, each as if it had been typed, and warns of those that are not the city's. It is false when the photos and the
// text are to be taken as they always are.
func (t *turn) scanned(h Heard, text string) bool {
	ours, foreign := t.sorted(h.Scanned)
	if foreign {
		t.say("code_foreign", nil)
	} else if len(ours) == 0 {
		t.say("code_elsewhere", nil)
	}
	switch {
	case t.s.Draft != nil:
		return t.scannedInDraft(ours, text)
	case len(ours) == 0 && text == "":
		t.hold(h)
		t.offerHeld()
		return true
	case len(ours) == 0:
		return false
	case text != "" && (len(t.actions(text)) > 0 || t.commandIn(text) != "" || t.isShown(text)):
		t.codes = ours // what it asks for may want to know them
		return false
	}
	return t.startsByCode(ours[0])
}

// isShown tells whether a text names a choice that was shown.
func (t *turn) isShown(text string) bool {
	_, ok := t.shown(text)
	return ok
}

// scannedInDraft takes a code as the answer to the question that stands, or asks whether to leave the draft for what it shows.
func (t *turn) scannedInDraft(ours []string, text string) bool {
	if n := t.node(t.askedPath()); n != nil && n.kind == kindText {
		for _, s := range ours {
			if v, ok := t.reader().code(n, written(s)); ok && n.pattern != nil {
				t.give(t.askedPath(), v, nil)
				return true
			}
		}
	}
	switch {
	case text != "":
		return false
	case len(ours) == 0:
		t.again()
	case t.takesCode(ours[0]):
	default:
		t.shows(t.showers(ours[0])[0], ours[0])
	}
	return true
}

// sorted gives what shows something of the city's, and tells whether there is anything that is not the city's at all.
func (t *turn) sorted(texts []string) (ours []string, foreign bool) {
	for _, s := range texts {
		s = shortened(s)
		switch {
		case s == "":
		case len(t.showers(s)) > 0:
			ours = append(ours, s)
		case !t.m.owns(s):
			foreign = true
		}
	}
	return ours, foreign
}

// owns tells whether a text is one address of the city, and nothing else: whatever is more may lead elsewhere.
func (m *Machine) owns(text string) bool {
	text = strings.ToLower(written(text))
	if strings.ContainsFunc(text, unicode.IsSpace) || strings.ContainsAny(text, `\@`) {
		return false
	}
	return slices.ContainsFunc(m.rules.Own, func(own string) bool {
		rest, ok := strings.CutPrefix(text, strings.ToLower(strings.TrimSuffix(own, "/")))
		return ok && own != "" && (rest == "" || strings.ContainsAny(rest[:1], "/?#")) && !strings.Contains(rest, "//") && !strings.Contains(rest, ":")
	})
}

// offerHeld offers what takes the photos that are held.
func (t *turn) offerHeld() {
	takers := t.takers(*t.s.Held)
	if len(takers) == 0 {
		t.menu(0)
		return
	}
	t.askWhich(takers, "")
}

// fillSeen takes the codes in the photos as values of an action that only reads and is being opened. It gives the names of what they are.
func (t *turn) fillSeen() []string {
	var got []string
	for _, n := range t.form.root.children {
		_, known := t.known(n.name)
		if known || len(t.codes) == 0 || !t.form.action.ReadOnly || n.pattern == nil || n.words.Sensitive || !n.askable() || t.twins(n) {
			continue
		}
		if v, ok := t.reader().code(n, written(t.codes[0])); ok && t.set(n.name, v) {
			got = append(got, t.name(n))
			t.s.Draft.Opened = add(t.s.Draft.Opened, n.name)
		}
	}
	return got
}
