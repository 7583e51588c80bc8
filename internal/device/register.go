package device

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
)

// Registration is what a device says of itself.
type Registration struct {
	Kind         string          // "fcm" or "webpush"
	Token        string          // its registration token, of "fcm"
	Subscription json.RawMessage // PushSubscription.toJSON of the browser, of "webpush"
	Platform     string          // "android", "ios", "web"; "" for none of them
	Topics       []string        // to follow; nil keeps what it follows, or takes over what the owner's newest device does
}

// sighting is a registration that has been checked.
type sighting struct {
	Registration
	owner string
	to    channels.Address
	ids   []string // its keyed indexes, the newest key's first
	mark  once.Mark

	inherited []string // topics of a device that is new to its owner, when it names none
}

// rounds is how often a device that others keep changing is read anew.
const rounds = 4

// Register makes a device the viewer's, whoever had it before. It may be repeated at each start of an app and then writes once a day. A repeat with the same
// key changes nothing, though somebody else may have registered the device since. UNAUTHORIZED for nobody; INVALID when the network is none of ours, the
// address none of its, or a topic malformed.
func (d *Devices) Register(ctx context.Context, v account.Viewer, in Registration, key string) (Device, error) {
	s, err := d.sight(v, in, key)
	if err != nil {
		return Device{}, err
	}
	for range rounds {
		r, err := d.settle(ctx, v, s)
		if fault.CodeOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return Device{}, fmt.Errorf("device: register: %w", err)
		}
		d.nudge()
		return r.public(), d.trim(ctx, s.owner)
	}
	return Device{}, &fault.Error{Code: fault.Unavailable, RetryAfter: time.Second, Cause: errMoved}
}

// sight checks a registration.
func (d *Devices) sight(v account.Viewer, in Registration, key string) (sighting, error) {
	if v.Subject == "" {
		return sighting{}, fault.New(fault.Unauthorized, "")
	}
	ch := d.deps.Channels[in.Kind]
	if ch == nil {
		return sighting{}, fault.InvalidField("device.unknown_kind", "kind")
	}
	raw, field := in.Token, "token"
	if raw == "" {
		raw, field = string(in.Subscription), "subscription"
	}
	to, known, err := ch.Check(raw)
	if err != nil {
		return sighting{}, fault.InvalidField("device.bad_address", field)
	}
	if !slices.Contains([]string{"", "android", "ios", "web"}, in.Platform) {
		return sighting{}, fault.InvalidField("device.unknown_platform", "platform")
	}
	if in.Topics != nil {
		if in.Topics, err = checkTopics(in.Topics); err != nil {
			return sighting{}, err
		}
	}
	s := sighting{Registration: in, owner: v.Subject, to: to, ids: d.deps.Box.Indexes(indexContext, in.Kind+"\x00"+known)}
	if key != "" {
		s.mark.Key = once.Scope(v.Subject, "device", "register", key)
		s.mark.Hash, err = hash(in)
	}
	return s, err
}

// hash tells registrations of one device apart; which device it is, its document says.
func hash(in Registration) (string, error) {
	b, err := json.Marshal(map[string]any{"platform": in.Platform, "topics": in.Topics})
	if err != nil {
		return "", fault.Wrap(fault.Internal, err)
	}
	return once.HashInput(b)
}

// settle stores a device. NOT_FOUND when it must be looked for again.
func (d *Devices) settle(ctx context.Context, v account.Viewer, s sighting) (record, error) {
	found, err := d.docs.GetMany(ctx, s.ids)
	if err != nil {
		return record{}, err
	}
	if s.Topics == nil {
		if s.inherited, err = d.inherited(ctx, v); err != nil {
			return record{}, err
		}
	}
	for _, id := range s.ids {
		if _, ok := found[id]; ok {
			return d.docs.Update(ctx, id, func(r *record) error { return d.see(r, v, s) })
		}
	}
	r := record{ID: s.ids[0], Kind: s.Kind}
	if err := d.see(&r, v, s); err != nil {
		return record{}, err
	}
	err = d.docs.Insert(ctx, r)
	if fault.CodeOf(err) == fault.Conflict {
		return record{}, fault.Wrap(fault.NotFound, errMoved) // somebody else was first: go on with theirs
	}
	return r, err
}

// inherited gives the topics that a device new to the viewer begins with.
func (d *Devices) inherited(ctx context.Context, v account.Viewer) ([]string, error) {
	others, err := d.of(ctx, v.Subjects)
	if err != nil || len(others) == 0 {
		return nil, err
	}
	return others[0].Topics, nil
}

