// Package secret encrypts fields, indexes them so that an encrypted value can still be looked up, and signs what leaves the city and must come back unchanged.
//
// It owns the format of the keyset file. It does not know what it encrypts, where the file lies, or who may read it.
// The algorithms are those of tink-go: AES-256-GCM for sealing, HMAC-SHA-256 for indexes and signatures.
package secret

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/mac"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// ErrSealed is the error for bytes that this keyset did not seal in that context, or that were changed since.
var ErrSealed = errors.New("secret: cannot be unsealed")

// Box holds the keys of one city. It is safe for concurrent use and keeps nothing else.
type Box struct {
	development bool
	aead        tink.AEAD
	mac         tink.MAC
	index       []prf.PRF // the primary key first
	fingerprint string
}

// indexBytes is the length of an index: long enough that two values never share one.
const indexBytes = 32

// Open reads a keyset file made by Generate. The error names the part that is wrong and never holds key material.
func Open(file []byte) (*Box, error) {
	f, err := parse(file)
	if err != nil {
		return nil, err
	}
	b := &Box{development: f.Development}
	if b.aead, err = aead.New(f.seal); err != nil {
		return nil, fmt.Errorf("secret: keys for sealing: %w", err)
	}
	if b.mac, err = mac.New(f.sign); err != nil {
		return nil, fmt.Errorf("secret: keys for signing: %w", err)
	}
	set, err := prf.NewPRFSet(f.index)
	if err != nil {
		return nil, fmt.Errorf("secret: keys for indexes: %w", err)
	}
	b.index = append(b.index, set.PRFs[set.PrimaryID])
	for _, id := range ids(f.index) { // in the file's order, so that Indexes is the same on every replica
		if p := set.PRFs[id]; p != nil && id != set.PrimaryID {
			b.index = append(b.index, p)
		}
	}
	b.fingerprint = b.Index("fingerprint", "")[:16]
	return b, nil
}

// Seal encrypts plain. The context ("account phone/<id>") is not stored: only who knows it can unseal, so a sealed value moved to another
// place does not open there.
func (b *Box) Seal(plain []byte, context string) ([]byte, error) {
	out, err := b.aead.Encrypt(plain, []byte(context))
	if err != nil {
		return nil, fmt.Errorf("secret: seal: %w", err)
	}
	return out, nil
}

// Unseal decrypts what Seal made in the same context, also under a key that has been rotated away since. ErrSealed otherwise.
func (b *Box) Unseal(sealed []byte, context string) ([]byte, error) {
	plain, err := b.aead.Decrypt(sealed, []byte(context))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// Index gives a keyed hash of value, by which it can be found without being stored: 64 hex digits, the same each time, unrelated between contexts.
// Nobody without the keyset can compute it or try values against it.
func (b *Box) Index(context, value string) string {
	return index(b.index[0], context, value)
}

// Indexes gives the hash under every key of the file, the one of Index first: while index keys are being changed, look up all, store the first.
func (b *Box) Indexes(context, value string) []string {
	out := make([]string, len(b.index))
	for i, p := range b.index {
		out[i] = index(p, context, value)
	}
	return out
}

func index(p prf.PRF, context, value string) string {
	out, err := p.ComputePRF(framed("index", context, value), indexBytes)
	if err != nil { // only a length that the algorithm cannot give; indexBytes is one it can, which Open has proved by making the fingerprint
		return ""
	}
	return hex.EncodeToString(out)
}

// Sign gives a signature of data for one purpose ("media url"), safe to stand in a URL. It says nothing about time: data must hold its own expiry.
func (b *Box) Sign(purpose, data string) string {
	tag, err := b.mac.ComputeMAC(framed("sign", purpose, data))
	if err != nil { // HMAC has no failing input
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(tag)
}

// Verify tells whether signature is one that Sign made for this purpose and data. It takes the same time for any wrong signature of the right length.
func (b *Box) Verify(purpose, data, signature string) bool {
	tag, err := base64.RawURLEncoding.Strict().DecodeString(signature)
	if err != nil || len(tag) == 0 {
		return false
	}
	return b.mac.VerifyMAC(tag, framed("sign", purpose, data)) == nil
}

// Development tells whether the keyset was made for a machine of a developer. Such a keyset is known to others: never serve citizens with it.
func (b *Box) Development() bool { return b.development }

// Fingerprint names the keyset without giving anything away, so that a backup can say which one it needs: 16 hex digits.
// It stays the same when sealing and signing keys are rotated.
func (b *Box) Fingerprint() string { return b.fingerprint }

// Knows tells whether this keyset can read what was written under a keyset of that fingerprint.
func (b *Box) Knows(fingerprint string) bool {
	for _, x := range b.Indexes("fingerprint", "") {
		if len(x) >= 16 && x[:16] == fingerprint {
			return true
		}
	}
	return false
}

// framed joins parts so that no two different lists give the same bytes.
func framed(parts ...string) []byte {
	var out []byte
	for _, p := range parts {
		out = fmt.Appendf(out, "%d:", len(p))
		out = append(out, p...)
	}
	return out
}
