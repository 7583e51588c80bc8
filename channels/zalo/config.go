package zalo

import (
	"cmp"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/netcall"
	"github.com/motcua/motcua/internal/openweb"
	"github.com/motcua/motcua/internal/setting"
)

// Config is the section channels.zalo of the configuration. A zero duration, number, address or list means its default.
type Config struct {
	AppID          string        `koanf:"app_id"`            // the developer application, digits. "" leaves the channel off
	AppSecret      string        `koanf:"app_secret"`        // of the application; a secret
	OAID           string        `koanf:"oa_id"`             // the city's official account, digits. "" leaves the channel off
	OASecretKey    string        `koanf:"oa_secret_key"`     // signs webhooks, from the console's webhook page; a secret
	OASecretKeyOld string        `koanf:"oa_secret_key_old"` // holds beside it while the key is being changed; a secret. "" means none
	CodeVerifier   string        `koanf:"code_verifier"`     // of the consent link, 43 to 128 characters; the console holds its challenge; a secret
	ConsoleTest    bool          `koanf:"console_test"`      // answer the console's unsigned test with 200 instead of 401; nothing of it is kept. false
	MaxAge         time.Duration `koanf:"max_age"`           // of a webhook: the last repeat comes after 1 h 51 min. 3h
	APIBase        string        `koanf:"api_base"`          // https://openapi.zalo.me
	OAuthBase      string        `koanf:"oauth_base"`        // https://oauth.zaloapp.com
	ZNSBase        string        `koanf:"zns_base"`          // template messages by phone. https://business.openapi.zalo.me
	GraphBase      string        `koanf:"graph_base"`        // sign-in of the Mini App. https://graph.zalo.me
	FreeWindow     time.Duration `koanf:"free_window"`       // after the person's last message: writing costs nothing. 48h
	PaidWindow     time.Duration `koanf:"paid_window"`       // after the person's last message: beyond it nothing is taken. 168h
	StaffWindow    time.Duration `koanf:"staff_window"`      // after the person's last message: until then a member of staff may write. 168h
	MaxText        int           `koanf:"max_text"`          // runes in one message. 2000
	PerMinute      int           `koanf:"per_minute"`        // requests that the application may make. 4000
	MediaHosts     []string      `koanf:"media_hosts"`       // where citizens' files are fetched from. *.zdn.vn, *.zadn.vn, *.zaloapp.com
	PictureHosts   []string      `koanf:"picture_hosts"`     // hosts inside the city's own network that pictures may be taken from, and a proxy there: "media.city.internal". none
	Timeout        time.Duration `koanf:"timeout"`           // of one request. 10s
	AppSecretProof bool          `koanf:"appsecret_proof"`   // sign each request; to be switched on with the application's setting of that name. false
	AttachmentLife time.Duration `koanf:"attachment_life"`   // of an uploaded picture's id; the network forgets it after 7 days. 144h
	ContactImage   string        `koanf:"contact_image"`     // address of the picture on requests for contact data. "" asks for none

	Templates map[string]channels.Approved `koanf:"templates"` // approved texts by the name of the notice, as sent by user id. none
}

// Enabled tells whether the city has an official account here.
func (c Config) Enabled() bool { return c.AppID != "" && c.OAID != "" }

// withDefaults fills in what is not set.
func (c Config) withDefaults() Config {
	c.APIBase = cmp.Or(c.APIBase, "https://openapi.zalo.me")
	c.OAuthBase = cmp.Or(c.OAuthBase, "https://oauth.zaloapp.com")
	c.ZNSBase = cmp.Or(c.ZNSBase, "https://business.openapi.zalo.me")
	c.GraphBase = cmp.Or(c.GraphBase, "https://graph.zalo.me")
	c.MaxAge = cmp.Or(c.MaxAge, 3*time.Hour)
	c.FreeWindow = cmp.Or(c.FreeWindow, 48*time.Hour)
	c.PaidWindow = cmp.Or(c.PaidWindow, 168*time.Hour)
	c.StaffWindow = cmp.Or(c.StaffWindow, 168*time.Hour)
	c.Timeout = cmp.Or(c.Timeout, 10*time.Second)
	c.AttachmentLife = cmp.Or(c.AttachmentLife, 144*time.Hour)
	c.MaxText = cmp.Or(c.MaxText, 2000)
	c.PerMinute = cmp.Or(c.PerMinute, 4000)
	if len(c.MediaHosts) == 0 {
		// Seen in logs of other people's official accounts; the documentation names none, so they are a setting.
		c.MediaHosts = []string{"*.zdn.vn", "*.zadn.vn", "*.zaloapp.com"}
	}
	return c
}

