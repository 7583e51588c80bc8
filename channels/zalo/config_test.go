package zalo

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*Config)
		want   []string // none means valid
	}{
		"as it is":               {func(*Config) {}, nil},
		"off":                    {func(c *Config) { *c = Config{} }, nil},
		"defaults":               {func(c *Config) { c.APIBase, c.OAuthBase, c.Timeout = "", "", 0 }, nil},
		"half on":                {func(c *Config) { c.OAID = "" }, []string{"oa_id"}},
		"ids are digits":         {func(c *Config) { c.AppID, c.OAID = "1e3", "x" }, []string{"app_id", "oa_id"}},
		"no secrets":             {func(c *Config) { c.AppSecret, c.OASecretKey, c.CodeVerifier = "", "", "" }, []string{"app_secret", "oa_secret_key", "code_verifier"}},
		"secrets on two lines":   {func(c *Config) { c.AppSecret, c.OASecretKeyOld = "a\nb", "a\rb" }, []string{"app_secret", "oa_secret_key_old"}},
		"short verifier":         {func(c *Config) { c.CodeVerifier = "short" }, []string{"code_verifier"}},
		"in the clear":           {func(c *Config) { c.APIBase, c.OAuthBase = "http://zalo.example", "ftp://x" }, []string{"api_base", "oauth_base"}},
		"slash":                  {func(c *Config) { c.ZNSBase = "https://zalo.example/" }, []string{"zns_base"}},
		"password in address":    {func(c *Config) { c.GraphBase = "https://u:p@zalo.example" }, []string{"graph_base"}},
		"negative times":         {func(c *Config) { c.MaxAge, c.Timeout = -1, -1 }, []string{"max_age", "timeout"}},
		"older than remembered":  {func(c *Config) { c.MaxAge = 8 * 24 * time.Hour }, []string{"max_age"}},
		"a life over its end":    {func(c *Config) { c.AttachmentLife = 7 * 24 * time.Hour }, []string{"attachment_life"}},
		"windows the wrong way":  {func(c *Config) { c.FreeWindow, c.PaidWindow = 3*time.Hour, time.Hour }, []string{"paid_window"}},
		"texts too short":        {func(c *Config) { c.MaxText = 10 }, []string{"max_text"}},
		"fewer than no requests": {func(c *Config) { c.PerMinute = -1 }, []string{"per_minute"}},
		"addresses for hosts":    {func(c *Config) { c.MediaHosts, c.PictureHosts = []string{"https://x"}, []string{"a*b"} }, []string{"media_hosts", "picture_hosts"}},
		"a picture of nothing":   {func(c *Config) { c.ContactImage = "banner.jpg" }, []string{"contact_image"}},
		"a window for staff":     {func(c *Config) { c.StaffWindow = -1 }, []string{"staff_window"}},
		"a template without id": {func(c *Config) {
			c.Templates = map[string]channels.Approved{"a.b": {Params: map[string]channels.Slot{"x": {}}}}
		}, []string{"templates.a.b.id"}},
		"hosts": {func(c *Config) { c.MediaHosts = []string{"127.0.0.1:8090", "*.zdn.vn", "x.example"} }, nil},
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
		require.NotContains(t, err.Error(), "FAKE_", name)
		_, err = New(cfg, &wallet{}, &http.Client{}, clock)
		require.Error(t, err, name)
	}
	_, err := New(Config{}, &wallet{}, &http.Client{}, clock)
	require.Error(t, err, "a channel that is off cannot be made")
	require.False(t, Config{AppID: "1"}.Enabled())
	require.True(t, testConfig("").Enabled())
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	cfg := testConfig("")
	cfg.Timeout = 0
	p := newChannel(t, cfg, &wallet{}, &http.Client{}).Profile()
	require.Equal(t, "zalo", p.Name)
	require.Equal(t, oaID, p.Account)
	require.Equal(t, 2000, p.MaxText)
	require.Equal(t, 48*time.Hour, p.FreeWindow)
	require.Equal(t, 7*24*time.Hour, p.PaidWindow)
	require.Equal(t, 7*24*time.Hour, p.StaffWindow)
	require.Empty(t, p.Templates)
	require.False(t, p.Contact)
	require.Equal(t, 3*time.Hour, p.MaxAge)
	require.Equal(t, 4000, p.PerMinute)
	require.Equal(t, []string{"*.zdn.vn", "*.zadn.vn", "*.zaloapp.com"}, p.MediaHosts)
}
