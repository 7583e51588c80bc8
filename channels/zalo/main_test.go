package zalo

import (
	"context"
	"encoding/hex"
	"flag"
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
	appID  = "1000000000000000001"
	oaID   = "2000000000000000002"
	person = "3000000000000000003"
	secret = "FAKE_OA_SECRET_KEY"
)

// moment is the clock of tests: a second after the time of the samples, 17:00 in Vietnam.
var moment = time.UnixMilli(1795255201000).UTC()

func clock() time.Time { return moment }

func testConfig(base string) Config {
	return Config{
		AppID: appID, AppSecret: "FAKE_APP_SECRET", OAID: oaID, OASecretKey: secret, CodeVerifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
		APIBase: base, OAuthBase: base, ZNSBase: base, GraphBase: base, Timeout: 5 * time.Second,
	}
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

func newChannel(t testing.TB, cfg Config, tokens Tokens, client *http.Client) *Channel {
	t.Helper()
	c, err := New(cfg, tokens, client, clock)
	require.NoError(t, err)
	return c
}

// parser is a channel that only reads.
func parser(t testing.TB, change func(*Config)) *Channel {
	t.Helper()
	cfg := testConfig("http://127.0.0.1:1")
	if change != nil {
		change(&cfg)
	}
	return newChannel(t, cfg, &wallet{}, &http.Client{})
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
	c := newChannel(t, cfg, w, srv.Client())
	t.Cleanup(c.pictures.CloseIdleConnections)
	return c, w
}

// sign makes a webhook request of a body.
func sign(body, stamp, key string) channels.Request {
	h := http.Header{}
	h.Set("X-ZEvent-Signature", "mac="+hex.EncodeToString(sum(appID, []byte(body), stamp, key)))
	return channels.Request{Method: http.MethodPost, Header: h, Body: []byte(body)}
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