// Validate reports every setting that cannot work. Credentials are asked for only when the channel is on.
func (c Config) Validate() error {
	c = c.withDefaults()
	var faults setting.Faults
	c.credentials(&faults)
	for _, b := range []struct{ key, base string }{
		{"api_base", c.APIBase}, {"oauth_base", c.OAuthBase}, {"zns_base", c.ZNSBase}, {"graph_base", c.GraphBase},
	} {
		if why := netcall.BaseFault(b.base); why != "" {
			faults.Add(b.key, "%s", why)
		}
	}
	for _, d := range []struct {
		key        string
		value, max time.Duration
	}{
		{"max_age", c.MaxAge, 72 * time.Hour}, // events are remembered for 7 days
		{"free_window", c.FreeWindow, 365 * 24 * time.Hour},
		{"paid_window", c.PaidWindow, 365 * 24 * time.Hour},
		{"staff_window", c.StaffWindow, 365 * 24 * time.Hour},
		{"timeout", c.Timeout, time.Minute},
		{"attachment_life", c.AttachmentLife, 167 * time.Hour},
	} {
		if d.value < 0 || d.value > d.max {
			faults.Add(d.key, "must be positive and at most %v", d.max)
		}
	}
	faults.Refuse(c.PaidWindow < c.FreeWindow, "paid_window", "must not be shorter than free_window")
	faults.Refuse(c.MaxText < 100 || c.MaxText > 10_000, "max_text", "must be from 100 to 10000")
	faults.Refuse(c.PerMinute < 0, "per_minute", "must not be negative")
	for _, l := range []struct {
		key   string
		hosts []string
	}{{"media_hosts", c.MediaHosts}, {"picture_hosts", c.PictureHosts}} {
		if err := openweb.Hosts(l.hosts).Check(); err != nil {
			faults.Add(l.key, "%w", err)
		}
	}
	if u, err := url.Parse(c.ContactImage); c.ContactImage != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "") {
		faults.Add("contact_image", "must be the address of a picture")
	}
	for _, name := range channels.Names(c.Templates) {
		faults.Under("templates."+name, c.Templates[name].Validate())
	}
	return faults.Err()
}

var (
	idRE       = regexp.MustCompile(`^[0-9]{1,32}$`)
	verifierRE = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`) // RFC 7636, section 4.1
)

func (c Config) credentials(faults *setting.Faults) {
	if c.AppID == "" && c.OAID == "" {
		return
	}
	for _, v := range []struct{ key, value string }{{"app_id", c.AppID}, {"oa_id", c.OAID}} {
		faults.Refuse(!idRE.MatchString(v.value), v.key, "must be set, digits only")
	}
	for _, v := range []struct {
		key, value string
		needed     bool
	}{
		{"app_secret", c.AppSecret, true}, {"oa_secret_key", c.OASecretKey, true}, {"oa_secret_key_old", c.OASecretKeyOld, false},
	} {
		faults.Refuse(v.needed && v.value == "" || strings.ContainsAny(v.value, "\r\n"), v.key, "must be set, on one line")
	}
	faults.Refuse(!verifierRE.MatchString(c.CodeVerifier), "code_verifier", "must be 43 to 128 characters of A-Z a-z 0-9 - . _ ~")
}
