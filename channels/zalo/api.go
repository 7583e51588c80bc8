package zalo

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/motcua/motcua/internal/fault"
)

// maxAnswer is how much of an answer is read, in bytes. More than that is no answer of the API.
const maxAnswer = 64 << 10

// api calls the OA API under the account's token. It is safe for concurrent use.
type api struct {
	cfg    Config
	tokens Tokens
	client *http.Client
}

// request is one call of the API, kept so that it can be made again under another token. Without a body it is a GET.
type request struct {
	path, contentType string
	body              []byte
}

// answer is what came of one call. With err there was none that can be used.
type answer struct {
	status int
	reply  reply
	wait   time.Duration // that the network asks for; 0 means none
	err    error
	unsure bool // with err: the network may have carried the call out
	alarm  bool // with err: nothing will leave until an operator acts
}

// number gives the error number; 0 is success. Anything but a number is a number that we do not know.
func (a answer) number() int {
	if a.reply.Error == nil {
		return 0
	}
	n, err := strconv.Atoi(string(*a.reply.Error))
	if err != nil {
		return 1
	}
	return n
}

// tokenRefused tells whether another token may help.
func (a answer) tokenRefused() bool {
	if a.err != nil {
		return false
	}
	return verdicts[a.number()].end == token || a.reply.Error == nil && a.status == http.StatusUnauthorized
}

// call makes a request, and once more under a new token when the network refuses the one we have.
func (c *api) call(ctx context.Context, r request) answer {
	tok, err := c.tokens.Token(ctx)
	if err != nil {
		return tokenless(fmt.Errorf("zalo: access token: %w", err))
	}
	a := c.once(ctx, r, tok)
	if !a.tokenRefused() {
		return a
	}
	if tok, err = c.tokens.Renew(ctx, tok); err != nil {
		return tokenless(fmt.Errorf("zalo: renew access token: %w", err))
	}
	return c.once(ctx, r, tok)
}

// tokenless is the answer when there is no token to ask with.
func tokenless(err error) answer {
	f := fault.Of(err)
	return answer{err: err, wait: f.RetryAfter, alarm: f.Code == fault.Forbidden}
}

func (c *api) once(ctx context.Context, r request, tok string) answer {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	var wrote atomic.Bool // the transport may still report while Do returns
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }})
	req, err := r.on(ctx, c.cfg.APIBase)
	if err != nil {
		return answer{err: fmt.Errorf("zalo: request: %w", bare(err))}
	}
	req.Header.Set("access_token", tok)
	if c.cfg.AppSecretProof {
		req.Header.Set("appsecret_proof", proof(c.cfg.AppSecret, tok))
	}
	res, err := c.client.Do(req)
	if err != nil {
		return answer{err: fmt.Errorf("zalo: call: %w", bare(err)), unsure: wrote.Load()}
	}
	return read(res)
}

// on makes the request at an address.
func (r request) on(ctx context.Context, base string) (*http.Request, error) {
	if r.body == nil {
		return http.NewRequestWithContext(ctx, http.MethodGet, base+r.path, nil)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+r.path, bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", r.contentType)
	return req, nil
}

// read takes an answer apart.
func read(res *http.Response) answer {
	a := answer{status: res.StatusCode, wait: retryAfter(res.Header.Get("Retry-After"))}
	body, err := limited(res, maxAnswer)
	if err != nil {
		return answer{err: fmt.Errorf("zalo: answer: %w", err), unsure: true, wait: a.wait}
	}
	a.reply = parseReply(body)
	return a
}

// limited reads a response to its end and closes it. One that is longer than limit is an error.
func limited(res *http.Response, limit int64) ([]byte, error) {
	defer func() { _ = res.Body.Close() }() // it has been read; nothing depends on how the connection ends
	body, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err != nil {
		return nil, bare(err)
	}
	if int64(len(body)) > limit {
		return nil, errTooLong
	}
	return body, nil
}

// parseReply reads an answer of the API. Without a number in it, it is none: the zero reply.
func parseReply(body []byte) reply {
	var r reply
	err := json.Unmarshal(body, &r)
	var other *json.UnmarshalTypeError // data is sometimes an empty list
	if err != nil && !errors.As(err, &other) || r.Error == nil || *r.Error == "" {
		return reply{}
	}
	return r
}

// retryAfter reads a wait in seconds; 0 when there is none that makes sense.
func retryAfter(s string) time.Duration {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 86400 {
		return 0
	}
	return time.Duration(n) * time.Second
}

// proof is appsecret_proof: hex(HMAC-SHA-256(app secret, access token)), AppSecretProofUtil of zalo-java-sdk 4.0.
func proof(appSecret, accessToken string) string {
	h := hmac.New(sha256.New, []byte(appSecret))
	_, _ = h.Write([]byte(accessToken)) // a hash takes everything
	return hex.EncodeToString(h.Sum(nil))
}

// bare takes the address off an error: that of a picture may hold a signature, and none says more than the setting it came from.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// errTooLong is the error for a body that is longer than we read.
var errTooLong = errors.New("the answer is too long")
