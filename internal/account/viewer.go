package account

import (
	"cmp"
	"slices"

	"github.com/motcua/motcua/internal/message"
)

// Assurance says how surely we know who somebody is. Each level includes those below.
type Assurance string

// The levels.
const (
	Guest Assurance = "guest" // nobody signed in, or only known to a network
	Phone Assurance = "phone" // proved a phone number by a one-time code
	EID   Assurance = "eid"   // proved the national electronic identity
)

var assuranceRank = map[Assurance]int{Guest: 0, Phone: 1, EID: 2}

// Reaches tells whether a is at least want.
func (a Assurance) Reaches(want Assurance) bool { return assuranceRank[a] >= assuranceRank[want] }

// Role is what a member of staff may do. Roles are data of the account and are read anew for each request.
type Role string

// The roles.
const (
	Officer       Role = "officer"       // works on the cases of its unit
	Dispatcher    Role = "dispatcher"    // sees the cases of all units and hands them out
	Administrator Role = "administrator" // manages staff and settings; sees what a dispatcher sees
)

// Viewer is who asks: a citizen, a member of staff acting as such, somebody whom only a network knows, or nobody (the zero value). The last two are guests.
type Viewer struct {
	Account   string       // the surviving account; "" for a guest
	Subject   string       // owns what is made now: of a linked chat, the account's own; "" for nobody
	Subjects  []string     // all subjects of the account, or the one of a guest, Subject among them: reads expand to them; at most 16
	Session   string       // the session's id; "" for a guest
	Identity  string       // the claim of the network identity that chats; "" for anybody else. Not for other people's eyes
	Scope     string       // the subject that scopes idempotency keys where it is not Subject: a linked chat's own; "" means Subject
	Origin    string       // with Identity: hides where the message came from that is acted on, as Accounts.Origin gives it; "" where the network does not show it
	Assurance Assurance    // "" counts as Guest
	Roles     []Role       // empty for a citizen
	Unit      string       // id of the unit that a member of staff works for; "" for none
	Lang      message.Lang // the language to answer in
}

// KeyScope gives the subject that scopes idempotency keys: the one that came in, before any account expansion, so that a repeat is known also when the
// chat was linked in between.
func (v Viewer) KeyScope() string { return cmp.Or(v.Scope, v.Subject) }

// SignedIn tells whether the viewer has an account. A guest who chats has none, and still owns things: for that ask for Subject.
func (v Viewer) SignedIn() bool { return v.Account != "" }

// IsStaff tells whether the viewer has any role.
func (v Viewer) IsStaff() bool { return len(v.Roles) > 0 }

// Has tells whether the viewer has one of the roles.
func (v Viewer) Has(roles ...Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(v.Roles, r) })
}

// Owns tells whether the subject that made something is one of the viewer's.
func (v Viewer) Owns(subject string) bool {
	return subject != "" && slices.Contains(v.Subjects, subject)
}
