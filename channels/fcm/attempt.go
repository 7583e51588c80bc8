package fcm

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/motcua/motcua/internal/netcall"
)

// attempt is what the wire saw of one request. Google's library hides it: it tries again by itself for seven seconds, and its errors do not say whether a
// request had left. Retrying belongs to the core, so an attempt ends with the first answer.
type attempt struct {
	stop context.CancelFunc

	mu    sync.Mutex
	wrote bool // headers have left: the network may have acted
	tally
}

// tally is what came of it.
type tally struct {
	status int           // 0 without an answer
	wait   time.Duration // that the network asks for; 0 means none
	err    error         // without an answer
	unsure bool          // with err: the network may have carried the request out
}

type attemptKey struct{}

// begin attaches an attempt to a context, for the transport to fill.
func begin(ctx context.Context) (context.Context, *attempt) {
	ctx, stop := context.WithCancel(ctx)
	a := &attempt{stop: stop}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: a.left})
	return context.WithValue(ctx, attemptKey{}, a), a
}

func (a *attempt) end() { a.stop() }

func (a *attempt) left() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.wrote = true
}

func (a *attempt) answered(res *http.Response, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.tally = tally{err: err, unsure: a.wrote}
		return
	}
	a.tally = tally{status: res.StatusCode, wait: netcall.RetryAfter(res.Header)}
}

func (a *attempt) result() tally {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tally
}

// once ends an attempt where Google's library would begin another: after no answer, and after 503.
type once struct{ next http.RoundTripper }

// RoundTrip makes a request.
func (o once) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := o.next.RoundTrip(r)
	a, ok := r.Context().Value(attemptKey{}).(*attempt)
	if !ok {
		return res, err
	}
	a.answered(res, err)
	if err != nil || res.StatusCode == http.StatusServiceUnavailable {
		a.stop()
	}
	return res, err
}

// OriginHeader names the host that a request was for, to a stand-in that plays several.
const OriginHeader = "X-Origin-Host"

// redirected gives a transport that takes every request to a base. Google's library can be told another host for messages but not for topics.
func redirected(base string, next http.RoundTripper) http.RoundTripper {
	to, err := url.Parse(base)
	if base == "" || err != nil {
		return next
	}
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.Header.Set(OriginHeader, r.URL.Host)
		r.URL.Scheme, r.URL.Host, r.Host = to.Scheme, to.Host, ""
		r.URL.Path = strings.TrimSuffix(to.Path, "/") + r.URL.Path
		return next.RoundTrip(r)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip makes a request.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
