package grant

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/motcua/motcua/internal/fault"
)

// Source gives the access token of one grant. It is safe for concurrent use; in other replicas others give the same.
type Source struct {
	keeper   *Keeper
	name     string
	exchange Exchange
	holder   string        // names this source in leases
	gate     chan struct{} // held by the one goroutine that renews; guards unsaved and forced
	unsaved  *unsaved
	forced   []time.Time // when the network's word alone made us renew, lately

	mu  sync.Mutex
	cur held
}

// held is what a source remembers of the stored pair.
type held struct {
	access  string
	expires time.Time
	renewAt time.Time
	until   time.Time // a little before expires: a call takes time
}

// edge is how long before its end a token is no longer given out, of a life of a minute and more.
const edge = 10 * time.Second

// usable tells whether the token can still be used, unless it is the stale one.
func (h held) usable(now time.Time, stale string) bool {
	return h.access != "" && h.access != stale && now.Before(h.until)
}

// good tells whether there is nothing to do.
func (h held) good(now time.Time, stale string) bool {
	return h.usable(now, stale) && now.Before(h.renewAt)
}

func (s *Source) peek() held {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cur
}

// Token gives a token that should be good. It renews ahead of the end, at three quarters to four fifths of the token's life, and meanwhile others get the old
// one. FORBIDDEN when an operator has to act: no consent yet, or the network refuses the refresh token. UNAVAILABLE when the store or the network cannot be
// reached.
//
// A renewal that has begun is carried to its end, half a minute at most, also when ctx ends: the refresh token is spent by then.
func (s *Source) Token(ctx context.Context) (string, error) {
	now := s.keeper.now()
	h := s.peek()
	if h.good(now, "") {
		return h.access, nil
	}
	if h.usable(now, "") {
		select {
		case s.gate <- struct{}{}:
		default:
			return h.access, nil // somebody is at it
		}
	} else if err := s.enter(ctx); err != nil {
		return "", err
	}
	defer s.leave()
	access, err := s.fresh(ctx, "")
	if err != nil && h.usable(now, "") {
		s.postpone(now.Add(rest))
		s.keeper.log.Warn("grant: not renewed; the old token is used as long as it lives", "grant", s.name, "error", err)
		return h.access, nil
	}
	return access, err
}

// rest is how long nobody tries after a failure of our own, the store's for one, while the old token lives.
const rest = 5 * time.Second

// maxForced is how often in forcedTime the network's word alone makes us renew: when it refuses whatever we show, more tokens do not help.
const (
	maxForced  = 3
	forcedTime = 5 * time.Minute
)

// Renew gives a token other than stale, which the network refused: the newer one that somebody has stored meanwhile, or a new one. Errors as those of Token,
// and UNAVAILABLE also when the network refuses one token after the other.
func (s *Source) Renew(ctx context.Context, stale string) (string, error) {
	if h := s.peek(); stale != "" && h.good(s.keeper.now(), stale) {
		return h.access, nil
	}
	if err := s.enter(ctx); err != nil {
		return "", err
	}
	defer s.leave()
	return s.fresh(ctx, stale)
}

func (s *Source) enter(ctx context.Context) error {
	select {
	case s.gate <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fault.Wrap(fault.Unavailable, fmt.Errorf("grant: %s: wait for renewal: %w", s.name, ctx.Err()))
	}
}

func (s *Source) leave() { <-s.gate }

// adopt remembers the stored pair. Replicas draw different times, so that they do not all begin to renew at once.
func (s *Source) adopt(r record) (held, error) {
	p, err := s.keeper.unseal(r)
	if err != nil {
		return held{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cur.access != p.Access || s.cur.expires != p.ExpiresAt {
		life := r.Pair.Expires.Sub(r.Pair.Got)
		s.cur = held{
			access:  p.Access,
			expires: p.ExpiresAt,
			renewAt: r.Pair.Got.Add(time.Duration((0.75 + 0.05*rand.Float64()) * float64(life))),
			until:   r.Pair.Expires.Add(-min(edge, life/6)),
		}
	}
	return s.cur, nil
}

// postpone keeps a token in use although it should have been renewed.
func (s *Source) postpone(until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cur.renewAt.Before(until) {
		s.cur.renewAt = until
	}
}

// firstLook is how long a source waits before it looks what became of another one's renewal; then twice as long, to a second.
const firstLook = 20 * time.Millisecond

// fresh gives a token other than stale: the one at hand, the one that another replica has stored, or a new one. The caller holds the gate.
func (s *Source) fresh(ctx context.Context, stale string) (string, error) {
	if s.unsaved != nil {
		if _, err := s.save(ctx); err != nil {
			return "", err
		}
	}
	for wait := firstLook; ; wait = min(2*wait, time.Second) {
		if h := s.peek(); h.good(s.keeper.now(), stale) {
			return h.access, nil
		}
		access, err := s.round(ctx, stale)
		if !errors.Is(err, errBusy) {
			return access, err
		}
		if err := pause(ctx, wait); err != nil {
			return "", fault.Wrap(fault.Unavailable, fmt.Errorf("grant: %s: another replica renews: %w", s.name, err))
		}
	}
}

// errBusy says that another replica renews.
var errBusy = errors.New("grant: another replica renews")

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
