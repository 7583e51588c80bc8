package conversation

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// maxShown is how many runes of an answer a summary shows.
const maxShown = 300

// summary shows what is known and asks whether to carry it out. To send or to change are the answers; what can be added stands in the text, so it may
// be left out of the buttons.
func (t *turn) summary() {
	t.tell(message.Card{Title: t.title(t.form), Facts: t.facts()})
	text := t.form.action.Confirm.In(t.lang())
	if text == "" {
		text = t.text("confirm", nil)
	}
	offered := t.offered()
	if len(offered) > 0 {
		var labels []string
		for _, p := range offered {
			labels = append(labels, t.nameAt(p))
		}
		text = paragraphs(t.text("can_add", params{"labels": joined(labels)}), text)
	}
	options := []message.Choice{{Label: cmp.Or(t.form.action.Agree.In(t.lang()), t.text("choice.send", nil)), Value: tokenSend + digest(t.input())}}
	if len(t.changeable()) > 0 {
		options = append(options, t.control(cmdChange))
	}
	controls := t.controls(cmdCancel)
	for _, p := range offered[:min(len(offered), t.m.rules.Page)] {
		controls = append(controls, message.Choice{Label: t.text("choice.add", params{"label": t.nameAt(p)}), Value: tokenAdd + p})
	}
	t.ask(Question{Kind: askConfirm}, text, options, controls)
}

// offered gives what can still be added: the values that the action offers, as far as they have room.
func (t *turn) offered() []string {
	var out []string
	var look func(n *node, path string)
	look = func(n *node, path string) {
		for _, c := range n.children {
			p := join(path, c.name)
			_, known := t.known(p)
			switch {
			case !c.giveable():
			case c.words.Ask == miniapps.AskOffer && (!known || c.kind == kindList && t.count(p) < c.max):
				out = append(out, p)
			case c.kind == kindObject && known:
				look(c, p)
			}
		}
	}
	look(t.form.root, "")
	return out
}

// changeable gives the answers that can be changed, in the order in which they are asked for. What is never asked for is no answer.
func (t *turn) changeable() []string {
	var out []string
	t.each(func(path string, n *node, _ any) bool {
		if path == "" || n.kind == kindObject || n.fixed != nil || !n.askable() || n.words.Ask == miniapps.AskNever {
			return true
		}
		whole := n.leaf() && single(path) || n.kind == kindList && single(path)
		if whole && !slices.ContainsFunc(out, func(p string) bool { return inside(path, p) }) {
			out = append(out, path)
		}
		return true
	})
	return out
}

// facts sums up what is known and what follows from it.
func (t *turn) facts() []message.Fact {
	var out []message.Fact
	for _, p := range t.changeable() {
		value := t.show(t.form.root.at(p), p)
		extra := slices.DeleteFunc(t.derivedNames(p), func(name string) bool { return strings.Contains(value, name) })
		if len(extra) > 0 && value != "" {
			value += " (" + strings.Join(extra, ", ") + ")"
		}
		if value != "" {
			out = append(out, message.Fact{Label: t.nameAt(p), Value: value})
		}
	}
	return append(out, t.derivedFacts()...)
}

// show writes the value at path as people read it; "" when it is not known.
func (t *turn) show(n *node, path string) string {
	v, known := t.known(path)
	if !known {
		return ""
	}
	switch n.kind {
	case kindList:
		return t.showList(n, path)
	case kindObject:
		var parts []string
		for _, c := range n.children {
			if s := t.show(c, join(path, c.name)); s != "" && !c.words.Sensitive {
				parts = append(parts, s)
			}
		}
		return strings.Join(parts, ", ")
	case kindPlace:
		return t.showPlace(v, path)
	case kindPhoto, kindVideo:
		return t.text("count."+string(n.kind), params{"count": 1})
	}
	return cut(t.showPlain(n, v, path), maxShown)
}

func (t *turn) showPlain(n *node, v any, path string) string {
	if label := t.s.Draft.Labels[path]; label != "" {
		return label
	}
	for _, c := range n.choices {
		if equal(c.Value, v) {
			return t.choiceLabel(n, c)
		}
	}
	switch x := v.(type) {
	case bool:
		if x {
			return t.text("choice.yes", nil)
		}
		return t.text("choice.no", nil)
	case json.Number:
		return showNumber(x, t.lang())
	case string:
		switch n.kind {
		case kindDate:
			return showDate(x, t.lang())
		case kindMoment:
			return showMoment(x, t.lang())
		}
	}
	return plainValue(v)
}

func (t *turn) showList(n *node, path string) string {
	count := t.count(path)
	if n.item.kind == kindPhoto || n.item.kind == kindVideo {
		if count == 0 {
			return ""
		}
		return t.text("count."+string(n.item.kind), params{"count": count})
	}
	var parts []string
	for i := range count {
		s := t.show(n.item, joinIndex(path, i))
		if n.item.kind == kindObject && count > 1 {
			s = strconv.Itoa(i+1) + ") " + s
		}
		parts = append(parts, s)
	}
	return cut(strings.Join(parts, "; "), maxShown)
}

// showPlace writes a place by its address, the name that came with it or what its check found it to be, and a point by its coordinates too: two points
// in one ward are not the same.
func (t *turn) showPlace(v any, path string) string {
	place, _ := v.(map[string]any)
	address, _ := place["address"].(string)
	name := cmp.Or(address, t.s.Draft.Labels[path])
	if found := t.derivedNames(path); name == "" && len(found) > 0 {
		name = found[0]
	}
	name = cut(cmp.Or(name, t.text("point", nil)), maxShown)
	lat, ok1 := degrees(place["lat"])
	lon, ok2 := degrees(place["lon"])
	if !ok1 || !ok2 {
		return name
	}
	return name + " – " + lat + ", " + lon
}

// degrees writes a coordinate to about a metre.
func degrees(v any) (string, bool) {
	n, _ := v.(json.Number)
	f, err := n.Float64()
	return strconv.FormatFloat(f, 'f', 5, 64), err == nil
}

// joined lists names in a sentence.
func joined(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = lowerFirst(n)
	}
	return strings.Join(out, ", ")
}

// lowerFirst writes a name as it stands within a sentence. One that goes on in capitals is an abbreviation.
func lowerFirst(s string) string {
	r := []rune(s)
	if len(r) == 0 || len(r) > 1 && strings.ToUpper(string(r[1])) == string(r[1]) && strings.ToLower(string(r[1])) != string(r[1]) {
		return s
	}
	return strings.ToLower(string(r[0])) + string(r[1:])
}

// cut shortens a text to that many runes.
func cut(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return strings.TrimSpace(string(r[:most-1])) + "…"
}
