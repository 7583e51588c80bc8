package netcall

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/motcua/motcua/channels"
)

// AlarmWait is how long a message waits at least for an operator: what one mends, nobody mends in seconds.
const AlarmWait = 15 * time.Minute

// ByStatus judges an answer that is none of the API's: of something between us and it. wait is what it asks for; 0 means nothing. Reasons of never:
// refused_<HTTP status>; of an alarm: token_refused.
func ByStatus(network string, status int, wait time.Duration) channels.Outcome {
	o := channels.Outcome{Status: channels.Later, Retry: wait, Cause: fmt.Errorf("%s: HTTP status %d without an answer of the API", network, status)}
	switch {
	case status == http.StatusUnauthorized: // under a new token too
		o.Retry, o.Alarm, o.Reason = AlarmWait, true, "token_refused"
	case status == http.StatusTooManyRequests: // not worked on (RFC 6585)
		o.Retry = max(wait, time.Second)
	case status == http.StatusServiceUnavailable: // not worked on (RFC 9110). Without a time to come back it is away, for everybody
	case status == http.StatusRequestTimeout, status >= 500, status < 300:
		o.Unsure = true // it may have reached the API, and the answer not us
	default:
		o.Status, o.Retry, o.Reason = channels.Never, 0, "refused_"+strconv.Itoa(status)
	}
	return o
}

// Sent is the outcome of an answer that says success with the message's id there. Without an id that can be kept the network may have taken it all the same.
func Sent(network, id string) channels.Outcome {
	if id == "" || len(id) > 200 {
		return channels.Outcome{Status: channels.Later, Unsure: true, Cause: errors.New(network + ": the network answered success without an id")}
	}
	return channels.Outcome{Status: channels.Sent, MessageID: id}
}

// End is how an error number of a network's API ends the attempt.
type End int

// The ends. How long to wait after the last three is the network's own.
const (
	Retry End = iota // may work later
	Few              // may work later, or never: some attempts are enough to tell
	Never            // not this message, to this person, now
	Gone             // nothing to this person, until they write or follow again
	Alarm            // nothing leaves until an operator acts
	Busy             // the rate limit
	Night            // not before morning
	Token            // the access token
)

// FewTries are the attempts after which an end of Few is never: over a quarter of a minute, with the pauses of the core.
const FewTries = 5

// Outcome says what becomes of the message: for which reason, as the desk reads it, and after which wait; 0 lets the core choose.
func (e End) Outcome(reason string, wait time.Duration, cause error) channels.Outcome {
	o := channels.Outcome{Status: channels.Later, Retry: wait, Reason: reason, Cause: cause}
	switch e {
	case Never, Gone:
		o.Status, o.Retry, o.Gone = channels.Never, 0, e == Gone
	case Alarm:
		o.Alarm, o.Retry = true, max(wait, AlarmWait)
	case Few:
		o.Tries = FewTries
	case Retry, Busy, Night, Token:
	}
	return o
}
