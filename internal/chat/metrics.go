package chat

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/inbox"
)

type metrics struct {
	turns    *prometheus.CounterVec
	duration *prometheus.HistogramVec
	messages *prometheus.CounterVec
	alarms   *prometheus.GaugeVec
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		turns: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "motcua", Name: "chat_turns_total",
			Help: "Events by what became of them: answered, repeated, silent, kept, noted, ignored, or the code of a fault."}, []string{"channel", "event", "end"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "motcua", Name: "chat_turn_seconds",
			Help: "Time of a turn, the sending of its words included.", Buckets: prometheus.DefBuckets}, []string{"channel"}),
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "motcua", Name: "chat_messages_total",
			Help: "Attempts at messages: sent, later, never, with the reason of the last two."}, []string{"channel", "kind", "outcome", "reason"}),
		alarms: prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "motcua", Name: "chat_alarm",
			Help: "Accounts of the city on the channel from which nothing leaves until an operator acts."}, []string{"channel"}),
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.turns, m.duration, m.messages, m.alarms} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}

func (m *metrics) turn(in inbox.Message, end string, err error, took time.Duration) {
	if err != nil {
		end = string(fault.CodeOf(err))
	}
	m.turns.WithLabelValues(in.Channel, string(in.Event.Kind), end).Inc()
	m.duration.WithLabelValues(in.Channel).Observe(took.Seconds())
}

func (m *metrics) sent(channel string, kind channels.Kind, r result) {
	m.messages.WithLabelValues(channel, string(kind), string(r.Status), r.Reason).Inc()
}

// alarm follows what the network says.
func (m *metrics) alarm(channel string, accounts int) {
	m.alarms.WithLabelValues(channel).Set(float64(accounts))
}
