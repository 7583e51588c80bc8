package messenger

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/motcua/motcua/channels"
)

// verdict is what an error number means for the message.
type verdict struct {
	end    end
	reason string // of never and alarm: a code that the desk can read
}

type end int

const (
	retry end = iota // may work later
	never            // not this message, to this person, now
	alarm            // nothing leaves until an operator acts
	busy             // the rate limit
)

// number is an error's code and subcode. Subcode 0 stands for all that are not named.
type number struct{ code, sub int }

func (n number) String() string { return fmt.Sprintf("%d/%d", n.code, n.sub) }

// outsideWindow is why an answer is refused that comes too late.
const outsideWindow = "outside_window"

// verdicts are the error numbers of the Send API, "Error Codes" at https://developers.facebook.com/docs/messenger-platform/. A number that is not here may be
// new: it is tried again, as long as the core sees fit. The texts beside the numbers are never looked at.
var verdicts = map[number]verdict{
	{1, 0}:        {end: retry},
	{2, 0}:        {end: retry},
	{-1, 0}:       {end: retry},
	{2, 2018344}:  {alarm, "terms_not_accepted"},
	{4, 0}:        {end: busy},
	{17, 0}:       {end: busy},
	{32, 0}:       {end: busy},
	{613, 0}:      {end: busy},
	{10, 2018278}: {never, outsideWindow},
	{10, 2534022}: {never, outsideWindow},
	{10, 2018300}: {never, "held_by_another"}, // another application holds the conversation
	{10, 1893063}: {alarm, "page_restricted"},
	{10, 0}:       {alarm, "permission"},

	{100, 0}:       {never, "bad_parameter"},
	{100, 2018001}: {never, "unknown_person"},
	{100, 2018276}: {never, "human_agent_unapproved"}, // concerns what staff write a day later, nothing else

	{102, 0}: {alarm, "token_refused"},
	{190, 0}: {alarm, "token_refused"},
	{199, 0}: {alarm, "permission"},
	{230, 0}: {alarm, "permission"},
	{368, 0}: {alarm, "policy"},
	{551, 0}: {never, "person_unavailable"},

	{200, 1545041}: {never, "person_unavailable"},
	{200, 2018108}: {never, "person_unavailable"},
}

const (
	busyWait  = 5 * time.Minute  // the limits count hours, and a page that goes on is held back for longer
	alarmWait = 15 * time.Minute // what an operator mends, nobody mends in seconds
)

// verdictOf finds what an error means. 200 to 299 are permissions, 80000 to 80014 limits of a business's uses, "Error Handling" in the documentation.
func verdictOf(e *replyError) verdict {
	v, ok := verdicts[number{e.Code, e.Subcode}]
	if !ok {
		v, ok = verdicts[number{e.Code, 0}]
	}
	switch {
	case ok && v.end == never && e.Transient:
		return verdict{end: retry}
	case ok:
		return v
	case e.Code >= 200 && e.Code <= 299:
		return verdict{alarm, "permission"}
	case e.Code >= 80000 && e.Code <= 80014:
		return verdict{end: busy}
	}
	return verdict{end: retry}
}

// outcome says what became of a message by the answer to it.
func outcome(a answer) channels.Outcome {
	switch {
	case a.err != nil:
		return channels.Outcome{Status: channels.Later, Retry: a.wait, Unsure: a.unsure, Cause: a.err}
	case a.isAPI && a.reply.Error != nil:
		return byNumber(a)
	case !a.isAPI || a.status >= 300:
		return byStatus(a)
	}
	id := string(a.reply.MessageID)
	if id == "" || len(id) > 200 {
		return channels.Outcome{Status: channels.Later, Unsure: true, Cause: errors.New("messenger: the network answered success without an id")}
	}
	return channels.Outcome{Status: channels.Sent, MessageID: id}
}

func byNumber(a answer) channels.Outcome {
	v := verdictOf(a.reply.Error)
	o := channels.Outcome{Status: channels.Later, Retry: a.wait, Reason: v.reason, Cause: told(a.reply.Error)}
	switch v.end {
	case never:
		o.Status, o.Retry = channels.Never, 0
	case alarm:
		o.Alarm, o.Retry = true, max(a.wait, alarmWait)
	case busy:
		o.Retry = max(a.wait, busyWait)
	case retry:
	}
	return o
}

var traceRE = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

// told is an error of the API for the log: its numbers, and the trace that the network's support asks for. Its text may name the person.
func told(e *replyError) error {
	trace := string(e.Trace)
	if !traceRE.MatchString(trace) {
		trace = "none"
	}
	return fmt.Errorf("messenger: the network answered error %s, trace %s", number{e.Code, e.Subcode}, trace)
}

// byStatus judges an answer that is none of the API's: of something between us and it.
func byStatus(a answer) channels.Outcome {
	cause := fmt.Errorf("messenger: HTTP status %d without an answer of the API", a.status)
	switch {
	case a.status == http.StatusUnauthorized:
		return channels.Outcome{Status: channels.Later, Retry: alarmWait, Alarm: true, Reason: "token_refused", Cause: cause}
	case a.status == http.StatusTooManyRequests: // not worked on (RFC 6585)
		return channels.Outcome{Status: channels.Later, Retry: max(a.wait, time.Second), Cause: cause}
	case a.status == http.StatusServiceUnavailable: // not worked on (RFC 9110). Without a time to come back it is away, for everybody
		return channels.Outcome{Status: channels.Later, Retry: a.wait, Cause: cause}
	case a.status == http.StatusRequestTimeout, a.status >= 500, a.status < 300:
		return channels.Outcome{Status: channels.Later, Retry: a.wait, Unsure: true, Cause: cause} // it may have reached the API, and the answer not us
	}
	return channels.Outcome{Status: channels.Never, Reason: "refused_" + strconv.Itoa(a.status), Cause: cause}
}

func refused(reason string) channels.Outcome {
	return channels.Outcome{Status: channels.Never, Reason: reason, Cause: errors.New("messenger: " + reason)}
}

func later(cause error) channels.Outcome {
	return channels.Outcome{Status: channels.Later, Cause: cause}
}