// topics gives those that a device is to follow.
func (s sighting) topics(r *record, v account.Viewer) []string {
	switch {
	case s.Topics != nil:
		return s.Topics
	case v.Owns(r.Owner):
		return r.Topics
	}
	return s.inherited
}

// see brings a device's document up to date.
func (d *Devices) see(r *record, v account.Viewer, s sighting) error {
	if again, err := s.again(r); err != nil || again {
		return orUnchanged(err)
	}
	now, topics := d.now(), s.topics(r, v)
	fresh := r.Owner == s.owner && now.Sub(r.SeenAt) < seenStep && r.ExpiresAt.After(now)
	same := r.Platform == s.Platform && r.Lang == v.Lang.Or() && slices.Equal(r.Topics, topics)
	if fresh && same && d.reaches(*r, s.to) {
		return store.ErrUnchanged
	}
	sealed, err := d.deps.Box.Seal([]byte(s.to), sealContext(r.ID))
	if err != nil {
		return fault.Wrap(fault.Internal, fmt.Errorf("device: seal: %w", err))
	}
	if r.Owner != "" && !r.ExpiresAt.After(now) {
		r.Joined = nil // its network has forgotten it meanwhile
	}
	if r.Owner != s.owner {
		r.Marks = nil
	}
	r.Owner, r.Platform, r.Lang, r.Address, r.SeenAt, r.ExpiresAt = s.owner, s.Platform, v.Lang.Or(), sealed, now, now.Add(d.cfg.Retention)
	if s.mark.Key != "" {
		r.Marks.Add(s.mark.Key, s.mark.Hash)
	}
	d.want(r, topics, now)
	return nil
}

// again tells whether this very request was carried out before.
func (s sighting) again(r *record) (bool, error) {
	if s.mark.Key == "" {
		return false, nil
	}
	return r.Marks.Seen(s.mark.Key, s.mark.Hash)
}

func orUnchanged(err error) error {
	if err != nil {
		return err
	}
	return store.ErrUnchanged
}

// reaches tells whether a device is stored with this address: a browser may renew its keys.
func (d *Devices) reaches(r record, to channels.Address) bool {
	stored, err := d.address(r)
	return err == nil && stored == to
}

// trim forgets the devices of an owner beyond those that one may have.
func (d *Devices) trim(ctx context.Context, owner string) error {
	all, err := d.of(ctx, []string{owner})
	if err != nil {
		return err
	}
	for _, old := range all[min(len(all), d.cfg.PerOwner):] {
		if err := d.leave(ctx, old.ID, owner); err != nil && fault.CodeOf(err) != fault.NotFound {
			return err
		}
	}
	return nil
}

// leave takes a device from its owner. NOT_FOUND when it is not theirs.
func (d *Devices) leave(ctx context.Context, id, owner string) error {
	_, err := d.docs.Update(ctx, id, func(r *record) error {
		if r.Owner != owner || owner == "" {
			return fault.New(fault.NotFound, "device.none")
		}
		d.giveUp(r, d.now())
		return nil
	})
	return err
}

// Remove forgets one of the viewer's devices. A repeat finds it gone: NOT_FOUND, as for one that is not theirs. UNAUTHORIZED for nobody.
func (d *Devices) Remove(ctx context.Context, v account.Viewer, id string) error {
	if v.Subject == "" {
		return fault.New(fault.Unauthorized, "")
	}
	r, err := d.docs.Get(ctx, id)
	if err == nil && !v.Owns(r.Owner) {
		return fault.New(fault.NotFound, "device.none")
	}
	if err == nil {
		err = d.leave(ctx, id, r.Owner)
	}
	if fault.CodeOf(err) == fault.NotFound {
		return fault.New(fault.NotFound, "device.none")
	}
	if err != nil {
		return fmt.Errorf("device: remove: %w", err)
	}
	d.nudge()
	return nil
}

// List gives the viewer's devices, the one seen last first. UNAUTHORIZED for nobody.
func (d *Devices) List(ctx context.Context, v account.Viewer) ([]Device, error) {
	if v.Subject == "" {
		return nil, fault.New(fault.Unauthorized, "")
	}
	all, err := d.of(ctx, v.Subjects)
	if err != nil {
		return nil, err
	}
	out := make([]Device, 0, len(all))
	for _, r := range all {
		out = append(out, r.public())
	}
	return out, nil
}
