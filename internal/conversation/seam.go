// Package conversation derives a dialogue from what a mini-app declares: it asks for what is missing, one question at a time, understands what comes,
// sums up, confirms and calls the action once.
//
// It is pure: a step takes the state of a conversation and one input, and gives the next state and what is to be done. It reads no clock, no store and
// no network, and knows no single mini-app and no single network. Package chat keeps the state, makes the calls and sends the words.
package conversation

import (
	"encoding/json"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// Services tells what there is to talk about; *miniapps.Catalogue is one. It must not change while a Machine uses it.
type Services interface {
	Apps() []miniapps.Manifest
	Action(app, action string) (miniapps.Action, bool)
	Input(app, action string) (*jsonschema.Schema, bool)
	// Check gives the input as the Runner would pass it on. INVALID names each wrong or missing field by its path, with words in lang.
	Check(app, action string, input json.RawMessage, lang message.Lang) (json.RawMessage, error)
	// Available is false while an app rests after failures.
	Available(app string) bool
}

// Texts puts the key of a text into words; *locale.Catalogue is one.
type Texts interface {
	Text(lang message.Lang, key string, params map[string]any) string
}

// Input is what a step takes: Heard, Returned or HandedBack.
type Input interface{ input() }

// Heard is one thing that the person did, in their order.
type Heard struct {
	ID        string       // of the event, at most 64 bytes: keys of calls derive from it
	At        time.Time    // when the person did it; the clock of the step
	Text      string       // as typed, or the title of what was tapped; may be ""
	Choice    string       // the value of what was tapped, where the network gives it
	Lang      message.Lang // of the page that the person reads, where the network says it; "" where it does not
	Photos    []string     // media ids, in the order sent
	Scanned   []string     // what the QR codes in Photos say, as far as they were looked at; see Machine.Looks
	Videos    []string
	Refused   []Refused // attachments that the city cannot take, each to be answered clearly
	Place     *Place
	Ref       string            // what the deep link that they came by carries: app.action to open, which "." and a language and ":" and words may follow, or LinkRef with a code; "" for none
	Contact   *Contact          // handed over on the network, beside what is said: it proves nothing
	Hello     bool              // opened the chat or became a follower, without saying anything
	Assurance account.Assurance // how surely we know the person
}

// Refused is an attachment that was not taken.
type Refused struct {
	Kind   string // as channels.AttachmentKind: "audio", "file", "sticker", …
	Reason string // kind (not taken at all), too_large, unreadable, unreachable
	Link   string // of a link: its address
}

// Place is a shared position, WGS 84 degrees.
type Place struct {
	Lat, Lon float64
	Label    string
}

// Contact is what a person handed over about themselves.
type Contact struct {
	Name  string
	Phone string // as the network writes it
}

// LinkRef begins a Heard.Ref, or a text, whose rest is the code of a sign-in.
const LinkRef = "link."

// Returned answers the call that the state waits for.
type Returned struct {
	At     time.Time
	Result miniapps.Result
	Err    error // a fault; UNAVAILABLE leaves open whether a change took effect
	// Assurance is how surely the person is known now, which a sign-in may have changed; "" means as before. See State.SigningIn.
	Assurance account.Assurance
}

// HandedBack says that the conversation is the dialogue's again, after HandOver.
type HandedBack struct{ At time.Time }

func (Heard) input()      {}
func (Returned) input()   {}
func (HandedBack) input() {}

// Effect is what a step wants done, in order: Say, HandOver or Call. A Call, of which there is at most one, comes last; its answer is the next input.
type Effect interface{ effect() }

// Say tells the person something.
type Say struct{ Blocks message.Blocks }

// Call asks for an action of a mini-app. The state names it too, so that whoever finds the state after a crash makes the same call again.
type Call struct {
	App    string           `json:"app"`
	Action string           `json:"action"`
	Input  json.RawMessage  `json:"input"`
	Key    string           `json:"key,omitempty"` // idempotency key, at most 128 bytes: event and step; "" for a read-only action
	Case   miniapps.CaseRef `json:"case,omitzero"`
}

// HandOver asks that a person of the city goes on with the conversation. The dialogue takes no steps from then on, until HandedBack or the next Heard; what
// the person is told about it is not the dialogue's. What was being prepared is kept, and offered by the menu.
type HandOver struct {
	Case miniapps.CaseRef // that the talk was about; zero for none. It decides which unit answers
}

func (Say) effect()      {}
func (Call) effect()     {}
func (HandOver) effect() {}
