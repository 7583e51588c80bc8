package messenger

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/motcua/motcua/internal/loose"
	"github.com/motcua/motcua/internal/netcall"
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
	ctx, left := netcall.Watched(ctx)
	req, err := c.build(ctx, r)
	if err != nil {
		return answer{err: fmt.Errorf("messenger: request: %w", netcall.Bare(err))}
	}
	res, err := c.client.Do(req)
	if err != nil {
		return answer{err: fmt.Errorf("messenger: call: %w", netcall.Bare(err)), unsure: left()}
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
		q.Set("appsecret_proof", netcall.Proof(c.cfg.AppSecret, r.token))
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
	a := answer{status: res.StatusCode, wait: max(netcall.RetryAfter(res.Header), regain(res.Header.Get("X-Business-Use-Case-Usage")))}
	body, err := netcall.Body(res, maxAnswer)
	if err != nil {
		a.err, a.unsure = fmt.Errorf("messenger: answer: %w", err), true
		return a
	}
	a.body = body
	a.isAPI = loose.Object(body, &a.reply) && bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) && json.Valid(body)
	return a
}

// regain reads how long a page has to wait for its next call, "Rate Limits" in the documentation: minutes, by business and kind of use. 0 when it need not.
func regain(header string) time.Duration {
	var uses map[string]loose.List[struct {
		Minutes loose.String `json:"estimated_time_to_regain_access"`
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
