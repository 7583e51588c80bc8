// Package chat drives conversations: it keeps what each of them remembers, makes the calls that the dialogue asks for, and sends the words.
//
// It owns the document of a conversation, the order of what is sent there, and whether it may be sent: windows, silence while a person answers, patience
// with a network that is away. It also owns the desk, where a person who asked for one waits for an officer, and who may read and answer there. It does not
// know what is talked about (package conversation does), what a mini-app is beyond its Runner, or any one network.
//
// A turn takes effect once however often its event comes: the event's id is stored in the same write as what it led to, and a change is stored before it is
// asked for, so that a repeat asks with the same key. Words are sent at least once: after a death between sending and recording they go again, with the
// same Outbound.ID.
package chat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/conversation"
	"github.com/motcua/motcua/internal/inbox"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/miniapps"
)

// Stepper is the dialogue; *conversation.Machine is one.
type Stepper interface {
	Step(s conversation.State, in conversation.Input) (conversation.State, []conversation.Effect)
	// Leaves tells whether the person wants the dialogue back while they wait for somebody, or, with talking, while they talk with somebody.
	Leaves(h conversation.Heard, talking bool) bool
	// Kept gives what the person wrote, in that state, as others may read it who go on with the conversation.
	Kept(s conversation.State, h conversation.Heard) string
}

// Runner carries out actions; *miniapps.Runner is one.
type Runner interface {
	Run(ctx context.Context, req miniapps.Request) (miniapps.Result, error)
}

// People knows the viewer that stands for a person on a network; *account.Accounts does.
type People interface {
	Guest(ctx context.Context, who account.Identity, lang message.Lang) (account.Viewer, error)
}

// Box keeps what people said unreadable in the store; *secret.Box does.
type Box interface {
	Seal(plain []byte, context string) ([]byte, error)
	Unseal(sealed []byte, context string) ([]byte, error)
}

// Limiter counts what leaves towards a network; *limit.Limiter does.
type Limiter interface {
	Allow(ctx context.Context, key string, r limit.Rule) (retryAfter time.Duration, err error)
}

// Texts puts the key of a text into words; *locale.Catalogue does.
type Texts interface {
	Text(lang message.Lang, key string, params map[string]any) string
}

// Deps are what Chats works with. All are needed but those said to be nil-safe.
type Deps struct {
	Steps    Stepper
	Runner   Runner
	People   People
	Box      Box
	Channels map[string]channels.Channel // by Profile.Name
	Limiter  Limiter                     // nil counts nothing
	Texts    Texts
	Nudge    func() // wakes the relay that sends; nil lets it look by itself
	Now      func() time.Time
	Log      *slog.Logger
	Reg      prometheus.Registerer

	// ActsFor gives the subject for which a person on a network acts now, "" for none. nil: the one of their last turn.
	ActsFor func(ctx context.Context, who account.Identity) (subject string, err error)
	// UnitOf gives the unit that works on a case, whose desk answers questions about it; false leaves them to Config.Desk. nil always does.
	UnitOf func(ctx context.Context, ref miniapps.CaseRef) (unit string, ok bool)
	// Office tells whether somebody of the unit is at work at that moment, and when next if not. nil: always.
	Office func(unit string, at time.Time) (opens time.Time, open bool)
	// Officer gives the name under which a member of staff speaks to citizens; "" for none. nil names nobody.
	Officer func(ctx context.Context, v account.Viewer) (string, error)
	// Accesses records who of the staff looked at what was said; nil lets nobody look.
	Accesses account.AccessLog
	// Scan gives what the QR codes in a photo of package media say; an error makes it a photo without one. nil looks at none. Only a Looker makes use of it.
	Scan func(ctx context.Context, media string) ([]string, error)
	// Receipt is told what became of a template that was sent to a phone number, by its Outbound.ID: "delivered". nil drops it.
	Receipt func(ctx context.Context, id, state string) error
	// Fated is told, as best it can be, that the Fate of a notice has changed; it must not block. nil tells nobody.
	Fated func(noticeID string)
	// Signal is told that there is something new at a desk ("desk:<unit>") or in a conversation of one ("conversation:<id>"); it must not block.
	Signal func(topic string)
	// Forget removes what others keep of a person who asks for it, before the conversation is emptied. It may be called again for the same event.
	Forget func(ctx context.Context, v account.Viewer, m inbox.Message) error
}

func (d Deps) validate() error {
	if d.Steps == nil || d.Runner == nil || d.People == nil || d.Box == nil || d.Texts == nil || d.Now == nil || d.Log == nil || d.Reg == nil {
		return errors.New("needed are Steps, Runner, People, Box, Texts, Now, Log and Reg")
	}
	for name, ch := range d.Channels {
		if ch.Profile().Name != name {
			return fmt.Errorf("channel %s calls itself %q", name, ch.Profile().Name)
		}
	}
	return nil
}

// Chats drives all conversations. It is safe for concurrent use; several replicas may work on the same store.
type Chats struct {
	cfg     Config
	deps    Deps
	docs    *store.Collection[record]
	queries queries
	routes  map[string]*route // by channel
	names   []string          // of the channels, in order
	metrics *metrics
}

// queries are the ways to find conversations.
type queries struct{ bySubject, bySend, byWaiting, byUnit, byState, byAct store.Query }

// New defines the documents.
func New(ctx context.Context, engine store.Engine, cfg Config, deps Deps) (*Chats, error) {
	if err := errors.Join(cfg.Validate(), deps.validate()); err != nil {
		return nil, fmt.Errorf("chat: %w", err)
	}
	docs, err := store.Define[record](ctx, engine, kind())
	if err != nil {
		return nil, err
	}
	c := &Chats{cfg: cfg.filled(), deps: deps, docs: docs, routes: map[string]*route{}, names: slices.Sorted(maps.Keys(deps.Channels))}
	for _, name := range c.names {
		c.routes[name] = &route{}
	}
	if c.queries, err = queriesOf(docs); err != nil {
		return nil, err
	}
	if c.metrics, err = newMetrics(deps.Reg); err != nil {
		return nil, fmt.Errorf("chat: %w", err)
	}
	return c, nil
}

func queriesOf(docs *store.Collection[record]) (queries, error) {
	bySubject, err1 := docs.Query("by_subject")
	bySend, err2 := docs.Query("by_send")
	byWaiting, err3 := docs.Query("by_waiting")
	byUnit, err4 := docs.Query("by_desk_unit")
	byState, err5 := docs.Query("by_desk_state")
	byAct, err6 := docs.Query("by_desk_act")
	return queries{bySubject, bySend, byWaiting, byUnit, byState, byAct}, errors.Join(err1, err2, err3, err4, err5, err6)
}

// now is the clock as the store keeps times.
func (c *Chats) now() time.Time { return c.deps.Now().UTC().Truncate(time.Millisecond) }

func (c *Chats) nudge() {
	if c.deps.Nudge != nil {
		c.deps.Nudge()
	}
}

// profile gives the limits of a channel; of one that is not configured any more, none.
func (c *Chats) profile(channel string) channels.Profile {
	if ch := c.deps.Channels[channel]; ch != nil {
		return ch.Profile()
	}
	return channels.Profile{Name: channel}
}
