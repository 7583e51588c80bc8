package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/netgate"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/miniapps"
)

// Texts puts keys of the catalogues into words; *locale.Catalogue is one.
type Texts interface {
	Text(lang message.Lang, key string, params map[string]any) string
}

// Deps is what a Sender works with. All are needed but Topics, Bulletins and Nudge.
type Deps struct {
	Inbox    *Notices                                  // where everything stands, whether it leaves or not
	Urgency  func(app, notice string) miniapps.Urgency // what the manifest says; "" counts as normal
	People   People
	Carriers map[string]Carrier // by channel: a carrier of several stands there several times
	Topics   Topics             // tells many devices at once; nil when the city has none
	// Bulletins are the notices that bulletins tell, by app: only whose rules leave all of them to pushes has devices that follow topics.
	Bulletins map[string][]string
	Texts     Texts
	Nudge     func(relay string) // wakes a relay early; nil wakes nobody
	Now       func() time.Time
	Log       *slog.Logger
	Reg       prometheus.Registerer
}

// Sender takes notices to people by the cheapest lawful way that they want. It is safe for concurrent use; several replicas may work on the same store.
type Sender struct {
	cfg      Config
	deps     Deps
	inbox    *Notices
	letters  *store.Collection[dispatch]
	queries  queries
	channels []string
	distinct []Carrier // each once
	gates    map[string]*netgate.Gate
	ranks    map[string]int
	metrics  *metrics
	crowd    *crowd
	now      func() time.Time
	log      *slog.Logger
	last     atomic.Int64 // UnixMilli of the last turn given
}

type queries struct {
	due    store.Query // by lane
	turn   store.Query // by recipient and lane, in the order stored
	gather store.Query // by the person whose digest gathers
	cases  store.Query // by case
	fanout store.Query // by bulletin with revision, and state
}

// NewSender opens what leaves. Relays have to empty its Sources.
func NewSender(ctx context.Context, engine store.Engine, cfg Config, deps Deps) (*Sender, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("notify: %w", err)
	}
	s := &Sender{cfg: cfg.filled(), deps: deps, inbox: deps.Inbox, now: deps.Now, log: deps.Log, gates: map[string]*netgate.Gate{}}
	s.channels = slices.Sorted(maps.Keys(deps.Carriers))
	for _, name := range s.channels {
		s.gates[name] = &netgate.Gate{}
		if c := deps.Carriers[name]; !slices.ContainsFunc(s.distinct, func(o Carrier) bool { return alike(o, c) }) {
			s.distinct = append(s.distinct, c)
		}
	}
	s.ranks = ranks(s.cfg.Order)
	if s.byTopics() {
		s.inbox.owed = func() { s.nudge(topicLane) }
	}
	var err error
	if s.metrics, err = newMetrics(deps.Reg); err != nil {
		return nil, err
	}
	if err := s.define(ctx, engine); err != nil {
		return nil, err
	}
	s.crowd, err = newCrowd(ctx, engine, s)
	return s, err
}

// alike tells whether two carriers are the same value.
func alike(a, b Carrier) bool {
	return reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}

func (s *Sender) define(ctx context.Context, engine store.Engine) error {
	var err error
	s.letters, err = store.Define[dispatch](ctx, engine, store.Kind{
		Name: "dispatches",
		Indexes: []store.Index{
			{Name: "due", Equal: []string{"lane"}, Order: "due"},
			{Name: "turn", Equal: []string{"to", "lane"}, Order: "turn"},
			{Name: "gather", Equal: []string{"gather"}, Order: "due"},
			{Name: "case", Equal: []string{"case"}, Order: "since"},
			{Name: "fanout", Equal: []string{"fanout", "state"}, Order: "told"},
		},
		ExpiresAt: "expires_at",
	})
	if err != nil {
		return err
	}
	q := &s.queries
	for name, to := range map[string]*store.Query{"due": &q.due, "turn": &q.turn, "gather": &q.gather, "case": &q.cases, "fanout": &q.fanout} {
		found, e := s.letters.Query(name)
		*to, err = found, errors.Join(err, e)
	}
	return err
}

// Post puts a notice into its recipient's inbox and on its way, once however often it comes. When it returns nil neither can be lost. Everything that the
// recipient wants is looked at when it is to leave, not now. INTERNAL when the notice is not declared or lacks an id or recipient.
func (s *Sender) Post(ctx context.Context, in Notice) error {
	if err := s.inbox.Deliver(ctx, in); err != nil {
		return err
	}
	d := s.dispatchOf(in)
	err := s.letters.Insert(ctx, d)
	if fault.CodeOf(err) == fault.Conflict {
		return nil
	}
	if err != nil {
		return fmt.Errorf("notify: post: %w", err)
	}
	s.nudge(d.Lane)
	return nil
}

func (s *Sender) dispatchOf(in Notice) dispatch {
	now := s.now()
	d := dispatch{
		ID: letterID(in), To: in.To, Item: itemID(in), App: in.App, Notice: in.Notice,
		Urgency: cmp.Or(s.deps.Urgency(in.App, in.Notice), miniapps.Normal), Params: textsOf(in.Params),
		CaseApp: in.CaseApp, CaseID: in.CaseID, Link: in.Link, Collapse: in.Collapse,
		At: *instant(now), Since: *instant(now), Due: instant(now), Turn: s.turn(now),
		State: Pending, ExpiresAt: *instant(now.Add(s.cfg.DispatchRetention)),
	}
	if !in.At.IsZero() {
		d.At = *instant(in.At)
	}
	if !in.Until.IsZero() {
		d.Until = instant(in.Until)
	}
	if in.CaseID != "" {
		d.Case = in.CaseApp + "/" + in.CaseID
	}
	d.Lane = d.class()
	return d
}

// LetterID gives the id of the letter that Post makes of a notice, so that who tells it on further ways is known to have told the same.
func LetterID(in Notice) string { return letterID(in) }

// letterID is derived, so that a repeat of Post names the same letter.
func letterID(in Notice) string { return once.ID("letter\x00" + in.To + "\x00" + in.ID) }

// turn gives the next place in the order of letters: the time, but later than the one given before, so that the order of Post survives a millisecond.
func (s *Sender) turn(now time.Time) *time.Time {
	for {
		last := s.last.Load()
		next := max(now.UnixMilli(), last+1)
		if s.last.CompareAndSwap(last, next) {
			return instant(time.UnixMilli(next))
		}
	}
}

func (s *Sender) nudge(lane string) {
	if s.deps.Nudge != nil && lane != "" {
		s.deps.Nudge(relayName(lane))
	}
}
