package device

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/miniapps"
)

func person(v account.Viewer) notify.Person {
	return notify.Person{Account: v.Account, Subject: v.Subject, Subjects: v.Subjects, Lang: v.Lang}
}

func aLetter(id string) notify.Letter {
	return notify.Letter{ID: id, App: "feedback", Notice: "resolved", Urgency: miniapps.Normal, Title: "HP-7K3M", Text: "Đã xong", CaseID: "case-1", Link: "/r/HP-7K3M", Collapse: "feedback/case-1"}
}

func (w *world) send(t *testing.T, v account.Viewer, l notify.Letter) notify.Fate {
	t.Helper()
	f, err := w.Send(t.Context(), notify.Way{Channel: Way}, person(v), l)
	require.NoError(t, err)
	return f
}

func TestWays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	lan := viewer("lan", "guest")
	ways, err := w.Ways(t.Context(), person(lan), aLetter("1"))
	require.NoError(t, err)
	require.Empty(t, ways)
	w.register(t, viewer("guest"), "token-1")
	ways, err = w.Ways(t.Context(), person(lan), aLetter("1"))
	require.NoError(t, err)
	require.Equal(t, []notify.Way{{Channel: "push", Ground: notify.Free}}, ways)
	ways, err = w.Ways(t.Context(), notify.Person{Subject: "guest"}, aLetter("1"))
	require.NoError(t, err)
	require.Len(t, ways, 1)
	delete(w.deps.Channels, "fcm")
	ways, err = w.Ways(t.Context(), person(lan), aLetter("1"))
	require.NoError(t, err)
	require.Empty(t, ways, "the network was switched off")
}

func TestSend(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	lan := viewer("lan")
	w.register(t, lan, "token-1")
	_, err := w.Register(t.Context(), lan, Registration{Kind: "webpush", Subscription: raw("endpoint#keys")}, "")
	require.NoError(t, err)
	l := aLetter("letter-1")
	l.Urgency, l.Until = miniapps.Urgent, w.clock.Now().Add(time.Hour)
	f := w.send(t, lan, l)
	require.Equal(t, notify.Sent, f.State)
	require.NotEmpty(t, f.Network)
	require.Equal(t, []string{"token-1"}, w.phones.took())
	require.Equal(t, []string{"endpoint#keys"}, w.pages.took())
	require.Equal(t, channels.Outbound{ID: "letter-1", Kind: channels.Notice, Push: &channels.Push{
		Title: "HP-7K3M", Text: "Đã xong", Link: "/r/HP-7K3M", Collapse: "feedback/case-1", Urgent: true, TTL: time.Hour,
		Data: map[string]string{"id": "letter-1", "app": "feedback", "case": "case-1"},
	}}, w.phones.sent[0].m)

	require.Equal(t, f, w.send(t, lan, l), "a repeat tells the same")
	require.Len(t, w.phones.took(), 1, "and sends nothing")
	w.register(t, lan, "token-2")
	w.send(t, lan, l)
	require.Equal(t, []string{"token-1", "token-2"}, w.phones.took(), "it goes to the others alone")
	asked, err := w.Fate(t.Context(), notify.Way{}, "letter-1")
	require.NoError(t, err)
	require.Equal(t, f, asked)
	w.clock.Add(2 * time.Hour)
	require.Equal(t, notify.Fate{State: notify.Refused, Reason: "expired"}, w.send(t, lan, l))
}

func TestFates(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		tokens []string
		want   notify.Fate
		left   int // devices
	}{
		"no device":                {nil, notify.Fate{State: notify.Refused, Reason: "no_device"}, 0},
		"all dead":                 {[]string{"dead-1", "dead-2"}, notify.Fate{State: notify.Refused, Reason: "no_device"}, 0},
		"one dead, one too big":    {[]string{"dead-1", "big-1"}, notify.Fate{State: notify.Refused, Reason: "too_big"}, 1},
		"one dead, one later":      {[]string{"dead-1", "slow-1"}, notify.Fate{State: notify.Pending, Retry: time.Minute, Unsure: true}, 1},
		"one later, one too big":   {[]string{"slow-1", "big-1"}, notify.Fate{State: notify.Pending, Retry: time.Minute, Unsure: true}, 2},
		"one took it, one did not": {[]string{"token-1", "slow-1"}, notify.Fate{State: notify.Sent, Network: "net-1"}, 2},
		"an operator has to act":   {[]string{"alarm-1"}, notify.Fate{State: notify.Pending, Retry: 15 * time.Minute, Alarm: true}, 1},
		"alarm and later":          {[]string{"alarm-1", "slow-1"}, notify.Fate{State: notify.Pending, Retry: time.Minute, Unsure: true, Alarm: true}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, Config{})
			lan := viewer("lan")
			for _, token := range tt.tokens {
				w.register(t, lan, token)
			}
			require.Equal(t, tt.want, w.send(t, lan, aLetter("1")))
			require.Len(t, w.ids(t, lan), tt.left)
			asked, err := w.Fate(t.Context(), notify.Way{}, "1")
			require.NoError(t, err)
			require.Equal(t, tt.want.State == notify.Sent, asked.State == notify.Sent)
		})
	}
}

// TestDeadAndBack shows that a device which registered again meanwhile is not forgotten for what its network said before.
func TestDeadAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	lan := viewer("lan")
	d := w.register(t, lan, "dead-1")
	before, err := w.docs.Get(t.Context(), d.ID)
	require.NoError(t, err)
	w.clock.Add(25 * time.Hour)
	w.register(t, lan, "dead-1")
	require.NoError(t, w.dead(t.Context(), before))
	require.Len(t, w.ids(t, lan), 1)
	require.NoError(t, w.dead(t.Context(), record{ID: "nothing"}))
}

// full is a limit that is used up.
type full struct{ key string }

func (f *full) Allow(_ context.Context, key string, r limit.Rule) (time.Duration, error) {
	f.key = fmt.Sprint(key, " ", r.Max)
	return time.Minute, fault.New(fault.RateLimited, "")
}

func TestLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	lan, l := viewer("lan"), &full{}
	w.register(t, lan, "token-1")
	w.deps.Limiter = l
	require.Equal(t, notify.Fate{State: notify.Pending, Retry: time.Minute, Held: true}, w.send(t, lan, aLetter("1")), "the network was not asked")
	require.Equal(t, "push:fcm 7", l.key)
	require.Empty(t, w.phones.took())
}

// TestUnreadable shows that a device sealed under another keyset is no reason to fail for the others.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	lan := viewer("lan")
	d := w.register(t, lan, "token-1")
	_, err := w.docs.Update(t.Context(), d.ID, func(r *record) error { r.Address = []byte("x"); return nil })
	require.NoError(t, err)
	require.Equal(t, "unreadable", w.send(t, lan, aLetter("1")).Reason)
	w.register(t, lan, "token-2")
	require.Equal(t, notify.Sent, w.send(t, lan, aLetter("2")).State)
	w.register(t, lan, "token-1")
	require.Equal(t, notify.Sent, w.send(t, lan, aLetter("3")).State)
	require.NotContains(t, w.logged.String(), "token-")
}
