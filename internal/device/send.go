package device

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/internal/store"
)

// Way is the name of the one way that leads to all of a person's devices together.
const Way = "push"

// Of gives a carrier to the devices of one network, whose way has that network's name: when one network is away, the other's devices need not wait.
func (d *Devices) Of(kind string) notify.Carrier { return only{d, kind} }

// only is the devices of one network; of all when kind is "".
type only struct {
	*Devices
	kind string
}

func (o only) name() string { return cmp.Or(o.kind, Way) }

// id gives the id under which it is remembered who has taken a letter.
func (o only) id(letter string) string {
	if o.kind == "" {
		return letter
	}
	return letter + "/" + o.kind
}

// letter remembers which devices have taken a letter, so that a repeat goes to the others alone.
type letter struct {
	ID        string    `bson:"_id"`     // Letter.ID
	Taken     []string  `bson:"taken"`   // ids of devices
	Network   string    `bson:"network"` // the network's id of the first
	ExpiresAt time.Time `bson:"expires_at"`
}

func letterKind() store.Kind { return store.Kind{Name: "pushed_letters", ExpiresAt: "expires_at"} }

// Ways gives one way, to all of a person's devices; none when there is no device.
func (d *Devices) Ways(ctx context.Context, to notify.Person, l notify.Letter) ([]notify.Way, error) {
	return only{d, ""}.Ways(ctx, to, l)
}

// Ways gives one way; none when there is no device.
func (d only) Ways(ctx context.Context, to notify.Person, _ notify.Letter) ([]notify.Way, error) {
	all, err := d.reachable(ctx, to)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return []notify.Way{{Channel: d.name(), Ground: notify.Free}}, nil
}

// reachable gives a person's devices on networks that are there, the newest first.
func (d only) reachable(ctx context.Context, to notify.Person) ([]record, error) {
	subjects := to.Subjects
	if len(subjects) == 0 {
		subjects = []string{to.Subject}
	}
	all, err := d.of(ctx, subjects)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(r record) bool { return d.deps.Channels[r.Kind] == nil || d.kind != "" && r.Kind != d.kind })
	return all[:min(len(all), maxFan)], nil
}

const (
	maxFan = 40 // devices that one letter goes to
	atOnce = 8  // requests for one letter under way
)

// Send makes one attempt at each of the person's devices that has not taken the letter, nor is known to have got it by a topic. It is sent when one of them
// takes it, now or before. Reasons of refused: no_device, expired, and those of the networks when all say never.
func (d *Devices) Send(ctx context.Context, w notify.Way, to notify.Person, l notify.Letter) (notify.Fate, error) {
	return only{d, ""}.Send(ctx, w, to, l)
}

// Send is that of Devices, to those of the network.
func (d only) Send(ctx context.Context, _ notify.Way, to notify.Person, l notify.Letter) (notify.Fate, error) {
	now := d.now()
	if !l.Until.IsZero() && !l.Until.After(now) {
		return notify.Fate{State: notify.Refused, Reason: "expired"}, nil
	}
	before, err := d.taken(ctx, d.id(l.ID))
	if err != nil {
		return notify.Fate{}, err
	}
	all, err := d.reachable(ctx, to)
	if err != nil {
		return notify.Fate{}, err
	}
	has := func(r record) bool { return slices.Contains(before.Taken, r.ID) || d.follows(r, l.Topics) }
	told := slices.ContainsFunc(all, has)
	ends := d.push(ctx, slices.DeleteFunc(all, has), l)
	after := d.remember(ctx, before, ends)
	d.learn(ctx, ends)
	d.bury(ctx, ends)
	if told {
		return notify.Fate{State: notify.Sent, Network: after.Network}, nil
	}
	return fate(after, ends), nil
}

// Fate tells what is remembered of a letter.
func (d *Devices) Fate(ctx context.Context, w notify.Way, id string) (notify.Fate, error) {
	return only{d, ""}.Fate(ctx, w, id)
}

// Fate tells what is remembered of a letter.
func (d only) Fate(ctx context.Context, _ notify.Way, id string) (notify.Fate, error) {
	x, err := d.taken(ctx, d.id(id))
	if err != nil {
		return notify.Fate{}, err
	}
	return fate(x, []end{{Outcome: channels.Outcome{Status: channels.Later}}}), nil
}

// fate says what became of the letter as a whole. What is wrong with a device that will never take it says nothing about the network, and where its owner chose
// who answers nothing does: neither an alarm, nor that the network is away.
func fate(x letter, ends []end) notify.Fate {
	if len(x.Taken) > 0 {
		return notify.Fate{State: notify.Sent, Network: x.Network}
	}
	out := notify.Fate{State: notify.Refused, Reason: "no_device"}
	for _, e := range ends {
		out.Alarm = out.Alarm || e.Alarm && e.Status == channels.Later && !e.hosted
		switch {
		case e.Status == channels.Later && out.State == notify.Refused:
			out = notify.Fate{State: notify.Pending, Retry: e.Retry, Unsure: e.Outcome.Unsure, Alarm: out.Alarm, Held: e.held()}
		case e.Status == channels.Later:
			out.Retry, out.Unsure, out.Held = min(out.Retry, e.Retry), out.Unsure || e.Outcome.Unsure, out.Held && e.held()
		case out.State == notify.Refused && !gone(e.Outcome):
			out.Reason = e.Reason
		}
	}
	return out
}

// gone tells whether a network knows a device no more, or never will: it belongs to somebody else's app.
func gone(o channels.Outcome) bool {
	return o.Status == channels.Never && (o.Reason == "token_dead" || o.Reason == "wrong_sender")
}

// taken gives what is remembered of a letter; nothing when it is new.
func (d *Devices) taken(ctx context.Context, id string) (letter, error) {
	x, err := d.letters.Get(ctx, id)
	if fault.CodeOf(err) == fault.NotFound {
		return letter{ID: id}, nil
	}
	if err != nil {
		return letter{}, fmt.Errorf("device: letter: %w", err)
	}
	return x, nil
}

// remember stores which devices took the letter just now. What cannot be stored is lost to a repeat alone, which then goes to a device twice; there it takes
// the place of the first.
func (d *Devices) remember(ctx context.Context, x letter, ends []end) letter {
	add := func(x *letter) {
		for _, e := range ends {
			if e.Status != channels.Sent || slices.Contains(x.Taken, e.record.ID) {
				continue
			}
			x.Taken = append(x.Taken, e.record.ID)
			if x.Network == "" {
				x.Network = e.MessageID
			}
		}
	}
	known := len(x.Taken)
	add(&x)
	if len(x.Taken) == known {
		return x
	}
	x.ExpiresAt = d.now().Add(d.cfg.LetterRetention)
	ctx = context.WithoutCancel(ctx) // the caller may have left while the networks answered
	err := d.letters.Insert(ctx, x)
	if fault.CodeOf(err) == fault.Conflict {
		_, err = d.letters.Update(ctx, x.ID, func(x *letter) error { add(x); return nil })
	}
	if err != nil {
		d.deps.Log.ErrorContext(ctx, "which devices took a letter could not be stored", "letter", x.ID, "err", err)
	}
	return x
}

// bury forgets the devices that their networks know no more.
func (d *Devices) bury(ctx context.Context, ends []end) {
	for _, e := range ends {
		if !gone(e.Outcome) {
			continue
		}
		if err := d.dead(context.WithoutCancel(ctx), e.record); err != nil {
			d.deps.Log.ErrorContext(ctx, "a device that is gone could not be forgotten", "device", e.record.ID, "err", err)
		}
	}
}
