// Package channeltest checks what every channel promises in the comments of its contract.
//
// It knows no network: each one brings a Fixture that says how to make its channel succeed and fail.
package channeltest

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/fit"
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
	Repeats  bool                        // the network cannot tell a repeat by its id, so that only Unsure warns of one
	Webhook  *channels.Request           // a request that the network signed; nil when it sends none
	Bearer   bool                        // a token in the request's head vouches for it, and no signature for its body
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
		{"whatever is fitted to the profile can be sent", fitted},
		{"several messages leave at once", together},
		{"requests that nobody signed are refused", unsigned},
		{"a signed request is read", signed},
		{"a signed request that was altered is refused", altered},
		{"reading a request again gives the same", again},
	} {
		t.Run(check.name, func(t *testing.T) { check.run(t, open(t)) })
	}
}

func text(id, s string) channels.Outbound {
	return channels.Outbound{ID: id, Kind: channels.Notice, Blocks: message.Blocks{message.Words{Text: s}}}
}

func profile(t *testing.T, f Fixture) {
	p := f.Channel.Profile()
	if p.Name == "" || min(p.MaxText, p.MaxChoices, p.MaxLabel, p.MaxCaption, p.PerMinute) < 0 || min(p.FreeWindow, p.PaidWindow, p.MaxAge) < 0 {
		t.Errorf("got %+v", p)
	}
	if p.PaidWindow != 0 && p.PaidWindow < p.FreeWindow {
		t.Errorf("the limits contradict each other: %+v", p)
	}
	for i, h := range p.MediaHosts {
		if h == "" || strings.ContainsAny(h, "/ ") {
			t.Errorf("%q is no host", h)
		}
		p.MediaHosts[i] = "changed by a caller"
	}
	for _, h := range f.Channel.Profile().MediaHosts {
		if h == "changed by a caller" {
			t.Error("a caller can change the profile")
		}
	}
	if p, again := f.Channel.Profile(), f.Channel.Profile(); !reflect.DeepEqual(p, again) {
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
	if f.Repeats {
		if !o.Unsure {
			t.Errorf("got %+v, want unsure: whoever sends it again sends it twice", o)
		}
		return
	}
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
	account := f.Channel.Profile().Account
	for _, e := range b.Events {
		if e.ID == "" || len(e.ID) > 200 || e.From == "" || e.Kind == "" || e.At.IsZero() {
			t.Errorf("an event without id, sender, kind or time: %+v", e)
		}
		if strings.Contains(e.ID, string(e.From)) {
			t.Errorf("the id of an event tells the person: %+v", e)
		}
		if e.Foreign != (e.Account != account) {
			t.Errorf("foreign does not say whether the account is ours: %+v", e)
		}
	}
}

func altered(t *testing.T, f Fixture) {
	if f.Webhook == nil {
		return
	}
	refused := func(what string, r channels.Request) {
		t.Helper()
		if b, err := f.Channel.Parse(r); fault.CodeOf(err) != fault.Unauthorized || len(b.Events) != 0 {
			t.Errorf("%s: got %d events, %v; want %s", what, len(b.Events), err, fault.Unauthorized)
		}
	}
	with := func(body []byte) channels.Request {
		r := *f.Webhook
		r.Body = body
		return r
	}
	if body := f.Webhook.Body; !f.Bearer {
		for i := range body {
			other := bytes.Clone(body)
			other[i] ^= 1
			refused(fmt.Sprintf("byte %d", i), with(other))
		}
		refused("one byte less", with(body[:len(body)-1]))
		refused("one byte more", with(append(bytes.Clone(body), '\n')))
	}
	bare := *f.Webhook
	bare.Header = http.Header{}
	refused("no headers", bare)
}

func again(t *testing.T, f Fixture) {
	if f.Webhook == nil {
		return
	}
	r := *f.Webhook
	r.Body, r.Header = bytes.Clone(r.Body), r.Header.Clone()
	first, err := f.Channel.Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	second, err := f.Channel.Parse(r)
	if err != nil || !reflect.DeepEqual(first, second) {
		t.Errorf("got %+v, then %+v, %v", first, second, err)
	}
	if !bytes.Equal(r.Body, f.Webhook.Body) || !reflect.DeepEqual(r.Header, f.Webhook.Header) {
		t.Error("the request was changed")
	}
}

// everything is blocks of all kinds, and long ones.
func everything() message.Blocks {
	choices := make([]message.Choice, 9)
	for i := range choices {
		choices[i] = message.Choice{Label: fmt.Sprintf("%d. %s", i+1, strings.Repeat("phường ", 4*i)), Value: fmt.Sprint(i)}
	}
	return message.Blocks{
		message.Words{Text: strings.Repeat("Chào bà con. ", 300)},
		message.Choices{Text: "Chọn một việc", Options: choices, Controls: []message.Choice{{Label: "Thôi", Value: "cancel"}}},
		message.Choices{Text: "Đúng không?", Options: choices[:2]},
		message.Card{Title: "PA-1", Facts: []message.Fact{{Label: "Nơi", Value: "Hải Châu"}}, Actions: choices[:1]},
		message.QR{Payload: "https://motcua.example/t/1", Caption: "Vé"},
		message.Location{Lat: 16.05, Lon: 108.2, Label: "UBND"},
		message.Link{Label: "Xem thêm", URL: "https://motcua.example/s/1?a=1&b=<2>"},
		message.Progress{Label: "Bước", Done: 1, Total: 3},
	}
}

func fitted(t *testing.T, f Fixture) {
	messages := fit.Fit(f.Channel.Profile(), everything())
	if len(messages) == 0 {
		t.Fatal("nothing to send")
	}
	for i, blocks := range messages {
		o := f.Channel.Send(t.Context(), f.To, channels.Outbound{ID: fmt.Sprint(i), Kind: channels.Reply, Blocks: blocks})
		if o.Status != channels.Sent {
			t.Errorf("%+v: got %+v, want sent", blocks, o)
		}
	}
	if got := f.Received(); len(got) != len(messages) {
		t.Errorf("received %d messages, want %d", len(got), len(messages))
	}
}

func together(t *testing.T, f Fixture) {
	const many = 16
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() {
			if o := f.Channel.Send(t.Context(), f.To, text(fmt.Sprint(i), fmt.Sprintf("tin %d", i))); o.Status != channels.Sent {
				t.Errorf("got %+v, want sent", o)
			}
		})
	}
	wg.Wait()
	if got := f.Received(); len(got) != many {
		t.Errorf("received %d messages, want %d", len(got), many)
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
