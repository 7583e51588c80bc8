package messenger

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*Config)
		want   []string // none means valid
	}{
		"as it is":              {func(*Config) {}, nil},
		"off":                   {func(c *Config) { *c = Config{} }, nil},
		"defaults":              {func(c *Config) { c.APIBase, c.Timeout = "", 0 }, nil},
		"two pages":             {func(c *Config) { c.Pages = []Page{{otherPage, "t"}} }, nil},
		"the same page twice":   {func(c *Config) { c.Pages = []Page{{pageID, "t"}} }, []string{"pages[0].page_id"}},
		"pages without tokens":  {func(c *Config) { c.PageID = ""; c.Pages = []Page{{pageID, ""}, {"x", "t"}} }, []string{"pages[0].page_access_token", "pages[1].page_id"}},
		"no secrets":            {func(c *Config) { c.PageToken, c.AppSecret, c.VerifyToken = "", "", "" }, []string{"page_access_token", "app_secret", "verify_token"}},
		"secrets on two lines":  {func(c *Config) { c.AppSecret, c.AppSecretOld = "a\nb", "a\rb" }, []string{"app_secret", "app_secret_old"}},
		"a short verify token":  {func(c *Config) { c.VerifyToken = "short" }, []string{"verify_token"}},
		"no application":        {func(c *Config) { c.AppID = "" }, []string{"app_id"}},
		"in the clear":          {func(c *Config) { c.APIBase = "http://graph.example" }, []string{"api_base"}},
		"slash":                 {func(c *Config) { c.APIBase = "https://graph.example/" }, []string{"api_base"}},
		"version":               {func(c *Config) { c.Version = "25" }, []string{"version"}},
		"negative times":        {func(c *Config) { c.MaxAge, c.Timeout = -1, -1 }, []string{"max_age", "timeout"}},
		"older than remembered": {func(c *Config) { c.MaxAge = 8 * 24 * time.Hour }, []string{"max_age"}},
		"windows the wrong way": {func(c *Config) { c.FreeWindow, c.StaffWindow = 3*time.Hour, time.Hour }, []string{"staff_window"}},
		"texts too short":       {func(c *Config) { c.MaxText = 10 }, []string{"max_text"}},
		"fewer than no calls":   {func(c *Config) { c.PerMinute = -1 }, []string{"per_minute"}},
		"addresses for hosts":   {func(c *Config) { c.MediaHosts = []string{"https://x"} }, []string{"media_hosts"}},
		"hosts":                 {func(c *Config) { c.MediaHosts = []string{"127.0.0.1:8090", "*.fbcdn.net", "x.example"} }, nil},
		"no address to link":    {func(c *Config) { c.AccountLink = "/messenger/" }, []string{"account_link"}},
		"templates": {func(c *Config) {
			c.Templates = []Template{{Notice: "a.b", Name: "x", Language: map[string]string{"vi": "vi"}}, {Notice: "a.b", Name: "X", Language: map[string]string{"en": "english"}}}
		}, []string{"templates[1].notice", "templates[1].name", "templates[1].language", "templates[1].language"}},
	} {
		cfg := testConfig("http://127.0.0.1:1/graph")
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
		_, err = New(cfg, &http.Client{}, clock)
		require.Error(t, err, name)
	}
	_, err := New(Config{}, &http.Client{}, clock)
	require.Error(t, err, "a channel that is off cannot be made")
	require.False(t, Config{AppID: "1"}.Enabled())
	require.True(t, Config{Pages: []Page{{}}}.Enabled())
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	cfg := testConfig("")
	cfg.Timeout = 0
	p := newChannel(t, cfg, &http.Client{}).Profile()
	require.Equal(t, "messenger", p.Name)
	require.Equal(t, pageID, p.Account)
	require.Equal(t, 2000, p.MaxText)
	require.Equal(t, 13, p.MaxChoices)
	require.Equal(t, 20, p.MaxLabel)
	require.Equal(t, 24*time.Hour, p.FreeWindow)
	require.Equal(t, 7*24*time.Hour, p.StaffWindow)
	require.Equal(t, 48*time.Hour, p.MaxAge)
	require.Equal(t, []string{"feedback.assigned"}, p.Templates)
	require.Equal(t, []string{"*.fbcdn.net", "*.fbsbx.com"}, p.MediaHosts)
}
