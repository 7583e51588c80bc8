package miniapps

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/message"
)

// Manifest declares a mini-app. Field names follow the W3C MiniApp manifest where it has them.
// The published JSON Schema of this format is manifest.schema.json beside this file.
type Manifest struct {
	AppID          string       `json:"app_id"` // lower-case letters, digits and hyphens; the folder's name for a built-in app
	Name           message.Text `json:"name"`
	ShortName      message.Text `json:"short_name,omitempty"`  // falls back to Name
	Description    message.Text `json:"description,omitempty"` // one sentence
	Icons          []Icon       `json:"icons"`
	Lang           message.Lang `json:"lang,omitempty"` // first language; "" means Vietnamese
	VersionName    string       `json:"version_name"`
	VersionCode    int          `json:"version_code"` // grows with each release; conversations compare it
	ReqPermissions []Permission `json:"req_permissions,omitempty"`

	Owner        string   `json:"owner"`                   // code of the department
	Category     string   `json:"category"`                // where the catalogue shows it
	Support      Support  `json:"support,omitzero"`        // whom a citizen can ask
	Area         []string `json:"area,omitempty"`          // ward codes it works in; empty means the whole city
	ServiceLevel string   `json:"service_level,omitempty"` // ISO 8601 duration in working hours, "PT40H"; "" means none promised
	Health       string   `json:"health,omitempty"`        // address of a remote app's health page

	Actions []Action `json:"actions"`
	Notices []Notice `json:"notices,omitempty"`
}

// Icon is a picture of the app.
type Icon struct {
	Src   string `json:"src"`
	Sizes string `json:"sizes,omitempty"`
	Label string `json:"label,omitempty"` // what a screen reader says
}

// Permission is a right on the citizen's device, with its reason.
type Permission struct {
	Name   string       `json:"name"`
	Reason message.Text `json:"reason"`
}

// Support says whom a citizen can ask about the service.
type Support struct {
	Phone string `json:"phone,omitempty"`
	Email string `json:"email,omitempty"`
	URL   string `json:"url,omitempty"`
}

// Action is one thing that a mini-app can do.
type Action struct {
	ID           string                    `json:"id"`
	Title        message.Text              `json:"title"`
	Description  message.Text              `json:"description,omitempty"`
	Audience     ActorKind                 `json:"audience"`
	Roles        []account.Role            `json:"roles,omitempty"`     // with audience staff: who may; empty means every role
	ReadOnly     bool                      `json:"read_only,omitempty"` // changes nothing, so it needs no idempotency key (options, checks)
	Input        json.RawMessage           `json:"input"`               // JSON Schema 2020-12 with the keywords that Keywords lists
	Result       json.RawMessage           `json:"result,omitempty"`    // JSON Schema of Result.Data
	Assurance    account.Assurance         `json:"assurance"`           // least level of the citizen
	Personal     bool                      `json:"personal,omitempty"`  // about what the caller has: an account, earlier cases, what they follow. A page whose visitors the city does not know again has no form for it
	Scopes       []Scope                   `json:"scopes,omitempty"`
	OpeningWords map[message.Lang][]string `json:"opening_words,omitempty"` // words in a chat that mean this action; see Opens
	MentionWords map[message.Lang][]string `json:"mention_words,omitempty"` // words around a value that x-mention finds, which mean this action; see Mentions
	LinkWords    bool                      `json:"link_words,omitempty"`    // a deep link may carry the words that open it: what it shows must be safe whoever wrote the link
	Confirm      message.Text              `json:"confirm,omitempty"`       // question before a chat carries it out; empty asks none
	Agree        message.Text              `json:"agree,omitempty"`         // the answer to Confirm that carries it out, on a button; empty for that of all dialogues
}

// Scope is a piece of personal data that an action wants, and why.
type Scope struct {
	Claim     string       `json:"claim"` // "phone", "name"
	Purpose   message.Text `json:"purpose"`
	Retention string       `json:"retention"` // ISO 8601 duration the app keeps it for
}

// Hash names the scope's exact text, so that a consent to it is not taken for a consent to another. 64 hex digits.
func (s Scope) Hash() string {
	h := sha256.New()
	for _, part := range []string{s.Claim, s.Purpose[message.Vietnamese], s.Purpose[message.English], s.Retention} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Urgency orders notices: what may wake a person, what must not wait, what can.
type Urgency string

// The urgencies.
const (
	Urgent Urgency = "urgent"
	Normal Urgency = "normal"
	Bulk   Urgency = "bulk"
)

// Notice is a message that the app may send later, declared because networks accept only pre-approved templates outside their windows.
type Notice struct {
	ID      string          `json:"id"`
	Params  json.RawMessage `json:"params"` // JSON Schema of the parameters
	Urgency Urgency         `json:"urgency"`
	Title   message.Text    `json:"title"` // with {param} placeholders
	Text    message.Text    `json:"text"`  // with {param} placeholders
}
