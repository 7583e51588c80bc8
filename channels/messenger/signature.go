package messenger

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/netcall"
)

// maxChallenge is the longest challenge that is repeated, in bytes; real ones are numbers.
const maxChallenge = 200

// unauthorized refuses a webhook; the cause is for the log.
func unauthorized(cause string) error {
	return fault.Wrap(fault.Unauthorized, errors.New("messenger: webhook: "+cause))
}

// handshake answers the question by which the network checks that a webhook's address is ours, "Verification Requests" at
// https://developers.facebook.com/docs/graph-api/webhooks/getting-started. FORBIDDEN when who asks does not know the verify token.
func (c *Channel) handshake(q url.Values) (channels.Batch, error) {
	token := sha256.Sum256([]byte(q.Get("hub.verify_token")))
	want := sha256.Sum256([]byte(c.cfg.VerifyToken))
	challenge := q.Get("hub.challenge")
	known := subtle.ConstantTimeCompare(token[:], want[:]) == 1
	if !known || q.Get("hub.mode") != "subscribe" || challenge == "" || len(challenge) > maxChallenge {
		return channels.Batch{}, fault.Wrap(fault.Forbidden, errors.New("messenger: webhook: the verify token is not ours"))
	}
	return channels.Batch{Reply: []byte(challenge)}, nil
}

// verify believes a body or refuses it: X-Hub-Signature-256 holds sha256=hex(HMAC-SHA-256(app secret, raw body)), "Validating Payloads" at
// https://developers.facebook.com/docs/graph-api/webhooks/getting-started. The older X-Hub-Signature, made with SHA-1, proves nothing any more.
func (c *Channel) verify(h http.Header, body []byte) error {
	mac := signature(h)
	if mac == nil {
		return unauthorized("unsigned")
	}
	good := false
	for _, secret := range []string{c.cfg.AppSecret, c.cfg.AppSecretOld} { // both are tried, so that the time taken tells nothing
		if secret != "" {
			good = hmac.Equal(netcall.MAC(secret, body), mac) || good
		}
	}
	if !good {
		return unauthorized("wrong signature")
	}
	return nil
}

// signature reads the header; nil when there is none or it is no signature.
func signature(h http.Header) []byte {
	name, digits, _ := strings.Cut(strings.TrimSpace(netcall.Header(h, "X-Hub-Signature-256")), "=")
	mac, err := hex.DecodeString(digits)
	if name != "sha256" || err != nil || len(mac) != sha256.Size {
		return nil
	}
	return mac
}
