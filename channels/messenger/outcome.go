package messenger

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/netcall"
)

// verdict is what an error number means for the message.
type verdict struct {
	end    netcall.End
	reason string // of Never, Gone and Alarm: a code that the desk can read
}

// number is an error's code and subcode. Subcode 0 stands for all that are not named, code 0 for any code.
type number struct{ code, sub int }

func (n number) String() string { return fmt.Sprintf("%d/%d", n.code, n.sub) }

// verdicts are the error numbers of the Send API, "Error Codes" at https://developers.facebook.com/docs/messenger-platform/. A number that is not here may be
// new: it is tried again, as long as the core sees fit. The texts beside the numbers are never looked at.
var verdicts = map[number]verdict{
	{1, 0}:        {end: netcall.Retry},
	{2, 0}:        {end: netcall.Retry},
	{-1, 0}:       {end: netcall.Retry},
	{2, 2018344}:  {netcall.Alarm, "terms_not_accepted"},
	{4, 0}:        {end: netcall.Busy},
	{17, 0}:       {end: netcall.Busy},
	{32, 0}:       {end: netcall.Busy},
	{613, 0}:      {end: netcall.Busy},
	{10, 2018278}: {netcall.Never, channels.OutsideWindow},
	{10, 2018065}: {netcall.Never, channels.OutsideWindow}, // the older number of the same
	{10, 2534022}: {netcall.Never, channels.OutsideWindow},
	{10, 2018300}: {netcall.Never, "held_by_another"}, // another application holds the conversation
	{10, 1893063}: {netcall.Alarm, "page_restricted"},
	{10, 0}:       {netcall.Alarm, "permission"},

	{100, 0}:       {netcall.Never, "bad_parameter"},
	{100, 2018001}: {netcall.Gone, "unknown_person"},
	{100, 2018276}: {netcall.Never, "human_agent_unapproved"}, // concerns what staff write a day later, nothing else

	{102, 0}: {netcall.Alarm, "token_refused"},
	{190, 0}: {netcall.Alarm, "token_refused"},
	{199, 0}: {netcall.Alarm, "permission"},
	{230, 0}: {netcall.Alarm, "permission"},
	{368, 0}: {netcall.Alarm, "policy"},
	{551, 0}: {netcall.Never, "person_unavailable"},

	// Who blocked the page or is gone: under 551, and under the codes of permissions as well, where they say nothing about the page.
	{0, 1545041}: {netcall.Never, "person_unavailable"},
	{0, 2018108}: {netcall.Never, "person_unavailable"},
}

const busyWait = 5 * time.Minute // the limits count hours, and a page that goes on is held back for longer

// verdictOf finds what an error means. 200 to 299 are permissions, 80000 to 80014 limits of a business's uses, "Error Handling" in the documentation.
func verdictOf(e *replyError) verdict {
	v, ok := known(e)
	switch {
	case ok && (v.end == netcall.Never || v.end == netcall.Gone) && e.Transient:
		return verdict{end: netcall.Retry}
	case ok:
		return v
	case e.Code >= 200 && e.Code <= 299:
		return verdict{netcall.Alarm, "permission"}
	case e.Code >= 80000 && e.Code <= 80014:
		return verdict{end: netcall.Busy}
	}
	return verdict{end: netcall.Retry}
}

// known finds an error in the table: by both numbers, by what the subcode always means, by the code.
func known(e *replyError) (v verdict, ok bool) {
	for _, n := range []number{{e.Code, e.Subcode}, {0, e.Subcode}, {e.Code, 0}} {
		if v, ok = verdicts[n]; ok {
			return v, true
		}
	}
	return verdict{}, false
}

// outcome says what became of a message by the answer to it.
func outcome(a answer) channels.Outcome {
	switch {
	case a.err != nil:
		return channels.Outcome{Status: channels.Later, Retry: a.wait, Unsure: a.unsure, Cause: a.err}
	case a.isAPI && a.reply.Error != nil:
		return byNumber(a)
	case !a.isAPI || a.status >= 300:
		return netcall.ByStatus("messenger", a.status, a.wait)
	}
	return netcall.Sent("messenger", string(a.reply.MessageID))
}

func byNumber(a answer) channels.Outcome {
	v, wait := verdictOf(a.reply.Error), a.wait
	if v.end == netcall.Busy {
		wait = max(wait, busyWait)
	}
	return v.end.Outcome(v.reason, wait, told(a.reply.Error))
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

func refused(reason string) channels.Outcome {
	return channels.Outcome{Status: channels.Never, Reason: reason, Cause: errors.New("messenger: " + reason)}
}

func later(cause error) channels.Outcome {
	return channels.Outcome{Status: channels.Later, Cause: cause}
}
