package webform

import (
	"strings"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// frame is what stands around all pages. What is zero is left out.
type frame struct {
	Lang, Title, Back, City string

	Failed    bool   // something is wrong with the answers
	Address   string // in full, of a page that search engines may list
	Languages []choosable
}

// choosable is a language that a page can be read in.
type choosable struct {
	Tag, Name, Href string
	Here            bool
}

// view is what the page of a form shows. What is zero is left out.
type view struct {
	frame
	Lead, Heading string

	Notice  string  // what went wrong as a whole
	Summary []link  // what is wrong, each leading to its field
	Instead *choose // another action that may serve better
	Facts   []message.Fact

	Form   *formView
	Again  string // path of a new form
	Other  string // the same, once one was sent
	Code   string // under which what was sent is followed
	Follow string // address at which it is followed
	Blocks []block
	Next   []link // pages that go on from what came of it
}

type link struct{ Href, Text string }

// choose is a suggestion, and how to go on without it.
type choose struct{ Label, Href, Name string }

// formView is a form: to be filled in, or to be agreed to.
type formView struct {
	SendTo, Ticket string
	Fields, More   []field // More is folded away
	Open           bool    // but not now
	Submit         string

	Question, Agreed string   // of a form that is to be agreed to
	Hidden           []hidden // its answers
}

type hidden struct{ Name, Value string }

// field is one question.
type field struct {
	Kind     string // which part of the template shows it
	ID, Name string
	Label    string
	Hint     string
	Wrong    string
	Required bool
	Optional bool // to be said
	Value    string

	Type, Mode, Complete string // of an input: type, inputmode, autocomplete
	Spell                bool
	Options              []optionView
	Groups               []optionGroup // the same for a list that unfolds
	Empty                string        // what stands for no choice; "" where there has to be one

	Find, Found, FindName, FoundName string // words to look for options by
	CanFind                          bool
	More                             string // value of the button for further options; "" for none
	Pages, PagesName                 string
	Failed                           bool

	Files    []fileView
	BoxName  string
	Accept   string
	Multiple bool
	Room     bool // for further files
	Fields   []field
}

type optionView struct {
	ID, Value, Label, Hint string
	Chosen                 bool
}

// optionGroup is a part of a list that unfolds.
type optionGroup struct {
	Label   string // "" for none: each option says itself where it belongs
	Options []optionView
}

type fileView struct{ ID, Value, URL, Label string }

// DescribedBy names what a screen reader reads after the label.
func (f field) DescribedBy() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.ID+"-hint")
	}
	if f.Wrong != "" {
		ids = append(ids, f.ID+"-wrong")
	}
	return strings.Join(ids, " ")
}

// folded tells whether a field can wait: neither needed nor always asked for. A photo says more than words, so it is never folded away.
func folded(n *node) bool {
	return !n.required && n.words.Ask != miniapps.AskAlways && n.leaf().kind != kindPhoto
}

// formView shows the form as it is filled in.
func (s *filling) formView() (*formView, error) {
	s.hide()
	sealed, err := s.seal(s.ticket)
	if err != nil {
		return nil, err
	}
	out := &formView{SendTo: s.preset.sendTo(), Ticket: sealed, Submit: s.submit()}
	for _, n := range s.fm.root.children {
		if _, is := s.known[n.name]; is || !n.asked() {
			continue
		}
		v := s.field(n)
		if !folded(n) {
			out.Fields = append(out.Fields, v)
			continue
		}
		v.Optional = false // all of them are
		out.More = append(out.More, v)
		out.Open = out.Open || s.touched(n)
	}
	out.Open = out.Open || len(out.Fields) == 0
	return out, nil
}

// touched tells whether a field that could wait was filled in, or is wrong.
func (s *filling) touched(n *node) bool {
	if n.kind == kindObject {
		for _, c := range n.children {
			if s.touched(c) {
				return true
			}
		}
		return false
	}
	text := s.first(fieldName(n))
	standard := n.standard != nil && text == token(*n.standard)
	return text != "" && !standard || s.wrongAt(n) != "" || len(s.ticket.Files[n.path]) > 0 || s.ticket.Hidden[n.path] != "" || s.find(n) != ""
}

// submit names the button that sends the form.
func (s *filling) submit() string {
	switch {
	case s.fm.does.Confirm != nil:
		return s.text("go_on", nil)
	case s.fm.does.ReadOnly:
		return s.text("look", nil)
	}
	return s.text("send", nil)
}
