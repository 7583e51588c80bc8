package zns

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/config"
	"github.com/motcua/motcua/internal/fault"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*Config)
		want   []string // none means valid
	}{
		"as it is":         {func(*Config) {}, nil},
		"off":              {func(c *Config) { *c = Config{} }, nil},
		"defaults":         {func(c *Config) { c.APIBase, c.Timeout = "", 0 }, nil},
		"no quiet hours":   {func(c *Config) { c.QuietFrom, c.QuietTo = time.Hour, time.Hour }, nil},
		"in the clear":     {func(c *Config) { c.APIBase = "http://zalo.example" }, []string{"api_base"}},
		"slash":            {func(c *Config) { c.APIBase = "https://zalo.example/" }, []string{"api_base"}},
		"another mode":     {func(c *Config) { c.Mode = "test" }, []string{"mode"}},
		"negative":         {func(c *Config) { c.Timeout, c.PerMinute, c.QuietFrom, c.QuietTo = -1, -1, -1, -1 }, []string{"timeout", "per_minute", "quiet_from", "quiet_to"}},
		"a day and more":   {func(c *Config) { c.QuietFrom, c.QuietTo = 24*time.Hour, 25*time.Hour }, []string{"quiet_from", "quiet_to"}},
		"a template of no": {func(c *Config) { c.Templates["a.b"] = channels.Approved{ID: "1"} }, []string{"templates.a.b.params"}},
	} {
		cfg := testConfig("http://127.0.0.1:1/zalo")
		tt.change(&cfg)
		err := cfg.Validate()
		if len(tt.want) == 0 {
			require.NoError(t, err, name)
			continue
		}
		require.Error(t, err, name)
		require.Len(t, strings.Split(err.Error(), "\n"), len(tt.want), "%s: %v", name, err)
		for _, key := range tt.want {
			require.Contains(t, err.Error(), key+": ", name)
		}
		_, err = New(cfg, "", &wallet{}, &http.Client{}, time.Now)
		require.Error(t, err, name)
	}
	_, err := New(Config{}, "", &wallet{}, &http.Client{}, time.Now)
	require.Error(t, err, "a channel that is off cannot be made")
	require.False(t, Config{}.Enabled())
}

// TestSettings reads the section from a file as operators write it, with names that have dots.
func TestSettings(t *testing.T) {
	t.Parallel()
	var s struct {
		ZNS Config `koanf:"zns"`
	}
	defaults := `zns: {api_base: "", templates: {}, mode: "", timeout: 10s, per_minute: 4000, quiet_from: 22h, quiet_to: 6h}`
	file := t.TempDir() + "/motcua.yaml"
	write(t, file, `
zns:
  templates:
    account.code: {id: "200002", otp: true, params: {otp: {from: code, type: number}}}
    feedback.resolved:
      id: "200013"
      id_en: "200113"
      params:
        ma_phan_anh: {from: code}
        ly_do: {from: reason, max: 100, min: 2, cut: true, optional: true}
`)
	require.NoError(t, config.Load(config.Source{Defaults: []byte(defaults), File: file}, &s))
	require.NoError(t, s.ZNS.Validate())
	require.Equal(t, map[string]channels.Approved{
		"account.code":      {ID: "200002", OTP: true, Params: map[string]channels.Slot{"otp": {From: "code", Type: "number"}}},
		"feedback.resolved": {ID: "200013", IDEN: "200113", Params: map[string]channels.Slot{"ma_phan_anh": {From: "code"}, "ly_do": {From: "reason", Max: 100, Min: 2, Cut: true, Optional: true}}},
	}, s.ZNS.Templates)
}

func TestProfile(t *testing.T) {
	t.Parallel()
	c := open(t, testConfig("https://zalo.example"), &wallet{}, &http.Client{}, noon)
	require.Equal(t, channels.Profile{Name: "zns", Templates: []string{"account.code", "feedback.resolved"}, PerMinute: 4000}, c.Profile())
	_, err := c.Parse(channels.Request{Body: []byte("{}")})
	require.Equal(t, fault.NotFound, fault.CodeOf(err))
}
