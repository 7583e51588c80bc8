package inbox

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/motcua/motcua/internal/retry"
)

const (
	measureEvery = 15 * time.Second
	maxDepth     = 100_000 // counting stops here
	sample       = 100     // waiting events looked at for the oldest one
)

type metrics struct {
	taken    *prometheus.CounterVec
	repeats  *prometheus.CounterVec
	ack      *prometheus.HistogramVec
	waiting  prometheus.Gauge
	age      prometheus.Gauge
	endings  *prometheus.CounterVec
	duration *prometheus.HistogramVec
	delay    *prometheus.HistogramVec
	fetches  *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "motcua", Subsystem: "inbox", Name: name, Help: help}, labels)
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "motcua", Subsystem: "inbox", Name: name, Help: help})
	}
	histogram := func(name, help string, buckets ...float64) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "motcua", Subsystem: "inbox", Name: name, Help: help, Buckets: buckets}, []string{"channel"})
	}
	m := &metrics{
		taken:    counter("taken_total", "Events stored for the first time.", "channel", "kind"),
		repeats:  counter("duplicates_total", "Events that were stored before.", "channel"),
		ack:      histogram("take_seconds", "Time to store what one webhook said, before it is acknowledged.", .001, .0025, .005, .01, .025, .05, .1, .2, .5, 1, 2),
		waiting:  gauge("waiting", "Events not yet acted on; counting stops at 100,000."),
		age:      gauge("oldest_age_seconds", "How long the oldest of the first 100 due events has waited."),
		endings:  counter("attempts_total", "Attempts by what became of them: done, later, failed, parked, drained.", "channel", "outcome"),
		duration: histogram("attempt_seconds", "Time that the handler took.", prometheus.DefBuckets...),
		delay:    histogram("delay_seconds", "From when an event was taken until it was acted on.", .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 3600),
		fetches:  counter("fetched_total", "Attachments by what became of them: taken, kind, too_large, unreadable, unreachable.", "channel", "kind", "outcome"),
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.taken, m.repeats, m.ack, m.waiting, m.age, m.endings, m.duration, m.delay, m.fetches} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}

func (m *metrics) took(channel string, d time.Duration) {
	m.ack.WithLabelValues(channel).Observe(d.Seconds())
}

func (m *metrics) attempt(channel string, d time.Duration) {
	m.duration.WithLabelValues(channel).Observe(d.Seconds())
}

func (m *metrics) ended(channel string, e ending) {
	m.endings.WithLabelValues(channel, string(e)).Inc()
}

func (m *metrics) fetched(channel string, f Fetched) {
	outcome := f.Reason
	if outcome == "" {
		outcome = "taken"
	}
	m.fetches.WithLabelValues(channel, string(f.Kind), outcome).Inc()
}

// measure keeps the gauges of what is stored. It leaves them as they are while the store is away: the store's own metrics tell that.
func (in *Inbox) measure(ctx context.Context) {
	for ctx.Err() == nil {
		if n, err := in.records.Count(ctx, in.due.Where(), maxDepth); err == nil {
			in.metrics.waiting.Set(float64(n))
		}
		if found, err := in.records.Collect(ctx, in.due.Where().First(sample)); err == nil {
			in.metrics.age.Set(oldest(found, in.now()).Seconds())
		}
		retry.Sleep(ctx, measureEvery)
	}
}

// oldest gives how long the one that waits longest has waited.
func oldest(found []record, now time.Time) time.Duration {
	age := time.Duration(0)
	for _, r := range found {
		age = max(age, now.Sub(r.Since))
	}
	return age
}
