package notify

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	attempts *prometheus.CounterVec
	letters  *prometheus.CounterVec
	latency  *prometheus.HistogramVec
	alarms   *prometheus.GaugeVec
	fanout   *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "motcua", Name: "notify_attempts_total",
			Help: "Attempts at letters by channel, ground (free, paid, approved), what became of them, and the reason of a refusal."}, []string{"channel", "ground", "state", "reason"}),
		letters: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "motcua", Name: "notify_letters_total",
			Help: "Letters by how they ended: sent, delivered, seen, refused, dropped, and the reason."}, []string{"urgency", "state", "reason"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "motcua", Name: "notify_first_send_seconds",
			Help: "Time from when a letter was posted until it first left, quiet hours included.", Buckets: []float64{.1, .5, 1, 2, 5, 10, 30, 60, 300, 3600, 6 * 3600, 24 * 3600}}, []string{"channel", "urgency"}),
		alarms: prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "motcua", Name: "notify_alarm",
			Help: "1 while nothing leaves on the channel until an operator acts."}, []string{"channel"}),
		fanout: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "motcua", Name: "notify_fanout_total",
			Help: "Recipients of bulletins by what became of them in their batch: sent, topic, failed, single (goes on as a letter of its own)."}, []string{"end"}),
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.attempts, m.letters, m.latency, m.alarms, m.fanout} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}

// attempt counts an attempt, and follows what the network says.
func (m *metrics) attempt(w Way, f Fate) {
	reason := ""
	if f.State == Refused {
		reason = f.Reason
	}
	m.attempts.WithLabelValues(w.Channel, string(w.Ground), string(f.State), reason).Inc()
	switch {
	case f.Alarm:
		m.alarms.WithLabelValues(w.Channel).Set(1)
	case rank[f.State] >= rank[Sent]:
		m.alarms.WithLabelValues(w.Channel).Set(0)
	}
}

// first counts how long a letter took to leave.
func (m *metrics) first(d *dispatch, now time.Time) {
	for _, legs := range [][]leg{d.Legs, d.Tries} {
		for _, l := range legs {
			if l.left() {
				m.latency.WithLabelValues(l.Channel, string(d.Urgency)).Observe(now.Sub(d.Since).Seconds())
				return
			}
		}
	}
}

func (m *metrics) ended(d *dispatch) {
	m.letters.WithLabelValues(string(d.Urgency), string(d.State), d.Reason).Inc()
}
