// Package channeltest checks what every channel promises in the comments of its contract.
//
// It knows no network: each one brings a Fixture that says how to make its channel succeed and fail.
package channeltest

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

// Fixture is a channel joined to a stand-in of its network.
type Fixture struct {
	Channel  channels.Channel
	To       channels.Address            // somebody whom the network reaches
	BadTo    channels.Address            // an address that cannot exist there
	Received func() []string             // texts that To has received, oldest first
	Fail     func(status int, times int) // the network answers so, for its next requests
	Lose     func(times int)             // the network does the work and its answer is lost
	Webhook  *channels.Request           // a request that the network signed; nil when it sends none
	Secrets  []string                    // tokens that must not be in any error
}

// Run checks a channel. open makes a fresh fixture for each check.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for _, check := range []struct {
		name string
		run  func(*testing.T, Fixture)
	}{
		{"profile is constant and named", profile},
		{"a message arrives", arrives},
		{"a long message is refused before it leaves", tooLong},
		{"a bad address is never", badAddress},
		{"an outage is later", outage},
		{"a refusal is never with a reason", refusal},
		{"a lost answer is later, and the same id arrives once", lost},
		{"a context that has ended stops Send", cancelled},
		{"requests that nobody signed are refused", unsigned},
		{"a signed request is read", signed},
	} {
		t.Run(check.name, func(t *testing.T) { check.run(t, open(t)) })
	}
}

func text(id, s string) channels.Outbound {
	return channels.Outbound{ID: id, Kind: channels.Notice, Blocks: message.Blocks{message.Words{Text: s}}}
}

func profile(t *testing.T, f Fixture) {
	p := f.Channel.Profile()
	if p.Name == "" || p.MaxText < 0 || p.MaxChoices < 0 || p.FreeWindow < 0 {
		t.Errorf("got %+v", p)
	}
	if again := f.Channel.Profile(); again.Name != p.Name || again.MaxText != p.MaxText {
		t.Errorf("got %+v, then %+v", p, again)
	}
}

func arrives(t *testing.T, f Fixture) {
	o := f.Channel.Send(t.Context(), f.To, text("1", "Chào bà con"))
	if o.Status != channels.Sent || o.MessageID == "" || o.Reason != "" {
		t.Errorf("got %+v, want sent with an id", o)
	}
	if got := f.Received(); len(got) != 1 || got[0] != "Chào bà con" {
		t.Errorf("received %q", got)
	}
}

func tooLong(t *testing.T, f Fixture) {
	limit := f.Channel.Profile().MaxText
	if limit == 0 {
		return // the network has no limit, so there is nothing to refuse
	}
	if o := f.Channel.Send(t.Context(), f.To, text("1", strings.Repeat("ờ", limit+1))); o.Status != channels.Never || o.Reason == "" {
		t.Errorf("got %+v, want never with a reason", o)
	}
	if o := f.Channel.Send(t.Context(), f.To, text("2", strings.Repeat("ờ", limit))); o.Status != channels.Sent {
		t.Errorf("at the limit: got %+v, want sent", o)
	}
}

func badAddress(t *testing.T, f Fixture) {
	if o := f.Channel.Send(t.Context(), f.BadTo, text("1", "x")); o.Status != channels.Never || o.Reason == "" {
		t.Errorf("got %+v, want never with a reason", o)
	}
}

func outage(t *testing.T, f Fixture) {
	for _, status := range []int{http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable} {
		f.Fail(status, 1)
		o := f.Channel.Send(t.Context(), f.To, text("1", "x"))
		if o.Status != channels.Later || o.Cause == nil || o.Retry < 0 {
			t.Errorf("%d: got %+v, want later with a cause", status, o)
		}
		discreet(t, f, o)
	}
	if o := f.Channel.Send(t.Context(), f.To, text("1", "x")); o.Status != channels.Sent {
		t.Errorf("after the outage: got %+v, want sent", o)
	}
}

func refusal(t *testing.T, f Fixture) {
	f.Fail(http.StatusForbidden, 1)
	o := f.Channel.Send(t.Context(), f.To, text("1", "x"))
	if o.Status != channels.Never || o.Reason == "" {
		t.Errorf("got %+v, want never with a reason", o)
	}
	discreet(t, f, o)
}

func lost(t *testing.T, f Fixture) {
	f.Lose(1)
	o := f.Channel.Send(t.Context(), f.To, text("1", "một lần"))
	if o.Status != channels.Later {
		t.Errorf("got %+v, want later", o)
	}
	discreet(t, f, o)
	if o := f.Channel.Send(t.Context(), f.To, text("1", "một lần")); o.Status != channels.Sent {
		t.Errorf("again: got %+v, want sent", o)
	}
	if got := f.Received(); len(got) != 1 {
		t.Errorf("received %d messages, want 1", len(got))
	}
}

func cancelled(t *testing.T, f Fixture) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	began := time.Now()
	if o := f.Channel.Send(ctx, f.To, text("1", "x")); o.Status != channels.Later {
		t.Errorf("got %+v, want later", o)
	}
	if d := time.Since(began); d > time.Second {
		t.Errorf("took %v", d)
	}
	if got := f.Received(); len(got) != 0 {
		t.Errorf("received %d messages, want none", len(got))
	}
}

func unsigned(t *testing.T, f Fixture) {
	want := fault.NotFound
	if f.Webhook != nil {
		want = fault.Unauthorized
	}
	for _, body := range []string{"", "{}", "[", `{"events":[{"id":"1"}]}`} {
		b, err := f.Channel.Parse(channels.Request{Method: http.MethodPost, Header: http.Header{}, Body: []byte(body)})
		if fault.CodeOf(err) != want || len(b.Events) != 0 {
			t.Errorf("%q: got %d events, %v; want %s", body, len(b.Events), err, want)
		}
	}
}

func signed(t *testing.T, f Fixture) {
	if f.Webhook == nil {
		return // the check above has proved that the network sends nothing
	}
	b, err := f.Channel.Parse(*f.Webhook)
	if err != nil || len(b.Events) == 0 {
		t.Fatalf("got %d events, %v", len(b.Events), err)
	}
	for _, e := range b.Events {
		if e.ID == "" || e.From == "" {
			t.Errorf("an event without id or sender: %+v", e)
		}
	}
}

// discreet checks that an outcome's cause says neither whom a message was for nor what opens the network.
func discreet(t *testing.T, f Fixture, o channels.Outcome) {
	t.Helper()
	if o.Cause == nil {
		return
	}
	for _, s := range append([]string{string(f.To)}, f.Secrets...) {
		if strings.Contains(o.Cause.Error(), s) || strings.Contains(o.Reason, s) {
			t.Errorf("the cause tells a secret: %v", o.Cause)
		}
	}
}
