package webpush

import (
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"

	library "github.com/SherClockHolmes/webpush-go"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/openweb"
)

// maxSubscription is how long a subscription may be, in bytes. Those of the large push services are shorter than 1,000.
const maxSubscription = 4 << 10

// Check reads a browser's subscription (PushSubscription.toJSON, https://www.w3.org/TR/push-api/) and gives it as an address, and what it is known by for as
// long as it lives: the endpoint. INVALID when it is none, or when it leads where a push must not go.
func (c *Channel) Check(raw string) (to channels.Address, known string, err error) {
	s, ok := parse(raw, c.guard)
	if !ok {
		return "", "", fault.New(fault.Invalid, "")
	}
	out, err := json.Marshal(s)
	if err != nil {
		return "", "", fault.Wrap(fault.Internal, err)
	}
	return channels.Address(out), s.Endpoint, nil
}

// parse reads a subscription. ok is false when it cannot be sent to.
func parse(raw string, g openweb.Guard) (s library.Subscription, ok bool) {
	if len(raw) > maxSubscription || json.Unmarshal([]byte(raw), &s) != nil {
		return library.Subscription{}, false
	}
	u, err := url.Parse(s.Endpoint)
	if err != nil || g.Check(u) != nil || u.Fragment != "" {
		return library.Subscription{}, false
	}
	public, err := base64.RawURLEncoding.DecodeString(unpadded(s.Keys.P256dh))
	if err != nil {
		return library.Subscription{}, false
	}
	if _, err := ecdh.P256().NewPublicKey(public); err != nil {
		return library.Subscription{}, false
	}
	secret, err := base64.RawURLEncoding.DecodeString(unpadded(s.Keys.Auth))
	if err != nil || len(secret) != 16 {
		return library.Subscription{}, false
	}
	s.Keys.P256dh, s.Keys.Auth = base64.RawURLEncoding.EncodeToString(public), base64.RawURLEncoding.EncodeToString(secret)
	return s, true
}

// unpadded gives base64 as base64url without padding: older browsers' pages wrote the other form.
func unpadded(s string) string {
	return strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(s, "="))
}
