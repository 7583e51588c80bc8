// Package once makes a request that arrives twice take effect once.
//
// It owns the scope of an idempotency key, the ids derived from it, and the short memory of keys inside an aggregate. It does no I/O.
package once

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/motcua/motcua/internal/fault"
)

// MaxKey is the longest idempotency key that a client may send, in bytes.
const MaxKey = 128

// Scope is what a key of a client means here: a hash over who sent it (the subject, before any account expansion), to which app and action. 64 hex digits.
func Scope(subject, app, action, key string) string {
	return digest(subject, app, action, key)
}

// HashInput gives a hash of a JSON input that does not depend on the order of names or on blanks. 64 hex digits.
func HashInput(input json.RawMessage) (string, error) {
	d := json.NewDecoder(bytes.NewReader(input))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return "", fault.Wrap(fault.Invalid, err)
	}
	canonical, err := json.Marshal(v) // sorts the names of objects
	if err != nil {
		return "", err
	}
	return digest(string(canonical)), nil
}

// ID derives the id of what a create makes from its scope, so that a repeat names the same document.
func ID(scope string) string {
	h := sha256.Sum256([]byte("motcua id\x00" + scope))
	var u uuid.UUID
	copy(u[:], h[:16])
	u[6] = u[6]&0x0f | 0x80 // version 8: made by a rule of our own (RFC 9562 §5.8)
	u[8] = u[8]&0x3f | 0x80
	return u.String()
}

// memory is how many keys an aggregate remembers.
const memory = 32

// Mark is one remembered change.
type Mark struct {
	Key  string `bson:"k"` // a Scope
	Hash string `bson:"h"` // of its input
}

// Marks are the last changes of one aggregate, oldest first. They are stored inside it, so that the change and its mark are one write.
type Marks []Mark

// Seen tells whether the change was made before. CONFLICT when the key was used with other input.
func (m Marks) Seen(key, hash string) (bool, error) {
	for _, x := range m {
		if x.Key != key {
			continue
		}
		if x.Hash != hash {
			return false, Clash()
		}
		return true, nil
	}
	return false, nil
}

// Add remembers a change and forgets the oldest beyond the last 32.
func (m *Marks) Add(key, hash string) {
	*m = append(*m, Mark{Key: key, Hash: hash})
	if over := len(*m) - memory; over > 0 {
		*m = append(Marks(nil), (*m)[over:]...)
	}
}

// Clash is the error for a key that comes again with other input.
func Clash() error { return fault.New(fault.Conflict, "once.key_reused") }

func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}
