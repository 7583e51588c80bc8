package zns

import (
	"errors"
	"fmt"
	"net/http"
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
	never            // not this message, to this person, now: another way may take it
	alarm            // nothing leaves until an operator acts
	busy             // the rate limit
	night            // not before morning
	token            // the access token
)

// verdicts are the error numbers of the template API, "Mã lỗi" at https://developers.zalo.me/docs/zalo-notification-service/. A number that is not here may be
// new: it is tried again, as long as the core sees fit. The texts beside the numbers are never looked at.
//
// A daily limit is never, not later: whoever waits for a code or a notice gets it by another way today.
var verdicts = map[int]verdict{
	-32:  {end: busy}, // of the application, as with the OA API
	-100: {end: retry},
	-124: {end: token},
	-133: {end: night},

	-101:  {alarm, "app_invalid"},
	-102:  {alarm, "app_unknown"},
	-103:  {alarm, "app_inactive"},
	-104:  {alarm, "app_secret"},
	-105:  {alarm, "app_not_linked"},
	-125:  {alarm, "account_unknown"},
	-127:  {alarm, "development_mode"},
	-1241: {alarm, "appsecret_proof"},

	-108: {never, "bad_number"},
	-118: {never, "no_zalo_account"},
	-119: {never, "cannot_receive"},
	-114: {never, "cannot_receive"},
	-110: {never, "old_client"},
	-139: {never, "refused_by_person"},
	-140: {never, "refused_by_person"},
	-141: {never, "refused_by_person"},

	-109: {alarm, "template_unknown"},
	-131: {alarm, "template_not_approved"},
	-117: {alarm, "template_not_permitted"},
	-146: {alarm, "template_disabled"},

	-111:  {never, "bad_params"},
	-112:  {never, "bad_params"},
	-1121: {never, "bad_params"},
	-1122: {never, "bad_params"},
	-1124: {never, "bad_params"},
	-122:  {never, "bad_body"},

	-115:  {alarm, "no_money"},
	-126:  {alarm, "no_money"},
	-136:  {alarm, "no_cloud_account"},
	-137:  {alarm, "no_money"},
	-135:  {alarm, "account_not_permitted"},
	-1351: {alarm, "account_blocked"},

	-144:  {never, "daily_limit"},
	-1441: {never, "daily_limit"},
	-147:  {never, "daily_limit"},
	-1471: {never, "daily_limit"},
	-1472: {never, "daily_limit"},
}

const (
	busyWait  = time.Minute      // the limit counts minutes
	alarmWait = 15 * time.Minute // what an operator mends, nobody mends in seconds
)

// outcome says what became of a message by the answer to it.
func (c *Channel) outcome(a answer) channels.Outcome {
	if a.alarm {
		return channels.Outcome{Status: channels.Later, Retry: alarmWait, Alarm: true, Reason: "no_token", Cause: a.err}
	}
	if a.err != nil {
		return channels.Outcome{Status: channels.Later, Retry: a.wait, Unsure: a.unsure, Cause: a.err}
	}
	if a.reply.Error == nil {
		return byStatus(a)
	}
	if n := a.number(); n != 0 {
		return c.byNumber(n, a.wait)
	}
	id := string(a.reply.Data.MsgID)
	if id == "" || len(id) > 200 {
		return channels.Outcome{Status: channels.Later, Unsure: true, Cause: errors.New("zns: the network answered success without an id")}
	}
	return channels.Outcome{Status: channels.Sent, MessageID: id}
}

func (c *Channel) byNumber(n int, wait time.Duration) channels.Outcome {
	v := verdicts[n]
	o := channels.Outcome{Status: channels.Later, Retry: wait, Reason: v.reason, Cause: fmt.Errorf("zns: the network answered error %d", n)}
	switch v.end {
	case never:
		o.Status, o.Retry = channels.Never, 0
	case alarm:
		o.Alarm, o.Retry = true, max(wait, alarmWait)
	case token: // it was renewed and refused again
		o.Alarm, o.Retry, o.Reason = true, max(wait, alarmWait), "token_refused"
	case busy:
		o.Retry = max(wait, busyWait)
	case night:
		o.Retry = c.cfg.refusedAtNight(c.now())
	case retry:
	}
	return o
}

// byStatus judges an answer that is none of the API's: of something between us and it.
func byStatus(a answer) channels.Outcome {
	cause := fmt.Errorf("zns: HTTP status %d without an answer of the API", a.status)
	switch {
	case a.status == http.StatusUnauthorized: // under a new token too
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
	return channels.Outcome{Status: channels.Never, Reason: reason, Cause: errors.New("zns: " + reason)}
}

func later(cause error) channels.Outcome {
	return channels.Outcome{Status: channels.Later, Cause: cause}
}
