package scans

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// drop says why something was not counted.
type drop uint8

const (
	full      drop = iota // the queue was: a scan
	crowded               // too many documents wait: an addition to one
	unwritten             // the store was away when the program stopped: a document's additions
	drops
)

type metrics struct {
	scans   [faces][states]prometheus.Counter
	dropped [drops]prometheus.Counter
	flushes *prometheus.HistogramVec
	events  *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer, waiting func() float64) (*metrics, error) {
	scans := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "motcua", Name: "signs_scans_total",
		Help: "Looks at codes of street signs by face (page, chat, app) and by state of the code (current, revoked, unknown, invented)."}, []string{"face", "state"})
	dropped := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "motcua", Name: "signs_scans_dropped_total",
		Help: "What was not counted: scans (queue), additions to documents (documents), documents at the program's end (stop)."}, []string{"reason"})
	m := &metrics{
		flushes: prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "motcua", Name: "signs_scans_flush_seconds",
			Help: "Time to write the counts gathered, by end (ok, failed).", Buckets: prometheus.DefBuckets}, []string{"end"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "motcua", Name: "signs_events_total",
			Help: "Events opened, also those opened again, by kind."}, []string{"kind"}),
	}
	for f, face := range [faces]string{"page", "chat", "app", "other"} {
		for s, state := range [states]string{"current", "revoked", "unknown", "invented", "other"} {
			m.scans[f][s] = scans.WithLabelValues(face, state)
		}
	}
	for d, reason := range [drops]string{"queue", "documents", "stop"} {
		m.dropped[d] = dropped.WithLabelValues(reason)
	}
	pending := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "motcua", Name: "signs_scans_waiting",
		Help: "Documents with counts that are still to be written."}, waiting)
	var errs []error
	for _, c := range []prometheus.Collector{scans, dropped, m.flushes, m.events, pending} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}

func (m *metrics) flushed(took time.Duration, err error) {
	end := "ok"
	if err != nil {
		end = "failed"
	}
	m.flushes.WithLabelValues(end).Observe(took.Seconds())
}

func (m *metrics) raised(k Kind) { m.events.WithLabelValues(string(k)).Inc() }
