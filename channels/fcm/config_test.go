package fcm

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/fcm/fcmfake"
	"github.com/motcua/motcua/internal/fault"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*Config)
		want   string // "" means valid
	}{
		"as it is":              {func(*Config) {}, ""},
		"off":                   {func(c *Config) { *c = Config{} }, ""},
		"Google's own":          {func(c *Config) { c.APIBase, c.CredentialsFile = "", "/run/secrets/fcm.json" }, ""},
		"no credentials":        {func(c *Config) { c.APIBase = "" }, "credentials_file"},
		"odd project":           {func(c *Config) { c.ProjectID = "Một cửa" }, "project_id"},
		"in the clear":          {func(c *Config) { c.APIBase = "http://fcm.example" }, "api_base"},
		"slash":                 {func(c *Config) { c.APIBase += "/" }, "api_base"},
		"link base":             {func(c *Config) { c.LinkBase = "motcua.example" }, "link_base"},
		"stand-in elsewhere":    {func(c *Config) { c.AuthStandIn = "https://auth.example" }, "auth_stand_in"},
		"stand-in":              {func(c *Config) { c.AuthStandIn = "http://127.0.0.1:8090/fcm" }, ""},
		"too slow":              {func(c *Config) { c.Timeout = time.Hour }, "timeout"},
		"kept for too long":     {func(c *Config) { c.TTL = 1000 * time.Hour }, "ttl"},
		"proved long ago":       {func(c *Config) { c.AuthMaxAge = 24 * time.Hour }, "auth_max_age"},
		"less than no messages": {func(c *Config) { c.PerMinute = -1 }, "per_minute"},
	} {
		cfg := testConfig("http://127.0.0.1:1")
		tt.change(&cfg)
		err := cfg.Validate()
		if tt.want == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, tt.want, name)
	}
	require.NoError(t, Config{}.ForCitizens())
	require.Error(t, Config{AuthStandIn: "http://127.0.0.1:1"}.ForCitizens())
	_, err := New(t.Context(), Config{}, &http.Client{}, clock)
	require.Error(t, err)
	_, err = NewVerifier(t.Context(), Config{}, &http.Client{}, clock)
	require.Error(t, err)
}

// account is a service account whose access tokens come from a handler.
func account(t *testing.T, tokens string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	b, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "motcua@demo-city.iam.gserviceaccount.com", "private_key_id": "1", "token_uri": tokens,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	})
	require.NoError(t, err)
	name := filepath.Join(t.TempDir(), "account.json")
	require.NoError(t, os.WriteFile(name, b, 0o600))
	return name
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	fake := fcmfake.New(fcmfake.Config{ProjectID: project, Bearer: "FAKE_ACCESS_TOKEN", Now: clock})
	t.Cleanup(fake.Close)
	status, asked := http.StatusOK, 0
	mux := http.NewServeMux()
	mux.Handle("/", fake)
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"access_token":"FAKE_ACCESS_TOKEN","token_type":"Bearer","expires_in":3600}`))
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	to := channels.Address(fake.Install("Lan"))
	open := func() *Channel {
		cfg := testConfig(srv.URL)
		cfg.CredentialsFile = account(t, srv.URL+"/token")
		return newChannel(t, cfg, srv.Client())
	}
	c := open()
	for range 2 {
		require.Equal(t, channels.Sent, c.Send(t.Context(), to, push("1", "x")).Status)
	}
	_, err := c.Subscribe(t.Context(), "a", []channels.Address{to})
	require.NoError(t, err)
	require.Equal(t, 1, asked)

	status = http.StatusUnauthorized
	o := open().Send(t.Context(), to, push("1", "x"))
	require.Equal(t, "credentials", o.Reason)
	require.True(t, o.Alarm)
	_, err = open().Subscribe(t.Context(), "a", []channels.Address{to})
	require.Equal(t, fault.Forbidden, fault.CodeOf(err))
	status = http.StatusServiceUnavailable
	o = open().Send(t.Context(), to, push("1", "x"))
	require.Equal(t, channels.Later, o.Status)
	require.False(t, o.Alarm)
	require.NotContains(t, o.Cause.Error(), "FAKE_ACCESS_TOKEN")
	anonymous := newChannel(t, testConfig(srv.URL), srv.Client())
	require.Equal(t, "credentials", anonymous.Send(t.Context(), to, push("1", "x")).Reason)

	for _, bad := range []string{"/nowhere", "fcm_test.go"} {
		cfg := testConfig(srv.URL)
		cfg.CredentialsFile = bad
		_, err := New(t.Context(), cfg, srv.Client(), clock)
		require.ErrorContains(t, err, "credentials_file")
	}
}
