package outbox

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/motcua/motcua/internal/retry"
)

// The outcomes of an attempt, as labels.
const (
	outcomeDone  = "done"
	outcomeLater = "later"
	outcomeDead  = "dead"
)

const (
	measureEvery = 15 * time.Second
	maxDepth     = 100_000 // counting stops here
)

type metrics struct {
	depth    *prometheus.GaugeVec
	age      *prometheus.GaugeVec
	attempts *prometheus.CounterVec
	duration *prometheus.HistogramVec
	delay    *prometheus.HistogramVec
	held     *prometheus.GaugeVec
	heldAge  *prometheus.GaugeVec
	relayed  *prometheus.CounterVec
	runs     *prometheus.CounterVec
	runTime  *prometheus.GaugeVec
	lastRun  *prometheus.GaugeVec
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "motcua", Name: name, Help: help}, labels)
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "motcua", Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "motcua", Name: name, Help: help, Buckets: buckets}, labels)
	}
	m := &metrics{
		depth:    gauge("outbox_depth", "Intents by lane and state (waiting, dead); counting stops at 100,000.", "lane", "state"),
		age:      gauge("outbox_oldest_age_seconds", "How long the oldest waiting intent of the lane could have left.", "lane"),
		attempts: counter("outbox_attempts_total", "Attempts by what became of them: done, later, dead.", "lane", "kind", "outcome"),
		duration: histogram("outbox_attempt_seconds", "Time that handlers took.", prometheus.DefBuckets, "lane", "kind"),
		delay:    histogram("outbox_delay_seconds", "From when an intent could leave until it was done.", []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 3600}, "lane"),
		held:     gauge("relay_depth", "Documents that hold something to be passed on, by relay; counting stops at 100,000.", "relay"),
		heldAge:  gauge("relay_oldest_age_seconds", "How long the relay's oldest document has held something.", "relay"),
		relayed:  counter("relay_carried_total", "Documents passed on by relays: done, later.", "relay", "outcome"),
		runs:     counter("job_runs_total", "Runs of recurring jobs: done, failed, interrupted.", "job", "outcome"),
		runTime:  gauge("job_last_run_seconds", "How long the last run took.", "job"),
		lastRun:  gauge("job_last_success_timestamp_seconds", "When the job last succeeded here, in Unix seconds.", "job"),
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.depth, m.age, m.attempts, m.duration, m.delay, m.held, m.heldAge, m.relayed, m.runs, m.runTime, m.lastRun} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}

func (m *metrics) outcome(l Lane, kind, outcome string) {
	m.attempts.WithLabelValues(string(l), kind, outcome).Inc()
}

func (m *metrics) attempt(l Lane, kind string, took time.Duration) {
	m.duration.WithLabelValues(string(l), kind).Observe(took.Seconds())
}

func (m *metrics) done(l Lane, delay time.Duration) {
	m.delay.WithLabelValues(string(l)).Observe(delay.Seconds())
}

func (m *metrics) carried(relay, outcome string) { m.relayed.WithLabelValues(relay, outcome).Inc() }

func (m *metrics) ran(job string, err error, took time.Duration, now time.Time) {
	outcome := outcomeDone
	switch {
	case errors.Is(err, errDrained):
		outcome = "interrupted"
	case err != nil:
		outcome = "failed"
	default:
		m.lastRun.WithLabelValues(job).Set(float64(now.Unix()))
	}
	m.runs.WithLabelValues(job, outcome).Inc()
	m.runTime.WithLabelValues(job).Set(took.Seconds())
}

// measure keeps the gauges of what is stored.
func (o *Outbox) measure(ctx context.Context) {
	for ctx.Err() == nil {
		for _, l := range Lanes() {
			o.measureLane(ctx, l)
		}
		for _, r := range o.relays {
			o.measureRelay(ctx, r)
		}
		retry.Sleep(ctx, measureEvery)
	}
}

// measureLane leaves the gauges as they are while the store is away: the store's own metrics tell that.
func (o *Outbox) measureLane(ctx context.Context, l Lane) {
	waiting := o.states.Where(string(Waiting), string(l))
	if n, err := o.records.Count(ctx, waiting, maxDepth); err == nil {
		o.metrics.depth.WithLabelValues(string(l), string(Waiting)).Set(float64(n))
	}
	if n, err := o.records.Count(ctx, o.states.Where(string(Dead), string(l)), maxDepth); err == nil {
		o.metrics.depth.WithLabelValues(string(l), string(Dead)).Set(float64(n))
	}
	oldest, err := o.records.Collect(ctx, waiting.First(1))
	if err != nil {
		return
	}
	age := time.Duration(0)
	if len(oldest) > 0 {
		age = max(0, o.now().Sub(oldest[0].Since))
	}
	o.metrics.age.WithLabelValues(string(l)).Set(age.Seconds())
}

// measureRelay leaves the gauges as they are while the source is away. A panic of the source stays here: it must not end the program.
func (o *Outbox) measureRelay(ctx context.Context, r *relay) {
	var n int
	var since time.Time
	err := retry.Safely(func() (err error) {
		n, since, err = r.src.Waiting(ctx, maxDepth)
		return err
	})
	if err != nil {
		return
	}
	age := time.Duration(0)
	if n > 0 && !since.IsZero() {
		age = max(0, o.now().Sub(since))
	}
	o.metrics.held.WithLabelValues(r.name).Set(float64(n))
	o.metrics.heldAge.WithLabelValues(r.name).Set(age.Seconds())
}
