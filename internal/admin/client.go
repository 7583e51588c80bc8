package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/motcua/motcua/internal/fault"
)

const dialTime = 10 * time.Second // after which a city that takes the call does not answer

// Client calls the operations, over HTTP or in the same process.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// Dial gives a client of a running city. NOT_FOUND when nothing answers at addr, UNAUTHORIZED when another city does; any other code is the city's own, such
// as UNAVAILABLE from one whose store is away: it runs. UNAVAILABLE too when it takes the call and says nothing for ten seconds.
func Dial(ctx context.Context, addr, token string) (*Client, error) {
	c := &Client{base: "http://" + addr, token: token, http: &http.Client{}}
	soon, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	res, err := c.do(soon, http.MethodGet, "/v1/outbox?first=1", nil)
	if err != nil {
		if its := (*fault.Error)(nil); errors.As(err, &its) {
			return nil, err
		}
		if soon.Err() != nil {
			return nil, fault.Wrap(fault.Unavailable, fmt.Errorf("the city at %s does not answer: %w", addr, err))
		}
		return nil, fault.Wrap(fault.NotFound, err)
	}
	return c, res.Close()
}

// Local gives a client of a handler in this process.
func Local(h http.Handler, token string) *Client {
	return &Client{base: "http://local", token: token, http: &http.Client{Transport: inProcess{h}}}
}

// AddStaff makes somebody a member of staff, or changes roles and unit of one.
func (c *Client) AddStaff(ctx context.Context, m Member) (Member, error) {
	var out Member
	return out, c.call(ctx, http.MethodPost, "/v1/staff", m, &out)
}

// RemoveStaff takes all roles from the owner of a phone.
func (c *Client) RemoveStaff(ctx context.Context, phone string) error {
	return c.call(ctx, http.MethodPost, "/v1/staff/remove", map[string]string{"phone": phone}, nil)
}

// ListStaff gives all members of staff.
func (c *Client) ListStaff(ctx context.Context) ([]Member, error) {
	var out []Member
	return out, c.call(ctx, http.MethodGet, "/v1/staff", nil, &out)
}

// ListOutbox gives a page of intents.
func (c *Client) ListOutbox(ctx context.Context, state, lane string, first int, after string) (Intents, error) {
	q := url.Values{"state": {state}, "lane": {lane}, "first": {strconv.Itoa(first)}, "after": {after}}
	var out Intents
	return out, c.call(ctx, http.MethodGet, "/v1/outbox?"+q.Encode(), nil, &out)
}

// Retry has an intent that was given up tried again.
func (c *Client) Retry(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodPost, "/v1/outbox/retry", map[string]string{"id": id}, nil)
}

// Rebuild recomputes the roll-ups.
func (c *Client) Rebuild(ctx context.Context, p Progress) (Drift, error) {
	body, err := c.do(ctx, http.MethodPost, "/v1/stats/rebuild", struct{}{})
	if err != nil {
		return Drift{}, err
	}
	last, err := follow(body, p)
	if err == nil && last.Drift == nil {
		err = errCutOff
	}
	if err != nil {
		return Drift{}, err
	}
	return *last.Drift, nil
}

// follow reads a long answer to its end, which has a result.
func follow(body io.ReadCloser, p Progress) (step, error) {
	defer body.Close()
	for lines := json.NewDecoder(body); ; {
		var s step
		switch err := lines.Decode(&s); {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return step{}, errCutOff
		case err != nil:
			return step{}, err
		case s.Error != nil:
			return step{}, s.Error.err()
		case s.Drift != nil, s.Signs != nil:
			return s, nil
		}
		p(s.Done, s.Total)
	}
}

// errCutOff is an answer without an end: the city was stopped, or killed, or could not go on.
var errCutOff = errors.New("the answer ended before the work did: the city was stopped, or its log tells what failed")

// Backup writes the archive to w. After an error what was written is worthless.
func (c *Client) Backup(ctx context.Context, w io.Writer) error {
	body, err := c.do(ctx, http.MethodGet, "/v1/backup", nil)
	if err != nil {
		return err
	}
	defer body.Close()
	_, err = io.Copy(w, body)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errCutOff
	}
	return err
}

func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	body, err := c.do(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer body.Close()
	if out == nil {
		return nil
	}
	return json.NewDecoder(body).Decode(out)
}

func (c *Client) do(ctx context.Context, method, path string, in any) (io.ReadCloser, error) {
	data, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	res, err := c.send(ctx, method, path, "application/json", bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return res.Body, nil
}

// send gives an answer that is a success.
func (c *Client) send(ctx context.Context, method, path, contentType string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", contentType)
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode == http.StatusOK {
		return res, nil
	}
	defer res.Body.Close()
	var p problem
	if err := json.NewDecoder(io.LimitReader(res.Body, maxBody)).Decode(&p); err != nil || p.Code == "" {
		return nil, fmt.Errorf("the admin port answered with status %d", res.StatusCode)
	}
	return nil, p.err()
}

// inProcess carries requests to a handler without a network, bytes as they come.
type inProcess struct{ h http.Handler }

// RoundTrip serves the request on a goroutine and gives the answer when its head is there.
func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	pr, pw := io.Pipe()
	w := &pipeWriter{body: pw, header: http.Header{}, head: make(chan int, 1)}
	go func() {
		defer func() {
			if p := recover(); p != nil {
				w.WriteHeader(http.StatusInternalServerError)
				pw.CloseWithError(fmt.Errorf("aborted: %v", p))
				return
			}
			w.WriteHeader(http.StatusOK)
			pw.Close()
		}()
		t.h.ServeHTTP(w, r)
	}()
	status := <-w.head
	return &http.Response{StatusCode: status, Header: w.header, Body: pr, Request: r}, nil
}

// pipeWriter is a ResponseWriter whose body is read while it is written.
type pipeWriter struct {
	body   *io.PipeWriter
	header http.Header
	head   chan int
	sent   bool
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(status int) {
	if !w.sent {
		w.sent = true
		w.head <- status
	}
}

func (w *pipeWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

func (w *pipeWriter) Flush() { w.WriteHeader(http.StatusOK) }
