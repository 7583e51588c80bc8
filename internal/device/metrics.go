package device

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/motcua/motcua/channels"
)

type metrics struct {
	pushes *prometheus.CounterVec
	topics *prometheus.CounterVec
	alarms *prometheus.GaugeVec
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		pushes: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "motcua", Name: "device_pushes_total",
			Help: "Attempts at single devices: sent, later, never, with the reason of the last."}, []string{"channel", "outcome", "reason"}),
		topics: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "motcua", Name: "device_topics_total",
			Help: "Changes of the topics that devices follow: done, refused for good, failed."}, []string{"change", "outcome"}),
		alarms: prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "motcua", Name: "device_alarm",
			Help: "1 while the network said last that an operator has to act."}, []string{"channel"}),
	}
	return m, errors.Join(reg.Register(m.pushes), reg.Register(m.topics), reg.Register(m.alarms))
}

func (m *metrics) pushed(channel string, o channels.Outcome) {
	m.pushes.WithLabelValues(channel, string(o.Status), o.Reason).Inc()
	switch {
	case o.Alarm:
		m.alarms.WithLabelValues(channel).Set(1)
	case o.Status == channels.Sent:
		m.alarms.WithLabelValues(channel).Set(0)
	}
}
