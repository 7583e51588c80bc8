// Package miniapps holds the contract of a mini-app, one service of the city that is declared once and reached on every channel,
// and the Runner through which every write from every face goes.
//
// It knows no channel and no single mini-app; those live in the folders beside this file.
package miniapps

import (
	"context"
	"encoding/json"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/message"
)

// App is one service of the city. It keeps nothing between calls, so one value serves every citizen at once.
type App interface {
	// Manifest declares the app: who owns it, what it can do, what it needs to know. It is constant.
	Manifest() Manifest
	// Do carries out one action whose input has already been checked against the action's schema and whose actor may call it.
	// The same Key takes effect once and names the same case; the same Key with another InputHash is a CONFLICT.
	// INVALID carries a text for the citizen. Do obeys the context's deadline and never starts work that outlives it.
	Do(ctx context.Context, c Call) (Result, error)
}

// Call is one request to a mini-app, from a citizen, a member of staff or the system.
type Call struct {
	Action    string          // id of an action in the manifest
	Input     json.RawMessage // valid against the action's schema; never nil
	Actor     Actor
	Citizen   Citizen // who it is for; zero when a member of staff or the system acts for nobody
	Case      CaseRef // zero unless the action is about a case
	Key       string  // identifies the intended effect: hash over (subject, app, action, the caller's key). 64 hex digits; "" for a read-only action
	InputHash string  // hash over the canonical input and Case, to tell a repeat from a clash. 64 hex digits
	Lang      message.Lang
	Now       time.Time // the clock, UTC; apps never read their own
}

// ActorKind tells who acts.
type ActorKind string

// The kinds of actor. An action's audience names one of them.
const (
	ByCitizen ActorKind = "citizen"
	ByStaff   ActorKind = "staff"
	BySystem  ActorKind = "system"
)

// Actor is who acts: the rights come from it, never from the input.
type Actor struct {
	Kind  ActorKind
	ID    string         // account of a citizen or member of staff; name of the part for the system ("timer")
	Roles []account.Role // of a member of staff, also when acting as a citizen
	Unit  string         // of a member of staff
}

// Citizen is the person a call is for.
type Citizen struct {
	Subject   string            // owns what the call makes; "" for a guest without identity
	Subjects  []string          // all subjects of the account, for checks of ownership
	Scope     string            // the subject that came in, before it was found to be an account's: it scopes Key. What a call makes derives its id from it, so that a repeat after a sign-in names the same
	Assurance account.Assurance // how surely we know who it is
	Identity  string            // the network identity that chats, as account.Viewer has it; "" outside of chats
	Origin    string            // hides where their message came from, as account.Viewer has it; "" when unknown
	Claims    map[string]string // only the claims that the action declares and the citizen consented to
}

// CaseRef names a case of a mini-app. The zero value names none.
type CaseRef struct {
	App string `json:"app,omitempty" bson:"app,omitempty"`
	ID  string `json:"id,omitempty" bson:"id,omitempty"`
}

// Result is what an action gives back.
type Result struct {
	Data   any            // for typed callers, e.g. *feedback.Report; nil when there is none. Its JSON matches the action's result schema
	Blocks message.Blocks // what the citizen sees, in no network's terms
	Case   CaseRef        // zero when the action touched none
	Next   []Suggestion   // actions that make sense now
	AsOf   time.Time      // the clock of the call, set by the Runner: what happened later may not be in it
}

// Suggestion is an action offered next, with what is already known of its input: a beginning, which is checked like any other. Of other apps the Runner lets pass
// only actions that there are, for citizens or for the same people as the action whose result it is.
type Suggestion struct {
	App    string // of the action; "" means the app whose result it is
	Action string
	Input  map[string]any
	Label  message.Text
	// Now begins the action at once, in a dialogue, instead of offering it: the one step that can follow. Only the first suggestion's counts.
	Now bool
}
