package webform

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/miniapps"
)

const (
	pageSize   = 30  // options asked for at once, where the service lets that be said
	listSize   = 100 // the same for a list that unfolds: one with headings is easier to find one's way in than four pages
	maxPages   = 8   // of options that a form shows
	maxOptions = 200 // that a form shows
	maxFind    = 100 // runes of words that options are looked for by
)

// option is one possible answer.
type option struct{ value, label, hint string }

// loaded are the options of a field, as far as they are shown.
type loaded struct {
	options []option
	more    bool // there are further ones
	failed  bool // the service did not give them
}

// helper is an action that helps with a field, and what it can be told besides the answers.
type helper struct {
	id    string
	text  bool // words to look for
	first int  // most options at once; 0 when it cannot be told
}

// helperOf describes the action that gives the options of a field.
func (f *Forms) helperOf(fm *form, n *node) helper {
	h := helper{id: n.leaf().words.Options}
	s, ok := f.deps.Catalogue.Input(fm.id.app, h.id)
	if !ok {
		return h
	}
	h.text = plainType(s.Properties["text"], "string")
	if first := s.Properties["first"]; plainType(first, "integer") {
		h.first = listSize
		if n.kind == kindList { // boxes, one below the other
			h.first = pageSize
		}
		if first.Maximum != nil {
			if most, _ := first.Maximum.Float64(); most < float64(h.first) {
				h.first = int(most)
			}
		}
	}
	return h
}

func plainType(s *jsonschema.Schema, kind string) bool {
	if s == nil || s.Types == nil {
		return false
	}
	types := s.Types.ToStrings()
	return len(types) == 1 && types[0] == kind
}

// load gives the options of a field, that many pages of them, as they are found by those words.
func (s *filling) load(n *node, find string, pages int) loaded {
	key := fmt.Sprint(n.path, "\x00", pages, "\x00", find)
	out, known := s.loaded[key]
	if !known {
		out = s.fetch(n, find, pages)
		if s.loaded == nil {
			s.loaded = map[string]loaded{}
		}
		s.loaded[key] = out
	}
	return out
}

// fetch asks the service for options. Nobody in particular asks: what is shown must not depend on who does.
func (s *filling) fetch(n *node, find string, pages int) loaded {
	h, out := s.helperOf(s.fm, n), loaded{}
	in := map[string]any{"answers": s.input()}
	if h.text && find != "" {
		in["text"] = find
	}
	if h.first > 0 {
		in["first"] = h.first
	}
	for range min(max(pages, 1), maxPages) {
		var page miniapps.Options
		if err := s.ask(h.id, in, &page); err != nil {
			out.failed = len(out.options) == 0
			return out
		}
		for _, c := range page.Choices[:min(len(page.Choices), maxOptions-len(out.options))] {
			out.options = append(out.options, option{c.Value, c.Label, c.Hint})
		}
		out.more = page.After != "" && len(out.options) < maxOptions
		if !out.more {
			return out
		}
		in["after"] = page.After
	}
	return out
}

// ask calls a read-only action for a field and decodes its data.
func (s *filling) ask(action string, input map[string]any, into any) error {
	raw, err := encode(input)
	if err != nil {
		return err
	}
	res, err := s.deps.Runner.Run(s.ctx, miniapps.Request{App: s.fm.id.app, Action: action, Input: raw, Viewer: account.Viewer{Lang: s.lang}})
	if err != nil {
		return err
	}
	data, err := json.Marshal(res.Data)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		return fmt.Errorf("webform: %s.%s: %w", s.fm.id.app, action, err)
	}
	return nil
}

// pages gives how many pages of a field's options are to be shown.
func (s *filling) pages(n *node) int { return s.pagesAt(n.path) }

func (s *filling) pagesAt(path string) int {
	p, err := strconv.Atoi(s.first(prefixPages + path))
	if err != nil || p < 1 {
		return 1
	}
	return min(p, maxPages)
}

// find gives the words that a field's options are looked for by.
func (s *filling) find(n *node) string { return cut(clean(s.first(prefixFind+n.path), false), maxFind) }

// nameOf gives the label of an option that was chosen; the value itself when the service does not name it any more.
func (s *filling) nameOf(n *node, value string) string {
	for _, find := range []string{clean(s.first(prefixFound+n.path), false), ""} {
		for _, o := range s.load(n, cut(find, maxFind), s.pages(n)).options {
			if o.value == value {
				return o.label
			}
		}
		if find == "" {
			break
		}
	}
	return value
}

// cut shortens a text to that many runes.
func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}
