package webpush

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"time"

	library "github.com/SherClockHolmes/webpush-go"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/netcall"
	"github.com/motcua/motcua/internal/openweb"
)

// maxAnswer is how much of an answer is read, in bytes, so that its connection can be used again. What it says is never looked at.
const maxAnswer = 4 << 10

// busyWait is the least wait after a push service said that it is asked too often.
const busyWait = time.Minute

// post makes the request (RFC 8030, section 5).
func (c *Channel) post(ctx context.Context, s library.Subscription, body []byte, p channels.Push) channels.Outcome {
	ctx, left := netcall.Watched(ctx)
	res, err := library.SendNotificationWithContext(ctx, body, &s, c.options(p))
	if errors.Is(err, openweb.ErrClosed) {
		return never("bad_address", err)
	}
	if err != nil {
		return channels.Outcome{Status: channels.Later, Unsure: left(), Cause: fmt.Errorf("webpush: send: %w", netcall.Bare(err))}
	}
	defer func() { _ = res.Body.Close() }()                         // nothing depends on how the connection ends
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxAnswer)) // the status has said it all
	return outcome(res.StatusCode, res.Header)
}

// options are the headers. The library says that the signature holds for 12 hours; a push service takes at most 24.
func (c *Channel) options(p channels.Push) *library.Options {
	ttl := c.cfg.TTL
	if p.TTL > 0 {
		ttl = min(ttl, p.TTL)
	}
	urgency := library.UrgencyNormal
	if p.Urgent {
		urgency = library.UrgencyHigh
	}
	return &library.Options{
		HTTPClient: c.client, Subscriber: c.cfg.Subject, Topic: topic(p.Collapse), TTL: int(ttl / time.Second), Urgency: urgency,
		VAPIDPublicKey: c.cfg.VAPIDPublicKey, VAPIDPrivateKey: c.cfg.VAPIDPrivateKey,
	}
}

// outcome reads a push service's answer. 404 and 410 say that the subscription is over (RFC 8030, section 7.3). 400, 401 and 403 are about the signature: the
// keys are wrong, for everybody, or were changed since this browser subscribed. Somebody has to look, and nothing is gained by asking again: whoever made
// the subscription chose who answers here.
func outcome(status int, h http.Header) channels.Outcome {
	cause := fmt.Errorf("webpush: the push service answered %d", status)
	wait := netcall.RetryAfter(h)
	switch {
	case status >= 200 && status < 300:
		return channels.Outcome{Status: channels.Sent, MessageID: messageID(h.Get("Location"))}
	case status == http.StatusNotFound, status == http.StatusGone:
		return never("token_dead", cause)
	case status == http.StatusRequestEntityTooLarge:
		return never("too_big", cause)
	case status == http.StatusTooManyRequests:
		return channels.Outcome{Status: channels.Later, Retry: max(wait, busyWait), Cause: cause}
	case status == http.StatusBadRequest, status == http.StatusUnauthorized, status == http.StatusForbidden:
		o := never("vapid_refused", cause)
		o.Alarm = true
		return o
	case status == http.StatusServiceUnavailable: // not worked on (RFC 9110)
		return channels.Outcome{Status: channels.Later, Retry: wait, Cause: cause}
	case status == http.StatusRequestTimeout, status >= 500:
		return channels.Outcome{Status: channels.Later, Retry: wait, Unsure: true, Cause: cause}
	}
	return never(fmt.Sprintf("refused_%dxx", status/100), cause) // the status alone is a stranger's to choose
}

// messageID is the last part of the message's address, where a push service gives one; it is known by that nowhere else.
func messageID(location string) string {
	u, err := url.Parse(location)
	if err != nil || location == "" {
		return "stored"
	}
	id := path.Base(u.Path)
	if id == "." || id == "/" || len(id) > 200 {
		return "stored"
	}
	return id
}

func never(reason string, cause error) channels.Outcome {
	if cause != nil {
		cause = netcall.Bare(cause)
	}
	return channels.Outcome{Status: channels.Never, Reason: reason, Cause: cause}
}
