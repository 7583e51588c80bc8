// Package channels holds the contract of a network that carries messages between the city and its citizens. Each folder beside this file is one network.
//
// It knows no mini-app and no conversation. Retry, splitting, fitting to limits, numbered-list fallback and ordering belong to the core.
package channels

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
)

// Channel carries messages to and from one network.
type Channel interface {
	// Profile says what the network can show and when it may be written to. It is constant.
	Profile() Profile
	// Parse turns one webhook request into what people did, oldest first, and the bytes to answer. It checks the signature on the raw
	// body before it believes anything: UNAUTHORIZED when that fails, INVALID when the body does not decode, NOT_FOUND when the
	// network sends nothing to us. It does no I/O.
	Parse(r Request) (Batch, error)
	// Send makes one attempt, within ctx. The outcome is sent with the network's message id, later with the time to wait, or never
	// with the reason that the desk will read.
	Send(ctx context.Context, to Address, m Outbound) Outcome
}

// Profile is a network's limits as data, so that a message is fitted to them in one place. Values that a network changes from year to year are settings
// of its channel.
type Profile struct {
	Name        string        // key in configuration, storage and metrics: "sms"
	Account     string        // the city's own account there (a page, an official account), the first of several; "" where there is none
	MaxText     int           // runes in one message; 0 means no limit
	MaxChoices  int           // buttons under one message; 0 means none
	MaxLabel    int           // runes of a button's title; 0 means no limit
	MaxCaption  int           // runes of the text that goes with an image; 0 means no limit
	Images      bool          // can show pictures
	Links       bool          // can show an address as a button, which counts as one of MaxChoices
	Contact     bool          // can ask for contact data in a form of its own: what Choices.Invites to hand over comes as Shared
	Native      bool          // shows every kind of block as it is: nothing is split or replaced
	FreeWindow  time.Duration // after the person's last message; 0 means never closed
	PaidWindow  time.Duration // after the person's last message: from FreeWindow to here a message is paid for; 0 means that there is no such time
	StaffWindow time.Duration // after the person's last message: until then a member of staff may write; 0 means as long as a notice may
	Templates   []string      // names of the texts that the network approved beforehand and that may leave outside all windows; see Template
	PerMinute   int           // requests that the network takes from us in a minute; 0 means no limit
	MaxAge      time.Duration // of a webhook; 0 means any. An id must be remembered for longer than this
	MediaHosts  []string      // hosts that inbound attachments may be fetched from: "example.vn", "*.example.vn", or "127.0.0.1:8090" for a stand-in
}

// Address is a person on a network: a phone number in E.164 form, a network's user id.
type Address string

// ConversationID names the conversation of a person with one of the city's accounts on a network, without saying who the person is.
func ConversationID(network, account string, person Address) string {
	return network + "/" + once.ID(network+"\x00"+account+"\x00"+string(person))
}

// Request is one webhook request as it came in.
type Request struct {
	Method string
	Header http.Header
	Query  url.Values
	Body   []byte
}

// Batch is what one webhook request said.
type Batch struct {
	Events  []Event
	Ignored []string // why what it also said yields no event: "group chat", "a name that we do not know"; for the operators' count
	Reply   []byte   // answer with 200 and these bytes; nil means an empty answer
}

// Event is one thing that happened on the network.
type Event struct {
	ID          string // tells a repeat: the network's own id with the kind, or derived from what happened; at most 200 bytes
	Kind        EventKind
	Account     string  // the city's account on the network that it happened on
	From        Address // the person; with the kinds Echoed, Delivered and Seen too, though the network names the city there
	At          time.Time
	Text        string       // as typed, or the title of what was tapped
	Choice      string       // the value of a button or menu entry that was tapped, where the network tells it apart from typed text; "" otherwise
	Attachments []Attachment // in the order sent
	Place       *Place       // a shared position
	Contact     *Contact     // with Shared: unproved, it only fills in
	// Ref is what the deep link that the person came by carries; with Proved the code; with Echoed the Outbound.ID that the network repeats, where it does. At most
	// 250 bytes; "" for none.
	Ref      string
	Origin   string       `json:",omitempty"` // hides the IP address that it came from, as account.Accounts.Origin gives it; "" where the network does not show it
	About    []string     // with Echoed, Delivered, Seen and Reacted: the network's ids of the messages it is about; with Said the message that it puts in other words
	Human    bool         // with Echoed: a person wrote it in the network's own console
	Standby  bool         // with Said: somebody else holds the conversation on the network: it opens windows and is kept, not answered
	Template bool         // with Delivered: of a template sent to a phone number. From is that phone, About the Outbound.ID
	Lang     message.Lang `json:",omitempty"` // of the page that the person reads, where the network says it; "" where it does not
	Foreign  bool         // it happened on another account than Profile's: kept, not acted on
	Closed   bool         // the person cannot be answered here (a visitor without an account): kept, not acted on
}

// EventKind tells what happened.
type EventKind string

