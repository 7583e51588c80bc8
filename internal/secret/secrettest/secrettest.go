// Package secrettest gives tests keys of their own.
package secrettest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/secret"
)

// NewBox opens new keys, as a city in development has them.
func NewBox(t testing.TB) *secret.Box {
	t.Helper()
	file, err := secret.Generate(true)
	require.NoError(t, err)
	box, err := secret.Open(file)
	require.NoError(t, err)
	return box
}

// Fixed makes indexes with a key that is always the same.
type Fixed struct{}

// Index gives the index of a value.
func (Fixed) Index(purpose, value string) string {
	h := hmac.New(sha256.New, []byte("a key"))
	fmt.Fprint(h, purpose, "\x00", value)
	return hex.EncodeToString(h.Sum(nil))
}

// Indexes gives that alone: there is no older key.
func (f Fixed) Indexes(purpose, value string) []string { return []string{f.Index(purpose, value)} }
