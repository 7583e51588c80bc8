package webpush

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/webpush/webpushfake"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func testConfig(t testing.TB) Config {
	t.Helper()
	public, private, err := GenerateKeys()
	require.NoError(t, err)
	return Config{VAPIDPublicKey: public, VAPIDPrivateKey: private, Subject: "https://motcua.example/lien-he", AllowPrivate: true, Timeout: 5 * time.Second}
}

func newChannel(t testing.TB, cfg Config) *Channel {
	t.Helper()
	c, err := New(cfg, &http.Client{}, time.Now)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// serve joins a channel to a push service with one browser.
func serve(t testing.TB, change func(*Config)) (*Channel, *webpushfake.Service, channels.Address) {
	t.Helper()
	fake := webpushfake.New(webpushfake.Config{})
	srv := httptest.NewServer(http.StripPrefix("/webpush", fake))
	t.Cleanup(srv.Close)
	t.Cleanup(fake.Close)
	cfg := testConfig(t)
	if change != nil {
		change(&cfg)
	}
	c := newChannel(t, cfg)
	res, err := srv.Client().Get(srv.URL + "/webpush/control/stats") // it learns its address
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return c, fake, address(t, c, fake.Subscribe("Lan", cfg.VAPIDPublicKey))
}

func address(t testing.TB, c *Channel, s webpushfake.Subscription) channels.Address {
	t.Helper()
	to, known, err := c.Check(s.String())
	require.NoError(t, err)
	require.Equal(t, s.Endpoint, known)
	return to
}

// play joins a channel to a handler that plays a push service.
func play(t testing.TB, h http.Handler) (*Channel, channels.Address) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	c := newChannel(t, testConfig(t))
	return c, address(t, c, webpushfake.New(webpushfake.Config{Base: srv.URL}).Subscribe("Lan", ""))
}

func push(id, text string) channels.Outbound {
	return channels.Outbound{ID: id, Kind: channels.Notice, Push: &channels.Push{Title: "Một cửa", Text: text}}
}
