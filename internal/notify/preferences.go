package notify

import (
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
	"github.com/motcua/motcua/miniapps"
)

// Preferences are what a person wants of notices. The zero value wants all of them, as the city is configured.
type Preferences struct {
	Rules      []Rule       // by kind, then channel
	Quiet      *QuietHours  // nil: the city's
	DigestHour *int         // hour of the day, 0 to 23, at which bulk notices come together; nil: the city's
	Areas      []string     // codes of the wards that the person follows; at most MaxAreas
	Interests  []string     // ids of what else the person follows; at most MaxAreas
	Lang       message.Lang // of notices that leave; "" is that of the account
}

// Rule switches a kind of notice on or off on a channel. The most specific rule counts; without one, a notice is wanted.
type Rule struct {
	Kind    string `bson:"kind" json:"kind"`       // "<app>.<notice>", "<app>", or "*" for all
	Channel string `bson:"channel" json:"channel"` // "push", "zalo", "messenger", "web", "zns", "sms", or "*" for all
	On      bool   `bson:"on" json:"on"`
}

// QuietHours are a person's own.
type QuietHours struct {
	Quiet `bson:",inline"`
	Off   bool `bson:"off,omitempty" json:"off"` // no quiet hours at all
}

// MaxAreas is how many areas, and how many interests, one person may follow.
const MaxAreas = 20

// Everywhere is the area of bulletins for the whole city. Whoever follows any area follows it.
const Everywhere = "*"

// wishes are the preferences of a person as they are stored, one document for each account or guest.
type wishes struct {
	ID         string       `bson:"_id"`     // the account, or the guest's subject
	Subject    string       `bson:"subject"` // of the person, to send to
	Rules      []Rule       `bson:"rules,omitempty"`
	Quiet      *QuietHours  `bson:"quiet,omitempty"`
	DigestHour *int         `bson:"digest_hour,omitempty"`
	Areas      []string     `bson:"areas,omitempty"` // sorted, Everywhere among them when there are any
	Interests  []string     `bson:"interests,omitempty"`
	Lang       message.Lang `bson:"lang,omitempty"`
	Marks      once.Marks   `bson:"marks,omitempty"`
	TopicsDue  *time.Time   `bson:"topics_due,omitempty"` // since when the person's devices have to be told what to follow; absent when they were
	ExpiresAt  *time.Time   `bson:"expires_at,omitempty"` // of a guest's; those of an account stay as long as it does
}

// guestWishes is how long the preferences of a guest are kept after they were last set.
const guestWishes = 365 * 24 * time.Hour

func (n *Notices) defineWishes(ctx context.Context, engine store.Engine) error {
	var err error
	n.wishes, err = store.Define[wishes](ctx, engine, store.Kind{
		Name: "notice_preferences",
		Indexes: []store.Index{
			{Name: "areas", Equal: []string{"areas"}, Many: "areas"},
			{Name: "topics_due", Order: "topics_due"},
		},
		ExpiresAt: "expires_at",
	})
	if err != nil {
		return err
	}
	var e1, e2 error
	n.byArea, e1 = n.wishes.Query("areas")
	n.byTopics, e2 = n.wishes.Query("topics_due")
	return errors.Join(e1, e2)
}

// wants tells whether a person wants a kind of notice on a channel. It is the one place where preferences switch anything off:
//
//   - the inbox is not a channel: everything stands there;
//   - push takes urgent notices whatever was chosen: a warning may save a life, and it costs the person nothing;
//   - otherwise the rule of the notice counts before that of its app, and that before the one for all; of each, the rule for the channel before the one
//     for all channels.
func (w *wishes) wants(app, notice string, urgency miniapps.Urgency, channel string) bool {
	group := groupOf(channel)
	if urgency == miniapps.Urgent && group == "push" {
		return true
	}
	for _, kind := range []string{app + "." + notice, app, "*"} {
		for _, on := range []string{group, "*"} {
			i := slices.IndexFunc(w.Rules, func(r Rule) bool { return r.Kind == kind && r.Channel == on })
			if i >= 0 {
				return w.Rules[i].On
			}
		}
	}
	return true
}

// deaf tells whether a person wants a kind of notice nowhere.
func (w *wishes) deaf(app, notice string) bool {
	return !slices.ContainsFunc(groups, func(g string) bool { return w.wants(app, notice, miniapps.Bulk, g) })
}

