package messenger

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/netcall"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	pageID    = "100000000000001"
	otherPage = "100000000000002"
	person    = "7000000000000001"
	appID     = "900000000000001"
	appSecret = "FAKE_APP_SECRET"
	pageToken = "FAKE_ACCESS_TOKEN"
)

// noon is the clock of tests: a second after the time of the samples.
var noon = time.UnixMilli(1795255201123).UTC()

func clock() time.Time { return noon }

func testConfig(base string) Config {
	return Config{
		PageID: pageID, PageToken: pageToken, AppID: appID, AppSecret: appSecret, VerifyToken: "FAKE_VERIFY_TOKEN", APIBase: base, Timeout: 5 * time.Second,
		AccountLink: "https://app.example.vn/messenger/",
		Templates: []Template{{
			Notice: "feedback.assigned", Name: "ho_so_cap_nhat", Language: map[string]string{"vi": "vi", "en": "en_US"}, Params: []string{"case"},
		}},
	}
}

func newChannel(t testing.TB, cfg Config, client *http.Client) *Channel {
	t.Helper()
	c, err := New(cfg, client, clock)
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
	return newChannel(t, cfg, &http.Client{})
}

// serve joins a channel to a handler that plays the network.
func serve(t *testing.T, h http.Handler, change func(*Config)) *Channel {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	cfg := testConfig(srv.URL)
	if change != nil {
		change(&cfg)
	}
	return newChannel(t, cfg, srv.Client())
}

// sign makes a webhook request of a body.
func sign(body, secret string) channels.Request {
	h := http.Header{}
	h.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(netcall.MAC(secret, []byte(body))))
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

func load(t testing.TB, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, into))
}
