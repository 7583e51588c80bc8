package webform

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// maxShown is how many runes of an answer a summary shows.
const maxShown = 600

// knownFacts shows what is known beforehand. What is made for programs has no name, and is not shown.
func (s *filling) knownFacts() []message.Fact {
	var out []message.Fact
	for _, c := range s.fm.root.children {
		v, is := s.known[c.name]
		if !is || c.words.Ask == miniapps.AskNever && c.words.Label == nil {
			continue
		}
		if text := s.show(c, v); text != "" {
			out = append(out, message.Fact{Label: c.label(s.lang), Value: text})
		}
	}
	return out
}

// givenFacts shows the answers, with what was found to follow from them.
func (s *filling) givenFacts(input map[string]any, more found) []message.Fact {
	var out []message.Fact
	s.fm.root.each(s.known, func(n *node) {
		if n.kind == kindObject {
			return
		}
		text := s.show(n, valueAt(input, n.path))
		if names := derivedNames(more.derived[n.path]); text != "" && names != "" {
			text += " (" + names + ")"
		}
		if text != "" {
			out = append(out, message.Fact{Label: n.label(s.lang), Value: text})
		}
	})
	return append(out, s.derivedFacts(more)...)
}

// show writes a value as people read it; "" for none.
func (s *filling) show(n *node, v any) string {
	if v == nil {
		return ""
	}
	if n.words.Secret || n.words.Sensitive {
		return "••••"
	}
	switch n.kind {
	case kindPhoto, kindVideo:
		return s.text("count."+string(n.kind), map[string]any{"count": 1})
	case kindList:
		return s.showList(n, v)
	case kindObject:
		return s.showGroup(n, v)
	case kindBool:
		return s.yesNo(v)
	case kindChoice:
		for _, c := range n.choices {
			if token(c.Value) == token(v) {
				return s.choiceLabel(c)
			}
		}
	case kindRemote:
		return s.nameOf(n, token(v))
	}
	return cut(showPlain(n, v, s.lang, s.deps.Zone), maxShown)
}

func showPlain(n *node, v any, lang message.Lang, zone *time.Location) string {
	if place, ok := v.(map[string]any); ok {
		return showPlace(place)
	}
	text, _ := v.(string)
	switch n.kind {
	case kindDate:
		if at, err := time.Parse(time.DateOnly, text); err == nil {
			return message.Date(at, lang)
		}
	case kindMoment:
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			return message.Moment(at.In(zone), lang)
		}
	case kindTime:
		if len(text) >= len("15:04") {
			return text[:len("15:04")]
		}
	}
	return plainText(v, lang)
}

// plainText writes a plain value; "" for any other.
func plainText(v any, lang message.Lang) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return showNumber(v.String(), lang)
	case float64:
		return showNumber(strconv.FormatFloat(v, 'f', -1, 64), lang)
	}
	return ""
}

// showPlace writes a place by its address, or its coordinates to about a metre.
func showPlace(place map[string]any) string {
	if address, _ := place["address"].(string); address != "" {
		return address
	}
	var degrees []string
	for _, name := range []string{"lat", "lon"} {
		f, err := strconv.ParseFloat(fmt.Sprint(place[name]), 64)
		if err != nil {
			return ""
		}
		degrees = append(degrees, strconv.FormatFloat(f, 'f', 5, 64))
	}
	return strings.Join(degrees, ", ")
}

func (s *filling) showList(n *node, v any) string {
	items, _ := v.([]any)
	if n.files() {
		if len(items) == 0 {
			return ""
		}
		return s.text("count."+string(n.item.kind), map[string]any{"count": len(items)})
	}
	var out []string
	for _, x := range items {
		out = append(out, s.show(n.item, x))
	}
	return cut(strings.Join(out, "; "), maxShown)
}

func (s *filling) showGroup(n *node, v any) string {
	group, _ := v.(map[string]any)
	var out []string
	for _, c := range n.children {
		if text := s.show(c, group[c.name]); text != "" && !c.words.Sensitive {
			out = append(out, text)
		}
	}
	return strings.Join(out, ", ")
}

func (s *filling) yesNo(v any) string {
	if v == true {
		return s.text("yes", nil)
	}
	return s.text("no", nil)
}

func (s *filling) choiceLabel(c choice) string {
	if text := c.Label.In(s.lang); text != "" {
		return text
	}
	if _, ok := c.Value.(bool); ok {
		return s.yesNo(c.Value)
	}
	return token(c.Value)
}

// showNumber parts thousands and decimals as the language does.
func showNumber(text string, lang message.Lang) string {
	sign, digits := "", text
	if strings.HasPrefix(text, "-") {
		sign, digits = "-", text[1:]
	}
	units, fraction, has := strings.Cut(digits, ".")
	mark, point := ".", ","
	if lang == message.English {
		mark, point = ",", "."
	}
	if !digitsRE.MatchString(units) {
		return text
	}
	for i := len(units) - 3; i > 0 && len(digits) > 4; i -= 3 {
		units = units[:i] + mark + units[i:]
	}
	if has {
		units += point + fraction
	}
	return sign + units
}
