// Package netcall holds what the calls of all networks' APIs have in common: which addresses they may go to, how an answer is read, how long a network asks to
// wait, and what an answer means that is not the API's own.
//
// It does not know what any network says.
package netcall

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// BaseFault says what is wrong with the address of an API; "" when nothing is. Tokens and texts must not travel in the clear: http is for this machine only.
func BaseFault(base string) string {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || strings.HasSuffix(base, "/") || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "must be https://host/path without a slash at the end"
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return "must be https, or http on this machine"
	}
	return ""
}

// Local tells whether an address leads to this machine.
func Local(base string) bool {
	u, err := url.Parse(base)
	return err == nil && loopback(u.Hostname())
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Direct gives a copy of the client that follows no redirect: a message and its token go where the configuration says, or nowhere.
func Direct(client *http.Client) *http.Client {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// Watched gives a context for one request, and tells whether anything of that request has left: then the network may have carried it out.
func Watched(ctx context.Context) (watched context.Context, left func() bool) {
	var wrote atomic.Bool // the transport may still report while Do returns
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }}), wrote.Load
}

// ErrTooLong is given for an answer that is longer than what is read.
var ErrTooLong = errors.New("the answer is too long")

// Body reads an answer to its end and closes it. One of more than limit bytes is ErrTooLong.
func Body(res *http.Response, limit int64) ([]byte, error) {
	defer func() { _ = res.Body.Close() }() // it has been read; nothing depends on how the connection ends
	body, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err != nil {
		return nil, Bare(err)
	}
	if int64(len(body)) > limit {
		return nil, ErrTooLong
	}
	return body, nil
}

// Bare takes the address off an error: it may hold a secret or name a person, and none says more than the setting it came from.
func Bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// RetryAfter reads a wait in seconds; 0 when there is none that makes sense.
func RetryAfter(h http.Header) time.Duration {
	n, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || n < 0 || n > 86400 {
		return 0
	}
	return time.Duration(n) * time.Second
}

// Header gives a header however its name is written: not every server keeps the canonical form.
func Header(h http.Header, name string) string {
	if v := h.Get(name); v != "" {
		return v
	}
	for k, v := range h {
		if strings.EqualFold(k, name) && len(v) > 0 {
			return v[0]
		}
	}
	return ""
}

// MAC is HMAC-SHA-256.
func MAC(secret string, data []byte) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	_, _ = h.Write(data) // a hash takes everything
	return h.Sum(nil)
}

// Proof is appsecret_proof of Zalo (AppSecretProofUtil of zalo-java-sdk 4.0) and of Meta ("Secure Graph API Calls"): the hexadecimal MAC of the access token.
func Proof(appSecret, accessToken string) string {
	return hex.EncodeToString(MAC(appSecret, []byte(accessToken)))
}

// JSON encodes as the networks' own samples have it, with & and < in addresses as they are.
func JSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
