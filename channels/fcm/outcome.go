package fcm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"firebase.google.com/go/v4/errorutils"
	"firebase.google.com/go/v4/messaging"
	"golang.org/x/oauth2"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/netcall"
)

const (
	busyWait  = time.Minute       // the quota counts minutes
	alarmWait = netcall.AlarmWait // what an operator mends, nobody mends in seconds
)

// outcome says what became of a message. err is as the library gave it: its checks know it no more once it is wrapped.
func outcome(id string, err error, t tally) channels.Outcome {
	switch {
	case err == nil && id == "":
		return channels.Outcome{Status: channels.Later, Unsure: true, Cause: errors.New("fcm: the network answered success without an id")}
	case err == nil:
		return channels.Outcome{Status: channels.Sent, MessageID: shortID(id)}
	case t.err != nil:
		return unanswered(t)
	case t.status == 0: // the library's own checks: nothing has left
		return never("bad_request", errors.New("fcm: the library refused the message"))
	case t.status < 300:
		return channels.Outcome{Status: channels.Later, Unsure: true, Cause: errors.New("fcm: the network answered success in no form that we know")}
	}
	return refused(err, t)
}

// unanswered judges a request that got no answer.
func unanswered(t tally) channels.Outcome {
	var denied *oauth2.RetrieveError
	if errors.As(t.err, &denied) && denied.Response != nil && denied.Response.StatusCode >= 400 && denied.Response.StatusCode < 500 {
		cause := fmt.Errorf("fcm: the service account got no access token: HTTP status %d", denied.Response.StatusCode)
		return alarm("credentials", 0, cause)
	}
	if denied != nil {
		return later(0, errors.New("fcm: no access token now"))
	}
	return channels.Outcome{Status: channels.Later, Unsure: t.unsure, Cause: fmt.Errorf("fcm: send: %w", t.err)}
}

// refused judges an error of the network, https://firebase.google.com/docs/cloud-messaging/error-codes. Only what it says in its own words is about the
// token: a bare 404 is a wrong project, a bare 400 a mistake of ours.
func refused(err error, t tally) channels.Outcome {
	cause := fmt.Errorf("fcm: the network answered %d", t.status)
	switch {
	case messaging.IsUnregistered(err):
		return never("token_dead", cause)
	case messaging.IsSenderIDMismatch(err): // registered with another project: an app that was built wrongly
		o := never("wrong_sender", cause)
		o.Alarm = true
		return o
	case messaging.IsQuotaExceeded(err), errorutils.IsResourceExhausted(err):
		return later(max(t.wait, busyWait), cause)
	case messaging.IsThirdPartyAuthError(err):
		return alarm("third_party_auth", t.wait, cause)
	case messaging.IsUnavailable(err), t.status == http.StatusServiceUnavailable: // not worked on
		return later(t.wait, cause)
	case messaging.IsInternal(err), t.status == http.StatusRequestTimeout, t.status >= 500:
		return channels.Outcome{Status: channels.Later, Retry: t.wait, Unsure: true, Cause: cause}
	case t.status == http.StatusBadRequest:
		return never(complaint(err), cause)
	}
	return byStatus(t, cause)
}

// byStatus judges an answer that the network gave no reason with.
func byStatus(t tally, cause error) channels.Outcome {
	switch t.status {
	case http.StatusTooManyRequests:
		return later(max(t.wait, busyWait), cause)
	case http.StatusUnauthorized:
		return alarm("credentials", t.wait, cause)
	case http.StatusForbidden:
		return alarm("forbidden", t.wait, cause)
	case http.StatusNotFound:
		return alarm("no_such_project", t.wait, cause)
	}
	return never(fmt.Sprintf("refused_%dxx", t.status/100), cause)
}

// problem is the part of an error's body that says which field it is about.
type problem struct {
	Error struct {
		Message string `json:"message"`
		Details []struct {
			Violations []struct {
				Field       string `json:"field"`
				Description string `json:"description"`
			} `json:"fieldViolations"`
		} `json:"details"`
	} `json:"error"`
}

// complaint gives the reason of a 400. The token is at fault only when the network names its own code, and the token: another field would be the same for
// everybody, and must not cost them their devices.
func complaint(err error) string {
	p := problemOf(err)
	about := ""
	for _, d := range p.Error.Details {
		for _, v := range d.Violations {
			about = v.Field
			if v.Field == "message" && strings.Contains(v.Description, "too big") {
				return "too_big"
			}
		}
	}
	named := about == "" && strings.Contains(strings.ToLower(p.Error.Message), "registration token")
	if messaging.IsInvalidArgument(err) && (about == "message.token" || named) {
		return "token_dead"
	}
	return "bad_request"
}

func problemOf(err error) (p problem) {
	res := errorutils.HTTPResponse(err)
	if res == nil || res.Body == nil {
		return p
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil || json.Unmarshal(body, &p) != nil {
		return problem{}
	}
	return p
}

// shortID is the last part of "projects/<project>/messages/<id>".
func shortID(name string) string {
	id := name[strings.LastIndexByte(name, '/')+1:]
	return id[:min(len(id), 200)]
}

func never(reason string, cause error) channels.Outcome {
	return channels.Outcome{Status: channels.Never, Reason: reason, Cause: cause}
}

func later(after time.Duration, cause error) channels.Outcome {
	return channels.Outcome{Status: channels.Later, Retry: after, Cause: cause}
}

func alarm(reason string, wait time.Duration, cause error) channels.Outcome {
	return channels.Outcome{Status: channels.Later, Retry: max(wait, alarmWait), Alarm: true, Reason: reason, Cause: cause}
}
