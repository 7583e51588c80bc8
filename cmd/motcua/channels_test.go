package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/admin"
)

func TestCodeAndState(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, pasted, code, state string
		bad                       bool
	}{
		{name: "code", pasted: "abc_-1", code: "abc_-1"},
		{name: "address", pasted: "https://city.example/channels/zalo/callback?oa_id=1&code=a%2Bb&state=s", code: "a+b", state: "s"},
		{name: "address without a state", pasted: "https://city.example/?code=a", code: "a"},
		{name: "address without a code", pasted: "https://city.example/?error=denied", bad: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, state, err := codeAndState(tt.pasted)
			if code != tt.code || state != tt.state || (err != nil) != tt.bad {
				t.Errorf("got %q, %q, %v", code, state, err)
			}
		})
	}
}

// consenting is a network whose consent comes back after so many looks.
type consenting struct{ looks int }

func (n *consenting) Begin(context.Context, string) (admin.Consent, error) {
	return admin.Consent{}, nil
}

func (n *consenting) Status(context.Context, string) (admin.ChannelStatus, error) {
	n.looks--
	agreed := time.Unix(1e9, 0)
	if n.looks <= 0 {
		agreed = agreed.Add(time.Minute)
	}
	return admin.ChannelStatus{Connected: true, AgreedAt: agreed, Account: "oa", AccessExpiresAt: time.Unix(1e9, 0)}, nil
}

func (n *consenting) Setup(context.Context, string) (admin.ChannelStatus, error) {
	return admin.ChannelStatus{}, nil
}

func (n *consenting) Finish(context.Context, string, string, string) (admin.ChannelStatus, error) {
	return admin.ChannelStatus{}, nil
}

func TestAwaitConsent(t *testing.T) {
	t.Parallel()
	const token = "t"
	var out, log bytes.Buffer
	r := &runtime{stdout: &out, stderr: &log}
	client := func(looks int) *admin.Client {
		return admin.Local(admin.Handler(admin.Ops{Channels: &consenting{looks}, Log: slog.New(slog.DiscardHandler)}, token), token)
	}
	if err := r.awaitConsent(t.Context(), client(2), "zalo", time.Unix(1e9, 0)); err != nil || !strings.Contains(out.String(), "zalo is connected") {
		t.Errorf("%v: %s", err, out.String())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.awaitConsent(ctx, client(1000), "zalo", time.Unix(1e9, 0)); err == nil || !strings.Contains(err.Error(), "motcua channels status zalo") {
		t.Errorf("after Ctrl-C: %v", err)
	}
}
