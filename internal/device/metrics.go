package device

import (
	"context"
	"errors"
	"regexp"
	"sync"
	"time"

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
			Help: "Attempts at single devices: sent, later, never, with the reason of the last; dropped when a device was forgotten because it took nothing for long."}, []string{"channel", "outcome", "reason"}),
		topics: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "motcua", Name: "device_topics_total",
			Help: "Changes of the topics that devices follow: done, refused for good, failed."}, []string{"change", "outcome"}),
		alarms: prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "motcua", Name: "device_alarm",
			Help: "1 while the network said last that an operator has to act, and for an hour after it said so of a single device."}, []string{"channel"}),
	}
	return m, errors.Join(reg.Register(m.pushes), reg.Register(m.topics), reg.Register(m.alarms))
}

// reasonRE is what a reason looks like that we name ourselves. What a stranger's server answers must not make labels of its own.
var reasonRE = regexp.MustCompile(`^([a-z_]{0,32}|refused_[1-9]xx)$`)

func labelOf(reason string) string {
	if reasonRE.MatchString(reason) {
		return reason
	}
	return "other"
}

// How alarms are given.
const (
	alarmStays    = time.Hour   // of a single device, though others take what they are sent
	alarmLogged   = time.Minute // at most once in this
	alarmRefusals = 5           // devices in a row that took something before and refuse now, on networks where strangers choose who answers
)

// alarms follow what the networks say that an operator has to see.
type alarms struct {
	mu sync.Mutex
	of map[string]*alarm // by network
}

type alarm struct {
	until    time.Time // it stays until then, whatever else is sent
	logged   time.Time
	refusals int
}

// hear takes the end of an attempt, and gives what is to be shown: -1 leaves it as it was. log says that it is worth a line.
func (a *alarms) hear(e end, now time.Time) (show float64, log bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	x := a.of[e.Kind]
	if x == nil {
		x = &alarm{}
		a.of[e.Kind] = x
	}
	switch {
	case e.Alarm && e.hosted:
		if !e.Proven {
			return -1, false
		}
		if x.refusals++; x.refusals < alarmRefusals {
			return -1, false
		}
	case e.Alarm && e.Status == channels.Never:
		x.until = now.Add(alarmStays)
	case e.Alarm:
	case e.Status == channels.Sent:
		if x.refusals = 0; now.Before(x.until) {
			return -1, false
		}
		return 0, false
	default:
		return -1, false
	}
	if log = now.Sub(x.logged) >= alarmLogged; log {
		x.logged = now
	}
	return 1, log
}

// count counts an attempt and follows what the network says.
func (d *Devices) count(ctx context.Context, e end) {
	d.metrics.pushes.WithLabelValues(e.Kind, string(e.Status), labelOf(e.Reason)).Inc()
	show, log := d.alarms.hear(e, d.now())
	if show >= 0 {
		d.metrics.alarms.WithLabelValues(e.Kind).Set(show)
	}
	if log {
		d.deps.Log.ErrorContext(ctx, "a network of devices says that an operator has to act", "channel", e.Kind, "reason", labelOf(e.Reason), "device", e.record.ID)
	}
}
