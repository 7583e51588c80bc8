package miniapptest

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/miniapps"
)

//go:embed notes.json
var notesManifest []byte

// NotesManifest gives the manifest of Notes as it is written: one that uses every keyword.
func NotesManifest() []byte { return slices.Clone(notesManifest) }

// Notes is a small mini-app that keeps notes in memory. It shows what an app has to do, and tests of the core run it.
type Notes struct {
	manifest miniapps.Manifest
	mu       sync.Mutex
	notes    map[string]*note
}

var _ miniapps.App = (*Notes)(nil)

type note struct {
	ID     string `json:"id"`
	Text   string `json:"text"`
	Closed bool   `json:"closed"`

	owner string
	hash  string // of the input that made it
	marks once.Marks
}

// NewNotes makes the app with nothing in it.
func NewNotes() (*Notes, error) {
	m, err := miniapps.ParseManifest(notesManifest)
	if err != nil {
		return nil, err
	}
	return &Notes{manifest: m, notes: map[string]*note{}}, nil
}

// Manifest declares the app.
func (n *Notes) Manifest() miniapps.Manifest { return n.manifest }

// Do carries out one action.
func (n *Notes) Do(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	if err := ctx.Err(); err != nil {
		return miniapps.Result{}, fault.Wrap(fault.Unavailable, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	switch c.Action {
	case "write":
		return n.write(c)
	case "amend":
		return n.change(c, func(x *note) error {
			var in struct{ Text string }
			err := json.Unmarshal(c.Input, &in)
			x.Text = in.Text
			return err
		})
	case "close", "expire":
		return n.change(c, func(x *note) error { x.Closed = true; return nil })
	case "mine":
		return n.mine(c), nil
	case "kinds":
		return kinds(c)
	case "look":
		return miniapps.Result{Data: miniapps.Checked{Derived: map[string]any{"long": false}}}, nil
	}
	return miniapps.Result{}, fault.New(fault.NotFound, "")
}

// kinds gives the choices, or those that are called what was typed.
func kinds(c miniapps.Call) (miniapps.Result, error) {
	var in struct{ Text string }
	if err := json.Unmarshal(c.Input, &in); err != nil {
		return miniapps.Result{}, fault.Wrap(fault.Invalid, err)
	}
	all := []miniapps.Option{{Value: "a", Label: "A"}, {Value: "b", Label: "B"}}
	if in.Text != "" {
		all = slices.DeleteFunc(all, func(o miniapps.Option) bool { return !strings.EqualFold(o.Label, in.Text) })
	}
	return miniapps.Result{Data: miniapps.Options{Choices: all}}, nil
}

func (n *Notes) write(c miniapps.Call) (miniapps.Result, error) {
	id := c.Citizen.Scope + "/" + once.ID(c.Key)
	if old := n.notes[id]; old != nil {
		if old.hash != c.InputHash {
			return miniapps.Result{}, once.Clash()
		}
		return show(old), nil
	}
	var in struct{ Text string }
	if err := json.Unmarshal(c.Input, &in); err != nil {
		return miniapps.Result{}, fault.Wrap(fault.Invalid, err)
	}
	n.notes[id] = &note{ID: id, Text: in.Text, owner: c.Citizen.Subject, hash: c.InputHash}
	return show(n.notes[id]), nil
}

// change applies a change once to the note that the call is about.
func (n *Notes) change(c miniapps.Call, f func(*note) error) (miniapps.Result, error) {
	x := n.notes[c.Case.ID]
	if x == nil || c.Actor.Kind == miniapps.ByCitizen && !slices.Contains(c.Citizen.Subjects, x.owner) {
		return miniapps.Result{}, fault.New(fault.NotFound, "")
	}
	done, err := x.marks.Seen(c.Key, c.InputHash)
	if err != nil || done {
		return show(x), err
	}
	if err := f(x); err != nil {
		return miniapps.Result{}, fault.Wrap(fault.Invalid, err)
	}
	x.marks.Add(c.Key, c.InputHash)
	return show(x), nil
}

func (n *Notes) mine(c miniapps.Call) miniapps.Result {
	list := []note{}
	for _, id := range slices.Sorted(maps.Keys(n.notes)) {
		if x := n.notes[id]; slices.Contains(c.Citizen.Subjects, x.owner) {
			list = append(list, *x)
		}
	}
	return miniapps.Result{Data: list}
}

func show(x *note) miniapps.Result {
	copied := *x
	return miniapps.Result{Data: &copied, Case: miniapps.CaseRef{ID: x.ID}, Blocks: message.Blocks{message.Words{Text: x.Text}}}
}

// Fingerprint describes all that is kept.
func (n *Notes) Fingerprint(context.Context) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var s string
	for _, id := range slices.Sorted(maps.Keys(n.notes)) {
		s += fmt.Sprintf("%+v\n", *n.notes[id])
	}
	return s, nil
}

// Count tells how many notes there are.
func (n *Notes) Count(context.Context) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.notes), nil
}
