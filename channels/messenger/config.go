package messenger

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/netcall"
	"github.com/motcua/motcua/internal/openweb"
	"github.com/motcua/motcua/internal/setting"
)

// Config is the section channels.messenger of the configuration. A zero duration, number, address or list means its default.
type Config struct {
	Pages          []Page        `koanf:"pages"`             // the city's pages; the first is the one that notices leave from
	PageID         string        `koanf:"page_id"`           // short for a single page, before Pages. "" means none
	PageToken      string        `koanf:"page_access_token"` // of PageID; a secret
	AppID          string        `koanf:"app_id"`            // the developer application, digits: tells our own echoes
	AppSecret      string        `koanf:"app_secret"`        // signs webhooks; a secret
	AppSecretOld   string        `koanf:"app_secret_old"`    // holds beside it while the secret is being changed; a secret. "" means none
	VerifyToken    string        `koanf:"verify_token"`      // what the console is told when the webhook is set up there; a secret
	APIBase        string        `koanf:"api_base"`          // https://graph.facebook.com
	Version        string        `koanf:"version"`           // of the API; each lives about two years. v25.0
	AppSecretProof bool          `koanf:"appsecret_proof"`   // sign each request; to be switched on with the application's setting of that name. false
	MaxAge         time.Duration `koanf:"max_age"`           // of a webhook: the last repeat comes after 36 h. 48h
	FreeWindow     time.Duration `koanf:"free_window"`       // after the person's last message: beyond it only templates are taken. 24h
	StaffWindow    time.Duration `koanf:"staff_window"`      // after the person's last message: until then a member of staff may write. 168h
	MaxText        int           `koanf:"max_text"`          // runes in one message. 2000
	PerMinute      int           `koanf:"per_minute"`        // messages that may leave; a page takes 300 a second. 6000
	Timeout        time.Duration `koanf:"timeout"`           // of one request; the network may fetch a picture meanwhile. 15s
	MediaHosts     []string      `koanf:"media_hosts"`       // where citizens' files are fetched from. *.fbcdn.net, *.fbsbx.com
	AccountLink    string        `koanf:"account_link"`      // links that begin so open the network's account linking: "https://app.example.vn/messenger/". "" means none
	Templates      []Template    `koanf:"templates"`         // texts that the network approved, for notices outside the window. none
}

// Page is one page of the city's.
type Page struct {
	ID    string `koanf:"page_id"`           // digits
	Token string `koanf:"page_access_token"` // a secret; it does not expire by itself, and cannot be renewed by a program
}

// Template is a text that the network approved, in the category "utility".
type Template struct {
	Notice   string            `koanf:"notice"`   // as declared: "feedback.assigned"; "account.code" for a one-time code
	Name     string            `koanf:"name"`     // as registered at the network
	Language map[string]string `koanf:"language"` // of the network, by ours: {vi: "vi", en: "en_US"}; vi must be there
	Params   []string          `koanf:"params"`   // names of the declaration, in the order of {{1}}, {{2}}, …
}

// Enabled tells whether the city has a page here.
func (c Config) Enabled() bool { return c.PageID != "" || len(c.Pages) > 0 }

// First gives the id of the page that notices leave from; "" when there is none.
func (c Config) First() string {
	if pages := c.pages(); len(pages) > 0 {
		return pages[0].ID
	}
	return ""
}

// pages gives all pages, the first one first.
func (c Config) pages() []Page {
	if c.PageID == "" {
		return c.Pages
	}
	return append([]Page{{ID: c.PageID, Token: c.PageToken}}, c.Pages...)
}

// withDefaults fills in what is not set.
func (c Config) withDefaults() Config {
	c.APIBase = cmp.Or(c.APIBase, "https://graph.facebook.com")
	c.Version = cmp.Or(c.Version, "v25.0")
	c.MaxAge = cmp.Or(c.MaxAge, 48*time.Hour)
	c.FreeWindow = cmp.Or(c.FreeWindow, 24*time.Hour)
	c.StaffWindow = cmp.Or(c.StaffWindow, 168*time.Hour)
	c.Timeout = cmp.Or(c.Timeout, 15*time.Second)
	c.MaxText = cmp.Or(c.MaxText, 2000)
	c.PerMinute = cmp.Or(c.PerMinute, 6000)
	if len(c.MediaHosts) == 0 {
		c.MediaHosts = []string{"*.fbcdn.net", "*.fbsbx.com"} // seen in logs; the documentation names none, so they are a setting
	}
	return c
}

