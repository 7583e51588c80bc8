package webform

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/motcua/motcua/internal/media"
)

// few is up to how many options all are shown at once.
const few = 8

// many is from how many options on words to look for them by are asked for.
const many = 25

func idOf(path string) string { return "f-" + strings.ReplaceAll(path, "/", "-") }

// field shows a value that is asked for.
func (s *filling) field(n *node) field {
	leaf := n.leaf()
	v := field{
		Kind: "input", ID: idOf(n.path), Name: fieldName(n), Label: n.label(s.lang), Hint: n.hint(s.lang), Wrong: s.wrongAt(n), Required: n.required, Optional: !n.required,
		Value: s.first(fieldName(n)), Type: "text",
	}
	switch {
	case n.kind == kindObject:
		v.Kind = "group"
		for _, c := range n.children {
			if c.asked() {
				v.Fields = append(v.Fields, s.field(c))
			}
		}
	case n.files():
		s.fileField(n, &v)
	case leaf.kind == kindBool:
		v.Kind = "radio"
		v.Options = s.options(n, []option{{"true", s.text("yes", nil), ""}, {"false", s.text("no", nil), ""}})
	case leaf.kind == kindChoice:
		s.choiceField(n, &v)
	case leaf.kind == kindRemote:
		s.remoteField(n, &v)
	default:
		s.inputField(n, &v)
	}
	return v
}

// inputField shows what is typed.
func (s *filling) inputField(n *node, v *field) {
	if n.kind == kindList {
		v.Kind, v.Spell = "area", n.item.kind == kindText || n.item.kind == kindLong
		v.Hint = sentences(v.Hint, s.text("one_a_line", map[string]any{"max": n.max}))
		return
	}
	v.Complete = completeOf(n)
	switch n.kind {
	case kindPlace: // questions offer what chats and the app can: to send where one is
		v.Hint = sentences(v.Hint, s.text("write_place", nil))
	case kindLong:
		v.Kind, v.Spell = "area", true
	case kindNumber:
		v.Mode = "decimal"
	case kindInteger:
		v.Mode = "numeric"
	case kindPhone:
		v.Type = "tel"
	case kindDate:
		v.Type = "date"
	case kindMoment:
		v.Type = "datetime-local"
	case kindTime:
		v.Type = "time"
	case kindText:
		switch n.format {
		case "email":
			v.Type = "email"
		case "uri":
			v.Type = "url"
		}
	}
	if n.sensitive() {
		v.Type, v.Kind, v.Complete, v.Value = "password", "input", "off", ""
		v.Hint = sentences(v.Hint, s.text("sensitive", nil))
		if s.ticket.Hidden[n.path] != "" {
			v.Hint = sentences(v.Hint, s.text("kept", nil))
		}
	}
}

// completeOf says what a browser may fill in (HTML §4.10.18.7.1), where a field's own format or name says it to be about the visitor; "" says nothing. Where it
// said "off", Chromium would show an empty field on the way back to the form.
func completeOf(n *node) string {
	switch {
	case n.words.Secret:
		return "one-time-code"
	case n.kind == kindPhone:
		return "tel"
	case n.format == "email":
		return "email"
	}
	switch strings.ToLower(n.name) {
	case "name", "fullname":
		return "name"
	case "birthday", "birthdate", "dateofbirth":
		return "bday"
	}
	return ""
}

// choiceField shows the values that the schema lists.
func (s *filling) choiceField(n *node, v *field) {
	var all []option
	for _, c := range n.leaf().choices {
		all = append(all, option{token(c.Value), s.choiceLabel(c), ""})
	}
	v.Options = s.options(n, all)
	s.pick(n, v)
}

// remoteField shows what the service offers under the answers so far. What was chosen stays, also when it is not among that any more.
func (s *filling) remoteField(n *node, v *field) {
	h, find, pages := s.helperOf(s.fm, n), s.find(n), s.pages(n)
	got := s.load(n, find, pages)
	if find != "" && len(got.options) == 0 && !got.failed {
		v.Wrong = sentences(v.Wrong, s.text("none_found", nil))
	}
	all := got.options
	for _, chosen := range s.values[fieldName(n)] {
		if chosen = clean(chosen, false); chosen != "" && !listed(got.options, chosen) {
			all = append([]option{{chosen, s.nameOf(n, chosen), ""}}, all...)
		}
	}
	v.Options, v.Failed = s.options(n, all), got.failed
	v.CanFind = h.text && (got.more || find != "" || len(got.options) > many)
	v.Find, v.Found, v.FindName, v.FoundName = find, find, prefixFind+n.path, prefixFound+n.path
	v.Pages, v.PagesName = strconv.Itoa(pages), prefixPages+n.path
	if got.more && pages < maxPages {
		v.More = doMore + n.path
	}
	s.pick(n, v)
	if len(v.Options) == 0 && !v.Failed && find == "" {
		v.Kind, v.Hint = "none", s.text("no_options", nil)
	}
}

