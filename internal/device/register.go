package device

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
)

// Registration is what a device says of itself.
type Registration struct {
	Kind         string          // "fcm" or "webpush"
	Token        string          // its registration token, of "fcm"
	Subscription json.RawMessage // PushSubscription.toJSON of the browser, of "webpush"
	Platform     string          // "android", "ios", "web"; "" for none of them
	Topics       []string        // to follow; nil means what its owner wants (Deps.Wanted), else what it follows
}

// sighting is a registration that has been checked.
type sighting struct {
	Registration
	owner string
	by    string // the session or chat
	to    channels.Address
	ids   []string // its keyed indexes, the newest key's first
	mark  once.Mark
}

// rounds is how often a device that others keep changing is read anew.
const rounds = 4

// Register makes a device the viewer's, whoever had it before: what names a device is known to it alone, and whoever holds it must not be shown what the one before
// is told. The one before is told by other ways from then on. It may be repeated at each start of an app and then writes once a day. A repeat with the same key
// changes nothing as long as nobody else has registered the device since. UNAUTHORIZED for nobody; INVALID when the network is none of ours, the
// address none of its, or a topic malformed; RATE_LIMITED beyond Config.Registrations.
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
		if r, err = d.heed(ctx, v, s, r); err != nil {
			return Device{}, fmt.Errorf("device: register: %w", err)
		}
		d.nudge()
		return r.public(), d.trim(ctx, v)
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
	s := sighting{Registration: in, owner: v.Subject, by: cmp.Or(v.Session, v.Identity), to: to, ids: d.deps.Box.Indexes(indexContext, in.Kind+"\x00"+known)}
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
	topics, err := d.wanted(ctx, v, s)
	if err != nil {
		return record{}, err
	}
	if err := d.admit(ctx, v, found); err != nil {
		return record{}, err
	}
	for _, id := range s.ids {
		if _, ok := found[id]; ok {
			return d.docs.Update(ctx, id, func(r *record) error { return d.see(r, v, s, topics) })
		}
	}
	r := record{ID: s.ids[0], Kind: s.Kind}
	if err := d.see(&r, v, s, topics); err != nil {
		return record{}, err
	}
	err = d.docs.Insert(ctx, r)
	if fault.CodeOf(err) == fault.Conflict {
		return record{}, fault.Wrap(fault.NotFound, errMoved) // somebody else was first: go on with theirs
	}
	return r, err
}

// admit counts who registers a device that is not theirs yet.
func (d *Devices) admit(ctx context.Context, v account.Viewer, found map[string]record) error {
	for _, r := range found {
		if v.Owns(r.Owner) {
			return nil
		}
	}
	if d.deps.Limiter == nil {
		return nil
	}
	_, err := d.deps.Limiter.Allow(ctx, "device:register:"+cmp.Or(v.Account, v.Subject), limit.Rule{Max: d.cfg.Registrations, Per: time.Hour})
	return err
}

// asks tells whether it is for Deps.Wanted to say what a device is to follow.
func (d *Devices) asks(s sighting) bool {
	return s.Topics == nil && d.deps.Wanted != nil && d.deps.Topics[s.Kind] != nil
}

// wanted gives the topics that a device is to follow, in order.
func (d *Devices) wanted(ctx context.Context, v account.Viewer, s sighting) ([]string, error) {
	if !d.asks(s) {
		return s.Topics, nil
	}
	names, err := d.deps.Wanted(ctx, v)
	if err != nil {
		return nil, fmt.Errorf("device: topics: %w", err)
	}
	return checkTopics(names)
}

// heed looks again what the owner wants now that the device is stored: whoever changed that meanwhile has found the devices without this one.
func (d *Devices) heed(ctx context.Context, v account.Viewer, s sighting, r record) (record, error) {
	if !d.asks(s) || r.Owner != s.owner {
		return r, nil
	}
	topics, err := d.wanted(ctx, v, s)
	if err != nil || slices.Equal(topics, r.Topics) {
		return r, err
	}
	return d.docs.Update(ctx, r.ID, func(r *record) error { return d.adopt(r, s.owner, topics) })
}

// see brings a device's document up to date.
func (d *Devices) see(r *record, v account.Viewer, s sighting, topics []string) error {
	if again, err := s.again(r); err != nil || again {
		return orUnchanged(err)
	}
	if s.Topics == nil && d.deps.Wanted == nil && r.Owner == s.owner {
		topics = r.Topics
	}
	now := d.now()
	fresh := r.Owner == s.owner && now.Sub(r.SeenAt) < seenStep && r.ExpiresAt.After(now)
	same := r.By == s.by && r.Platform == s.Platform && r.Lang == v.Lang.Or() && slices.Equal(r.Topics, topics)
	if fresh && same && d.reaches(*r, s.to) {
		return store.ErrUnchanged
	}
	sealed, err := d.deps.Box.Seal([]byte(s.to), sealContext(r.ID))
	if err != nil {
		return fault.Wrap(fault.Internal, fmt.Errorf("device: seal: %w", err))
	}
	if r.Owner != "" && !r.ExpiresAt.After(now) {
		r.unjoin() // its network has forgotten it meanwhile
	}
	r.Refused = nil
	if r.Owner != s.owner {
		r.Marks, r.Proven = nil, false
		r.well()
	}
	r.Owner, r.By, r.Platform, r.Lang, r.Address, r.SeenAt, r.ExpiresAt = s.owner, s.by, s.Platform, v.Lang.Or(), sealed, now, now.Add(d.cfg.Retention)
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

// trim forgets the devices of a viewer beyond those that one may have.
func (d *Devices) trim(ctx context.Context, v account.Viewer) error {
	subjects, most := v.Subjects, d.cfg.PerOwner
	if !v.SignedIn() {
		subjects, most = []string{v.Subject}, d.cfg.PerGuest
	}
	all, err := d.of(ctx, subjects)
	if err != nil {
		return err
	}
	for _, old := range all[min(len(all), most):] {
		if err := d.leave(ctx, old.ID, old.Owner); err != nil && fault.CodeOf(err) != fault.NotFound {
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
