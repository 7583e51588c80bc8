package zalo

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
	retry   end = iota // may work later
	never              // not this message, to this person, now
	alarm              // nothing leaves until an operator acts
	busy               // the rate limit
	night              // not before six in the morning
	token              // the access token
	expired            // the picture's id
)

// verdicts are the error numbers of the OA API, "Mã lỗi" at https://developers.zalo.me/docs/official-account/. A number that is not here may be new: it is
// tried again, as long as the core sees fit. The texts beside the numbers are never looked at.
var verdicts = map[int]verdict{
	-32:  {end: busy},
	-100: {end: expired},
	-200: {end: retry}, // generic failure to send
	-124: {end: token}, // of the template API, which takes the same token
	-216: {end: token},
	-220: {end: token},
	-234: {end: night},

	-201: {never, "bad_parameter"},
	-210: {never, "bad_parameter"},
	-213: {never, "not_a_follower"},
	-217: {never, "refused_by_person"},
	-227: {never, "person_inactive"},
	-230: {never, "outside_window"},
	-232: {never, "outside_window"},
	-244: {never, "restricted_by_person"},
	-233: {never, "unsupported_kind"},
	-237: {never, "group_expired"},
	-238: {never, "asset_used"},
	-240: {never, "api_closed"},
	-241: {never, "asset_used"},
	-403: {never, "not_in_group"},
	-248: {never, "content_policy"},
	-249: {never, "template_by_user"},

	-204: {alarm, "account_disabled"},
	-205: {alarm, "account_unknown"},
	-209: {alarm, "app_inactive"},
	-212: {alarm, "app_unregistered"},
	-219: {alarm, "app_removed"},
	-221: {alarm, "account_unverified"},
	-223: {alarm, "not_authorised"},
	-224: {alarm, "package_too_low"},
	-235: {alarm, "account_type"},
	-242: {alarm, "appsecret_proof"},
	-211: {alarm, "out_of_quota"},
	-218: {alarm, "out_of_quota"},
	-320: {alarm, "no_cloud_account"},
	-321: {alarm, "no_money"},
}

const (
	busyWait  = time.Minute      // the limit counts minutes
	alarmWait = 15 * time.Minute // what an operator mends, nobody mends in seconds
)

// zone is the network's: it has had no summer time since 1975.
var zone = time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60)

// morning gives how long it is until 06:00, when the network takes messages again.
func morning(now time.Time) time.Duration {
	local := now.In(zone)
	six := time.Date(local.Year(), local.Month(), local.Day(), 6, 0, 0, 0, zone)
	if !six.After(local) {
		six = six.AddDate(0, 0, 1)
	}
	return six.Sub(local)
}

// outcome says what became of a message by the answer to it.
func (c *Channel) outcome(a answer) channels.Outcome {
	return c.outcomeBy(func(n int) verdict { return verdicts[n] }, a)
}

// outcomeBy is outcome with the table that the numbers of the answer stand in.
func (c *Channel) outcomeBy(table func(int) verdict, a answer) channels.Outcome {
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
		return c.byNumber(n, table(n), a.wait)
	}
	id := string(a.reply.Data.MessageID)
	if id == "" || len(id) > 200 {
		return channels.Outcome{Status: channels.Later, Unsure: true, Cause: errors.New("zalo: the network answered success without an id")}
	}
	return channels.Outcome{Status: channels.Sent, MessageID: id}
}

func (c *Channel) byNumber(n int, v verdict, wait time.Duration) channels.Outcome {
	o := channels.Outcome{Status: channels.Later, Retry: wait, Reason: v.reason, Cause: fmt.Errorf("zalo: the network answered error %d", n)}
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
		o.Retry = morning(c.now())
	case retry, expired:
	}
	return o
}

// byStatus judges an answer that is none of the API's: of something between us and it.
func byStatus(a answer) channels.Outcome {
	cause := fmt.Errorf("zalo: HTTP status %d without an answer of the API", a.status)
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
	return channels.Outcome{Status: channels.Never, Reason: reason, Cause: errors.New("zalo: " + reason)}
}

func later(cause error) channels.Outcome {
	return channels.Outcome{Status: channels.Later, Cause: cause}
}
