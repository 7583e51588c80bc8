package conversation

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/intent"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
)

const (
	maxCalls  = 8               // calls that one thing the person did may lead to
	maxLook   = maxCalls - 2    // of them, for options and checks: the action itself must stay possible
	maxText   = 4000            // runes of one answer
	maxAnswer = 60 << 10        // bytes of all answers together; below miniapps.MaxInput, so that a helper gets them too
	maxUnsaid = 40              // blocks that wait to be said
	maxEvent  = once.MaxKey - 4 // bytes of an event's id in a key: "#", and two digits
)

// turn is one step under way: the state as it will be, and what came of it.
type turn struct {
	m       *Machine
	s       State
	form    *form          // of s.Draft; nil when there is none
	answers map[string]any // of s.Draft
	now     time.Time      // of what the step takes in
	was     *Question      // that stood when the step began
	call    *Call
	hand    *HandOver
	asked   bool // a question stands, or nobody here asks any more
	block   *message.Choices
	heard   *recognised
	beside  string   // what the person said beside the name of what they chose; "" nothing
	codes   []string // read from the photos that came with the text; only what they show is not known by other means
}

// recognised is what the recogniser found in a text. A turn looks at the same text more than once.
type recognised struct {
	text    string
	matches []intent.Match
}

func (t *turn) recognise(text string) []intent.Match {
	if t.heard == nil || t.heard.text != text {
		t.heard = &recognised{text: text, matches: t.mended(text, t.m.intents.Recognise(text))}
	}
	return t.heard.matches
}

type params = map[string]any

func (m *Machine) begin(s State) *turn {
	t := &turn{m: m, s: s.clone(), was: s.Question, now: s.At}
	t.load()
	return t
}

// load makes the draft of the state the one at hand.
func (t *turn) load() {
	t.form, t.answers = nil, map[string]any{}
	if t.s.Draft == nil {
		return
	}
	t.form = t.m.forms[t.s.Draft.Ref]
	if object := plainObject(t.s.Draft.Answers); object != nil {
		t.answers = object
	}
}

// end gives the state and the effects. What is said goes out as one message, with the question at its end; before a call it waits.
func (t *turn) end() (State, []Effect) {
	if t.s.Draft != nil {
		t.s.Draft.Answers = encode(t.answers)
	}
	t.keepShown()
	if t.call != nil {
		t.s.Call = t.call
		return t.s, []Effect{*t.call}
	}
	t.s.Call, t.s.Wait = nil, nil
	var effects []Effect
	if blocks := t.blocks(); len(blocks) > 0 {
		effects = append(effects, Say{Blocks: blocks})
	}
	if t.hand != nil {
		effects = append(effects, *t.hand)
	}
	t.s.Unsaid = nil
	return t.s, effects
}

// blocks joins what is to be said: texts that follow each other become one, and the last of them goes into the question.
func (t *turn) blocks() message.Blocks {
	var out message.Blocks
	for _, b := range t.s.Unsaid {
		w, ok := b.(message.Words)
		if last, joins := lastWords(out); ok && joins && !w.Secret {
			out[len(out)-1] = message.Words{Text: paragraphs(last.Text, w.Text)}
			continue
		}
		out = append(out, b)
	}
	if t.block == nil {
		return out
	}
	c := *t.block
	if last, joins := lastWords(out); joins {
		c.Text, out = paragraphs(last.Text, c.Text), out[:len(out)-1]
	}
	if len(c.Options)+len(c.Controls) == 0 {
		out = append(out, message.Words{Text: c.Text})
	} else {
		out = append(out, c)
	}
	if t.asksPhone() {
		out = append(out, message.Choices{Text: t.text("share_contact", nil), Options: []message.Choice{{Label: t.text("share_contact_title", nil), Value: message.AskContact}}})
	}
	return out
}

// asksPhone tells whether the question wants a phone number, which some networks can hand over.
func (t *turn) asksPhone() bool {
	q := t.s.Question
	if q == nil || q.Kind != askField || t.form == nil {
		return false
	}
	n := t.form.root.at(q.Path)
	return n != nil && n.kind == kindPhone
}

