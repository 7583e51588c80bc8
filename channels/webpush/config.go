package webpush

import (
	"cmp"
	"crypto/ecdh"
	"encoding/base64"
	"errors"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/openweb"
	"github.com/motcua/motcua/internal/setting"
)

// Config is the section channels.webpush of the configuration. A zero duration or list means its default.
type Config struct {
	VAPIDPublicKey  string        `koanf:"vapid_public_key"`  // names the city to push services and browsers: 87 characters of base64url, see GenerateKeys. "" leaves the channel off
	VAPIDPrivateKey string        `koanf:"vapid_private_key"` // of the same pair, 43 characters; a secret. With another pair every browser has to subscribe again
	Subject         string        `koanf:"subject"`           // whom push services write to: an https address, or a bare mail address
	AllowPrivate    bool          `koanf:"allow_private"`     // let subscriptions lead to this machine, for a stand-in; not where citizens are served. false
	Hosts           []string      `koanf:"hosts"`             // push services that may be called: "*.push.example". None means those of the usual browsers
	TrustedHosts    []string      `koanf:"trusted_hosts"`     // hosts inside the city's own network that connections may go through: a proxy. None
	Timeout         time.Duration `koanf:"timeout"`           // of one request. 10s
	TTL             time.Duration `koanf:"ttl"`               // how long a push service keeps a message for a browser that is away, at most. 672h (28 days)
}

// pushServices are those of Chrome and what is built on it, Firefox, Edge, and Safari. Whoever subscribes names the address that the city calls, so it must be
// one of a service that is known: https://developer.mozilla.org/docs/Web/API/PushSubscription/endpoint, https://developer.apple.com/documentation/usernotifications/sending-web-push-notifications-in-web-apps-and-browsers,
// https://learn.microsoft.com/windows/apps/develop/notifications/push-notifications/firewall-allowlist-config
func pushServices() []string {
	return []string{"fcm.googleapis.com", "*.push.services.mozilla.com", "*.notify.windows.com", "*.push.apple.com"}
}

// maxTTL is how long the large push services keep a message.
const maxTTL = 28 * 24 * time.Hour

// Enabled tells whether the city can push to browsers.
func (c Config) Enabled() bool { return c.VAPIDPublicKey != "" && c.VAPIDPrivateKey != "" }

func (c Config) withDefaults() Config {
	if len(c.Hosts) == 0 {
		c.Hosts = pushServices()
	}
	c.Timeout = cmp.Or(c.Timeout, 10*time.Second)
	c.TTL = cmp.Or(c.TTL, maxTTL)
	return c
}

// Validate reports every setting that cannot work. Keys are asked for only when the channel is on.
func (c Config) Validate() error {
	c = c.withDefaults()
	var faults setting.Faults
	if c.VAPIDPublicKey != "" || c.VAPIDPrivateKey != "" {
		c.keys(&faults)
	}
	if err := openweb.Hosts(c.Hosts).Check(); err != nil {
		faults.Add("hosts", "%w", err)
	}
	if err := openweb.Hosts(c.TrustedHosts).Check(); err != nil {
		faults.Add("trusted_hosts", "%w", err)
	}
	if c.Timeout < 0 || c.Timeout > time.Minute {
		faults.Add("timeout", "must be positive and at most %v", time.Minute)
	}
	if c.TTL < time.Minute || c.TTL > maxTTL {
		faults.Add("ttl", "must be from 1m to %v", maxTTL)
	}
	return faults.Err()
}

// ForCitizens reports the settings that only a machine of a developer may have.
func (c Config) ForCitizens() error {
	if c.AllowPrivate {
		return errors.New("allow_private: must be off where citizens are served")
	}
	return nil
}

func (c Config) keys(faults *setting.Faults) {
	public, errPublic := base64.RawURLEncoding.DecodeString(c.VAPIDPublicKey)
	if errPublic == nil {
		_, errPublic = ecdh.P256().NewPublicKey(public)
	}
	faults.Refuse(errPublic != nil, "vapid_public_key", "must be 87 characters of base64url, a point of P-256")
	private, err := privateKey(c.VAPIDPrivateKey)
	switch {
	case err != nil:
		faults.Add("vapid_private_key", "must be 43 characters of base64url")
	case errPublic == nil && string(private.PublicKey().Bytes()) != string(public):
		faults.Add("vapid_private_key", "must be of the same pair as vapid_public_key")
	}
	faults.Refuse(!contact(c.Subject), "subject", "must be an https address, or a mail address without mailto:")
}

func privateKey(s string) (*ecdh.PrivateKey, error) {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil, err
	}
	return ecdh.P256().NewPrivateKey(raw)
}

// contact tells whether the library makes a good "sub" of s: it writes mailto: before whatever is not https.
func contact(s string) bool {
	if strings.HasPrefix(s, "https:") {
		u, err := url.Parse(s)
		return err == nil && u.Host != ""
	}
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && !strings.HasPrefix(s, "mailto:")
}
