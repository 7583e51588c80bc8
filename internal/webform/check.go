package webform

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// suggestion is another action that may serve better.
type suggestion struct {
	name  string // digest, by which it is declined
	label string
	ref   string // opens it in the chat
}

// found is what the checks of a form say besides errors.
type found struct {
	derived map[string]map[string]any // by the path of the answer that it follows from
	words   []string
}

// check looks at the answers as the Runner will, and has those looked at that the declaration has a check for. What is wrong is added to the filling.
func (s *filling) check(input map[string]any, raw json.RawMessage) (found, error) {
	if _, err := s.deps.Catalogue.Check(s.fm.id.app, s.fm.id.action, raw, s.lang); err != nil {
		f := fault.Of(err)
		if f.Code != fault.Invalid {
			return found{}, err
		}
		s.addFault(f, nil)
	}
	s.tooHidden()
	out := found{derived: map[string]map[string]any{}}
	for _, n := range s.checked() {
		if s.wrongAt(n) == "" && valueAt(input, n.path) != nil {
			s.look(n, input, &out)
		}
	}
	return out, nil
}

// checked gives the values that have a check, those that are known beforehand too.
func (s *filling) checked() []*node {
	var out []*node
	var visit func(*node)
	visit = func(n *node) {
		for _, c := range n.children {
			if c.words.Check != "" {
				out = append(out, c)
			}
			visit(c)
		}
	}
	visit(s.fm.root)
	return out
}

// look has one answer looked at. A check that does not come to its end says nothing: the action itself decides.
func (s *filling) look(n *node, input map[string]any, out *found) {
	raw, err := encode(map[string]any{"answers": input})
	if err != nil {
		return
	}
	res, err := s.deps.Runner.Run(s.ctx, miniapps.Request{App: s.fm.id.app, Action: n.words.Check, Input: raw, Viewer: account.Viewer{Lang: s.lang}})
	if err != nil {
		var f *fault.Error
		if errors.As(err, &f) && f.Code == fault.Invalid {
			s.addFault(inAnswers(f), n)
		}
		return
	}
	var c miniapps.Checked
	if data, err := json.Marshal(res.Data); err != nil || json.Unmarshal(data, &c) != nil {
		return
	}
	for _, e := range c.Errors {
		if about := s.fm.root.at(outside(e.Path)); about != nil {
			s.addWrong(about, e.Text)
		} else {
			s.addWrong(n, e.Text)
		}
	}
	if len(c.Derived) > 0 {
		out.derived[n.path] = c.Derived
	}
	for _, b := range res.Blocks {
		if w, ok := b.(message.Words); ok && !slices.Contains(out.words, w.Text) {
			out.words = append(out.words, w.Text)
		}
	}
	s.suggest(c.Suggest)
}

// outside gives a path within the answers from one within the input of a helper.
func outside(path []string) []string {
	if len(path) > 0 && path[0] == "answers" {
		return path[1:]
	}
	return path
}

func inAnswers(f *fault.Error) *fault.Error {
	out := *f
	out.Fields = slices.Clone(f.Fields)
	for i, x := range out.Fields {
		out.Fields[i].Path = outside(x.Path)
	}
	return &out
}

// suggest remembers what a check suggests, unless the visitor has gone on before. Only what citizens can begin themselves is of use to them.
func (s *filling) suggest(i *miniapps.Instead) {
	if i == nil || s.instead != nil {
		return
	}
	a, ok := s.deps.Catalogue.Action(s.fm.id.app, i.Action)
	raw, err := json.Marshal([]any{i.Action, i.Input})
	if !ok || err != nil || a.Audience != miniapps.ByCitizen {
		return
	}
	if name := digest(raw); !slices.Contains(s.values[nameGoOn], name) {
		s.instead = &suggestion{name: name, label: cmp.Or(i.Label.In(s.lang), a.Title.In(s.lang)), ref: s.fm.id.app + "." + i.Action}
	}
}

// digest names data.
func digest(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}

// valueAt gives the value at a path of an input; nil when there is none.
func valueAt(input map[string]any, path string) any {
	var v any = input
	for name := range strings.SplitSeq(path, "/") {
		group, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = group[name]
	}
	return v
}

// derivedFacts gives derived values that nothing beside them names.
func (s *filling) derivedFacts(out found) []message.Fact {
	var facts []message.Fact
	for _, n := range s.checked() {
		check, _ := s.deps.Catalogue.Action(s.fm.id.app, n.words.Check)
		for _, f := range check.DerivedFacts(out.derived[n.path]) {
			if text := plainText(f.Value, s.lang); text != "" {
				facts = append(facts, message.Fact{Label: cmp.Or(f.Label.In(s.lang), f.Key), Value: text})
			}
		}
	}
	return facts
}

// derivedNames gives what the derived values of an answer are called, in one line.
func derivedNames(values map[string]any) string {
	return strings.Join(miniapps.DerivedNames(values), ", ")
}
