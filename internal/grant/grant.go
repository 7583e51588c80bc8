// Package grant keeps the tokens by which networks let the city in, and renews them.
//
// It owns the rule that a refresh token is used once: one refresher at a time over all replicas, the new pair stored before it is used, and an alarm when a
// pair may have been lost. It knows no network; how a pair is exchanged is handed to it. Tokens are stored sealed.
package grant

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// Pair is what a network gives: the token for its calls, and the one that gets the next pair.
type Pair struct {
	Access, Refresh string
	ExpiresAt       time.Time // of the access token
}

// Exchange gives the next pair for a refresh token. UNAUTHORIZED or FORBIDDEN mean that only a new consent, or an operator, helps.
type Exchange func(ctx context.Context, refresh string) (Pair, error)

// Box seals what is stored (secret.Box does).
type Box interface {
	Seal(plain []byte, context string) ([]byte, error)
	Unseal(sealed []byte, context string) ([]byte, error)
}

// Keeper keeps the grants of one city. It is safe for concurrent use.
type Keeper struct {
	grants *store.Collection[record]
	box    Box
	now    func() time.Time
	log    *slog.Logger
	meters *meters

	mu      sync.Mutex
	sources []*Source
	alarmed map[string]time.Time // when an alarm of that text was last logged
}

// New opens the grants.
func New(ctx context.Context, engine store.Engine, box Box, now func() time.Time, log *slog.Logger, reg prometheus.Registerer) (*Keeper, error) {
	// One document for each account of the city on a network, a handful that an operator consents to one by one: nothing here grows, so nothing expires.
	grants, err := store.Define[record](ctx, engine, store.Kind{Name: "grants"})
	if err != nil {
		return nil, err
	}
	m, err := newMeters(reg)
	if err != nil {
		return nil, err
	}
	return &Keeper{grants: grants, box: box, now: now, log: log, meters: m, alarmed: map[string]time.Time{}}, nil
}

// Put stores the pair that a consent gave, in place of what there was. The name is "<network>/<account>".
func (k *Keeper) Put(ctx context.Context, name string, p Pair) error {
	if name == "" || p.Access == "" || p.Refresh == "" {
		return fault.Wrap(fault.Internal, errors.New("grant: a grant needs a name and both tokens"))
	}
	next, err := k.seal(name, p)
	if err != nil {
		return err
	}
	r := record{ID: name, Pair: next, Serial: 1, Agreed: next.Got}
	err = k.grants.Insert(ctx, r)
	if fault.CodeOf(err) == fault.Conflict {
		r, err = k.grants.Update(ctx, name, func(r *record) error {
			r.replace(next)
			r.Agreed = next.Got
			return nil
		})
	}
	if err == nil {
		k.watch(r)
	}
	return err
}

// Status is what an operator may know of a grant.
type Status struct {
	Since     time.Time // when the present pair came
	Agreed    time.Time // when an administrator agreed last
	ExpiresAt time.Time // of the access token
	Refused   time.Time // since when the network refuses the refresh token; zero when it does not
}

// Status tells how a grant stands. NOT_FOUND when there was no consent.
func (k *Keeper) Status(ctx context.Context, name string) (Status, error) {
	r, err := k.grants.Get(ctx, name)
	if err != nil {
		return Status{}, err
	}
	return Status{Since: r.Pair.Got, Agreed: r.Agreed, ExpiresAt: r.Pair.Expires, Refused: r.Refused}, nil
}

// Source gives the tokens of one grant, renewed by ex.
func (k *Keeper) Source(name string, ex Exchange) *Source {
	s := &Source{keeper: k, name: name, exchange: ex, holder: uuid.NewString(), gate: make(chan struct{}, 1)}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.sources = append(k.sources, s)
	return s
}

// oldAge is when an unused refresh token becomes a worry: the shortest-lived one we keep has three months.
const oldAge = 60 * 24 * time.Hour

// Check renews what is due, so that a grant does not die of not being used, saves what could not be saved, and measures the age of all grants. For a
// recurring job, every few minutes to hours.
func (k *Keeper) Check(ctx context.Context) error {
	k.mu.Lock()
	sources := append([]*Source(nil), k.sources...)
	k.mu.Unlock()
	var errs []error
	for _, s := range sources {
		if _, err := s.Token(ctx); err != nil && !errors.Is(err, errNoConsent) {
			errs = append(errs, err)
		}
	}
	for r, err := range k.grants.Find(ctx, k.grants.ByID()) {
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		k.watch(r)
	}
	return errors.Join(errs...)
}

// watch measures how old a grant is.
func (k *Keeper) watch(r record) {
	age := k.now().Sub(r.Pair.Got)
	k.meters.age.WithLabelValues(r.ID).Set(age.Seconds())
	refused := 0.0
	if !r.Refused.IsZero() {
		refused = 1
	}
	k.meters.refused.WithLabelValues(r.ID).Set(refused)
	if age > oldAge {
		k.alarm(r.ID, "the refresh token is older than 60 days and was not renewed; it dies soon", "age", age.Round(time.Hour).String())
	}
}

// alarm logs what an operator must look at, each text at most once an hour.
func (k *Keeper) alarm(name, text string, args ...any) {
	k.mu.Lock()
	now, key := k.now(), name+"\x00"+text
	last, there := k.alarmed[key]
	quiet := there && now.Sub(last) < time.Hour
	if !quiet {
		k.alarmed[key] = now
	}
	k.mu.Unlock()
	if !quiet {
		k.log.Error("grant: "+text, append([]any{"grant", name, "remedy", remedy(name)}, args...)...)
	}
}

// remedy is the command that gets a new consent.
func remedy(name string) string {
	network, _, _ := strings.Cut(name, "/")
	return "motcua channels setup " + network
}

// errNoConsent is why there is no token before the first consent.
var errNoConsent = errors.New("no consent yet")

func noConsent(name string) error {
	return fault.Wrap(fault.Forbidden, fmt.Errorf("grant: %s: %w: run %s", name, errNoConsent, remedy(name)))
}
