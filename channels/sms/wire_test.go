package sms

import (
	"net/http"
	"testing"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/netcall"
)

func FuzzOutcome(f *testing.F) {
	f.Add(200, "", []byte(`{"id":"1"}`))
	f.Add(422, "", []byte(`{"error":"blocked_recipient"}`))
	f.Add(429, "30", []byte(``))
	f.Add(503, "-1", []byte(`<html>`))
	f.Fuzz(func(t *testing.T, status int, retryAfter string, body []byte) {
		o := outcome(status, netcall.RetryAfter(http.Header{"Retry-After": {retryAfter}}), body)
		ok := o.Status == channels.Sent && o.MessageID != "" || o.Status == channels.Later && o.Cause != nil && o.Retry >= 0 ||
			o.Status == channels.Never && o.Reason != "" && len(o.Reason) < 40
		if !ok {
			t.Errorf("got %+v", o)
		}
	})
}
