package sms

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/netcall"
)

// outgoing is the body of POST <api_base>/messages. The same id again means the same message: a provider that can does not send it twice.
type outgoing struct {
	ID   string `json:"id"`
	To   string `json:"to"`
	Text string `json:"text"`
}

// accepted is the body of a 2xx answer.
type accepted struct {
	ID string `json:"id"`
}

// refusal is the body of a 4xx answer.
type refusal struct {
	Error string `json:"error"`
}

// refusals are the provider's reasons that the desk knows; any other is shown as the status alone, so that nothing a provider writes reaches our records.
func refusals(code string) bool {
	switch code {
	case "invalid_recipient", "blocked_recipient", "text_too_long", "text_refused", "out_of_credit":
		return true
	}
	return false
}

// maxAnswer is how much of an answer is read, in bytes.
const maxAnswer = 4 << 10

// post makes the request. An attempt without an answer may still have been carried out; the id lets the provider tell.
func (c *Channel) post(ctx context.Context, m outgoing) channels.Outcome {
	body, err := json.Marshal(m)
	if err != nil {
		return never("malformed", nil)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.cfg.APIBase+"/messages", bytes.NewReader(body))
	if err != nil {
		return later(0, fmt.Errorf("sms: request: %w", err))
	}
	req.Header.Set("Authorization", "Bearer "+c.cfg.Token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	res, err := c.client.Do(req)
	if err != nil {
		return later(0, fmt.Errorf("sms: send: %w", netcall.Bare(err)))
	}
	defer func() { _ = res.Body.Close() }() // the answer has been read; nothing depends on how the connection ends
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return later(0, fmt.Errorf("sms: answer: %w", err))
	}
	return outcome(res.StatusCode, netcall.RetryAfter(res.Header), answer)
}

// outcome reads a provider's answer: 2xx is sent; 408, 429 and 5xx are worth another try; everything else is final.
func outcome(status int, wait time.Duration, body []byte) channels.Outcome {
	cause := fmt.Errorf("sms: the provider answered %d", status)
	switch {
	case status >= 200 && status < 300:
		var a accepted
		if err := json.Unmarshal(body, &a); err != nil || a.ID == "" || len(a.ID) > 200 {
			return later(0, errors.New("sms: the provider answered success without an id"))
		}
		return channels.Outcome{Status: channels.Sent, MessageID: a.ID}
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, status >= 500:
		return later(wait, cause)
	}
	var r refusal
	if json.Unmarshal(body, &r) == nil && refusals(r.Error) {
		return never(r.Error, cause)
	}
	return never("refused_"+strconv.Itoa(status), cause)
}
