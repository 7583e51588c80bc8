package conversation

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// State is all that a conversation remembers between two steps. It is kept as JSON; the zero value is a conversation that has just begun.
type State struct {
	Lang message.Lang `json:"lang,omitempty"` // "" until the person has shown one
	Page message.Lang `json:"page,omitempty"` // of the page that the person reads; "" where the network does not say it
	Call *Call        `json:"call,omitempty"` // the call that the next input answers; nil when none is under way

	Wait      *Wait             `json:"wait,omitempty"`   // what Call is for
	Draft     *Draft            `json:"draft,omitempty"`  // the action being prepared; nil when none is
	Aside     *Draft            `json:"aside,omitempty"`  // waits for Draft, an errand: it goes on when that has ended well
	Parked    []*Draft          `json:"parked,omitempty"` // put off, oldest first; at most maxParked
	Question  *Question         `json:"question,omitempty"`
	Before    [][]Shown         `json:"before,omitempty"`    // choices of the questions before, the latest last; at most maxBefore
	Said      string            `json:"said,omitempty"`      // digest of the last text
	Held      *Held             `json:"held,omitempty"`      // came before it is known which action it is for
	Next      []Next            `json:"next,omitempty"`      // what the last result suggested
	Unsaid    message.Blocks    `json:"unsaid,omitempty"`    // waits to be said together with the next question
	Case      miniapps.CaseRef  `json:"case,omitzero"`       // that the last result which had one was about
	At        time.Time         `json:"at,omitzero"`         // when the person last did something
	Event     string            `json:"event,omitempty"`     // what they did
	Calls     int               `json:"calls,omitempty"`     // made since
	Assurance account.Assurance `json:"assurance,omitempty"` // how surely they were known
}

// Speaks gives the language to speak with the person: the one that they have shown, until then that of the page they read; "" for neither.
func (s State) Speaks() message.Lang { return cmp.Or(s.Lang, s.Page) }

// Ref names an action of a mini-app.
type Ref struct {
	App    string `json:"app"`
	Action string `json:"action"`
}

// String writes app.action.
func (r Ref) String() string { return r.App + "." + r.Action }

func refOf(s string) Ref {
	app, action, _ := strings.Cut(s, ".")
	return Ref{App: app, Action: action}
}

// purpose says why a call was made.
type purpose string

const (
	forOptions purpose = "options" // a page of what can be chosen
	forSearch  purpose = "search"  // what may be meant by what was typed
	forMatch   purpose = "match"   // a further page, to look for what was typed
	forVerify  purpose = "verify"  // a page, to see whether a known choice is among them
	forCheck   purpose = "check"   // a look at an answer
	forResult  purpose = "result"  // the action itself
	forInApp   purpose = "in_app"  // where it can be finished instead
	forPlace   purpose = "place"   // what a text mentions, for the place where it is
)

// Wait says what the call under way is for.
type Wait struct {
	For  purpose `json:"for"`
	Path string  `json:"path,omitempty"` // of the answer it is about
	Text string  `json:"text,omitempty"` // for forSearch and forMatch: what was typed; for forInApp: what no chat may ask for; for forPlace: what was mentioned
}

// Draft is an action that is being prepared. Paths are written a/0/b; "" is the whole input.
type Draft struct {
	Ref
	Version   int                        `json:"version"`             // version_code of the manifest under which the answers were checked
	Case      miniapps.CaseRef           `json:"case,omitzero"`       // that it is about
	Answers   json.RawMessage            `json:"answers,omitempty"`   // what is known of the input
	Labels    map[string]string          `json:"labels,omitempty"`    // how a chosen option or a place is called, by path
	Asked     []string                   `json:"asked,omitempty"`     // paths that were answered when asked for, oldest first
	Skipped   []string                   `json:"skipped,omitempty"`   // not to be asked for (again)
	Closed    []string                   `json:"closed,omitempty"`    // lists that the person is done with
	Taken     []string                   `json:"taken,omitempty"`     // what was offered and the person wants to give
	Needed    []string                   `json:"needed,omitempty"`    // optional by themselves, but missing beside the other answers
	Opened    []string                   `json:"opened,omitempty"`    // paths that the opening sentence answered
	Want      string                     `json:"want,omitempty"`      // to be asked for next, whatever is known
	Listed    []string                   `json:"listed,omitempty"`    // choices that were found among their options
	Checked   map[string]string          `json:"checked,omitempty"`   // by path of the checked answer: hash of all answers that its check saw
	Derived   map[string]json.RawMessage `json:"derived,omitempty"`   // by path of the checked answer: what its check derived
	Told      []string                   `json:"told,omitempty"`      // hashes of what checks said, so that it is said once
	Declined  []string                   `json:"declined,omitempty"`  // suggestions that were refused
	Options   *Loaded                    `json:"options,omitempty"`   // of the question at hand
	Confirmed string                     `json:"confirmed,omitempty"` // digest of the input that the person agreed to
	Sent      *Call                      `json:"sent,omitempty"`      // the change that was asked for and not answered definitely
	Unsure    bool                       `json:"unsure,omitempty"`    // Sent may have taken effect
	Proved    bool                       `json:"proved,omitempty"`    // the person was asked to sign in for it
	Paused    bool                       `json:"paused,omitempty"`    // it was put off for something else, not because it failed
	Followed  bool                       `json:"followed,omitempty"`  // its input came by a link, and not from the person
	Follows   bool                       `json:"follows,omitempty"`   // it goes on with what another action has done, such as sending a code
}

