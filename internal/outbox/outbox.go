// Package outbox carries out what was decided: intents that are stored first and tried until they succeed or are given up, jobs that recur, and relays
// that empty what other documents hold to be passed on.
//
// It owns the durable record of each, its lease and its due time, kept by compare-and-swap in the store, so that a killed worker's intent is taken over
// and two workers never hold one at the same time. Signals only wake it early. An intent is carried out at least once: after a kill between the effect
// and its record it comes again, with the same id, so handlers tell a repeat by it. The package does not know what intents mean; handlers do.
package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// Lane orders intents by what may wait. Each lane has workers of its own, so that a full one delays no other.
type Lane string

// The lanes.
const (
	Codes  Lane = "codes"  // one-time codes: somebody waits with the phone in hand
	Urgent Lane = "urgent" // warnings
	Normal Lane = "normal" // notices about a case
	Bulk   Lane = "bulk"   // the same to many
)

// Lanes gives all lanes, the most urgent first.
func Lanes() []Lane { return []Lane{Codes, Urgent, Normal, Bulk} }

// Intent is something to be done outside the document that decided it.
type Intent struct {
	ID      string    // derived from its cause, so that a repeat names the same intent; at most 200 bytes
	Lane    Lane      // "" means Normal
	Kind    string    // which handler carries it out
	Payload []byte    // for the handler; at most 64 KB. Personal data in it is sealed by whoever puts it
	Due     time.Time // not before; zero means now
	Until   time.Time // useless afterwards, so given up as "expired" and its payload dropped; zero means never
	Group   string    // intents of a group are carried out one by one, in the order they were put; one that is dead does not hold up the rest. "" means no order
	Attempt int       // which attempt this is, from 1; set for the handler, ignored by Put
}

const (
	maxID      = 200      // bytes
	maxPayload = 64 << 10 // bytes
)

// Handler carries out one intent within the context's deadline. UNAVAILABLE and RATE_LIMITED put it off, for RetryAfter at least; Permanent gives it up at
// once; any other error is tried again a few times. It may be called again after it succeeded, with the same id.
type Handler func(ctx context.Context, in Intent) error

// Permanent marks an error that no further attempt can mend. The reason is a code that an operator reads; the cause is for the log and may be nil.
func Permanent(reason string, cause error) error { return &permanent{reason: reason, cause: cause} }

type permanent struct {
	reason string
	cause  error
}

func (p *permanent) Error() string {
	if p.cause == nil {
		return "outbox: " + p.reason
	}
	return "outbox: " + p.reason + ": " + p.cause.Error()
}

func (p *permanent) Unwrap() error { return p.cause }

// Signals wakes the workers of other replicas (live.Hub does).
type Signals interface {
	Signal(ctx context.Context, topic string)
	Watch(ctx context.Context, topic string) <-chan struct{}
}

// Outbox keeps intents and works on them.
type Outbox struct {
	records *store.Collection[record]
	jobs    *store.Collection[jobRecord]
	due     store.Query // by lane, in the order of being due
	states  store.Query // by state and lane, the longest waiting first
	groups  store.Query // by group, in the order put

	cfg     Config
	now     func() time.Time
	log     *slog.Logger
	metrics *metrics
	signals Signals
	last    atomic.Int64 // UnixMilli of the last place given in a group

	handlers map[string]Handler
	lanes    map[Lane]*lane
	plan     []job
	relays   map[string]*relay

	flights sync.WaitGroup // attempts and jobs under way
}

// New makes an outbox. Handle, Schedule, Relay and Connect complete it before Run; Put works at once.
func New(ctx context.Context, engine store.Engine, cfg Config, now func() time.Time, log *slog.Logger, reg prometheus.Registerer) (*Outbox, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	o := &Outbox{
		cfg: cfg.filled(), now: now, log: log,
		handlers: map[string]Handler{}, lanes: map[Lane]*lane{}, relays: map[string]*relay{},
	}
	if err := o.define(ctx, engine); err != nil {
		return nil, err
	}
	for _, name := range Lanes() {
		o.lanes[name] = newLane(o, name)
	}
	m, err := newMetrics(reg)
	o.metrics = m
	return o, err
}

