// Package zaloapi calls the APIs of Zalo that take an official account's access token: the OA API and the template API, which answer alike.
//
// It owns how the token travels and when it is renewed, how an answer is read, what the error numbers mean, and what becomes of a message by them. It does not
// know what is called for, and keeps no token.
package zaloapi

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/netcall"
)

// Tokens gives the access token of an official account.
type Tokens interface {
	// Token gives one that should be good. FORBIDDEN when there is none before an operator acts, UNAVAILABLE when there is none now.
	Token(ctx context.Context) (string, error)
	// Renew gives another one, after the network said that stale is no good.
	Renew(ctx context.Context, stale string) (string, error)
}

// Client calls one API for one account. It is safe for concurrent use.
type Client struct {
	Name     string        // of the channel, at the head of what went wrong
	Base     string        // address of the API, without a slash at the end
	Secret   string        // of the application: signs each request; "" signs none
	Timeout  time.Duration // of one request; more than 0
	Tokens   Tokens
	HTTP     *http.Client    // follows no redirect: netcall.Direct
	Verdicts map[int]Verdict // what its error numbers mean: Account, Templates or ByUser
}

// Request is one call, kept so that it can be made again under another token. Without a body it is a GET.
type Request struct {
	Path, ContentType string
	Body              []byte
}

// Post calls with a body of JSON.
func (c *Client) Post(ctx context.Context, path string, body any) Answer {
	raw, err := netcall.JSON(body)
	if err != nil {
		return Answer{Err: fmt.Errorf("%s: request: %w", c.Name, err)}
	}
	return c.Call(ctx, Request{Path: path, ContentType: "application/json", Body: raw})
}

// Call makes a request, and once more under a new token when the network refuses the one we have.
func (c *Client) Call(ctx context.Context, r Request) Answer {
	tok, err := c.Tokens.Token(ctx)
	if err != nil {
		return tokenless(fmt.Errorf("%s: access token: %w", c.Name, err))
	}
	a := c.Once(ctx, r, tok)
	if !c.refused(a) {
		return a
	}
	if tok, err = c.Tokens.Renew(ctx, tok); err != nil {
		return tokenless(fmt.Errorf("%s: renew access token: %w", c.Name, err))
	}
	return c.Once(ctx, r, tok)
}

// refused tells whether another token may help.
func (c *Client) refused(a Answer) bool {
	if a.Err != nil {
		return false
	}
	return c.Verdicts[a.Number].End == netcall.Token || !a.IsAPI && a.Status == http.StatusUnauthorized
}

// tokenless is the answer when there is no token to ask with.
func tokenless(err error) Answer {
	f := fault.Of(err)
	return Answer{Err: err, Wait: f.RetryAfter, NoToken: f.Code == fault.Forbidden}
}

// Once makes a request under a token, whatever the network says of that.
func (c *Client) Once(ctx context.Context, r Request, tok string) Answer {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	ctx, left := netcall.Watched(ctx)
	req, err := r.on(ctx, c.Base)
	if err != nil {
		return Answer{Err: fmt.Errorf("%s: request: %w", c.Name, netcall.Bare(err))}
	}
	req.Header.Set("access_token", tok)
	if c.Secret != "" {
		req.Header.Set("appsecret_proof", netcall.Proof(c.Secret, tok))
	}
	res, err := c.HTTP.Do(req)
	if err != nil {
		return Answer{Err: fmt.Errorf("%s: call: %w", c.Name, netcall.Bare(err)), Unsure: left()}
	}
	wait := netcall.RetryAfter(res.Header)
	body, err := netcall.Body(res, MaxAnswer)
	if err != nil {
		return Answer{Err: fmt.Errorf("%s: answer: %w", c.Name, err), Unsure: true, Wait: wait}
	}
	a := Parse(res.StatusCode, body)
	a.Wait = wait
	return a
}

// on makes the request at an address.
func (r Request) on(ctx context.Context, base string) (*http.Request, error) {
	if r.Body == nil {
		return http.NewRequestWithContext(ctx, http.MethodGet, base+r.Path, nil)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+r.Path, bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", r.ContentType)
	return req, nil
}
