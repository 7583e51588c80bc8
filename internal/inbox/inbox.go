// Package inbox keeps what people did on the networks until it has been acted on: stored before it is acknowledged, told from its repeats, handed over in
// the order of each conversation, with the attachments fetched. What cannot be acted on is parked with its reason and can be replayed.
//
// It owns the durable record of each event, its lease and its place in its conversation, kept by compare-and-swap in the store; what it holds in memory
// are only hints where to look. One conversation is worked on by one replica at a time, event by event. An event is handed over at least once: after a
// kill between the effect and its record, or when a lease was lost, it comes again with the same id, so handlers tell a repeat by it. The package does
// not know what events mean; the handler does.
package inbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/store"
)

// Message is one event on its way to the handler.
type Message struct {
	ID           string // derived from channel, account and the event's id, so that a repeat names the same; at most 64 bytes
	Channel      string // name of the network
	Conversation string // as channels.ConversationID
	Event        channels.Event
	Media        []Fetched // one for each of Event.Attachments, in their order
	Received     time.Time // when it was taken
	Attempt      int       // which attempt this is, from 1; a fetcher sees the one to come
}

// Fetched is what became of one attachment.
type Fetched struct {
	Kind   channels.AttachmentKind `bson:"kind"`
	Media  string                  `bson:"media,omitempty"`  // id of the media item; "" when it was not taken
	Reason string                  `bson:"reason,omitempty"` // why it was not taken; "" when it was
}

// The reasons why an attachment was not taken.
const (
	NotTaken    = "kind"        // the city takes no attachments of this kind
	TooLarge    = "too_large"   // more bytes than are taken
	Unreadable  = "unreadable"  // not a picture or video that can be read
	Unreachable = "unreachable" // the network did not hand it out in time
)

// Handler acts on one event within the context's deadline. UNAVAILABLE and RATE_LIMITED put it off, for RetryAfter at least; any other error, and a
// panic, is tried again a few times and then parked. It may be called again after it succeeded, with the same id, and in rare cases (a lost lease) while
// an earlier call has not come back.
type Handler func(ctx context.Context, m Message) error

// Fetcher takes one attachment, a photo or a video, into the city's own media. UNAVAILABLE and RATE_LIMITED: try again until the waiting time is over; any other error ends
// in Unreachable. It may be called again after it succeeded, for the same message and place.
type Fetcher interface {
	Fetch(ctx context.Context, m Message, i int) (Fetched, error)
}

// Box seals what people wrote (secret.Box does).
type Box interface {
	Seal(plain []byte, context string) ([]byte, error)
	Unseal(sealed []byte, context string) ([]byte, error)
}

// Signals wakes other replicas (live.Hub does).
type Signals interface {
	Signal(ctx context.Context, topic string)
	Watch(ctx context.Context, topic string) <-chan struct{}
}

// Deps are what an Inbox works with. All are needed but Signals.
type Deps struct {
	Box   Box
	Fetch Fetcher
	// Park shows an operator what was given up, before it is recorded here. id is what Replay takes; it differs each time that the same event is parked. cause is
	// a fault whose code and key may be shown. It may be called again for the same id.
	Park    func(ctx context.Context, id, conversation string, cause error) error
	Signals Signals // nil: replicas find each other's events by polling
	Now     func() time.Time
	Log     *slog.Logger
	Reg     prometheus.Registerer
}

func (d Deps) check() error {
	if d.Box == nil || d.Fetch == nil || d.Park == nil || d.Now == nil || d.Log == nil || d.Reg == nil {
		return errors.New("inbox: Box, Fetch, Park, Now, Log and Reg are needed")
	}
	return nil
}

// Inbox keeps events and hands them over. It is safe for concurrent use.
type Inbox struct {
	records *store.Collection[record]
	due     store.Query // waiting ones in the order of being due
	turns   store.Query // waiting ones of a conversation in their order
	parked  store.Query // given up ones of a conversation

	cfg     Config
	deps    Deps
	now     func() time.Time
	metrics *metrics

	owner   string       // marks the leases of this process
	last    atomic.Int64 // arrival given last, Unix microseconds
	board   *board
	wake    chan struct{} // capacity 1: something is due in the store
	running atomic.Bool
}

// New makes an inbox. Take works at once; Run hands over what it took.
func New(ctx context.Context, engine store.Engine, cfg Config, deps Deps) (*Inbox, error) {
	if err := errors.Join(cfg.Validate(), deps.check()); err != nil {
		return nil, fmt.Errorf("inbox: %w", err)
	}
	cfg = cfg.filled()
	in := &Inbox{
		cfg: cfg, deps: deps, now: deps.Now, owner: uuid.NewString(),
		board: newBoard(cfg.Queue), wake: make(chan struct{}, 1),
	}
	if err := in.define(ctx, engine); err != nil {
		return nil, err
	}
	m, err := newMetrics(deps.Reg)
	in.metrics = m
	return in, err
}

func (in *Inbox) define(ctx context.Context, engine store.Engine) error {
	var err error
	in.records, err = store.Define[record](ctx, engine, store.Kind{
		Name: "inbox",
		Indexes: []store.Index{ // only waiting ones, or parked ones, have what these are ordered by, so the indexes stay small
			{Name: "due", Order: "due"},
			{Name: "turn", Equal: []string{"conversation"}, Order: "turn"},
			{Name: "parked", Equal: []string{"conversation"}, Order: "parked_at"},
		},
		ExpiresAt: "expires_at",
	})
	if err != nil {
		return err
	}
	var e1, e2, e3 error
	in.due, e1 = in.records.Query("due")
	in.turns, e2 = in.records.Query("turn")
	in.parked, e3 = in.records.Query("parked")
	return errors.Join(e1, e2, e3)
}

// topic wakes the replicas to look for what nobody holds.
const topic = "inbox"

// announce tells this replica and the others that something in the store is due.
func (in *Inbox) announce(ctx context.Context) {
	nudge(in.wake)
	if in.deps.Signals != nil {
		in.deps.Signals.Signal(ctx, topic)
	}
}

func nudge(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
