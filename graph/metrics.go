package graph

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics counts operations. No label takes a client's words.
type metrics struct {
	operations *prometheus.HistogramVec
	rejected   *prometheus.CounterVec
	streams    *prometheus.GaugeVec
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		operations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "motcua_graphql_response_seconds", Help: "Time from an operation's start to each of its responses, by kind of operation and whether there were errors.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"kind", "errors"}),
		rejected: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "motcua_graphql_rejected_total", Help: "Requests and operations refused before they ran, by reason.",
		}, []string{"reason"}),
		streams: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "motcua_graphql_streams", Help: "Open streams, by kind: socket or events.",
		}, []string{"kind"}),
	}
	for _, c := range []prometheus.Collector{m.operations, m.rejected, m.streams} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("graph: metrics: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) answered(kind string, failed bool, took time.Duration) {
	label := "no"
	if failed {
		label = "yes"
	}
	if kind == "subscription" {
		return // how long a stream waits for its next response tells nothing
	}
	m.operations.WithLabelValues(kind, label).Observe(took.Seconds())
}

func (m *metrics) reject(reason string) { m.rejected.WithLabelValues(reason).Inc() }

func (m *metrics) stream(kind string, n int) { m.streams.WithLabelValues(kind).Add(float64(n)) }
