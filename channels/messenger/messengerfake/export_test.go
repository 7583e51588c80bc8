package messengerfake

import (
	"crypto/sha1"
	"crypto/sha256"
)

// Sign, SignOld and Escaped are what the shared vectors are checked against.
func Sign(secret string, data []byte) string    { return sign(sha256.New, secret, data) }
func SignOld(secret string, data []byte) string { return sign(sha1.New, secret, data) }

var Escaped = escaped