// The kinds of events. What a network sends beyond these yields no entry, on purpose and by name.
const (
	Said       EventKind = "said"        // text, a tapped button, attachments, a place
	Opened     EventKind = "opened"      // opened the chat for the first time
	Followed   EventKind = "followed"    // became a follower
	Unfollowed EventKind = "unfollowed"  // ceased to be one
	Shared     EventKind = "shared"      // handed over contact data
	Echoed     EventKind = "echoed"      // the network repeats what the city said: through us, or a person in the network's own console
	Delivered  EventKind = "delivered"   // a message arrived
	Seen       EventKind = "seen"        // messages were looked at
	Reacted    EventKind = "reacted"     // an emoji on a message
	Withdrew   EventKind = "withdrew"    // asks that personal data be removed
	Proved     EventKind = "proved"      // came back from a sign-in of ours, with its code in Ref
	TakenOver  EventKind = "taken_over"  // a person, or another application, now holds the conversation on the network
	HandedBack EventKind = "handed_back" // the conversation is ours again
)

// Attachment is a file that came with a message. It is fetched before the message is acted on, if its kind is one that the city takes.
type Attachment struct {
	Kind  AttachmentKind
	URL   string // where the network keeps it; "" for a kind that has none
	Media string // id of the city's own item, when the file was taken before the message came: nothing is fetched then; "" otherwise
	Name  string // file name, as the person had it; "" when unknown
	Size  int64  // bytes; 0 when unknown
	Text  string // description, of a link
}

// AttachmentKind tells what an attachment is.
type AttachmentKind string

// The kinds of attachments. Photos and videos are fetched; the others are answered with words.
const (
	Photo     AttachmentKind = "photo"
	Video     AttachmentKind = "video"
	Audio     AttachmentKind = "audio"
	File      AttachmentKind = "file"
	Sticker   AttachmentKind = "sticker"
	Animation AttachmentKind = "animation" // a GIF
	WebLink   AttachmentKind = "link"
	Card      AttachmentKind = "card" // somebody's contact card
)

// Place is a shared position, WGS 84 degrees.
type Place struct {
	Lat, Lon float64
	Label    string // a name that came with it; "" for none
}

// Contact is what a person typed or shared about themselves. It proves nothing.
type Contact struct{ Name, Phone, Address string }

// Kind says on which ground a message may leave.
type Kind string

// The kinds.
const (
	Reply  Kind = "reply"  // answers what the person just said
	Notice Kind = "notice" // the city speaks first
	Staff  Kind = "staff"  // a member of staff wrote it
	Code   Kind = "code"   // a one-time code
)

// Outbound is one message that has been fitted to the network's profile: at most one text, one image, and buttons (choices and links) together.
type Outbound struct {
	ID      string // of the stored intent: the same for every attempt, so that a network that can tells a repeat
	Account string // the city's account that it leaves from; "" means Profile's
	Kind    Kind
	From    string // with Staff: the name of who speaks, for networks that show it; "" when it is not told. On others the words say it
	Late    bool   // with Staff: Profile.FreeWindow is over by our clock, so it can only leave on the ground that a member of staff wrote it
	Blocks  message.Blocks
	// Template, when it is set, is sent in place of Blocks: the text that the network approved under that name. Only names in Profile.Templates come.
	Template *Template
	// Push is set for networks of devices, which show a title and a text and open a page; Blocks are then empty.
	Push *Push
}

// Template is a notice by its name and values. How the network calls the text, and which of the values it takes, is a setting of its channel.
type Template struct {
	Name   string // as declared: "feedback.assigned", or CodeTemplate
	Lang   message.Lang
	Params map[string]string // by the names of the declaration, in words of Lang
}

// CodeTemplate is the name of the template that carries a one-time code, as its parameter code. Channels that know none of that name send the words.
const CodeTemplate = "account.code"

// Push is a message on a lock screen.
type Push struct {
	Title, Text string
	Link        string        // address of ours that a tap opens; "" opens the app
	Collapse    string        // a later message with the same replaces an earlier one that was not seen yet; "" for none; at most 64 bytes
	Urgent      bool          // wakes the device
	TTL         time.Duration // useless afterwards; 0 means the network's longest
	Data        map[string]string
}

// Outcome is what became of one attempt. Exactly one of MessageID, Retry and Reason is meaningful, by Status.
type Outcome struct {
	Status    Status
	MessageID string        // with Sent
	Retry     time.Duration // with Later; 0 lets the core choose
	Unsure    bool          // with Later: the network may have taken it all the same, no answer came
	Tries     int           // with Later: the network refuses without a reason that we know, so after that many attempts it is never, for Reason; 0 means no such end
	Reason    string        // with Never: a code that the desk can read. With Later, of an Alarm or of Tries
	Gone      bool          // with Never: the network knows no such person any more, or they want nothing from us: nothing will ever arrive unless they write again
	Alarm     bool          // nothing will leave until an operator acts: a revoked account, no money left
	Cause     error         // with Later and Never: for the log
}

// OutsideWindow is the Reason of a channel whose network takes no words any more because the person's last message is too long ago by its own clock. A Template
// may still leave.
const OutsideWindow = "outside_window"

// Status says how an attempt ended.
type Status string

// The ends of an attempt.
const (
	Sent  Status = "sent"
	Later Status = "later"
	Never Status = "never"
)