// Validate reports every setting that cannot work. Credentials are asked for only when the channel is on.
func (c Config) Validate() error {
	c = c.withDefaults()
	var faults setting.Faults
	if c.Enabled() {
		c.credentials(&faults)
	}
	c.limits(&faults)
	c.texts(&faults)
	if why := netcall.BaseFault(c.APIBase); why != "" {
		faults.Add("api_base", "%s", why)
	}
	faults.Refuse(!versionRE.MatchString(c.Version), "version", `must be like "v25.0"`)
	if err := openweb.Hosts(c.MediaHosts).Check(); err != nil {
		faults.Add("media_hosts", "%w", err)
	}
	return faults.Err()
}

var (
	idRE       = regexp.MustCompile(`^[0-9]{1,32}$`)
	versionRE  = regexp.MustCompile(`^v[0-9]{1,3}\.[0-9]{1,2}$`)
	templateRE = regexp.MustCompile(`^[a-z0-9_]{1,512}$`)
	localeRE   = regexp.MustCompile(`^[a-z]{2,3}(_[A-Z]{2})?$`)
)

func (c Config) credentials(faults *setting.Faults) {
	seen := map[string]bool{}
	for i, p := range c.pages() {
		id, token := "page_id", "page_access_token"
		if c.PageID == "" || i > 0 {
			id, token = fmt.Sprintf("pages[%d].page_id", i-count(c.PageID)), fmt.Sprintf("pages[%d].page_access_token", i-count(c.PageID))
		}
		faults.Refuse(!idRE.MatchString(p.ID) || seen[p.ID], id, "must be set, digits only, each page once")
		seen[p.ID] = true
		oneLine(faults, token, p.Token, true)
	}
	faults.Refuse(!idRE.MatchString(c.AppID), "app_id", "must be set, digits only")
	oneLine(faults, "app_secret", c.AppSecret, true)
	oneLine(faults, "app_secret_old", c.AppSecretOld, false)
	if oneLine(faults, "verify_token", c.VerifyToken, true); len(c.VerifyToken) > 0 && len(c.VerifyToken) < 8 {
		faults.Add("verify_token", "must have 8 characters or more")
	}
}

func count(s string) int { return min(1, len(s)) }

func oneLine(faults *setting.Faults, key, value string, needed bool) {
	faults.Refuse(needed && value == "" || strings.ContainsAny(value, "\r\n"), key, "must be set, on one line")
}

func (c Config) limits(faults *setting.Faults) {
	for _, d := range []struct {
		key        string
		value, max time.Duration
	}{
		{"max_age", c.MaxAge, 72 * time.Hour}, // events are remembered for 7 days
		{"free_window", c.FreeWindow, 365 * 24 * time.Hour},
		{"staff_window", c.StaffWindow, 365 * 24 * time.Hour},
		{"timeout", c.Timeout, 2 * time.Minute},
	} {
		if d.value < 0 || d.value > d.max {
			faults.Add(d.key, "must be positive and at most %v", d.max)
		}
	}
	faults.Refuse(c.StaffWindow < c.FreeWindow, "staff_window", "must not be shorter than free_window")
	faults.Refuse(c.MaxText < 100 || c.MaxText > 10_000, "max_text", "must be from 100 to 10000")
	faults.Refuse(c.PerMinute < 0, "per_minute", "must not be negative")
}

func (c Config) texts(faults *setting.Faults) {
	faults.Refuse(c.AccountLink != "" && !webAddress(c.AccountLink), "account_link", "must be the beginning of an address, https://…/")
	seen := map[string]bool{}
	for i, t := range c.Templates {
		key := fmt.Sprintf("templates[%d].", i)
		if t.Notice == "" || seen[t.Notice] {
			faults.Add(key+"notice", "must be set, each notice once")
		}
		seen[t.Notice] = true
		if !templateRE.MatchString(t.Name) {
			faults.Add(key+"name", "must be small letters, digits and _")
		}
		if t.Language["vi"] == "" {
			faults.Add(key+"language", "must have vi")
		}
		for lang, code := range t.Language {
			if !localeRE.MatchString(code) {
				faults.Add(key+"language", `%s must be like "vi" or "en_US"`, lang)
			}
		}
	}
}

func webAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}
