package conversation

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/miniapptest"
)

var update = flag.Bool("update", false, "rewrite the transcripts")

func TestMain(m *testing.M) { leaktest.Main(m) }

// noon is a Monday in Hai Phong.
var noon = time.Date(2026, 8, 3, 5, 0, 0, 0, time.UTC)

// stub is a mini-app whose answers a test writes.
type stub struct {
	manifest miniapps.Manifest
	do       func(c miniapps.Call) (miniapps.Result, error)
}

func (s *stub) Manifest() miniapps.Manifest { return s.manifest }

func (s *stub) Do(_ context.Context, c miniapps.Call) (miniapps.Result, error) { return s.do(c) }

// services is a catalogue whose apps a test can let rest.
type services struct {
	*miniapps.Catalogue
	resting map[string]bool
}

func (s *services) Available(app string) bool { return !s.resting[app] && s.Catalogue.Available(app) }

// world is a person in a conversation with a city of stub apps behind a real Runner.
type world struct {
	t        testing.TB
	runner   *miniapps.Runner
	services *services
	machine  *Machine
	state    State
	now      time.Time
	viewer   account.Viewer
	events   int
	log      strings.Builder
	fail     map[string]error // by action: what the next call answers instead
	calls    []Call
	quiet    bool // leaves calls out of the log
}

func guest() account.Viewer {
	return account.Viewer{Subject: "g", Subjects: []string{"g"}, Assurance: account.Guest}
}

func newWorld(t testing.TB, rules Rules, apps ...miniapps.App) *world {
	t.Helper()
	w := newPerson(t, miniapptest.Citizen())
	w.install(rules, apps...)
	return w
}

// newPerson is somebody in a city that has nothing yet: install puts it there.
func newPerson(t testing.TB, viewer account.Viewer) *world {
	return &world{t: t, now: noon, viewer: viewer, fail: map[string]error{}}
}

// anew lets the person begin a conversation with the same city.
func (w *world) anew() {
	w.state, w.now, w.events, w.calls = State{}, noon, 0, nil
	w.log.Reset()
}

// install makes the machine of these apps; the state stays.
func (w *world) install(rules Rules, apps ...miniapps.App) {
	w.t.Helper()
	w.runner = miniapptest.NewRunner(w.t, nil, apps...)
	w.services = &services{Catalogue: w.runner.Catalogue(), resting: map[string]bool{}}
	m, err := NewMachine(w.services, newPlainIntents(w.services.Apps()), configstest.Texts(w.t), rules)
	if err != nil {
		w.t.Fatal(err)
	}
	w.machine = m
}

// hear lets the person do something, and carries the calls out that it leads to. The state goes through JSON before each step.
func (w *world) hear(h Heard) []message.Blocks {
	w.t.Helper()
	w.events++
	h.ID, h.At = fmt.Sprintf("e%d", w.events), w.now
	h.Assurance = w.viewer.Assurance
	var said []message.Blocks
	effects, handed := w.step(h), false
	for n := 0; ; n++ {
		if n > maxCalls {
			w.t.Fatalf("more than %d calls for one message", maxCalls)
		}
		var call *Call
		for i, e := range effects {
			switch e := e.(type) {
			case Say:
				said = append(said, e.Blocks)
				w.log.WriteString(render(e.Blocks))
			case HandOver:
				handed = true
				fmt.Fprintf(&w.log, "  ⇢ an officer answers: %q\n", e.Case.ID)
			case Call:
				if i != len(effects)-1 {
					w.t.Fatal("a call is not the last effect")
				}
				call = &e
			}
		}
		if (call != nil) != (w.state.Call != nil) {
			w.t.Fatalf("state and effects disagree about a call: %v, %v", w.state.Call, call)
		}
		if call == nil {
			break
		}
		effects = w.step(w.run(*call))
	}
	if len(said) != 1 && (len(said) > 1 || !handed) {
		w.t.Fatalf("said %d messages, want 1\n%s", len(said), w.log.String())
	}
	return said
}

func (w *world) step(in Input) []Effect {
	w.t.Helper()
	raw, err := json.Marshal(w.state)
	if err != nil {
		w.t.Fatal(err)
	}
	next, effects := w.machine.Step(w.state, in)
	if again, err := json.Marshal(w.state); err != nil || string(again) != string(raw) {
		w.t.Fatalf("a step changed the state that it was given:\n%s\n%s", raw, again)
	}
	if raw, err = json.Marshal(next); err != nil {
		w.t.Fatal(err)
	}
	w.state = State{}
	if err := json.Unmarshal(raw, &w.state); err != nil {
		w.t.Fatal(err)
	}
	return effects
}

