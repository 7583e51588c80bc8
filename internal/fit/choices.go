package fit

import (
	"strconv"
	"strings"

	"github.com/motcua/motcua/internal/message"
)

// offer asks for one of several answers below text, which joins the text before it when both fit.
func (k *packer) offer(text string, options, controls []message.Choice) {
	options, controls = cleaned(options), cleaned(controls)
	if k.crowded(text, options, controls) {
		k.flush() // in a message of their own there is more room
	}
	l := k.lay(text, options, controls)
	k.write(paragraph, l.text)
	k.cur.options = append(k.cur.options, l.options...)
	k.cur.controls = append(k.cur.controls, l.controls...)
}

// crowded tells whether the answers cannot go with the text before them: it offers answers already, there is too much text, or links take the places.
func (k *packer) crowded(text string, options, controls []message.Choice) bool {
	if !k.cur.open() {
		return true
	}
	l := k.lay(text, options, controls)
	return k.cur.text != "" && (!within(k.cur.text+paragraph+l.text, k.p.MaxText) || k.room() < len(options)+len(controls) && len(k.cur.links) > 0)
}

// layout is how answers are shown: what of them stands in the text, and which are buttons.
type layout struct {
	text              string
	options, controls []message.Choice
}

// lay decides how answers are shown in what room the draft has. Answers come before ways out: when all of them can be tapped with one way out beside, the
// other ways out are left to words that need not be told; when they cannot, they are numbered, and the ways out have the room.
func (k *packer) lay(text string, options, controls []message.Choice) layout {
	l := layout{text: text}
	buttons := len(options)+min(1, len(controls)) <= k.room()
	unclear := k.unclear(options, controls)
	if len(options) > 0 && (!buttons || unclear || hinted(options) || text == "" && k.cur.text == "") {
		l.text = lines(l.text, numbered(options))
	}
	if buttons {
		l.options = k.shown(options, unclear)
	}
	shown := min(len(controls), k.room()-len(l.options))
	l.controls = k.shown(controls[:shown], false)
	if len(options) > 0 && buttons {
		controls = controls[:shown]
	}
	for i, c := range controls {
		if i >= shown || l.controls[i].Label != c.Label || c.Hint != "" || l.text == "" && k.cur.text == "" {
			l.text = lines(l.text, "• "+told(c))
		}
	}
	return l
}

// unclear tells whether the titles alone do not tell the answers apart: they are cut, or two are the same.
func (k *packer) unclear(options, controls []message.Choice) bool {
	seen := map[string]bool{}
	for _, c := range controls {
		seen[c.Label] = true
	}
	for _, o := range options {
		if seen[o.Label] || o.Label == "" || !within(o.Label, k.p.MaxLabel) {
			return true
		}
		seen[o.Label] = true
	}
	return false
}

func hinted(options []message.Choice) bool {
	for _, o := range options {
		if o.Hint != "" {
			return true
		}
	}
	return false
}

// shown gives buttons within the limit of labels, with their number in front when the titles are unclear.
func (k *packer) shown(choices []message.Choice, unclear bool) []message.Choice {
	var out []message.Choice
	for i, c := range choices {
		label := c.Label
		if unclear {
			label = strings.TrimSpace(number(i) + c.Label)
		}
		out = append(out, message.Choice{Label: cut(label, k.p.MaxLabel), Value: c.Value, Hint: c.Hint})
	}
	return out
}

// numbered lists answers so that a number chooses one.
func numbered(options []message.Choice) string {
	var out []string
	for i, o := range options {
		out = append(out, number(i)+told(o))
	}
	return lines(out...)
}

// told is an answer with its hint, as a line of text.
func told(c message.Choice) string {
	if c.Hint == "" {
		return c.Label
	}
	return c.Label + " – " + c.Hint
}

func number(i int) string { return strconv.Itoa(i+1) + ". " }

func cleaned(choices []message.Choice) []message.Choice {
	out := make([]message.Choice, len(choices))
	for i, c := range choices {
		out[i] = message.Choice{Label: clean(c.Label), Value: c.Value, Hint: clean(c.Hint)}
	}
	return out
}
