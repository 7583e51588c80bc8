package zalo

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/loose"
	"github.com/motcua/motcua/internal/netcall"
)

const (
	maxBody = 1 << 20         // bytes of a webhook; real ones have a few hundred
	maxSkew = 5 * time.Minute // that the network's clock may be ahead of ours
)

// unauthorized refuses a webhook; the cause is for the log.
func unauthorized(cause string) error {
	return fault.Wrap(fault.Unauthorized, errors.New("zalo: webhook: "+cause))
}

// verify believes a webhook or refuses it, and gives its time as written and as a time.
//
// X-ZEvent-Signature holds mac=hex(SHA-256(app_id + raw body + timestamp + secret)), https://developers.zalo.me/docs/official-account/webhook/verify-webhook-origin;
// the construction is that of MacUtils.buildMac in zalo-java-sdk 4.0. The time is in the body, so it is read before anything is believed, and nothing else is.
func (c *Channel) verify(body, mac []byte) (stamp string, at time.Time, err error) {
	appID, stamp, ok := scan(body)
	if !ok {
		return "", time.Time{}, unauthorized("no app_id and timestamp")
	}
	if appID != c.cfg.AppID {
		return "", time.Time{}, unauthorized("of another application")
	}
	if !c.signed(body, stamp, mac) {
		return "", time.Time{}, unauthorized("wrong signature")
	}
	millis, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || millis <= 0 {
		return "", time.Time{}, unauthorized("timestamp is no time")
	}
	at = time.UnixMilli(millis).UTC()
	if age := c.now().Sub(at); age > c.cfg.MaxAge || age < -maxSkew {
		return "", time.Time{}, unauthorized("too old, or ahead of our clock")
	}
	return stamp, at, nil
}

// signed tells whether one of the live secrets made the signature. All are tried, so that the time taken tells nothing.
func (c *Channel) signed(body []byte, stamp string, mac []byte) bool {
	good := false
	for _, secret := range []string{c.cfg.OASecretKey, c.cfg.OASecretKeyOld} {
		if secret == "" {
			continue
		}
		want := sum(c.cfg.AppID, body, stamp, secret)
		good = hmac.Equal(want, mac) || good
	}
	return good
}

// sum is the network's signature: a plain SHA-256 of everything in a row, no HMAC.
func sum(appID string, body []byte, stamp, secret string) []byte {
	h := sha256.New()
	_, _ = h.Write([]byte(appID)) // a hash takes everything
	_, _ = h.Write(body)
	_, _ = h.Write([]byte(stamp + secret))
	return h.Sum(nil)
}

// signature reads the header. present is false when there is none; mac is nil when it is no signature.
func signature(h http.Header) (mac []byte, present bool) {
	value := strings.TrimSpace(netcall.Header(h, "X-ZEvent-Signature"))
	if value == "" {
		return nil, false
	}
	name, digits, ok := strings.Cut(value, "=")
	if !ok || !strings.EqualFold(strings.TrimSpace(name), "mac") {
		return nil, true
	}
	mac, err := hex.DecodeString(strings.TrimSpace(digits))
	if err != nil || len(mac) != sha256.Size {
		return nil, true
	}
	return mac, true
}

// scan finds app_id and timestamp among the outermost names of a body that nobody vouches for, and makes nothing of the rest. It ends where it has both,
// and its time grows no faster than the body. ok is false when they are not there.
func scan(body []byte) (appID, stamp string, ok bool) {
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return "", "", false
	}
	for appID == "" || stamp == "" {
		key, err := d.Token()
		if _, isName := key.(string); err != nil || !isName {
			return "", "", false
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return "", "", false
		}
		switch key {
		case "app_id":
			appID = loose.Scalar(raw)
		case "timestamp":
			stamp = loose.Scalar(raw)
		}
	}
	return appID, stamp, true
}
