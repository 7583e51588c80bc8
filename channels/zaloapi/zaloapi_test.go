package zaloapi_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/zaloapi"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/netcall"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// wallet hands out tokens 0, 1, … and fails where it is told to.
type wallet struct {
	none, noOther error
	renewed       int
}

func (w *wallet) Token(context.Context) (string, error) { return strconv.Itoa(w.renewed), w.none }

func (w *wallet) Renew(context.Context, string) (string, error) {
	w.renewed++
	return strconv.Itoa(w.renewed), w.noOther
}

// TestCall: each answer is asked for once, one that refuses the token once more under another one.
func TestCall(t *testing.T) {
	t.Parallel()
	forbidden := fault.New(fault.Forbidden, "")
	for name, tt := range map[string]struct {
		tokens  wallet
		status  int
		body    string
		want    zaloapi.Answer // without Err
		fails   bool
		through string // the tokens that were asked with
	}{
		"good":                  {body: `{"error":0}`, want: zaloapi.Answer{Status: 200, IsAPI: true}, through: "0"},
		"refused":               {body: `{"error":-118}`, want: zaloapi.Answer{Status: 200, IsAPI: true, Number: -118}, through: "0"},
		"token refused":         {body: `{"error":-124}`, want: zaloapi.Answer{Status: 200, IsAPI: true, Number: -124}, through: "01"},
		"refused by a gateway":  {status: 401, body: `<html>`, want: zaloapi.Answer{Status: 401}, through: "01"},
		"number of another API": {body: `{"error":-216}`, want: zaloapi.Answer{Status: 200, IsAPI: true, Number: -216}, through: "0"},
		"too long":              {body: strings.Repeat(" ", zaloapi.MaxAnswer) + `{"error":0}`, want: zaloapi.Answer{Unsure: true}, fails: true, through: "0"},
		"no token":              {tokens: wallet{none: forbidden}, want: zaloapi.Answer{NoToken: true}, fails: true},
		"no token now":          {tokens: wallet{none: errors.New("x")}, want: zaloapi.Answer{}, fails: true},
		"no other token":        {tokens: wallet{noOther: forbidden}, body: `{"error":-124}`, want: zaloapi.Answer{NoToken: true}, fails: true, through: "0"},
	} {
		through := ""
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			through += r.Header.Get("access_token")
			w.WriteHeader(max(tt.status, http.StatusOK))
			_, _ = w.Write([]byte(tt.body))
		}))
		c := zaloapi.Client{Name: "zalo", Base: srv.URL, Timeout: 10 * time.Second, Tokens: &tt.tokens, HTTP: srv.Client(), Verdicts: zaloapi.Templates}
		got := c.Call(t.Context(), zaloapi.Request{Path: "/x"})
		srv.Close()
		require.Equal(t, tt.fails, got.Err != nil, "%s: %v", name, got.Err)
		require.Equal(t, tt.want.OK() && !tt.fails, got.OK(), name)
		require.Equal(t, tt.through, through, name)
		got.Err = nil
		require.Equal(t, tt.want, got, name)
	}
}

// TestNumbers: every number has an end, and those that somebody reads have a reason.
func TestNumbers(t *testing.T) {
	t.Parallel()
	for n, v := range zaloapi.ByUser {
		named := v.End == netcall.Never || v.End == netcall.Gone || v.End == netcall.Alarm || v.End == netcall.Few
		require.Equal(t, named, v.Reason != "", n)
		require.Negative(t, n)
	}
	require.Len(t, zaloapi.ByUser, len(zaloapi.Account)+len(zaloapi.Templates)-len([]int{-32, -100, -124}))
}

// TestOutcome: either API names the message in its own way.
func TestOutcome(t *testing.T) {
	t.Parallel()
	c := zaloapi.Client{Name: "zalo", Verdicts: zaloapi.ByUser}
	for body, want := range map[string]channels.Outcome{
		`{"error":0,"data":{"message_id":"a"}}`: {Status: channels.Sent, MessageID: "a"},
		`{"error":"0","data":{"msg_id":7}}`:     {Status: channels.Sent, MessageID: "7"},
		`{"error":0,"data":[]}`:                 {Status: channels.Later, Unsure: true},
		`{"error":-32}`:                         {Status: channels.Later, Retry: time.Minute},
		`{"error":-234}`:                        {Status: channels.Later, Retry: time.Hour},
		`{"error":-133}`:                        {Status: channels.Later, Retry: time.Hour},
		`{"error":-220}`:                        {Status: channels.Later, Alarm: true, Reason: "token_refused", Retry: netcall.AlarmWait},
		`{"error":-200}`:                        {Status: channels.Later, Tries: netcall.FewTries, Reason: "send_failed"},
		`{"error":-213}`:                        {Status: channels.Never, Gone: true, Reason: "not_a_follower"},
		`{"error":-131}`:                        {Status: channels.Later, Alarm: true, Reason: "template_not_approved", Retry: netcall.AlarmWait},
		`{"error":"?"}`:                         {Status: channels.Later},
	} {
		got := c.Outcome(zaloapi.Parse(http.StatusOK, []byte(body)), time.Hour)
		require.Equal(t, want.Status == channels.Sent, got.Cause == nil, body)
		got.Cause = nil
		require.Equal(t, want, got, body)
	}
}

func TestUntil(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]time.Duration{
		"2026-11-21T22:00:00Z":      time.Hour,
		"2026-11-22T05:59:59+07:00": time.Second,
		"2026-11-22T06:00:00+07:00": 24 * time.Hour,
		"2026-12-31T23:00:00+07:00": 7 * time.Hour,
	} {
		now, err := time.Parse(time.RFC3339, at)
		require.NoError(t, err)
		require.Equal(t, want, zaloapi.Until(6*time.Hour, now), at)
	}
}
