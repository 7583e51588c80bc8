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
		loopback                        bool
		status                          int
	}{
		{"address", "127.0.0.1:9090", "/metrics", "", true, 200},
		{"address of IPv6", "[::1]:9090", "/debug/pprof/", "", true, 200},
		{"address without a port", "[::1]", "/metrics", "", true, 200},
		{"localhost", "localhost:9090", "/debug/pprof/", "", true, 200},
		{"name made to resolve here", "evil.example:9090", "/metrics", "", true, 403},
		{"that name with the token", "evil.example:9090", "/v1/staff", "Bearer " + token, true, 403},
		{"no host", "", "/metrics", "", true, 403},
		{"metrics from elsewhere", "motcua.internal:9090", "/metrics", "", false, 200},
		{"profile from elsewhere", "motcua.internal:9090", "/debug/pprof/heap", "", false, 401},
		{"profile with another token", "motcua.internal:9090", "/debug/pprof/heap", "Bearer x", false, 401},
		{"profile with the token", "motcua.internal:9090", "/debug/pprof/heap", "Bearer " + token, false, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := admin.Guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), tt.loopback, token)
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
