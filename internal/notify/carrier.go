package notify

import (
	"context"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// Person is whom a notice is for, as far as carriers need to know them.
type Person struct {
	Account  string       // "" for somebody known only to a network
	Subject  string       // that the notice names
	Subjects []string     // all of the account, or Subject alone
	Lang     message.Lang // of the words
}

// People finds the person behind a subject; the accounts do.
type People interface {
	// Person gives the person behind a subject: the account that has it among its subjects, or the guest. NOT_FOUND when there is neither.
	Person(ctx context.Context, subject string) (Person, error)
}

// Letter is a notice in words, on its way to one person.
type Letter struct {
	ID       string // of the dispatch: the same for every attempt and every channel; at most 128 bytes
	App      string
	Notice   string // its id in that app's manifest
	Urgency  miniapps.Urgency
	Title    string // in the person's language
	Text     string
	Params   map[string]string // in the person's language, by the names of the declaration: for templates
	Lang     message.Lang
	CaseApp  string
	CaseID   string
	Link     string // path of ours that shows more, "/r/HP-7K3M"; "" for none
	Collapse string // replaces an earlier letter with the same that was not seen yet; "" for none
	At       time.Time
	Until    time.Time // useless afterwards; zero means never
	Revision int       // of a bulletin, so that an app can tell which of two is the later; 0 for other letters
	Topics   []string  // that have told the same: a device that follows one of them has it
}

// Template gives the letter as networks that want approved texts take it.
func (l Letter) Template() *channels.Template {
	return &channels.Template{Name: l.App + "." + l.Notice, Lang: l.Lang, Params: l.Params}
}

// Ground says by which right a letter may go over a network.
type Ground string

// The grounds.
const (
	Free     Ground = "free"     // it costs nothing now
	Paid     Ground = "paid"     // the network charges for it now
	Approved Ground = "approved" // as a template that the network approved, which costs something at any time
)

// Way is one way to reach a person now, or one that is closed.
type Way struct {
	Channel string // "push" (or "fcm", "webpush"), "zalo", "messenger", "web", "zns", "sms"
	Target  string // what the carrier knows it by: a device, a conversation; "" where the person is enough. Not personal data
	Ground  Ground
	Closed  string // reason code why it cannot be taken now: "window_closed", "unfollowed", "no_template"; "" when it can
	// After opens the way only when another one to the same Target has refused the letter for that reason: the network knows better than we whether the cheaper
	// ground still holds. "" for one that is open by itself.
	After string
}

// Fate is how far a letter got on one way. It only goes forward.
type Fate struct {
	State   State
	Reason  string        // with Refused: a code that the desk can read
	Network string        // the network's id of the message; "" while there is none
	Retry   time.Duration // with Pending, after Send: when to try again or to ask; 0 lets the core choose
	Unsure  bool          // with Pending: the network may have taken it all the same
	Taken   bool          // with Pending: the carrier has it in a queue of its own and goes on by itself; ask Fate
	Alarm   bool          // nothing will leave there until an operator acts
	Held    bool          // with Pending: it says nothing about the network. We hold it back ourselves, or who did not take it was chosen by a stranger

	cause error // for the log only
}

// State says how far.
type State string

// The states.
const (
	Pending   State = "pending"   // taken over by the carrier, or to be tried again
	Sent      State = "sent"      // the network took it
	Delivered State = "delivered" // it arrived
	Seen      State = "seen"      // it was looked at
	Refused   State = "refused"   // never, on this way
)

// Carrier takes letters to people over one or several networks. It is safe for concurrent use.
type Carrier interface {
	// Ways gives how the person can be reached with the letter, the best first, closed ones with their reason. None is no error.
	Ways(ctx context.Context, to Person, l Letter) ([]Way, error)
	// Send takes the letter over or makes one attempt. It is repeated with the same Letter.ID after a kill: what has been taken over is not taken twice.
	Send(ctx context.Context, w Way, to Person, l Letter) (Fate, error)
	// Fate tells what became of a letter that Send left Pending. Carriers that answer at once give Pending with the advice to send again.
	Fate(ctx context.Context, w Way, letter string) (Fate, error)
}
