package transport_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/graph/transport"
)

func (r *rig) do(method, query, body string, header map[string]string) (*http.Response, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, "http://"+r.host+"/graphql"+query, strings.NewReader(body))
	require.NoError(r.t, err)
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(r.t, err)
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	require.NoError(r.t, err)
	return res, string(got)
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	const jsonType, gqlType = "application/json", "application/graphql-response+json"
	get := func(q string) string { return "?query=" + url.QueryEscape(q) }
	tests := []struct {
		name, method, query, body string
		contentType, accept       string
		header                    map[string]string
		status                    int
		as, reason                string // "" expects any
	}{
		{name: "query", body: `{"query":"{ok}"}`, contentType: jsonType, accept: gqlType, status: 200, as: gqlType},
		{name: "no accept", body: `{"query":"{ok}"}`, contentType: jsonType, status: 200, as: jsonType},
		{name: "anything accepted", body: `{"query":"{ok}"}`, contentType: jsonType, accept: "*/*", status: 200, as: jsonType},
		{name: "preferred by quality", body: `{"query":"{ok}"}`, contentType: jsonType, accept: jsonType + ";q=0.5, " + gqlType, status: 200, as: gqlType},
		{name: "charset", body: `{"query":"{ok}"}`, contentType: "application/json; charset=utf-8", status: 200},
		{name: "other charset", body: `{"query":"{ok}"}`, contentType: "application/json; charset=utf-16", status: 415, reason: "media_type"},
		{name: "execution with errors", body: `{"query":"{half}"}`, contentType: jsonType, accept: gqlType, status: 200},
		{name: "request error", body: `{"query":"{bad}"}`, contentType: jsonType, accept: gqlType, status: 400, as: gqlType, reason: "validation"},
		{name: "request error for older clients", body: `{"query":"{bad}"}`, contentType: jsonType, accept: jsonType, status: 200, as: jsonType},
		{name: "broken JSON", body: `{"query":`, contentType: jsonType, accept: gqlType, status: 400, reason: "params"},
		{name: "no query", body: `{}`, contentType: jsonType, status: 400},
		{name: "batch", body: `[{"query":"{ok}"},{"query":"{ok}"}]`, contentType: jsonType, status: 400, reason: "params"},
		{name: "name twice", body: `{"query":"{ok}","query":"{no}"}`, contentType: jsonType, status: 400},
		{name: "text/plain", body: `{"query":"{ok}"}`, contentType: "text/plain", status: 415},
		{name: "form", body: "query=%7Bok%7D", contentType: "application/x-www-form-urlencoded", status: 415},
		{name: "multipart", body: "--x\r\n\r\n{}\r\n--x--", contentType: "multipart/form-data; boundary=x", status: 415},
		{name: "no content type", body: `{"query":"{ok}"}`, status: 415},
		{name: "compressed", body: `{"query":"{ok}"}`, contentType: jsonType, header: map[string]string{"Content-Encoding": "gzip"}, status: 415},
		{name: "too long", body: `{"query":"{ok}","x":"` + strings.Repeat("x", 5000) + `"}`, contentType: jsonType, status: 413, reason: "body"},
		{name: "not acceptable", body: `{"query":"{ok}"}`, contentType: jsonType, accept: "image/png", status: 406, reason: "accept"},
		{name: "subscription without a stream", body: `{"query":"subscription {x}"}`, contentType: jsonType, accept: gqlType, status: 400, reason: "subscription"},
		{name: "get", method: "GET", query: get("{ok}"), accept: gqlType, status: 200, as: gqlType},
		{name: "get without query", method: "GET", status: 400},
		{name: "get with a name twice", method: "GET", query: get("{ok}") + "&query=x", status: 400},
		{name: "get with broken variables", method: "GET", query: get("{ok}") + "&variables=%7B", status: 400},
		{name: "get with variables", method: "GET", query: get("{ok}") + "&variables=%7B%7D&operationName=A&extensions=%7B%7D", status: 200},
		{name: "mutation by get", method: "GET", query: get("mutation {x}"), status: 405, reason: "method"},
		{name: "subscription by get", method: "GET", query: get("subscription {x}"), status: 405},
		{name: "get with cookies", method: "GET", query: get("{ok}"), header: map[string]string{"Cookie": "a=b"}, status: 403, reason: "forgery"},
		{name: "get with cookies and our header", method: "GET", query: get("{ok}"), header: map[string]string{"Cookie": "a=b", transport.ClientHeader: "web"}, status: 200},
		{name: "put", method: "PUT", body: `{"query":"{ok}"}`, contentType: jsonType, status: 405},
		{name: "bad token", body: `{"query":"{ok}"}`, contentType: jsonType, header: map[string]string{"Authorization": "Bearer bad"}, status: 401, reason: "auth"},
		{name: "good token", body: `{"query":"{ok}"}`, contentType: jsonType, header: map[string]string{"Authorization": "Bearer good"}, status: 200},
		{name: "page without explorer", method: "GET", accept: "text/html", status: 406},
	}
	r := newRig(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := map[string]string{}
			for k, v := range tt.header {
				h[k] = v
			}
			if tt.contentType != "" {
				h["Content-Type"] = tt.contentType
			}
			if tt.accept != "" {
				h["Accept"] = tt.accept
			}
			method := tt.method
			if method == "" {
				method = http.MethodPost
			}
			res, body := r.do(method, tt.query, tt.body, h)
			require.Equal(t, tt.status, res.StatusCode, body)
			require.NotContains(t, body, "{no}")
			if tt.as != "" {
				require.Equal(t, tt.as+"; charset=utf-8", res.Header.Get("Content-Type"))
			}
			if tt.reason != "" {
				require.True(t, r.wasRejected(tt.reason), "%v", r.rejected)
			}
			if res.StatusCode == http.StatusMethodNotAllowed {
				require.NotEmpty(t, res.Header.Get("Allow"))
			}
			require.Equal(t, "no-store", res.Header.Get("Cache-Control"))
		})
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	res, body := r.do(http.MethodPost, "", `{"query":"{slow}"}`, map[string]string{"Content-Type": "application/json"})
	require.Equal(t, 200, res.StatusCode)
	require.Contains(t, body, "UNAVAILABLE")
}

func TestSignInOutage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.door.outages.Store(true)
	res, body := r.do(http.MethodPost, "", `{"query":"{ok}"}`, map[string]string{"Content-Type": "application/json"})
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode, body)
	require.Equal(t, "3", res.Header.Get("Retry-After"))
}

func TestGetPolicy(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *transport.Config) { c.Get = transport.GetOff })
	res, _ := r.do(http.MethodGet, "?query=%7Bok%7D", "", nil)
	require.Equal(t, http.StatusMethodNotAllowed, res.StatusCode)
}

func TestConfigNamesEachProblem(t *testing.T) {
	t.Parallel()
	err := transport.Config{Get: "on"}.Validate()
	for _, key := range []string{"max_body", "get", "timeout", "init_timeout", "ping_every", "write_timeout", "recheck_every", "streams", "subscriptions", "operations"} {
		require.ErrorContains(t, err, key+":")
	}
}
