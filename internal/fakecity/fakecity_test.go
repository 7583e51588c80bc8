package fakecity_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/fakecity"
)

func TestPages(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(fakecity.New(fakecity.Config{SMSToken: "t", Now: time.Now}))
	t.Cleanup(srv.Close)
	for _, tt := range []struct {
		path, accept, kind, holds string
		status                    int
	}{
		{"/", "text/html", "text/html", `href="sms"`, 200},
		{"/sms", "text/html", "text/html", "<main", 200},
		{"/sms/", "text/html", "text/html", "<main", 200},
		{"/sms", "application/json", "application/json", "[]", 200},
		{"/sms/messages", "", "application/json", "[]", 200},
		{"/sms/messages?phone=%2B84912345678", "", "application/json", "[]", 200},
		{"/healthz", "", "", "", 204},
		{"/nowhere", "", "", "", 404},
		{"/sms/nowhere", "", "", "", 404},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", tt.accept)
		res, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != tt.status || !strings.Contains(res.Header.Get("Content-Type"), tt.kind) || !strings.Contains(string(body), tt.holds) {
			t.Errorf("%s: got %d %s %.80q", tt.path, res.StatusCode, res.Header.Get("Content-Type"), body)
		}
	}
}
