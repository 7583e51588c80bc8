package device

import (
	"context"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/retry"
	"github.com/motcua/motcua/internal/store"
)

// How a device that does not take what it is sent is treated, on networks where its owner named who answers.
const (
	restMin   = 15 * time.Second // after the first failed attempt the device alone is left in peace; it doubles
	restMax   = 5 * time.Minute
	leastTry  = 5 // failed attempts without which it is not forgotten
	newFactor = 4 // a device that never took anything is forgotten so much sooner
)

// rest gives how long a device is left in peace after so many failed attempts in a row. asked is what was answered; 0 for nothing.
func rest(fails int, asked time.Duration) time.Duration {
	return max(retry.Backoff(fails-1, restMin, restMax), min(asked, restMax))
}

// resting gives how long a device is still to be left in peace.
func (r record) resting(now time.Time) time.Duration {
	if r.RestUntil == nil {
		return 0
	}
	return max(0, r.RestUntil.Sub(now))
}

// well forgets what went wrong with a device.
func (r *record) well() { r.Fails, r.FailingSince, r.RestUntil = 0, nil, nil }

// learn remembers which devices took something, and which did not, and forgets those that have failed for too long.
func (d *Devices) learn(ctx context.Context, ends []end) {
	ctx = context.WithoutCancel(ctx) // the caller may have left while the networks answered
	for _, e := range ends {
		if !e.hosted || e.unasked || !e.news() {
			continue
		}
		_, err := d.docs.Update(ctx, e.record.ID, func(r *record) error { return d.judge(r, e) })
		if err != nil && fault.CodeOf(err) != fault.NotFound {
			d.deps.Log.ErrorContext(ctx, "how a device took a letter could not be stored", "device", e.record.ID, "err", err)
		}
	}
}

// news tells whether the end of an attempt changes what is known of its device.
func (e end) news() bool {
	switch e.Status {
	case channels.Sent:
		return !e.Proven || e.Fails > 0
	case channels.Later:
		return true
	}
	return e.Alarm && !e.Proven
}

// judge puts the end of an attempt into its device, as long as that is whose it was.
func (d *Devices) judge(r *record, e end) error {
	if r.Owner != e.Owner || r.Owner == "" {
		return store.ErrUnchanged
	}
	if e.Status == channels.Sent {
		r.Proven = true
		r.well()
		return nil
	}
	now := d.now()
	r.Fails++
	if r.FailingSince == nil {
		r.FailingSince = &now
	}
	if e.Status == channels.Later {
		until := now.Add(e.Retry)
		r.RestUntil = &until
	}
	if r.Fails >= leastTry && now.Sub(*r.FailingSince) >= d.failing(r.Proven) {
		d.giveUp(r, now)
		d.metrics.pushes.WithLabelValues(r.Kind, "dropped", "failing").Inc()
	}
	return nil
}

// failing gives after what time of failing a device is forgotten.
func (d *Devices) failing(proven bool) time.Duration {
	if proven {
		return d.cfg.Failing
	}
	return d.cfg.Failing / newFactor
}