// Loaded are options that a mini-app gave.
type Loaded struct {
	Path    string            `json:"path"`
	Choices []miniapps.Option `json:"choices"`
	After   string            `json:"after,omitempty"`  // where the next page begins; "" when all are there
	Sought  string            `json:"sought,omitempty"` // digest of what was typed and looked for last
	Found   []miniapps.Option `json:"found,omitempty"`  // that may be meant by it, as the mini-app says
}

// asking says what kind of answer the last question wants.
type asking string

const (
	askMenu    asking = "menu"    // one of the actions
	askNext    asking = "next"    // one of the suggestions
	askWhich   asking = "which"   // which action was meant
	askReport  asking = "report"  // whether to send a sentence as a report
	askField   asking = "field"   // a value of the input
	askConfirm asking = "confirm" // whether to carry it out
	askChange  asking = "change"  // which answer to change
	askLeave   asking = "leave"   // whether to leave this for another action
	askInstead asking = "instead" // whether to do what a check suggests
	askRetry   asking = "retry"   // whether to try again
)

// Question is what the person was last asked.
type Question struct {
	Kind     asking            `json:"kind"`
	At       time.Time         `json:"at,omitzero"`        // when it was put
	Path     string            `json:"path,omitempty"`     // askField: the value that is asked for
	From     int               `json:"from,omitempty"`     // the first option shown, of a long list
	Only     []string          `json:"only,omitempty"`     // values of the options that fit what was typed; empty means all
	Options  []message.Choice  `json:"options,omitempty"`  // as shown, without hints
	Controls []message.Choice  `json:"controls,omitempty"` // as shown
	Text     string            `json:"text,omitempty"`     // what the person had said
	Refs     []Ref             `json:"refs,omitempty"`     // askWhich, askLeave: the actions
	Next     *Next             `json:"next,omitempty"`     // askLeave: the suggestion that was tapped
	Instead  *miniapps.Instead `json:"instead,omitempty"`  // askInstead
	Unlisted bool              `json:"unlisted,omitempty"` // the options were left out, for the person has the list
	Mend     bool              `json:"mend,omitempty"`     // askChange: something is wrong that no single answer is to blame for
}

// Held is what a person sent before it was known for what.
type Held struct {
	Text   string   `json:"text,omitempty"`
	Photos []string `json:"photos,omitempty"`
	Videos []string `json:"videos,omitempty"`
	Place  *Place   `json:"place,omitempty"`
}

// Next is an action that the last result suggested.
type Next struct {
	Ref
	Input json.RawMessage  `json:"input,omitempty"`
	Label message.Text     `json:"label,omitempty"` // nil for More
	Case  miniapps.CaseRef `json:"case,omitzero"`
	At    time.Time        `json:"at,omitzero"`    // when it was suggested; zero once the action was begun: words mean it no longer, its button does
	More  bool             `json:"more,omitempty"` // the rest of the list that the result is a part of
}

// maxParked bounds the drafts that were put off.
const maxParked = 3

// clone copies what a step changes in place. Bytes and blocks are only ever replaced.
func (s State) clone() State {
	s.Draft, s.Aside = s.Draft.clone(), s.Aside.clone()
	s.Parked = slices.Clone(s.Parked)
	s.Unsaid = slices.Clone(s.Unsaid)
	s.Before = slices.Clone(s.Before)
	s.Next = slices.Clone(s.Next)
	return s
}

func (d *Draft) clone() *Draft {
	if d == nil {
		return nil
	}
	c := *d
	for _, list := range []*[]string{&c.Asked, &c.Opened, &c.Skipped, &c.Closed, &c.Taken, &c.Needed, &c.Listed, &c.Told, &c.Declined} {
		*list = slices.Clone(*list)
	}
	c.Labels, c.Checked, c.Derived = maps.Clone(d.Labels), maps.Clone(d.Checked), maps.Clone(d.Derived)
	return &c
}

// SigningIn tells whether something waits for the person to sign in, so that the answer to a change is to come with Returned.Assurance.
func (s State) SigningIn() bool { return s.Aside != nil }

// renew forgets what mini-apps said about the answers, so that it is asked for anew.
func (d *Draft) renew() { d.Options, d.Listed, d.Checked, d.Derived = nil, nil, nil, nil }
