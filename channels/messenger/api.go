package messenger

import (
	"bytes"
	"context"
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
)

// maxAnswer is how much of an answer is read, in bytes. More than that is no answer of the API.
const maxAnswer = 64 << 10

// request is one call of the API.
type request struct {
	method      string // "" means POST
	path        string // below the version
	query       url.Values
	token       string
	contentType string
	body        []byte
}

// answer is what came of one call. With err there was none that can be used.
type answer struct {
	status int
	body   []byte
	reply  reply
	isAPI  bool          // the body is one of the API's
	wait   time.Duration // that the network asks for; 0 means none
	err    error
	unsure bool // with err: the network may have carried the call out
}

// ask makes a request.
func (c *Channel) ask(ctx context.Context, r request) answer {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	var wrote atomic.Bool // the transport may still report while Do returns
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }})
	req, err := c.build(ctx, r)
	if err != nil {
		return answer{err: fmt.Errorf("messenger: request: %w", bare(err))}
	}
	res, err := c.client.Do(req)
	if err != nil {
		return answer{err: fmt.Errorf("messenger: call: %w", bare(err)), unsure: wrote.Load()}
	}
	return read(res)
}

// build puts the token into a header, because addresses end up in logs of proxies. "Secure Graph API Calls" in the documentation has appsecret_proof.
func (c *Channel) build(ctx context.Context, r request) (*http.Request, error) {
	q := url.Values{}
	for k, v := range r.query {
		q[k] = v
	}
	if c.cfg.AppSecretProof {
		q.Set("appsecret_proof", proof(c.cfg.AppSecret, r.token))
	}
	address := c.cfg.APIBase + "/" + c.cfg.Version + r.path
	if len(q) > 0 {
		address += "?" + q.Encode()
	}
	method := r.method
	if method == "" {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	if r.contentType != "" {
		req.Header.Set("Content-Type", r.contentType)
	}
	return req, nil
}

// read takes an answer apart.
func read(res *http.Response) answer {
	a := answer{status: res.StatusCode, wait: max(retryAfter(res.Header.Get("Retry-After")), regain(res.Header.Get("X-Business-Use-Case-Usage")))}
	defer func() { _ = res.Body.Close() }() // it has been read; nothing depends on how the connection ends
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		a.err, a.unsure = fmt.Errorf("messenger: answer: %w", bare(err)), true
	case len(body) > maxAnswer:
		a.err, a.unsure = errors.New("messenger: the answer is too long"), true
	}
	if a.err != nil {
		return a
	}
	a.body = body
	a.isAPI = relaxed(body, &a.reply) && bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) && json.Valid(body)
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

// regain reads how long a page has to wait for its next call, "Rate Limits" in the documentation: minutes, by business and kind of use. 0 when it need not.
func regain(header string) time.Duration {
	var uses map[string]list[struct {
		Minutes loose `json:"estimated_time_to_regain_access"`
	}]
	if header == "" || json.Unmarshal([]byte(header), &uses) != nil {
		return 0
	}
	most := 0
	for _, kinds := range uses {
		for _, k := range kinds {
			if n, err := strconv.Atoi(string(k.Minutes)); err == nil && n <= 24*60 {
				most = max(most, n)
			}
		}
	}
	return time.Duration(most) * time.Minute
}

// proof is appsecret_proof: hex(HMAC-SHA-256(app secret, access token)).
func proof(appSecret, token string) string { return hex.EncodeToString(sum(appSecret, []byte(token))) }

// bare takes the address off an error: it may hold a proof.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