func listed(all []option, value string) bool {
	for _, o := range all {
		if o.value == value {
			return true
		}
	}
	return false
}

// pick chooses how options are shown: boxes for several, buttons for a few, else a list that unfolds.
func (s *filling) pick(n *node, v *field) {
	switch {
	case n.kind == kindList:
		v.Kind = "check"
	case len(v.Options) <= few && !v.Failed:
		v.Kind = "radio"
		if !v.Required && len(v.Options) > 0 {
			v.Empty = s.text("no_choice", nil)
		}
	default:
		v.Kind, v.Empty = "select", s.text("choose", nil)
		v.Groups = grouped(v.Options)
	}
}

// grouped puts options that follow each other under one heading where they share their hint. What stands alone keeps it, unless it is a heading further down:
// a list that is folded has room for few words.
func grouped(all []optionView) []optionGroup {
	var out []optionGroup
	for _, o := range all {
		if i := len(out) - 1; i >= 0 && out[i].Options[0].Hint == o.Hint {
			out[i].Options = append(out[i].Options, o)
			continue
		}
		out = append(out, optionGroup{Options: []optionView{o}})
	}
	for i, g := range out {
		if hint := g.Options[0].Hint; hint != "" && len(g.Options) > 1 {
			out[i].Label = hint
		}
	}
	for _, g := range out {
		if g.Label == "" && slices.ContainsFunc(out, func(o optionGroup) bool { return o.Label != "" && o.Label == g.Options[0].Hint }) {
			g.Options[0].Hint = ""
		}
	}
	return out
}

func (s *filling) options(n *node, all []option) []optionView {
	chosen := make([]string, len(s.values[fieldName(n)]))
	for i, text := range s.values[fieldName(n)] {
		chosen[i] = clean(text, false)
	}
	var out []optionView
	for i, o := range all {
		v := optionView{ID: idOf(n.path), Value: o.value, Label: o.label, Hint: o.hint}
		if i > 0 { // the first is what a list of errors leads to
			v.ID += "-" + strconv.Itoa(i+1)
		}
		v.Chosen = slices.Contains(chosen, o.value)
		out = append(out, v)
	}
	return out
}

// What the city takes, by which a phone turns its own formats into these.
const (
	acceptPhotos = "image/jpeg,image/png,image/webp"
	acceptVideos = "video/mp4,video/quicktime,video/webm,video/3gpp"
)

func (s *filling) fileField(n *node, v *field) {
	kind, ids := string(n.leaf().kind), s.ticket.Files[n.path]
	v.Kind, v.BoxName, v.Accept = "file", boxName(n), acceptPhotos
	if kind == string(kindVideo) {
		v.Accept = acceptVideos
	}
	v.Room, v.Multiple = len(ids) < n.max, n.max-len(ids) > 1
	for i, id := range ids {
		f := fileView{ID: idOf(n.path) + "-" + strconv.Itoa(i+1), Value: id, Label: s.text("keep_"+kind, map[string]any{"n": i + 1})}
		if kind == string(kindPhoto) {
			f.URL = s.deps.Media.URL(id, media.Thumb)
		}
		v.Files = append(v.Files, f)
	}
	hints, most := []string{v.Hint}, s.mostOf(n)>>20
	if !strings.Contains(" "+v.Hint, fmt.Sprintf(" %d MB", most)) { // as with the number of files below, the question may say so
		hints = append(hints, s.text("limit_"+kind, map[string]any{"max": most}))
	}
	if n.max > 1 && !strings.Contains(v.Hint, strconv.Itoa(n.max)) {
		hints = append(hints, s.text("up_to", map[string]any{"max": n.max}))
	}
	v.Hint = sentences(hints...)
}

// sentences puts texts behind each other.
func sentences(all ...string) string {
	var out string
	for _, text := range all {
		if out != "" && text != "" {
			if !strings.HasSuffix(out, ".") && !strings.HasSuffix(out, "?") && !strings.HasSuffix(out, ")") {
				out += "."
			}
			out += " "
		}
		out += text
	}
	return out
}