func (o *Outbox) define(ctx context.Context, engine store.Engine) error {
	var err error
	o.records, err = store.Define[record](ctx, engine, store.Kind{
		Name: "outbox",
		Indexes: []store.Index{
			{Name: "due", Equal: []string{"lane"}, Order: "due"},
			{Name: "state", Equal: []string{"state", "lane"}, Order: "since"},
			{Name: "group", Equal: []string{"group"}, Order: "queue"},
		},
		ExpiresAt: "expires_at",
	})
	if err != nil {
		return err
	}
	o.jobs, err = store.Define[jobRecord](ctx, engine, store.Kind{Name: "jobs"})
	if err != nil {
		return err
	}
	var e1, e2, e3 error
	o.due, e1 = o.records.Query("due")
	o.states, e2 = o.records.Query("state")
	o.groups, e3 = o.records.Query("group")
	return errors.Join(e1, e2, e3)
}

// Connect lets workers be woken by other replicas, and wakes theirs. Without it they find each other's intents by polling. Call it before Run.
func (o *Outbox) Connect(s Signals) { o.signals = s }

// Handle names who carries out intents of a kind. Call it before Run. It fails when the kind has a handler already.
func (o *Outbox) Handle(kind string, h Handler) error {
	if kind == "" || h == nil {
		return errors.New("outbox: a handler needs a kind and a function")
	}
	if _, taken := o.handlers[kind]; taken {
		return fmt.Errorf("outbox: kind %s has a handler already", kind)
	}
	o.handlers[kind] = h
	return nil
}

// Put stores an intent. When it returns nil the intent will be carried out, even if the program is killed at that moment. An id that was put before, up
// to 7 days after it was done, changes nothing. INTERNAL when the intent is malformed, UNAVAILABLE when it could not be stored.
func (o *Outbox) Put(ctx context.Context, in Intent) error {
	return o.insert(ctx, in, func(*record) {})
}

// Park stores an intent as dead from the start: something that was tried elsewhere and given up, for an operator to see with its reason and to retry.
// Otherwise it is as Put.
func (o *Outbox) Park(ctx context.Context, in Intent, cause error) error {
	return o.insert(ctx, in, func(r *record) { r.die(reasonOf(cause), o.now(), o.cfg) })
}

// insert stores an intent after a last change.
func (o *Outbox) insert(ctx context.Context, in Intent, change func(*record)) error {
	if in.Lane == "" {
		in.Lane = Normal
	}
	if err := o.check(in); err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	now := o.now()
	since := now
	if in.Due.After(now) {
		since = in.Due
	}
	r := record{
		ID: in.ID, Lane: in.Lane, Kind: in.Kind, Group: in.Group, Payload: in.Payload,
		State: Waiting, Since: *at(since), Due: at(since),
	}
	if !in.Until.IsZero() {
		r.Until = at(in.Until)
	}
	if in.Group != "" {
		r.Queue = o.place(now)
	}
	change(&r)
	err := o.records.Insert(ctx, r)
	if fault.CodeOf(err) == fault.Conflict {
		return nil
	}
	if err != nil {
		return fmt.Errorf("outbox: put: %w", err)
	}
	if r.State == Waiting {
		o.wake(ctx, in.Lane)
	}
	return nil
}

func (o *Outbox) check(in Intent) error {
	switch {
	case in.ID == "" || len(in.ID) > maxID:
		return fmt.Errorf("outbox: an id has 1 to %d bytes, got %d", maxID, len(in.ID))
	case o.lanes[in.Lane] == nil:
		return fmt.Errorf("outbox: no lane %q", in.Lane)
	case in.Kind == "":
		return errors.New("outbox: an intent needs a kind")
	case len(in.Payload) > maxPayload:
		return fmt.Errorf("outbox: a payload has at most %d bytes, got %d", maxPayload, len(in.Payload))
	case len(in.Group) > maxID:
		return fmt.Errorf("outbox: a group has at most %d bytes", maxID)
	}
	return nil
}

// place gives the next place in a group: the time, but later than the one given before, so that the order of Put survives a millisecond.
func (o *Outbox) place(now time.Time) *time.Time {
	for {
		last := o.last.Load()
		next := max(now.UnixMilli(), last+1)
		if o.last.CompareAndSwap(last, next) {
			return at(time.UnixMilli(next))
		}
	}
}

// wake tells the lane's workers, here and elsewhere, that there is something new.
func (o *Outbox) wake(ctx context.Context, l Lane) {
	nudge(o.lanes[l].wake)
	if o.signals != nil {
		o.signals.Signal(ctx, topic(l))
	}
}

func topic(l Lane) string { return "outbox:" + string(l) }

func nudge(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// Retry lets a dead intent be tried again, now. NOT_FOUND, or CONFLICT when it is not dead or died because its Until has passed.
func (o *Outbox) Retry(ctx context.Context, id string) error {
	r, err := o.records.Update(ctx, id, func(r *record) error { return r.revive(o.now()) })
	if err != nil {
		return err
	}
	o.wake(ctx, r.Lane)
	return nil
}
