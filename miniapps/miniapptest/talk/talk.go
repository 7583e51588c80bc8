// Package talk lets the tests of a mini-app speak with it as a citizen does in a chat: through the dialogue that its manifest gives, with the words that the
// program understands.
package talk

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/conversation"
	"github.com/motcua/motcua/internal/intent"
	"github.com/motcua/motcua/internal/locale"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// City is where people speak with the mini-apps of a Runner. Any number of them may do so at once.
type City struct {
	runner  *miniapps.Runner
	machine *conversation.Machine
	at      time.Time
}

// NewCity gives a city whose mini-apps are those of runner. root is the folder of the project, as the test sees it; at is when people speak.
func NewCity(t testing.TB, runner *miniapps.Runner, root string, rules conversation.Rules, at time.Time) *City {
	t.Helper()
	texts, err := locale.Load(os.DirFS(filepath.Join(root, "configs/locales")))
	if err != nil {
		t.Fatal(err)
	}
	phrases, err := intent.Load(os.DirFS(filepath.Join(root, "configs/phrasings")))
	if err != nil {
		t.Fatal(err)
	}
	intents := intent.New(append(phrases, intent.Of(runner.Catalogue().Apps())...))
	m, err := conversation.NewMachine(runner.Catalogue(), intents, texts, rules)
	if err != nil {
		t.Fatal(err)
	}
	return &City{runner: runner, machine: m, at: at}
}

// Person speaks with a city. The zero State has said nothing yet.
type Person struct {
	City   *City
	Viewer account.Viewer
	State  conversation.State
	Calls  int // made for the last thing that was said
	said   int
}

// Says writes something, carries the calls out that it leads to, and gives the answer as text: a line for each choice, "· " before it.
func (p *Person) Says(ctx context.Context, text string) (string, error) {
	return p.does(ctx, conversation.Heard{Text: text})
}

// Shares sends a place.
func (p *Person) Shares(ctx context.Context, lat, lon float64) (string, error) {
	return p.does(ctx, conversation.Heard{Place: &conversation.Place{Lat: lat, Lon: lon}})
}

func (p *Person) does(ctx context.Context, h conversation.Heard) (string, error) {
	p.said++
	p.Calls = 0
	h.ID, h.At, h.Assurance = fmt.Sprint("e", p.said), p.City.at.Add(time.Duration(p.said)*time.Minute), p.Viewer.Assurance
	var in conversation.Input = h
	var out strings.Builder
	for {
		state, effects := p.City.machine.Step(p.State, in)
		p.State = state
		var call *conversation.Call
		for _, e := range effects {
			switch e := e.(type) {
			case conversation.Say:
				write(&out, e.Blocks)
			case conversation.Call:
				call = &e
			}
		}
		if call == nil {
			return out.String(), ctx.Err()
		}
		p.Calls++
		in = p.run(ctx, *call, h)
	}
}

func (p *Person) run(ctx context.Context, c conversation.Call, h conversation.Heard) conversation.Returned {
	v := p.Viewer
	v.Lang = p.State.Lang.Or()
	res, err := p.City.runner.Run(ctx, miniapps.Request{App: c.App, Action: c.Action, Input: c.Input, Viewer: v, Case: c.Case, Key: c.Key})
	return conversation.Returned{At: h.At, Result: res, Err: err, Assurance: p.Viewer.Assurance}
}

func write(out *strings.Builder, blocks message.Blocks) {
	for _, b := range blocks {
		switch b := b.(type) {
		case message.Words:
			fmt.Fprintln(out, b.Text)
		case message.Card:
			fmt.Fprintln(out, b.Title)
			for _, f := range b.Facts {
				fmt.Fprintf(out, "%s: %s\n", f.Label, f.Value)
			}
		case message.Choices:
			fmt.Fprintln(out, b.Text)
			for _, c := range b.Options {
				fmt.Fprintf(out, "· %s\n", c.Label)
			}
		}
	}
}
