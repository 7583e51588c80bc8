package webpushfake

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

var errBroken = errors.New("webpushfake: cannot be decrypted")

// decrypt reads a body of one record (RFC 8188) with a browser's keys (RFC 8291).
func decrypt(body []byte, key *ecdh.PrivateKey, auth []byte) ([]byte, error) {
	const saltLen, headLen = 16, 21
	if len(body) < headLen+65 || body[20] != 65 {
		return nil, errBroken
	}
	salt, size, sender, sealed := body[:saltLen], binary.BigEndian.Uint32(body[saltLen:]), body[headLen:headLen+65], body[headLen+65:]
	if uint64(len(sealed)) > uint64(size) {
		return nil, errBroken // more than one record, which Web Push does not allow
	}
	contentKey, nonce, err := derive(key, auth, salt, sender)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(contentKey)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	plain, err := gcm.Open(nil, nonce, sealed, nil)
	if err != nil {
		return nil, errBroken
	}
	plain = []byte(strings.TrimRight(string(plain), "\x00"))
	if len(plain) == 0 || plain[len(plain)-1] != 2 { // the last record's delimiter
		return nil, errBroken
	}
	return plain[:len(plain)-1], nil
}

func derive(key *ecdh.PrivateKey, auth, salt, sender []byte) (contentKey, nonce []byte, err error) {
	from, err := ecdh.P256().NewPublicKey(sender)
	if err != nil {
		return nil, nil, errBroken
	}
	shared, err := key.ECDH(from)
	if err != nil {
		return nil, nil, errBroken
	}
	info := "WebPush: info\x00" + string(key.PublicKey().Bytes()) + string(sender)
	ikm, err1 := hkdf.Key(sha256.New, shared, auth, info, 32)
	contentKey, err2 := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	nonce, err3 := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	return contentKey, nonce, errors.Join(err1, err2, err3)
}

// signature checks the Authorization header (RFC 8292); nil when it is good. serverKey is the one that the subscription is bound to, "" none. It is called
// with mu held.
func (s *Service) signature(header, serverKey string) *refusal {
	fields, ok := strings.CutPrefix(header, "vapid ")
	if !ok {
		return &refusal{http.StatusUnauthorized, "no VAPID authorization"}
	}
	parts := map[string]string{}
	for f := range strings.SplitSeq(fields, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(f), "=")
		parts[name] = value
	}
	public, err := publicKey(parts["k"])
	if err != nil {
		return &refusal{http.StatusUnauthorized, "k is no key"}
	}
	if serverKey != "" && serverKey != parts["k"] {
		return &refusal{http.StatusForbidden, "the subscription was made with another key"}
	}
	token, err := jose.ParseSignedCompact(parts["t"], []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return &refusal{http.StatusUnauthorized, "t is no token signed with ES256"}
	}
	claims, err := token.Verify(public)
	if err != nil {
		return &refusal{http.StatusForbidden, "the signature is not by k"}
	}
	return s.claims(claims)
}

func (s *Service) claims(raw []byte) *refusal {
	var c struct {
		Audience string `json:"aud"`
		Expires  int64  `json:"exp"`
		Subject  string `json:"sub"`
	}
	if json.Unmarshal(raw, &c) != nil {
		return &refusal{http.StatusForbidden, "the token's claims are malformed"}
	}
	now, end := s.cfg.Now(), time.Unix(c.Expires, 0)
	base, err := url.Parse(s.base)
	switch {
	case err != nil || c.Audience != base.Scheme+"://"+base.Host:
		return &refusal{http.StatusForbidden, "aud is not this origin"}
	case !end.After(now):
		return &refusal{http.StatusForbidden, "the token has expired"}
	case end.Sub(now) > 24*time.Hour:
		return &refusal{http.StatusForbidden, "exp is more than 24 hours ahead"}
	case !contact(c.Subject):
		return &refusal{http.StatusForbidden, "sub is neither a mailto: nor an https: address"}
	}
	return nil
}

func contact(sub string) bool {
	if mail, ok := strings.CutPrefix(sub, "mailto:"); ok {
		return strings.Contains(mail, "@") && !strings.Contains(mail, ":")
	}
	return strings.HasPrefix(sub, "https://")
}

func publicKey(s string) (*ecdsa.PublicKey, error) {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil, err
	}
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), raw)
}
