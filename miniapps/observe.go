package miniapps

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sony/gobreaker/v2"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/motcua/motcua/internal/fault"
)

// metrics count what the runner does. Labels take only values of the manifests and the known codes, never what a caller sent.
type metrics struct {
	calls    *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight *prometheus.GaugeVec
	breaker  *prometheus.GaugeVec
	panics   *prometheus.CounterVec
	lost     *prometheus.CounterVec
}

// unknown labels calls of apps or actions that do not exist.
const unknown = "unknown"

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "motcua_runner_calls_total",
			Help: "Calls of mini-apps by outcome: OK or the error's code."}, []string{"app", "action", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "motcua_runner_call_duration_seconds",
			Help: "Time from request to answer, checks included.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 14)}, []string{"app", "action"}),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "motcua_runner_calls_running",
			Help: "Calls that run, those that were given up included."}, []string{"app"}),
		breaker: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "motcua_runner_breaker_state",
			Help: "0 the app works, 1 it is being tried, 2 it rests after failures."}, []string{"app"}),
		panics: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "motcua_runner_panics_total",
			Help: "Panics of mini-apps."}, []string{"app"}),
		lost: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "motcua_runner_given_up_total",
			Help: "Calls that ignored the end of their context."}, []string{"app"}),
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.calls, m.seconds, m.inFlight, m.breaker, m.panics, m.lost} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}

func (m *metrics) observe(s *service, a *action, code string, took time.Duration) {
	app, act := names(s, a)
	m.calls.WithLabelValues(app, act, code).Inc()
	m.seconds.WithLabelValues(app, act).Observe(took.Seconds())
}

func (m *metrics) running(app string, by float64) { m.inFlight.WithLabelValues(app).Add(by) }
func (m *metrics) panicked(app string)            { m.panics.WithLabelValues(app).Inc() }
func (m *metrics) givenUp(app string)             { m.lost.WithLabelValues(app).Inc() }

func (m *metrics) state(app string, s gobreaker.State) {
	m.breaker.WithLabelValues(app).Set(float64(s))
}

func names(s *service, a *action) (app, act string) {
	app, act = unknown, unknown
	if s != nil {
		app = s.manifest.AppID
	}
	if a != nil {
		act = a.ID
	}
	return app, act
}

// begin opens a span around one call.
func (r *Runner) begin(ctx context.Context, s *service, a *action, req Request) (context.Context, trace.Span) {
	app, act := names(s, a)
	kind := BySystem
	if req.System == "" {
		kind = ByCitizen
	}
	if a != nil {
		kind = a.Audience
	}
	return r.tracer.Start(ctx, "miniapp "+app+"."+act, trace.WithAttributes(
		attribute.String("miniapp.app", app), attribute.String("miniapp.action", act), attribute.String("miniapp.audience", string(kind))))
}

func finish(span trace.Span, code string) {
	span.SetAttributes(attribute.String("miniapp.code", code))
	if code == string(fault.Internal) || code == string(fault.Unavailable) {
		span.SetStatus(codes.Error, code)
	}
}

// codeOf gives the outcome of a call as one of a few words.
func codeOf(err error) string {
	if err == nil {
		return "OK"
	}
	if c := fault.CodeOf(err); known(c) {
		return string(c)
	}
	return string(fault.Internal)
}

// known tells whether c is one of the codes that the edges understand.
func known(c fault.Code) bool {
	return slices.Contains([]fault.Code{fault.Invalid, fault.Unauthorized, fault.Forbidden, fault.NotFound, fault.Conflict,
		fault.RateLimited, fault.Unavailable, fault.Internal}, c)
}
