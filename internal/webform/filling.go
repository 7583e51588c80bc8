package webform

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

// filling is one form with what is known of its answers, for as long as one request lasts.
type filling struct {
	*Forms
	ctx     context.Context
	fm      *form
	preset  Preset
	lang    message.Lang
	address string // network address to count by
	known   map[string]any
	ticket  *ticket
	values  map[string][]string // what was typed and chosen, by the names of the page's fields
	wrong   []wrong
	notice  string // what else there is to say
	stale   string // why the ticket is of no use: "unknown" or "expired"; "" when it is good
	instead *suggestion
	viewer  account.Viewer    // zero until something is to be kept
	loaded  map[string]loaded // options, by what was asked
}

// wrong is one thing that is wrong with the answers; about all of them when the node is nil.
type wrong struct {
	node *node
	text string
}

// Names of the page's fields. Those of answers begin so that no other can meet them.
const (
	nameTicket  = "t"
	nameDo      = "do"    // what the visitor wants, see the constants of that name
	nameAgreed  = "ok"    // digest of the input that was agreed to
	nameGoOn    = "go"    // digest of a suggestion that was not taken
	prefixValue = "f/"    // an answer
	prefixBox   = "keep/" // files that have come
	prefixFind  = "find/" // words that options are looked for by
	prefixFound = "was/"  // the words that the shown options were found by
	prefixPages = "page/" // how many pages of options are shown
)

func fieldName(n *node) string { return prefixValue + n.path }
func boxName(n *node) string   { return prefixBox + n.path }

// first gives the one value of a page's field.
func (s *filling) first(name string) string {
	if v := s.values[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// input gives the answers as the action takes them. What is known beforehand wins, whatever was sent.
func (s *filling) input() map[string]any {
	in, _ := s.group(s.fm.root)
	maps.Copy(in, s.known)
	return in
}

// group gives the values of an object, and whether the visitor gave any of them.
func (s *filling) group(n *node) (map[string]any, bool) {
	out, any := map[string]any{}, false
	for _, c := range n.children {
		if _, is := s.known[c.name]; is && n.path == "" {
			continue
		}
		v, given := s.value(c)
		any = any || given
		if v != nil {
			out[c.name] = v
		}
	}
	return out, any
}

// value gives one answer, and whether the visitor gave it; nil for none.
func (s *filling) value(n *node) (v any, given bool) {
	switch {
	case n.fixed != nil:
		return onlyIf(n.required, *n.fixed), false
	case !n.asked():
		if n.standard != nil {
			return onlyIf(n.required, *n.standard), false
		}
		return nil, false
	case n.files():
		return filesOf(n, s.ticket.Files[n.path])
	case n.kind == kindObject:
		group, given := s.group(n)
		return onlyIf(given || n.required, group), given
	case n.kind == kindList:
		return s.list(n)
	}
	text := s.first(fieldName(n))
	if n.sensitive() && text == "" {
		text = s.ticket.Hidden[n.path]
	}
	v = n.read(text, s.lang, s.deps.Zone)
	return v, v != nil
}

func onlyIf(yes bool, v any) any {
	if yes {
		return v
	}
	return nil
}

func filesOf(n *node, ids []string) (any, bool) {
	switch {
	case len(ids) == 0:
		return nil, false
	case n.kind != kindList:
		return ids[0], true
	}
	out := make([]any, len(ids))
	for i, id := range ids {
		out[i] = id
	}
	return out, true
}

// list gives the items of a list: what was ticked, or each line of a text.
func (s *filling) list(n *node) (any, bool) {
	texts := s.values[fieldName(n)]
	if !n.ticked() {
		texts = strings.Split(clean(s.first(fieldName(n)), true), "\n")
	}
	var out []any
	for _, text := range texts {
		if v := n.item.read(text, s.lang, s.deps.Zone); v != nil && len(out) <= maxItems { // one more than can be, so that it is said
			out = append(out, v)
		}
	}
	if len(out) == 0 {
		return nil, false
	}
	return out, true
}

// ticked tells whether the items of a list are chosen, not typed.
func (n *node) ticked() bool { return n.item.kind == kindChoice || n.item.kind == kindRemote }

// hide takes the sensitive answers out of what is written into the page. The ticket keeps them, as far as it can hold them: check says when it cannot.
func (s *filling) hide() {
	total := 0
	s.fm.root.each(s.known, func(n *node) {
		if !n.sensitive() {
			return
		}
		if text := s.first(fieldName(n)); text != "" {
			s.ticket.Hidden[n.path] = text
		}
		if total += len(s.ticket.Hidden[n.path]); total > maxHidden {
			delete(s.ticket.Hidden, n.path)
		}
		delete(s.values, fieldName(n))
	})
}

// tooHidden says which sensitive answers are too long to be kept.
func (s *filling) tooHidden() {
	total := 0
	s.fm.root.each(s.known, func(n *node) {
		if n.sensitive() {
			if total += len(s.first(fieldName(n))); total > maxHidden {
				s.addWrong(n, s.text("too_long", nil))
			}
		}
	})
}

// guest gives the viewer that owns what the form makes, made when it is first needed.
func (s *filling) guest() (account.Viewer, error) {
	if s.viewer.Subject != "" {
		return s.viewer, nil
	}
	v, err := s.deps.Guest(s.ctx, Visitor{ID: s.ticket.Guest, Origin: s.preset.Origin, Lang: s.lang})
	if err != nil {
		return v, fmt.Errorf("webform: guest: %w", err)
	}
	if v.Subject == "" {
		return v, fault.Wrap(fault.Internal, errNoGuest)
	}
	v.Lang = s.lang
	s.viewer = v
	return v, nil
}

func (s *filling) text(key string, params map[string]any) string {
	return s.deps.Texts.Text(s.lang, "webform."+key, params)
}

// addWrong says that an answer is wrong, once.
func (s *filling) addWrong(n *node, text string) {
	if n != nil && (!n.asked() || s.isKnown(n)) { // nobody can mend it here
		n = nil
	}
	if w := (wrong{n, text}); !slices.Contains(s.wrong, w) {
		s.wrong = append(s.wrong, w)
	}
}

func (s *filling) isKnown(n *node) bool {
	top, _, _ := strings.Cut(n.path, "/")
	_, known := s.known[top]
	return known
}

// addFault says what is wrong, beside the fields that a fault names; about is the field of a fault that names none, nil for all.
func (s *filling) addFault(f *fault.Error, about *node) {
	if len(f.Fields) == 0 {
		s.addWrong(about, s.deps.Texts.Fault(s.lang, f))
	}
	for _, x := range f.Fields {
		n := about
		if at := s.fm.root.at(x.Path); at != nil {
			n = at
		}
		s.addWrong(n, s.deps.Texts.Field(s.lang, x))
	}
}

// wrongAt gives what is wrong with one answer; "" when nothing is.
func (s *filling) wrongAt(n *node) string {
	var texts []string
	for _, w := range s.wrong {
		if w.node == n {
			texts = append(texts, w.text)
		}
	}
	return strings.Join(texts, " ")
}

// encode writes an input.
func encode(v map[string]any) (json.RawMessage, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err)
	}
	return raw, nil
}