// quiet gives the end of the person's quiet hours when t falls into them.
func (w *wishes) quiet(city Quiet, t time.Time) (time.Time, bool) {
	if w.Quiet == nil {
		return city.end(t)
	}
	if w.Quiet.Off {
		return time.Time{}, false
	}
	return w.Quiet.end(t)
}

// digestAt gives the next time at which bulk notices leave.
func (w *wishes) digestAt(city string, t time.Time) time.Time {
	minute, _ := minutes(city)
	if w.DigestHour != nil {
		minute = *w.DigestHour * 60
	}
	return next(t, minute)
}

func (w *wishes) view() Preferences {
	areas := slices.DeleteFunc(slices.Clone(w.Areas), func(a string) bool { return a == Everywhere })
	return Preferences{
		Rules: slices.Clone(w.Rules), Quiet: w.Quiet, DigestHour: w.DigestHour, Areas: areas, Interests: slices.Clone(w.Interests), Lang: w.Lang,
	}
}

// wishesOf gives the preferences of a person: those of the account, or those that one of its subjects had as a guest.
func (n *Notices) wishesOf(ctx context.Context, account string, subjects []string) (wishes, error) {
	ids := subjects
	if account != "" {
		ids = append([]string{account}, subjects...)
	}
	found, err := n.wishes.GetMany(ctx, ids)
	if err != nil {
		return wishes{}, fmt.Errorf("notify: preferences: %w", err)
	}
	for _, id := range ids {
		if w, ok := found[id]; ok {
			return w, nil
		}
	}
	return wishes{}, nil
}

// Preferences gives what the viewer wants. UNAUTHORIZED for nobody; guests that a network knows have preferences too.
func (n *Notices) Preferences(ctx context.Context, v account.Viewer) (Preferences, error) {
	if v.Subject == "" {
		return Preferences{}, fault.New(fault.Unauthorized, "")
	}
	w, err := n.wishesOf(ctx, v.Account, v.Subjects)
	return w.view(), err
}

// ownerOf gives under which id a viewer's own documents stand.
func ownerOf(v account.Viewer) string {
	if v.SignedIn() {
		return v.Account
	}
	return v.Subject
}

// SetPreferences changes what the viewer wants. A repeat with the same key changes nothing more and gives the preferences as they now are; CONFLICT for a
// key that came with another change. INVALID, naming the fields, for what cannot be; UNAUTHORIZED for nobody.
func (n *Notices) SetPreferences(ctx context.Context, v account.Viewer, p Patch, key string) (Preferences, error) {
	if v.Subject == "" {
		return Preferences{}, fault.New(fault.Unauthorized, "")
	}
	if err := p.check(n.knownArea, n.knowsKind); err != nil {
		return Preferences{}, err
	}
	mark, err := p.mark(v, key)
	if err != nil {
		return Preferences{}, err
	}
	change := func(w *wishes) error { return n.applyPatch(w, v, p, mark) }
	w, err := n.wishes.Update(ctx, ownerOf(v), change)
	if fault.CodeOf(err) == fault.NotFound {
		w, err = n.beginWishes(ctx, v, change)
	}
	if err == nil && n.owed != nil {
		n.owed()
	}
	return w.view(), err
}

func (n *Notices) applyPatch(w *wishes, v account.Viewer, p Patch, mark once.Mark) error {
	if mark.Key != "" {
		seen, err := w.Marks.Seen(mark.Key, mark.Hash)
		if err != nil {
			return err
		}
		if seen {
			return store.ErrUnchanged
		}
		w.Marks.Add(mark.Key, mark.Hash)
	}
	if !v.SignedIn() {
		w.ExpiresAt = instant(n.now().Add(guestWishes))
	}
	if n.owed != nil {
		w.owe(n.now())
	}
	return p.apply(w)
}

// beginWishes makes the document at the first change, out of what the account's subjects chose as guests.
func (n *Notices) beginWishes(ctx context.Context, v account.Viewer, change func(*wishes) error) (wishes, error) {
	w, err := n.wishesOf(ctx, v.Account, v.Subjects)
	if err != nil {
		return wishes{}, err
	}
	w.ID, w.Subject, w.Marks, w.ExpiresAt = ownerOf(v), v.Subject, nil, nil
	if err := change(&w); err != nil && !errors.Is(err, store.ErrUnchanged) {
		return wishes{}, err
	}
	err = n.wishes.Insert(ctx, w)
	if fault.CodeOf(err) == fault.Conflict { // somebody was first
		return n.wishes.Update(ctx, w.ID, change)
	}
	return w, err
}
