package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/store"
)

// phoneCount holds what one phone was sent and what was tried for it in the last day. Unlike the counts by address and device it is stored: no
// flush of a cache gives a guesser new tries, and no restart makes the city pay for more messages.
type phoneCount struct {
	ID        string      `bson:"_id"` // keyed index of the phone
	Sends     []sentCode  `bson:"sends"`
	Checks    []time.Time `bson:"checks"`
	ExpiresAt time.Time   `bson:"expires_at"`
}

type sentCode struct {
	Challenge string    `bson:"challenge"` // so that a repeat is not charged again
	At        time.Time `bson:"at"`
}

const day = 24 * time.Hour

var phoneKind = store.Kind{Name: "otp_phones", ExpiresAt: "expires_at"}

// chargeSend counts one code for a phone. RATE_LIMITED when there were too many.
func (a *Accounts) chargeSend(ctx context.Context, index, challenge string) error {
	return a.charge(ctx, index, func(p *phoneCount, now time.Time) error {
		for _, s := range p.Sends {
			if s.Challenge == challenge {
				return store.ErrUnchanged
			}
		}
		if wait := a.sendWait(p.Sends, now); wait > 0 {
			return fault.New(fault.RateLimited, "account.too_many_codes").With("seconds", seconds(wait)).After(wait)
		}
		p.Sends = append(p.Sends, sentCode{Challenge: challenge, At: now})
		return nil
	})
}

// sendWait tells how long a phone must wait for its next code; 0 when it need not. sends are of the last day, oldest first.
func (a *Accounts) sendWait(sends []sentCode, now time.Time) time.Duration {
	var wait time.Duration
	for _, rule := range []struct {
		max int
		per time.Duration
	}{{1, a.cfg.Code.ResendAfter}, {a.cfg.Code.SendsPerHour, time.Hour}, {a.cfg.Code.SendsPerDay, day}} {
		if len(sends) < rule.max {
			continue
		}
		wait = max(wait, sends[len(sends)-rule.max].At.Add(rule.per).Sub(now))
	}
	return wait
}

// chargeCheck counts one code tried for a phone, before it is compared. RATE_LIMITED when there were too many.
func (a *Accounts) chargeCheck(ctx context.Context, index string) error {
	return a.charge(ctx, index, func(p *phoneCount, now time.Time) error {
		if n := len(p.Checks) - a.cfg.Code.ChecksPerDay; n >= 0 {
			wait := p.Checks[n].Add(day).Sub(now)
			return fault.New(fault.RateLimited, "account.too_many_tries").After(wait)
		}
		p.Checks = append(p.Checks, now)
		return nil
	})
}

// charge changes the counts of a phone, without what is older than a day.
func (a *Accounts) charge(ctx context.Context, index string, change func(*phoneCount, time.Time) error) error {
	now := a.now()
	_, err := a.phones.Upsert(ctx, index, func() phoneCount { return phoneCount{ID: index} }, func(p *phoneCount) error {
		p.forget(now)
		p.ExpiresAt = now.Add(day)
		return change(p, now)
	})
	return a.charged(err)
}

func (a *Accounts) charged(err error) error {
	var f *fault.Error
	if err == nil || errors.As(err, &f) && f.Code == fault.RateLimited {
		return a.limited(err)
	}
	return fmt.Errorf("account: count by phone: %w", err)
}

// forget drops what is older than a day.
func (p *phoneCount) forget(now time.Time) {
	for len(p.Sends) > 0 && !now.Before(p.Sends[0].At.Add(day)) {
		p.Sends = p.Sends[1:]
	}
	for len(p.Checks) > 0 && !now.Before(p.Checks[0].Add(day)) {
		p.Checks = p.Checks[1:]
	}
}

// seconds rounds a wait up to whole seconds.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
