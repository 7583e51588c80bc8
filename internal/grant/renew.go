package grant

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// Times of a renewal. The exchange and the first attempts to save end before the lease does.
const (
	leaseTime    = 30 * time.Second
	exchangeTime = 15 * time.Second
	saveTime     = 10 * time.Second
)

// round looks at what is stored, and renews it if nobody else does. errBusy when somebody does.
func (s *Source) round(ctx context.Context, stale string) (string, error) {
	r, err := s.keeper.grants.Get(ctx, s.name)
	if fault.CodeOf(err) == fault.NotFound {
		return "", noConsent(s.name)
	}
	if err != nil {
		return "", fmt.Errorf("grant: %s: read: %w", s.name, err)
	}
	h, err := s.adopt(r)
	if err != nil {
		return "", err
	}
	now := s.keeper.now()
	if h.good(now, stale) {
		return h.access, nil // another replica has renewed it
	}
	if wait := r.NextTry.Sub(now); wait > 0 {
		return s.hold(h, r, stale, errors.New("renewing failed lately"))
	}
	if stale != "" && h.access == stale && !s.mayForce(now) {
		return "", s.unavailable(fault.Unavailable, forcedTime, errors.New("the network refuses one new token after the other"))
	}
	r, mine, err := s.lease(ctx, r.Serial)
	switch {
	case err != nil:
		return "", err
	case mine:
		return s.renew(ctx, r, stale)
	case h.usable(now, stale):
		return h.access, nil // another replica renews it ahead of its end
	}
	return "", errBusy
}

// hold gives the present token for want of a better one, or an error that says when to come again.
func (s *Source) hold(h held, r record, stale string, cause error) (string, error) {
	now := s.keeper.now()
	if h.usable(now, stale) {
		s.postpone(r.NextTry)
		return h.access, nil
	}
	code := fault.Unavailable
	if !r.Refused.IsZero() {
		code = fault.Forbidden
	}
	return "", s.unavailable(code, r.NextTry.Sub(now), cause)
}

func (s *Source) unavailable(code fault.Code, wait time.Duration, cause error) error {
	return fault.New(code, "").After(wait).Because(fmt.Errorf("grant: %s: %w", s.name, cause))
}

// mayForce tells whether the network's word is enough to renew, and counts it.
func (s *Source) mayForce(now time.Time) bool {
	for len(s.forced) > 0 && now.Sub(s.forced[0]) >= forcedTime {
		s.forced = s.forced[1:]
	}
	return len(s.forced) < maxForced
}

// lease makes this source the one that renews the pair of that serial, unless another one is at it or has done it.
func (s *Source) lease(ctx context.Context, serial int64) (r record, mine bool, err error) {
	now := stamp(s.keeper.now())
	var doubt time.Time
	r, err = s.keeper.grants.Update(ctx, s.name, func(r *record) error {
		doubt, mine = time.Time{}, false
		if r.Serial != serial || r.Lease.Until.After(now) && r.Lease.Holder != s.holder {
			return store.ErrUnchanged
		}
		if r.Lease.Holder != s.holder { // what this one left undone, it knows: nothing was spent
			doubt = r.Renewing
		}
		r.Lease, r.Renewing, mine = lease{Holder: s.holder, Until: now.Add(leaseTime)}, now, true
		return nil
	})
	if err != nil {
		return record{}, false, fmt.Errorf("grant: %s: lease: %w", s.name, err)
	}
	if mine && !doubt.IsZero() {
		s.keeper.meters.ends.WithLabelValues(s.name, endDoubt).Inc()
		s.keeper.alarm(s.name, "a renewal ended between exchange and saving: the refresh token may be lost; trying the stored one", "since", doubt)
	}
	return r, mine, nil
}

// renew exchanges the refresh token. From here on ctx no longer stops anything: what is spent must be saved.
func (s *Source) renew(ctx context.Context, r record, stale string) (string, error) {
	old, err := s.keeper.unseal(r)
	if err != nil {
		return "", err
	}
	if old.Access == stale {
		s.forced = append(s.forced, s.keeper.now())
	}
	ctx = context.WithoutCancel(ctx)
	xctx, cancel := context.WithTimeout(ctx, exchangeTime)
	defer cancel()
	p, err := s.exchange(xctx, old.Refresh)
	if err == nil && p.Access == "" {
		err = fault.Wrap(fault.Unavailable, errors.New("a pair without access token"))
	}
	if err != nil {
		return s.failed(ctx, r, stale, err)
	}
	if p.Refresh == "" {
		p.Refresh = old.Refresh // a network that does not replace it
	}
	s.unsaved = &unsaved{pair: p, serial: r.Serial}
	return s.save(ctx)
}

const (
	firstBackoff = 15 * time.Second
	maxBackoff   = 10 * time.Minute
)

// backoff is how long nobody tries after so many failures in a row.
func backoff(failures int) time.Duration {
	return min(firstBackoff<<min(failures-1, 6), maxBackoff)
}

// failed gives the lease back after an exchange that gave nothing.
func (s *Source) failed(ctx context.Context, r record, stale string, cause error) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, saveTime)
	defer cancel()
	now := stamp(s.keeper.now())
	code := fault.CodeOf(cause)
	refused := code == fault.Unauthorized || code == fault.Forbidden
	until := now.Add(backoff(r.Failures + 1))
	next, err := s.keeper.grants.Update(ctx, s.name, func(x *record) error {
		if x.Serial != r.Serial || x.Lease.Holder != s.holder {
			return store.ErrUnchanged
		}
		x.Lease, x.Renewing, x.NextTry = lease{}, time.Time{}, until
		x.Failures++
		if refused && x.Refused.IsZero() {
			x.Refused = now
		}
		return nil
	})
	s.tell(refused, until, cause)
	if err == nil {
		s.keeper.watch(next)
	}
	if err == nil && next.Serial != r.Serial { // a consent came meanwhile
		h, err := s.adopt(next)
		if err == nil && h.usable(now, stale) {
			return h.access, nil
		}
	}
	next.NextTry = until
	if refused && next.Refused.IsZero() { // the store could not be told
		next.Refused = now
	}
	return s.hold(s.peek(), next, stale, cause)
}

func (s *Source) tell(refused bool, until time.Time, cause error) {
	k := s.keeper
	if refused {
		k.meters.ends.WithLabelValues(s.name, endRefused).Inc()
		k.alarm(s.name, "the network refuses the refresh token", "error", cause)
		return
	}
	k.meters.ends.WithLabelValues(s.name, endFailed).Inc()
	k.log.Warn("grant: renewing failed", "grant", s.name, "error", cause, "next_try", until)
}
