package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// LinkEvent is one entry of what a citizen sees about joining: what was joined or parted, asked for or refused, by which flow, and when.
type LinkEvent struct {
	ID      string
	Kind    LinkKind
	Flow    Flow
	Reason  string // with LinkRefused: "wrong", "ended", "other_account", "other_chat", "conflict", "limit"
	Network string // of the chat that it is about; "phone" for another account; "" when unknown
	At      time.Time
}

// LinkKind tells what happened.
type LinkKind string

// The kinds of link events.
const (
	LinkJoined        LinkKind = "joined"
	LinkParted        LinkKind = "parted"
	LinkRefused       LinkKind = "refused"
	RecoveryAsked     LinkKind = "recovery_started"
	RecoveryStopped   LinkKind = "recovery_cancelled"
	RecoveryCarried   LinkKind = "recovery_done"
	PhoneGivenUp      LinkKind = "phone_given_up"
	IdentityForgotten LinkKind = "forgotten"
)

// Flow is the way in which both sides were proved.
type Flow string

// The flows.
const (
	ByPhoneCode Flow = "phone_code" // a one-time code sent to the phone, typed in the chat
	ByTypedCode Flow = "typed_code" // a code shown on one side, typed on the other
	ByLink      Flow = "link"       // a link from the chat, opened in a session, and a code from there typed in the chat
	ByMiniApp   Flow = "mini_app"   // the network's own proof of the phone
	ByWaiting   Flow = "waiting"    // the phone, and the waiting time without an objection
)

// linkEvent is an event as it is stored. It holds no personal data.
type linkEvent struct {
	ID        string    `bson:"_id"` // <subject>/<uuid>
	Subject   string    `bson:"subject"`
	Kind      LinkKind  `bson:"kind"`
	Flow      Flow      `bson:"flow,omitempty"`
	Reason    string    `bson:"reason,omitempty"`
	Network   string    `bson:"network,omitempty"`
	At        time.Time `bson:"at"`
	ExpiresAt time.Time `bson:"expires_at"`
}

var linkEventKind = store.Kind{
	Name: "link_events", Owned: true, ExpiresAt: "expires_at", Indexes: []store.Index{{Name: "of", Equal: []string{"subject"}, Order: "at"}},
}

// LinkEvents shows what was joined, parted and refused about the viewer, the latest first, over all their subjects. UNAUTHORIZED for nobody.
func (a *Accounts) LinkEvents(ctx context.Context, v Viewer, first int, after store.Cursor) (store.Page[LinkEvent], error) {
	if v.Subject == "" {
		return store.Page[LinkEvent]{}, signedOut(nil)
	}
	queries := make([]store.Query, len(v.Subjects))
	for i, s := range v.Subjects {
		queries[i] = a.eventsOf.Where(s).Descending()
	}
	page, err := a.linkEvents.Page(ctx, first, after, queries...)
	if err != nil {
		return store.Page[LinkEvent]{}, fmt.Errorf("account: link events: %w", err)
	}
	out := store.Page[LinkEvent]{Items: make([]LinkEvent, len(page.Items)), Cursors: page.Cursors, HasNext: page.HasNext}
	for i, e := range page.Items {
		_, id, _ := strings.Cut(e.ID, "/")
		out.Items[i] = LinkEvent{ID: id, Kind: e.Kind, Flow: e.Flow, Reason: e.Reason, Network: e.Network, At: e.At}
	}
	return out, nil
}

// note stores an event of a subject, once for each id; "" makes an id.
func (a *Accounts) note(ctx context.Context, subject, id string, e LinkEvent) error {
	return a.noteFor(ctx, a.link.History, subject, id, e)
}

// noteFor is note for an event that is kept for that long.
func (a *Accounts) noteFor(ctx context.Context, keep time.Duration, subject, id string, e LinkEvent) error {
	if id == "" {
		var err error
		if id, err = newID(); err != nil {
			return err
		}
	}
	now := a.now()
	err := a.linkEvents.Insert(ctx, linkEvent{
		ID: subject + "/" + id, Subject: subject, Kind: e.Kind, Flow: e.Flow, Reason: e.Reason, Network: e.Network,
		At: now, ExpiresAt: now.Add(keep),
	})
	if fault.CodeOf(err) == fault.Conflict {
		return nil
	}
	if err != nil {
		return fmt.Errorf("account: link event: %w", err)
	}
	a.count("link_" + string(e.Kind))
	return nil
}

// deny records a refused attempt to join with who tried and everybody else whom it concerns, once for e.ID where there is one, and gives the refusal. Without
// another network the event names that of the chat that tried: whoever reads of it wants to know where. A record that cannot be stored does not let anybody in.
// With a guest it is kept for days: guests cost nothing to make.
func (a *Accounts) deny(ctx context.Context, e LinkEvent, refusal error, by Viewer, others ...string) error {
	e.Kind = LinkRefused
	if e.Network == "" && by.Identity != "" {
		x, err := a.identities.Get(ctx, by.Identity)
		if err != nil {
			a.deps.Log.WarnContext(ctx, "a refused attempt to join does not name its network", "reason", e.Reason, "err", err)
		}
		e.Network = x.Network
	}
	keep := a.link.History
	if !by.SignedIn() {
		keep = min(keep, a.cfg.webGuestRetention())
	}
	errs := []error{a.noteOf(ctx, keep, by.KeyScope(), e)}
	for _, s := range others {
		if s != by.KeyScope() {
			errs = append(errs, a.noteOf(ctx, a.link.History, s, e))
		}
	}
	if err := errors.Join(errs...); err != nil {
		a.deps.Log.WarnContext(ctx, "a refused attempt to join was not recorded", "reason", e.Reason, "err", err)
	}
	a.count("link_refused_" + e.Reason)
	return refusal
}

// noteOf stores an event where there is a subject for it.
func (a *Accounts) noteOf(ctx context.Context, keep time.Duration, subject string, e LinkEvent) error {
	if subject == "" {
		return nil
	}
	return a.noteFor(ctx, keep, subject, e.ID, e)
}
