package device

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
)

// record is a device as it is stored. One without an owner has been given up: it stays until it follows no topic any more.
type record struct {
	ID        string       `bson:"_id"` // keyed index of what names the device on its network
	Kind      string       `bson:"kind"`
	Owner     string       `bson:"owner,omitempty"` // subject; "" when it was given up
	By        string       `bson:"by,omitempty"`    // the session or chat that registered it; "" for neither
	Platform  string       `bson:"platform,omitempty"`
	Lang      message.Lang `bson:"lang"`
	Address   []byte       `bson:"address"` // sealed
	SeenAt    time.Time    `bson:"seen_at"` // to within seenStep
	ExpiresAt time.Time    `bson:"expires_at"`
	Marks     once.Marks   `bson:"marks,omitempty"`

	Proven       bool       `bson:"proven,omitempty"` // it has taken something since it is its owner's. Kept, as what follows, on Hosted networks alone
	Fails        int        `bson:"fails,omitempty"`  // attempts in a row that it did not take
	FailingSince *time.Time `bson:"failing_since,omitempty"`
	RestUntil    *time.Time `bson:"rest_until,omitempty"` // until when it is not asked

	Topics    []string   `bson:"topics,omitempty"`     // that the owner wants, in order
	Joined    []string   `bson:"joined,omitempty"`     // that the network has it follow: it said so, and nobody has asked it for anything else since; in order
	Unsure    []string   `bson:"unsure,omitempty"`     // that the network was asked to change, and what it said is not known: it may have it follow them or not
	Refused   []string   `bson:"refused,omitempty"`    // that the network does not let it follow, until it registers again
	Busy      *time.Time `bson:"busy,omitempty"`       // until when a worker makes changes; names that worker
	TopicsDue *time.Time `bson:"topics_due,omitempty"` // when to bring the network's topics up to the owner's next; absent when they agree
	Since     *time.Time `bson:"since,omitempty"`      // since when they do not
	Tries     int        `bson:"tries,omitempty"`      // that failed in a row
}

const (
	// seenStep is how exactly it is known when a device was there last: most registrations need no write.
	seenStep = 24 * time.Hour
	// farewell is how long a device that was given up is kept for its topics' sake.
	farewell = 7 * 24 * time.Hour
)

func deviceKind() store.Kind {
	return store.Kind{
		Name: "devices",
		Indexes: []store.Index{
			{Name: "by_owner", Equal: []string{"owner"}, Order: "seen_at"},
			{Name: "by_registrar", Equal: []string{"by"}},
			{Name: "by_topics_due", Order: "topics_due"},
			{Name: "by_since", Order: "since"},
		},
		ExpiresAt: "expires_at",
	}
}

// indexContext is the context of a device's keyed index.
const indexContext = "device"

func sealContext(id string) string { return "device/" + id }

// address unseals what the device is reached by.
func (d *Devices) address(r record) (channels.Address, error) {
	plain, err := d.deps.Box.Unseal(r.Address, sealContext(r.ID))
	if err != nil {
		return "", fault.Wrap(fault.Internal, fmt.Errorf("device: address of %s: %w", r.ID, err))
	}
	return channels.Address(plain), nil
}

func (r record) public() Device {
	return Device{ID: r.ID, Kind: r.Kind, Platform: r.Platform, Lang: r.Lang, Topics: slices.Clone(r.Topics), SeenAt: r.SeenAt}
}

// want sets the topics that the owner wants.
func (d *Devices) want(r *record, topics []string, now time.Time) {
	r.Topics = topics
	d.plan(r, now)
}

// plan has the network's topics brought up to the owner's when they differ, behind whoever is at it.
func (d *Devices) plan(r *record, now time.Time) {
	if len(r.pending()) == 0 || d.deps.Topics[r.Kind] == nil {
		r.TopicsDue, r.Since, r.Tries = nil, nil, 0
		return
	}
	r.TopicsDue = &now
	if r.Busy != nil && r.Busy.After(now) {
		r.TopicsDue = r.Busy
	}
	if r.Since == nil {
		r.Since = &now
	}
}

// pending gives the topics that the network has to be asked about, in order.
func (r record) pending() []string {
	out := slices.Clone(r.Unsure)
	for _, t := range r.Joined {
		if !slices.Contains(r.Topics, t) {
			out = append(out, t)
		}
	}
	for _, t := range r.Topics {
		if !slices.Contains(r.Joined, t) && !slices.Contains(r.Refused, t) {
			out = append(out, t)
		}
	}
	return ordered(out)
}

// unjoin forgets what the network has the device follow: it has forgotten the device.
func (r *record) unjoin() { r.Joined, r.Unsure, r.Refused, r.Busy = nil, nil, nil, nil }

func ordered(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// giveUp takes the device from its owner. What it still follows is taken back later.
func (d *Devices) giveUp(r *record, now time.Time) {
	r.Owner, r.By, r.Marks, r.ExpiresAt = "", "", nil, now
	d.want(r, nil, now)
	if r.TopicsDue != nil {
		r.ExpiresAt = now.Add(farewell)
	}
}

// dead forgets a device that its network knows no more, unless it has registered again since it was read.
func (d *Devices) dead(ctx context.Context, seen record) error {
	_, err := d.docs.Update(ctx, seen.ID, func(r *record) error {
		if r.Owner != seen.Owner || !r.SeenAt.Equal(seen.SeenAt) {
			return store.ErrUnchanged
		}
		r.unjoin()
		d.giveUp(r, d.now())
		return nil
	})
	if fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	return err
}

// of gives the devices of some subjects that are in use, the newest first.
func (d *Devices) of(ctx context.Context, subjects []string) ([]record, error) {
	queries := make([]store.Query, 0, len(subjects))
	for _, s := range subjects {
		if s != "" {
			queries = append(queries, d.byOwner.Where(s).Descending())
		}
	}
	if len(queries) == 0 {
		return nil, nil
	}
	page, err := d.docs.Page(ctx, store.MaxPage, "", queries...)
	if err != nil {
		return nil, fmt.Errorf("device: list: %w", err)
	}
	now := d.now()
	return slices.DeleteFunc(page.Items, func(r record) bool { return !r.ExpiresAt.After(now) }), nil
}

// errMoved says that a device vanished between being found and being changed.
var errMoved = errors.New("device: a device changed meanwhile")
