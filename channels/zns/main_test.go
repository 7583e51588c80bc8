package zns

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	phone  = "+84900000001"
	secret = "FAKE_APP_SECRET"
)

// noon is the clock of tests, 17:00 in Vietnam.
var noon = time.Date(2026, 11, 21, 10, 0, 1, 0, time.UTC)

func testConfig(base string) Config {
	return Config{APIBase: base, Timeout: 5 * time.Second, Templates: map[string]channels.Approved{
		"account.code": {ID: "200002", OTP: true, Params: map[string]channels.Slot{"otp": {From: "code", Type: "number"}}},
		"feedback.resolved": {ID: "200013", IDEN: "200113", Params: map[string]channels.Slot{
			"ma_phan_anh": {From: "code"}, "don_vi": {From: "unit"}, "ly_do": {From: "reason", Max: 40, Cut: true, Optional: true},
		}},
	}}
}

// wallet is a grant without a store. Its tokens are good, revoked ones apart.
type wallet struct {
	mu     sync.Mutex
	tokens []string // the first is in use
	stale  []string // what was complained of
	err    error
}

func (w *wallet) Token(context.Context) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return "", w.err
	}
	return w.tokens[0], nil
}

func (w *wallet) Renew(_ context.Context, stale string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stale = append(w.stale, stale)
	if len(w.tokens) > 1 {
		w.tokens = w.tokens[1:]
	}
	return w.tokens[0], w.err
}

// recorder plays the API: it keeps what came and answers what it is told, the last answer again and again.
type recorder struct {
	mu      sync.Mutex
	paths   []string
	heads   []http.Header
	bodies  [][]byte
	answers []string
	status  int
	after   string // Retry-After
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paths, r.heads, r.bodies = append(r.paths, q.Method+" "+q.RequestURI), append(r.heads, q.Header.Clone()), append(r.bodies, body)
	answer := `{"error":0,"message":"Success","data":{"msg_id":"9"}}`
	if len(r.answers) > 0 {
		answer = r.answers[0]
		if len(r.answers) > 1 {
			r.answers = r.answers[1:]
		}
	}
	w.Header().Set("Location", "/elsewhere")
	if r.after != "" {
		w.Header().Set("Retry-After", r.after)
	}
	w.WriteHeader(max(r.status, http.StatusOK))
	_, _ = io.WriteString(w, answer)
}

// last is the last request's JSON, indented.
func (r *recorder) last(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, json.Indent(&b, r.bodies[len(r.bodies)-1], "", "  "))
	return b.String() + "\n"
}

func open(t *testing.T, cfg Config, tokens Tokens, client *http.Client, now time.Time) *Channel {
	t.Helper()
	c, err := New(cfg, secret, tokens, client, func() time.Time { return now })
	require.NoError(t, err)
	return c
}

// serve joins a channel to a handler that plays the network.
func serve(t *testing.T, h http.Handler, change func(*Config)) (*Channel, *wallet) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	cfg := testConfig(srv.URL)
	if change != nil {
		change(&cfg)
	}
	w := &wallet{tokens: []string{"FAKE_ACCESS_TOKEN", "FAKE_ACCESS_TOKEN_2"}}
	return open(t, cfg, w, srv.Client(), noon), w
}

func sample(t testing.TB, name string) string {
	t.Helper()
	raw, err := os.ReadFile("testdata/api/" + name + ".json")
	require.NoError(t, err)
	return string(raw)
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(name, got, 0o600))
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

// code is a one-time code on its way.
func code(id, digits string) channels.Outbound {
	return channels.Outbound{ID: id, Kind: channels.Code, Template: &channels.Template{Name: "account.code", Params: map[string]string{"code": digits}}}
}

// notice is a notice on its way.
func notice(id string, params map[string]string) channels.Outbound {
	return channels.Outbound{ID: id, Kind: channels.Notice, Template: &channels.Template{Name: "feedback.resolved", Params: params}}
}
