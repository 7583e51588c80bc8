// Package device knows on which phones and browsers a person can be reached, and pushes letters to them.
//
// It owns the registered devices, whose they are, which topics they follow, and which of them have taken a letter. It does not know what a letter is about,
// whether a person wants it, or the wire of any network.
//
// What a network knows a device by lies sealed in the store and is found by a keyed index, so that a device exists once: whoever registers it last has it.
// Nothing here logs it.
package device

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/internal/store"
)

// Channel is a network of devices.
type Channel interface {
	channels.Channel
	// Check reads what a device says it is reached by and gives it as an address, and the part of it that names the device for as long as it is
	// registered. INVALID when it is none. It does no I/O.
	Check(raw string) (to channels.Address, known string, err error)
}

// Topics lets devices of a network follow topics; *fcm.Channel does.
type Topics interface {
	// Subscribe lets devices follow a topic. The result has one entry for each: "" when it does, or the network's code why not.
	Subscribe(ctx context.Context, topic string, to []channels.Address) ([]string, error)
	// Unsubscribe is the reverse.
	Unsubscribe(ctx context.Context, topic string, to []channels.Address) ([]string, error)
	// Address gives the address of all devices that follow any of the topics, notify.MaxTopics at most. Each gets a message to it once.
	Address(topics []string) channels.Address
}

// Box keeps addresses unreadable in the store and finds them all the same; *secret.Box does.
type Box interface {
	Seal(plain []byte, context string) ([]byte, error)
	Unseal(sealed []byte, context string) ([]byte, error)
	Indexes(context, value string) []string
}

// Limiter counts what leaves towards a network; *limit.Limiter does.
type Limiter interface {
	Allow(ctx context.Context, key string, r limit.Rule) (retryAfter time.Duration, err error)
}

// Deps are what Devices works with. Needed are Box, Now, Log and Reg.
type Deps struct {
	Box      Box
	Channels map[string]Channel // by Profile.Name; without any nobody can register
	Topics   map[string]Topics  // by the same names, of the networks that have topics
	// Wanted gives the topics that the devices of a viewer are to follow; nil leaves it to Registration.Topics and to Follow.
	Wanted func(ctx context.Context, v account.Viewer) ([]string, error)
	// Shown gives what a push over a network says instead of a letter's text: networks read what is not sealed for the device. nil leaves it as it is.
	Shown   func(kind string, l notify.Letter) string
	Limiter Limiter // holds up what is over Profile.PerMinute, and who registers too many; nil counts nothing
	Nudge   func()  // wakes the relay that carries out what Follow asked for; nil lets it look by itself
	Now     func() time.Time
	Log     *slog.Logger
	Reg     prometheus.Registerer
}

func (d Deps) validate() error {
	if d.Box == nil || d.Now == nil || d.Log == nil || d.Reg == nil {
		return errors.New("needed are Box, Now, Log and Reg")
	}
	for name, ch := range d.Channels {
		if ch.Profile().Name != name {
			return fmt.Errorf("channel %s calls itself %q", name, ch.Profile().Name)
		}
	}
	return nil
}

// Device is a phone or a browser of the viewer's.
type Device struct {
	ID       string // says nothing about the device
	Kind     string // name of its network: "fcm", "webpush"
	Platform string // "android", "ios", "web"; "" when it did not say
	Lang     message.Lang
	Topics   []string // that it follows, in order
	SeenAt   time.Time
}

// Devices are all registered devices. They are safe for concurrent use; several replicas may work on the same store.
type Devices struct {
	cfg     Config
	deps    Deps
	docs    *store.Collection[record]
	letters *store.Collection[letter]
	byOwner store.Query
	byWhom  store.Query // by the session or chat that registered it
	byDue   store.Query
	bySince store.Query
	hosts   *hosts
	// gathering is held by the worker that chooses whose topics to change.
	gathering sync.Mutex
	metrics   *metrics
	alarms    *alarms
}

var (
	_ notify.Carrier = (*Devices)(nil)
	_ notify.Topics  = (*Devices)(nil)
)

// New defines the documents.
func New(ctx context.Context, engine store.Engine, cfg Config, deps Deps) (*Devices, error) {
	if err := errors.Join(cfg.Validate(), deps.validate()); err != nil {
		return nil, fmt.Errorf("device: %w", err)
	}
	docs, err := store.Define[record](ctx, engine, deviceKind())
	if err != nil {
		return nil, err
	}
	letters, err := store.Define[letter](ctx, engine, letterKind())
	if err != nil {
		return nil, err
	}
	byOwner, err1 := docs.Query("by_owner")
	byWhom, err2 := docs.Query("by_registrar")
	byDue, err3 := docs.Query("by_topics_due")
	bySince, err4 := docs.Query("by_since")
	m, err5 := newMetrics(deps.Reg)
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return nil, fmt.Errorf("device: %w", err)
	}
	d := &Devices{cfg: cfg.filled(), deps: deps, docs: docs, letters: letters, byOwner: byOwner, byWhom: byWhom, byDue: byDue, bySince: bySince, metrics: m}
	d.hosts, d.alarms = &hosts{now: d.now, of: map[place]*host{}}, &alarms{of: map[string]*alarm{}}
	return d, nil
}

// now is the clock as the store keeps times.
func (d *Devices) now() time.Time { return d.deps.Now().UTC().Truncate(time.Millisecond) }

func (d *Devices) nudge() {
	if d.deps.Nudge != nil {
		d.deps.Nudge()
	}
}
