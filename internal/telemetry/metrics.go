package telemetry

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// NewRegistry makes the registry that packages add their metrics to, with those of the runtime and the process in it, and motcua_build_info with the version.
func NewRegistry(version string) *prometheus.Registry {
	reg := prometheus.NewRegistry()
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: "motcua", Name: "build_info", Help: "Always 1; the label says which version runs.",
		ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	reg.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return reg
}

// healthWait bounds the checks of one health request.
const healthWait = 2 * time.Second

// Check tells whether a part works; an error is why not.
type Check struct {
	Name string
	Run  func(ctx context.Context) error
}

// AdminHandler serves /metrics, /debug/pprof/ and /healthz. Mount it on the admin port only: profiles show what is in memory. /healthz runs the checks and
// answers 200, or 503 when one fails, with the state of each by name and without its reason.
func AdminHandler(reg prometheus.Gatherer, checks ...Check) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { health(w, r, checks) })
	return mux
}

func health(w http.ResponseWriter, r *http.Request, checks []Check) {
	ctx, cancel := context.WithTimeout(r.Context(), healthWait)
	defer cancel()
	status := http.StatusOK
	parts := make(map[string]string, len(checks))
	for _, c := range checks {
		parts[c.Name] = "ok"
		if err := c.Run(ctx); err != nil {
			parts[c.Name] = "down"
			status = http.StatusServiceUnavailable
		}
	}
	body, err := json.Marshal(map[string]any{"ok": status == http.StatusOK, "parts": parts})
	if err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the client may have left
}