func (w *world) run(c Call) Returned {
	w.calls = append(w.calls, c)
	if !w.quiet {
		fmt.Fprintf(&w.log, "  ~ %s.%s %s%s\n", c.App, c.Action, c.Input, keyed(c))
	}
	if err := w.fail[c.Action]; err != nil {
		delete(w.fail, c.Action)
		return Returned{At: w.now, Err: err, Assurance: w.viewer.Assurance}
	}
	v := w.viewer
	v.Lang = w.state.Lang.Or()
	res, err := w.runner.Run(context.Background(), miniapps.Request{App: c.App, Action: c.Action, Input: c.Input, Viewer: v, Case: c.Case, Key: c.Key})
	return Returned{At: w.now, Result: res, Err: err, Assurance: w.viewer.Assurance}
}

func keyed(c Call) string {
	if c.Key == "" {
		return ""
	}
	return " key=" + c.Key
}

// render writes blocks as a plain network would show them.
func render(blocks message.Blocks) string {
	var b strings.Builder
	for _, x := range blocks {
		switch x := x.(type) {
		case message.Words:
			indent(&b, x.Text)
		case message.Card:
			indent(&b, "┌ "+x.Title)
			for _, f := range x.Facts {
				indent(&b, "│ "+f.Label+": "+f.Value)
			}
		case message.Choices:
			indent(&b, x.Text)
			for i, o := range x.Options {
				s := fmt.Sprintf("%d. %s", i+1, o.Label)
				if o.Hint != "" {
					s += " – " + o.Hint
				}
				indent(&b, s)
			}
			var controls []string
			for _, c := range x.Controls {
				controls = append(controls, "["+c.Label+"]")
			}
			if len(controls) > 0 {
				indent(&b, strings.Join(controls, " "))
			}
		default:
			indent(&b, fmt.Sprintf("%T", x))
		}
	}
	return b.String()
}

func indent(b *strings.Builder, s string) {
	for line := range strings.SplitSeq(s, "\n") {
		b.WriteString(strings.TrimRight("  "+line, " ") + "\n")
	}
}

// do takes one line of a transcript: what the person writes, or in brackets what else they or the world do.
func (w *world) do(line string) {
	w.t.Helper()
	fmt.Fprintf(&w.log, "> %s\n", line)
	w.now = w.now.Add(5 * time.Second)
	inner, special := strings.CutPrefix(line, "[")
	if !special {
		w.hear(Heard{Text: line})
		return
	}
	fields := strings.Fields(strings.TrimSuffix(inner, "]"))
	switch rest := fields[1:]; fields[0] {
	case "at-once": // before the answer to the line above can have been read
		w.now = w.now.Add(-5 * time.Second)
		w.hear(Heard{Text: strings.Join(rest, " ")})
	case "photo":
		w.hear(Heard{Photos: rest})
	case "photo+":
		w.hear(Heard{Photos: rest[:1], Text: strings.Join(rest[1:], " ")})
	case "code": // a photo of a code, and a caption
		h := Heard{Photos: rest[:1], Text: strings.Join(rest[2:], " ")}
		if w.machine.Looks(w.state, h) {
			h.Scanned = strings.Split(rest[1], "|")
		}
		w.hear(h)
	case "link":
		w.hear(Heard{Text: strings.Join(rest[1:], " "), Refused: []Refused{{Kind: "link", Reason: "kind", Link: rest[0]}}})
	case "video":
		w.hear(Heard{Videos: rest})
	case "place":
		p := Place{Label: strings.Join(rest[2:], " ")}
		fmt.Sscan(rest[0], &p.Lat)
		fmt.Sscan(rest[1], &p.Lon)
		w.hear(Heard{Place: &p})
	case "tap":
		w.hear(Heard{Choice: w.value(strings.Join(rest, " "))})
	case "choice":
		w.hear(Heard{Choice: strings.Join(rest, " ")})
	case "ref":
		w.hear(Heard{Ref: rest[0], Text: strings.Join(rest[1:], " ")})
	case "contact":
		w.hear(Heard{Contact: &Contact{Phone: rest[0], Name: strings.Join(rest[1:], " ")}})
	case "handed-back":
		for _, e := range w.step(HandedBack{At: w.now}) {
			w.log.WriteString(render(e.(Say).Blocks))
		}
	case "hello":
		w.hear(Heard{Hello: true})
	case "nothing":
		w.hear(Heard{})
	case "refused":
		w.hear(Heard{Refused: []Refused{{Kind: rest[0], Reason: rest[1]}}})
	case "wait":
		d, err := time.ParseDuration(rest[0])
		if err != nil {
			w.t.Fatal(err)
		}
		w.now = w.now.Add(d)
	case "fail":
		w.fail[rest[0]] = fault.New(fault.Code(rest[1]), strings.Join(rest[2:], " "))
	case "guest":
		w.viewer = guest()
	case "resting":
		w.services.resting[rest[0]] = true
	default:
		w.t.Fatalf("unknown line %q", line)
	}
}

// value gives the token of the choice with that label in the question that stands.
func (w *world) value(label string) string {
	q := w.state.Question
	if q != nil {
		for _, c := range slices.Concat(q.Options, q.Controls) {
			if c.Label == label {
				return c.Value
			}
		}
	}
	w.t.Fatalf("no choice %q is shown", label)
	return ""
}
