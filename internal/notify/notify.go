// Package notify tells citizens things: it keeps the inbox inside the app, and takes notices to people by the cheapest lawful way that they want.
//
// It owns the stored notices and bulletins, the words they had when they were sent, what people want of them (preferences, quiet hours, areas they follow),
// and each letter on its way with its attempts, its lease and its end. It does not know which event caused a notice, what a mini-app does, or how a network
// is spoken to; it is handed the id of a declared text and its parameters, and carriers.
//
// A letter is sent at least once: after a kill between the network's answer and its record it leaves again, with the same id. Only letters that were under
// way at that moment can.
package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
)

// Templates knows the texts that mini-apps declared for their notices, with {name} where a parameter goes.
type Templates interface {
	Notice(app, id string) (title, text message.Text, ok bool)
}

// Signals wakes those who look at an inbox (live.Hub does).
type Signals interface {
	Signal(ctx context.Context, topic string)
	WatchAll(ctx context.Context, topics ...string) <-chan struct{}
}

// Notice is something to tell a citizen.
type Notice struct {
	ID     string         // derived from its cause, so that a repeat names the same notice; unique for its recipient
	To     string         // the subject it is for
	App    string         // the mini-app that declared it
	Notice string         // its id in that app's manifest
	Params map[string]any // values for the text: strings, numbers, times (shown in the city's time), or a message.Text for one that has languages
	// CaseApp and CaseID name the case it is about; both empty for none.
	CaseApp string
	CaseID  string
	At      time.Time // when what it tells happened; zero means now

	// What follows is for the letter that Sender.Post sends beside the inbox.
	Until    time.Time // the letter is useless afterwards; zero means never
	Link     string    // path of ours that shows more, "/r/HP-7K3M"; "" for none
	Collapse string    // replaces an earlier letter with the same that was not seen yet; "" for none
}

// Item is one notice in an inbox, in the reader's language.
type Item struct {
	ID      string // holds the owner; not for other people's eyes
	App     string
	Notice  string
	Title   string
	Text    string
	CaseApp string
	CaseID  string
	At      time.Time // when what it tells happened
	Read    bool

	look string // of a bulletin: what is remembered when it is read
}

// record is a notice as it is stored. The words are kept as they were sent: what was said stays said when an app changes its texts or is gone.
type record struct {
	ID        string       `bson:"_id"` // <subject>/<derived>
	To        string       `bson:"to"`
	App       string       `bson:"app"`
	Notice    string       `bson:"notice"`
	Title     message.Text `bson:"title"`
	Text      message.Text `bson:"text"`
	CaseApp   string       `bson:"case_app,omitempty"`
	CaseID    string       `bson:"case_id,omitempty"`
	At        time.Time    `bson:"at"`
	Stored    time.Time    `bson:"stored"` // orders the inbox: what came last stands first, so that a late notice is not missed
	ReadAt    *time.Time   `bson:"read_at,omitempty"`
	ExpiresAt time.Time    `bson:"expires_at"`
}

// Notices keeps the inboxes of all citizens.
type Notices struct {
	records   *store.Collection[record]
	inbox     store.Query
	wishes    *store.Collection[wishes]
	byArea    store.Query // of wishes
	byTopics  store.Query // of wishes that devices have not been told
	owed      func()      // wakes whoever tells them; nil when there are no topics to follow
	bulletins *store.Collection[bulletin]
	board     store.Query // of bulletins, by area
	looks     *store.Collection[looks]
	templates Templates
	signals   Signals
	retention time.Duration
	now       func() time.Time
	knownArea func(code string) bool
	knownKind func(app, notice string) bool
}

// KnowAreas lets preferences accept only areas that exist. Call it before the first change.
func (n *Notices) KnowAreas(known func(code string) bool) { n.knownArea = known }

// KnowKinds lets preferences accept only kinds of notices that some mini-app declares; notice is "" for all of an app. Call it before the first change.
func (n *Notices) KnowKinds(known func(app, notice string) bool) { n.knownKind = known }

// New opens the inboxes.
func New(ctx context.Context, engine store.Engine, cfg Config, templates Templates, signals Signals, now func() time.Time) (*Notices, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("notify: %w", err)
	}
	records, err := store.Define[record](ctx, engine, store.Kind{
		Name:      "notices",
		Indexes:   []store.Index{{Name: "inbox", Equal: []string{"to"}, Order: "stored"}},
		ExpiresAt: "expires_at",
		Owned:     true,
	})
	if err != nil {
		return nil, err
	}
	inbox, err := records.Query("inbox")
	if err != nil {
		return nil, err
	}
	n := &Notices{records: records, inbox: inbox, templates: templates, signals: signals, retention: cfg.filled().Retention, now: now}
	return n, n.defineBoard(ctx, engine)
}

// Topic names the signals of one subject's inbox.
func Topic(subject string) string { return "notices:" + subject }

// Deliver puts a notice into its recipient's inbox, once however often it comes. INTERNAL when the notice is not declared or lacks an id or recipient.
func (n *Notices) Deliver(ctx context.Context, in Notice) error {
	if in.ID == "" || in.To == "" {
		return fault.Wrap(fault.Internal, errors.New("notify: a notice needs an id and a recipient"))
	}
	title, text, err := n.render(in)
	if err != nil {
		return err
	}
	now := n.now().UTC().Truncate(time.Millisecond)
	r := record{
		ID: itemID(in), To: in.To, App: in.App, Notice: in.Notice,
		Title: title, Text: text,
		CaseApp: in.CaseApp, CaseID: in.CaseID,
		At: now, Stored: now, ExpiresAt: now.Add(n.retention),
	}
	if !in.At.IsZero() {
		r.At = in.At.UTC().Truncate(time.Millisecond)
	}
	if err := n.records.Insert(ctx, r); err != nil && fault.CodeOf(err) != fault.Conflict {
		return fmt.Errorf("notify: deliver: %w", err)
	}
	n.signals.Signal(ctx, Topic(in.To)) // also for a repeat: the first one may have been killed before it signalled
	return nil
}

