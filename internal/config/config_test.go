package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/config"
)

type settings struct {
	HTTPAddr string        `koanf:"http_addr"`
	Wait     time.Duration `koanf:"wait"`
	Proxies  []string      `koanf:"proxies"`
	Channels struct {
		SMS struct {
			Token string `koanf:"token"`
			Max   int    `koanf:"max"`
		} `koanf:"sms"`
	} `koanf:"channels"`
}

const defaults = `
http_addr: ":8080"
wait: 5s
proxies: []
channels:
  sms: {token: "", max: 3}
`

func load(t *testing.T, file string, environ ...string) (settings, error) {
	t.Helper()
	src := config.Source{Defaults: []byte(defaults), Environ: environ}
	if file != "" {
		src.File = filepath.Join(t.TempDir(), "motcua.yaml")
		if err := os.WriteFile(src.File, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var s settings
	err := config.Load(src, &s)
	return s, err
}

func TestLaterSourcesWin(t *testing.T) {
	t.Parallel()
	s, err := load(t, "wait: 7s\nchannels: {sms: {max: 4}}", "MOTCUA_HTTP_ADDR=127.0.0.1:0", "MOTCUA_CHANNELS__SMS__TOKEN=x", "MOTCUA_CHANNELS__SMS__MAX=9",
		"MOTCUA_PROXIES=10.0.0.1, 10.0.0.2", "MOTCUA_TEST_ANYTHING=1", "HOME=/root")
	if err != nil {
		t.Fatal(err)
	}
	if s.HTTPAddr != "127.0.0.1:0" || s.Wait != 7*time.Second || s.Channels.SMS.Token != "x" || s.Channels.SMS.Max != 9 || !slices.Equal(s.Proxies, []string{"10.0.0.1", "10.0.0.2"}) {
		t.Errorf("got %+v", s)
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := load(t, "wiat: 7s", "MOTCUA_CHANNELS__ZALO__TOKEN=x", "MOTCUA_WAIT=soon")
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"unknown key wiat", "unknown key channels.zalo.token (did you mean channels.sms.token?)", "wait"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %q", want, err)
		}
	}
}

func TestMissingFile(t *testing.T) {
	t.Parallel()
	var s settings
	if err := config.Load(config.Source{Defaults: []byte(defaults), File: "/no/such/file.yaml"}, &s); err == nil {
		t.Error("no error")
	}
}

// TestProblemsNameWhatWasWritten: the key, the variable, the value, and how one should look.
func TestProblemsNameWhatWasWritten(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, file, environ, want string }{
		{"unknown variable", "", "MOTCUA_HTTP_ADR=x", "environment: MOTCUA_HTTP_ADR: unknown key http_adr (did you mean http_addr?)"},
		{"unknown variable below another", "", "MOTCUA_CHANNELS__SMS__TOKNE=x", "environment: MOTCUA_CHANNELS__SMS__TOKNE: unknown key channels.sms.tokne (did you mean channels.sms.token?)"},
		{"unknown variable like no other", "", "MOTCUA_CHANNELS__SMS__PRICE=x", "environment: MOTCUA_CHANNELS__SMS__PRICE: unknown key channels.sms.price"},
		{"duration in the environment", "", "MOTCUA_WAIT=soon", `wait: "soon" is no duration: give one such as 30s, 5m or 24h`},
		{"duration without a unit", "wait: '30'", "", `wait: "30" is no duration: give one such as 30s, 5m or 24h`},
		{"number", "", "MOTCUA_CHANNELS__SMS__MAX=many", "channels.sms.max: cannot parse value as 'int': strconv.ParseInt: invalid syntax"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := load(t, tt.file, tt.environ)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if s.Wait != 5*time.Second || s.Channels.SMS.Max != 3 || s.HTTPAddr != ":8080" {
				t.Errorf("what cannot be read has not its default: %+v", s)
			}
		})
	}
}

// TestOtherSettingsKeepTheirValues: one that cannot be read takes none of the others back.
func TestOtherSettingsKeepTheirValues(t *testing.T) {
	t.Parallel()
	s, err := load(t, "http_addr: ':9090'", "MOTCUA_WAIT=soon", "MOTCUA_CHANNELS__SMS__MAX=7")
	if err == nil || s.HTTPAddr != ":9090" || s.Channels.SMS.Max != 7 || s.Wait != 5*time.Second {
		t.Errorf("got %+v, %v", s, err)
	}
}
