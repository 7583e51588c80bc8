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

// Profile is a network's limits as data, so that a message is fitted to them in one place.
type Profile struct {
	Name       string        // key in configuration, storage and metrics: "sms"
	MaxText    int           // runes in one message; 0 means no limit
	MaxChoices int           // buttons under one message; 0 means none
	FreeWindow time.Duration // after the person's last message; 0 means never closed
	MediaHosts []string      // hosts that inbound attachments may be fetched from
}

// Address is a person on a network: a phone number in E.164 form, a network's user id.
type Address string

// Request is one webhook request as it came in.
type Request struct {
	Method string
	Header http.Header
	Query  url.Values
	Body   []byte
}

// Batch is what one webhook request said.
type Batch struct {
	Events []Event
	Reply  []byte // answer with 200 and these bytes; nil means an empty answer
}

// Event is one thing that a person did on the network.
type Event struct {
	ID   string // the network's own, for deduplication
	From Address
	At   time.Time
	Text string
}

// Kind says on which ground a message may leave.
type Kind string

// The kinds.
const (
	Reply  Kind = "reply"  // answers what the person just said
	Notice Kind = "notice" // the city speaks first
	Staff  Kind = "staff"  // a member of staff wrote it
	Code   Kind = "code"   // a one-time code
)

// Outbound is one message that has been fitted to the network's profile.
type Outbound struct {
	ID     string // of the stored intent: the same for every attempt, so that a network that can tells a repeat
	Kind   Kind
	Blocks message.Blocks
}

// Outcome is what became of one attempt. Exactly one of MessageID, Retry and Reason is meaningful, by Status.
type Outcome struct {
	Status    Status
	MessageID string        // with Sent
	Retry     time.Duration // with Later; 0 lets the core choose
	Reason    string        // with Never: a code that the desk can read
	Cause     error         // with Later and Never: for the log
}

// Status says how an attempt ended.
type Status string

// The ends of an attempt.
const (
	Sent  Status = "sent"
	Later Status = "later"
	Never Status = "never"
)
