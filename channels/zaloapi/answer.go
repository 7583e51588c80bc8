package zaloapi

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/loose"
	"github.com/motcua/motcua/internal/netcall"
)

// MaxAnswer is how much of an answer is read, in bytes. More than that is no answer of the API.
const MaxAnswer = 256 << 10

// Answer is what came of one call. With Err there was none that can be used.
type Answer struct {
	Status  int           // of HTTP
	IsAPI   bool          // it is one of the API's, and not of something between us and it
	Number  int           // of the error; 0 is success, where IsAPI. A failure has HTTP status 200 too
	Wait    time.Duration // that the network asks for; 0 means none
	Err     error
	Unsure  bool // with Err: the network may have carried the call out
	NoToken bool // with Err: there is no token before an operator acts
	data    json.RawMessage
}

// Parse reads an answer of the API. Without a number in it, it is none; one that is not a number is a number that we do not know.
func Parse(status int, body []byte) Answer {
	var r struct {
		Error loose.String    `json:"error"`
		Data  json.RawMessage `json:"data"`
	}
	if !loose.Object(body, &r) || r.Error == "" {
		return Answer{Status: status}
	}
	n, err := strconv.Atoi(string(r.Error))
	if err != nil {
		n = 1
	}
	return Answer{Status: status, IsAPI: true, Number: n, data: r.Data}
}

// OK tells whether the network has done what it was asked for.
func (a Answer) OK() bool { return a.Err == nil && a.IsAPI && a.Number == 0 }

// Data reads what the answer holds. Fields that are not there, or not of their kind, stay as they are: the network sometimes gives an empty list for nothing.
func (a Answer) Data(into any) { loose.Object(a.data, into) }

// messageID is that of the OA API or of the template API; "" for none.
func (a Answer) messageID() string {
	var d struct {
		MessageID loose.String `json:"message_id"`
		MsgID     loose.String `json:"msg_id"`
	}
	a.Data(&d)
	return string(cmp.Or(d.MessageID, d.MsgID))
}

const busyWait = time.Minute // the limit counts minutes

// Outcome says what became of a message by the answer to it; night is how long it waits when the network says that it is night. Reasons of never: those of
// c.Verdicts and refused_<HTTP status>. Of an alarm: those of c.Verdicts, no_token and token_refused.
func (c *Client) Outcome(a Answer, night time.Duration) channels.Outcome {
	switch {
	case a.NoToken:
		return netcall.Alarm.Outcome("no_token", 0, a.Err)
	case a.Err != nil:
		return channels.Outcome{Status: channels.Later, Retry: a.Wait, Unsure: a.Unsure, Cause: a.Err}
	case !a.IsAPI:
		return netcall.ByStatus(c.Name, a.Status, a.Wait)
	case a.Number == 0:
		return netcall.Sent(c.Name, a.messageID())
	}
	v, wait := c.Verdicts[a.Number], a.Wait
	switch v.End {
	case netcall.Busy:
		wait = max(wait, busyWait)
	case netcall.Night:
		wait = night
	case netcall.Token: // it was renewed and refused again
		v = Verdict{netcall.Alarm, "token_refused"}
	}
	return v.End.Outcome(v.Reason, wait, fmt.Errorf("%s: the network answered error %d", c.Name, a.Number))
}
