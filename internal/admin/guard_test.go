package admin_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/motcua/motcua/internal/admin"
)

func TestGuard(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, host, path, authorization string
		loopback, set                   bool
		status                          int
	}{
		{"address", "127.0.0.1:9090", "/metrics", "", true, false, 200},
		{"address of IPv6", "[::1]:9090", "/debug/pprof/", "", true, false, 200},
		{"address without a port", "[::1]", "/metrics", "", true, false, 200},
		{"localhost", "localhost:9090", "/debug/pprof/", "", true, false, 200},
		{"name made to resolve here", "evil.example:9090", "/metrics", "", true, false, 403},
		{"that name with the token", "evil.example:9090", "/v1/staff", "Bearer " + token, true, false, 403},
		{"no host", "", "/metrics", "", true, false, 403},
		{"metrics from elsewhere", "motcua.internal:9090", "/metrics", "", false, true, 401},
		{"metrics from elsewhere, before a token was given", "motcua.internal:9090", "/metrics", "", false, false, 401},
		{"metrics from elsewhere with the token", "motcua.internal:9090", "/metrics", "Bearer " + token, false, true, 200},
		{"health from elsewhere", "motcua.internal:9090", "/readyz", "", false, true, 200},
		{"metrics from here, where a token was given", "127.0.0.1:9090", "/metrics", "", true, true, 401},
		{"metrics from here with it", "127.0.0.1:9090", "/metrics", "Bearer " + token, true, true, 200},
		{"profiles from here, where a token was given", "127.0.0.1:9090", "/debug/pprof/", "", true, true, 401},
		{"profile from elsewhere", "motcua.internal:9090", "/debug/pprof/heap", "", false, false, 401},
		{"profile with another token", "motcua.internal:9090", "/debug/pprof/heap", "Bearer x", false, false, 401},
		{"profile with the token", "motcua.internal:9090", "/debug/pprof/heap", "Bearer " + token, false, false, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := admin.Guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), tt.loopback, tt.set, token)
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, tt.path, nil)
			r.Host = tt.host
			r.Header.Set("Authorization", tt.authorization)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != tt.status {
				t.Errorf("got %d, want %d", w.Code, tt.status)
			}
		})
	}
}
