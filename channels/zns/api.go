package zns

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
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
const maxAnswer = 256 << 10

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
func (c *Channel) call(ctx context.Context, method, path string, body []byte) answer {
	tok, err := c.tokens.Token(ctx)
	if err != nil {
		return tokenless(fmt.Errorf("zns: access token: %w", err))
	}
	a := c.once(ctx, method, path, body, tok)
	if !a.tokenRefused() {
		return a
	}
	if tok, err = c.tokens.Renew(ctx, tok); err != nil {
		return tokenless(fmt.Errorf("zns: renew access token: %w", err))
	}
	return c.once(ctx, method, path, body, tok)
}

// tokenless is the answer when there is no token to ask with.
func tokenless(err error) answer {
	f := fault.Of(err)
	return answer{err: err, wait: f.RetryAfter, alarm: f.Code == fault.Forbidden}
}

func (c *Channel) once(ctx context.Context, method, path string, body []byte, tok string) answer {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	var wrote atomic.Bool // the transport may still report while Do returns
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, method, c.cfg.APIBase+path, bytes.NewReader(body))
	if err != nil {
		return answer{err: fmt.Errorf("zns: request: %w", bare(err))}
	}
	req.Header.Set("access_token", tok)
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.secret != "" {
		req.Header.Set("appsecret_proof", proof(c.secret, tok))
	}
	res, err := c.client.Do(req)
	if err != nil {
		return answer{err: fmt.Errorf("zns: call: %w", bare(err)), unsure: wrote.Load()}
	}
	return read(res)
}

// read takes an answer apart and closes it.
func read(res *http.Response) answer {
	defer func() { _ = res.Body.Close() }() // it has been read; nothing depends on how the connection ends
	a := answer{status: res.StatusCode, wait: retryAfter(res.Header.Get("Retry-After"))}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = errors.New("it is too long")
	}
	if err != nil {
		return answer{err: fmt.Errorf("zns: answer: %w", bare(err)), unsure: true, wait: a.wait}
	}
	a.reply = parseReply(body)
	return a
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

// bare takes the address off an error: none says more than the setting it came from.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
