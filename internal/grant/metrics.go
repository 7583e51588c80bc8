package grant

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// The ends of a renewal, as labels.
const (
	endDone    = "done"
	endFailed  = "failed"  // may work later
	endRefused = "refused" // needs a new consent, or an operator
	endUnsaved = "unsaved" // the new pair could not be stored; it is kept in memory until it can
	endDoubt   = "doubt"   // a renewal before this one ended half way
)

type meters struct {
	age, refused *prometheus.GaugeVec
	ends         *prometheus.CounterVec
}

func newMeters(reg prometheus.Registerer) (*meters, error) {
	m := &meters{
		age: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "motcua", Name: "grant_age_seconds", Help: "How long ago the grant's refresh token came; worry beyond 60 days.",
		}, []string{"grant"}),
		refused: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "motcua", Name: "grant_refused", Help: "1 while the network refuses the grant's refresh token: only a new consent helps.",
		}, []string{"grant"}),
		ends: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "motcua", Name: "grant_renewals_total", Help: "Renewals by what became of them: done, failed, refused, unsaved, doubt.",
		}, []string{"grant", "outcome"}),
	}
	return m, errors.Join(reg.Register(m.age), reg.Register(m.refused), reg.Register(m.ends))
}