func itemID(in Notice) string { return in.To + "/" + once.ID("notice\x00"+in.ID) }

// Words gives what a notice says in a language, as the inbox shows it: for channels that carry it elsewhere. INTERNAL when the notice is not declared.
func (n *Notices) Words(in Notice, lang message.Lang) (title, text string, err error) {
	inTitle, inText, err := n.render(in)
	return inTitle.In(lang), inText.In(lang), err
}

// render puts the parameters of a notice into its texts.
func (n *Notices) render(in Notice) (title, text message.Text, err error) {
	title, text, ok := n.templates.Notice(in.App, in.Notice)
	if !ok {
		return nil, nil, fault.Wrap(fault.Internal, fmt.Errorf("notify: %s declares no notice %q", in.App, in.Notice))
	}
	params := textsOf(in.Params)
	return fill(title, params), fill(text, params), nil
}

// List gives the viewer's notices and the bulletins of the areas that the viewer follows, the latest first, over all subjects of the account.
// UNAUTHORIZED for a guest.
func (n *Notices) List(ctx context.Context, v account.Viewer, first int, after store.Cursor) (store.Page[Item], error) {
	queries, err := n.queries(v)
	if err != nil {
		return store.Page[Item]{}, err
	}
	page, err := n.records.Page(ctx, first, after, queries...)
	if err != nil {
		return store.Page[Item]{}, err
	}
	all, more, err := n.boardPage(ctx, v, first, after)
	if err != nil {
		return store.Page[Item]{}, err
	}
	for i, r := range page.Items {
		all = append(all, entry{stored: r.Stored, id: r.ID, cursor: page.Cursors[i], item: itemOf(r, v.Lang)})
	}
	return pageOf(all, first, more || page.HasNext), nil
}

// pageOf gives the first of the entries, the latest first, in the order in which the store pages.
func pageOf(all []entry, first int, more bool) store.Page[Item] {
	slices.SortFunc(all, func(a, b entry) int { return cmp.Or(b.stored.Compare(a.stored), cmp.Compare(b.id, a.id)) })
	if first <= 0 {
		first = store.DefaultPage
	}
	first = min(first, store.MaxPage, len(all))
	out := store.Page[Item]{Items: make([]Item, first), Cursors: make([]store.Cursor, first), HasNext: more || first < len(all)}
	for i, e := range all[:first] {
		out.Items[i], out.Cursors[i] = e.item, e.cursor
	}
	return out
}

func (n *Notices) queries(v account.Viewer) ([]store.Query, error) {
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthorized, "")
	}
	queries := make([]store.Query, len(v.Subjects))
	for i, s := range v.Subjects {
		queries[i] = n.inbox.Where(s).Descending()
	}
	return queries, nil
}

// Get gives one notice of the viewer. NOT_FOUND when there is none or it is somebody else's.
func (n *Notices) Get(ctx context.Context, v account.Viewer, id string) (Item, error) {
	if b, ok := bulletinID(id); ok {
		return n.bulletinItem(ctx, v, b)
	}
	r, err := n.records.Get(ctx, id)
	if err != nil {
		return Item{}, err
	}
	if !v.Owns(r.To) {
		return Item{}, fault.New(fault.NotFound, "")
	}
	return itemOf(r, v.Lang), nil
}

// GetMany gives those of the notices that are the viewer's, by id, in one read.
func (n *Notices) GetMany(ctx context.Context, v account.Viewer, ids []string) (map[string]Item, error) {
	found, err := n.records.GetMany(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("notify: read: %w", err)
	}
	out := make(map[string]Item, len(found))
	for id, r := range found {
		if v.Owns(r.To) {
			out[id] = itemOf(r, v.Lang)
		}
	}
	for _, id := range ids {
		if _, ok := bulletinID(id); !ok {
			continue
		}
		item, err := n.Get(ctx, v, id)
		if err == nil {
			out[id] = item
		} else if fault.CodeOf(err) != fault.NotFound {
			return nil, err
		}
	}
	return out, nil
}

// MarkRead marks one notice of the viewer as read; marking it again changes nothing. NOT_FOUND as Get.
func (n *Notices) MarkRead(ctx context.Context, v account.Viewer, id string) (Item, error) {
	if b, ok := bulletinID(id); ok {
		return n.look(ctx, v, b)
	}
	changed := false
	r, err := n.records.Update(ctx, id, func(r *record) error {
		changed = false
		if !v.Owns(r.To) {
			return fault.New(fault.NotFound, "")
		}
		if r.ReadAt != nil {
			return store.ErrUnchanged
		}
		now := n.now().UTC().Truncate(time.Millisecond)
		r.ReadAt, changed = &now, true
		return nil
	})
	if err != nil {
		return Item{}, err
	}
	if changed {
		n.signals.Signal(ctx, Topic(r.To))
	}
	return itemOf(r, v.Lang), nil
}

func itemOf(r record, l message.Lang) Item {
	return Item{
		ID: r.ID, App: r.App, Notice: r.Notice, Title: r.Title.In(l), Text: r.Text.In(l),
		CaseApp: r.CaseApp, CaseID: r.CaseID, At: r.At.UTC(), Read: r.ReadAt != nil,
	}
}
