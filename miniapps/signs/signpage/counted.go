package signpage

import "github.com/prometheus/client_golang/prometheus"

// counted are the numbers that operators see.
type counted struct{ hits, misses prometheus.Counter }

func newCounted(reg prometheus.Registerer) (counted, error) {
	found := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "motcua_sign_pages_total", Help: "Pages of street signs that were asked for, by whether they were ready or had to be read from the store.",
	}, []string{"cache"})
	c := counted{found.WithLabelValues("ready"), found.WithLabelValues("read")}
	if reg == nil {
		return c, nil
	}
	return c, reg.Register(found)
}
