package account

import (
	"context"
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
	if id == "" {
		var err error
		if id, err = newID(); err != nil {
			return err
		}
	}
	now := a.now()
	err := a.linkEvents.Insert(ctx, linkEvent{
		ID: subject + "/" + id, Subject: subject, Kind: e.Kind, Flow: e.Flow, Reason: e.Reason, Network: e.Network,
		At: now, ExpiresAt: now.Add(a.link.History),
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

// deny records a refused attempt to join with everybody whom it concerns, once for e.ID where there is one, and gives the refusal. A record that cannot be
// stored does not let anybody in.
func (a *Accounts) deny(ctx context.Context, e LinkEvent, refusal error, subjects ...string) error {
	e.Kind = LinkRefused
	for i, s := range subjects {
		if s == "" || i > 0 && s == subjects[0] {
			continue
		}
		if err := a.note(ctx, s, e.ID, e); err != nil {
			a.deps.Log.WarnContext(ctx, "a refused attempt to join was not recorded", "reason", e.Reason, "err", err)
		}
	}
	a.count("link_refused_" + e.Reason)
	return refusal
}