// lastWords gives the text at the end, if others may join it: a secret stays by itself.
func lastWords(blocks message.Blocks) (message.Words, bool) {
	if len(blocks) == 0 {
		return message.Words{}, false
	}
	w, ok := blocks[len(blocks)-1].(message.Words)
	return w, ok && !w.Secret
}

func paragraphs(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n\n" + b
}

// lang is the language to speak.
func (t *turn) lang() message.Lang { return t.s.Speaks().Or() }

// text gives the text of a key below "conversation.".
func (t *turn) text(key string, p params) string {
	return t.m.texts.Text(t.lang(), "conversation."+key, p)
}

// say adds a text of the catalogue to what is said before the next question.
func (t *turn) say(key string, p params) { t.tell(message.Words{Text: t.text(key, p)}) }

// tell adds a block to what is said before the next question; a text that waits already is not said twice.
func (t *turn) tell(b message.Block) {
	if w, ok := b.(message.Words); ok {
		w.Text = strings.TrimSpace(w.Text)
		if w.Text == "" || t.waits(w) {
			return
		}
		b = w
	}
	if len(t.s.Unsaid) < maxUnsaid {
		t.s.Unsaid = append(t.s.Unsaid, b)
	}
}

func (t *turn) waits(w message.Words) bool {
	for _, b := range t.s.Unsaid {
		if x, ok := b.(message.Words); ok && x == w {
			return true
		}
	}
	return false
}

// ask puts the question that ends this step. The state keeps what was shown, so that a number or a word finds it.
func (t *turn) ask(q Question, text string, options, controls []message.Choice) {
	q.Options, q.Controls, q.At = bare(options), bare(controls), t.now
	t.s.Question = &q
	if q.Unlisted {
		options = nil
	}
	t.block = &message.Choices{Text: text, Options: options, Controls: controls}
	t.asked = true
}

// bare leaves out what only the eye needs.
func bare(choices []message.Choice) []message.Choice {
	out := make([]message.Choice, 0, len(choices))
	for _, c := range choices {
		out = append(out, message.Choice{Label: c.Label, Value: c.Value})
	}
	return out
}

// control is a choice that gives a command, under its name.
func (t *turn) control(cmd command) message.Choice {
	return message.Choice{Label: t.text("control."+string(cmd), nil), Value: tokenDo + string(cmd)}
}

func (t *turn) controls(commands ...command) []message.Choice {
	var out []message.Choice
	for _, c := range commands {
		out = append(out, t.control(c))
	}
	return out
}

// may tells whether another call for options or checks can be made in this turn.
func (t *turn) may() bool { return t.s.Calls < maxLook && t.call == nil }

// help calls a read-only action with the answers so far and what else it takes. It gives false when that cannot be done: the dialogue then goes on without.
func (t *turn) help(action string, more params, w Wait) bool {
	if !t.may() {
		return false
	}
	in := params{"answers": t.answers}
	maps.Copy(in, more)
	a, known := t.m.services.Action(t.form.ref.App, action)
	input, err := t.m.services.Check(t.form.ref.App, action, encode(in), t.lang())
	if err != nil || !known || !a.ReadOnly {
		return false
	}
	t.run(Call{App: t.form.ref.App, Action: action, Input: input, Case: t.s.Draft.Case}, w)
	return true
}

func (t *turn) run(c Call, w Wait) {
	t.s.Calls++
	t.call, t.s.Wait = &c, &w
}

// key names the effect of a change: the event that led to it, and the number of the call within it.
func (t *turn) key() string {
	event := cmp.Or(t.s.Event, "at"+strconv.FormatInt(t.s.At.UnixNano(), 36))
	if len(event) > maxEvent {
		event = once.ID(event)
	}
	return event + "#" + strconv.Itoa(t.s.Calls+1)
}

// encode writes plain values as JSON. They come from JSON, so it cannot fail.
func encode(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("{}")
	}
	return data
}

// digest is a short name for a value; equal values have equal names.
func digest(v any) string {
	sum := sha256.Sum256(encode(v))
	return hex.EncodeToString(sum[:6])
}

// zone is where the city's clocks are. Vietnam has had one offset and no summer time since 1975.
var zone = time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60)
