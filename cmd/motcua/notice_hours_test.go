package main

import (
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/zalo/zalofake"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/miniapps/me"
)

// lateEvening is a moment at which nothing but the urgent may leave, in the city.
var lateEvening = time.Date(2026, 11, 20, 15, 30, 0, 0, time.UTC) // 22:30

// TestNightAndDigest has notices come at night. What is not urgent leaves in the morning, over some minutes; what is urgent leaves at once by what may carry
// it, and never as an approved text, which networks refuse at night; what can wait leaves as one message in the evening.
func TestNightAndDigest(t *testing.T) {
	leaktest.Check(t)
	for name, tt := range map[string]func(t *testing.T){"normal": normalAtNight, "urgent": urgentAtNight, "digest": digestOfADay} {
		t.Run(name, tt)
	}
}

func normalAtNight(t *testing.T) {
	w := newTown(t, lateEvening, allApproved)
	chatting := w.moveIn("chatting", "+84903000001", []string{"zalo"}, false, "", false)
	phoned := w.moveIn("phoned", "+84903000002", nil, true, "", false)
	carried := w.moveIn("carried", "+84903000003", nil, true, "fcm", false)
	all := []neighbour{chatting, phoned, carried}
	for _, n := range all {
		w.tell(n.subject, n.name, "assigned")
	}
	w.run(lateEvening.Add(7*time.Hour+59*time.Minute).Sub(w.clock.now()), 30*time.Minute) // 06:29
	for _, n := range all {
		if got := w.arrived(n, n.name); got != "" || w.left(n.name) != "pending" {
			t.Errorf("%s was told at night: %q, %s", n.name, got, w.left(n.name))
		}
	}
	w.run(7*time.Minute, time.Minute) // 06:36
	for n, want := range map[*neighbour]string{&chatting: "zalo/free", &phoned: "zns/approved", &carried: "fcm/free"} {
		if got := w.left(n.name); got != want || w.arrived(*n, n.name) != onTheWire[want] {
			t.Errorf("%s was told in the morning by %q, want %q", n.name, got, want)
		}
	}
	w.unrefused()
}

// urgentApproved approves a text for something urgent. The stand-in has none of its own: another one with two places does.
func urgentApproved(s *settings) {
	text := channels.Approved{ID: "200001", Params: map[string]channels.Slot{"ma_ho_so": {From: "network"}, "trang_thai": {From: "network"}}}
	s.Channels.Zalo.Templates["me.recovery_done"], s.Channels.ZNS.Templates["me.recovery_done"] = text, text
}

func urgentAtNight(t *testing.T) {
	w := newTown(t, lateEvening.Add(-72*time.Hour), allApproved, urgentApproved)
	w.city.Zalo.Change(func(s *zalofake.Setup) { s.ReceivedMS = 0 }) // else what is urgent takes a second way as well
	long := w.moveIn("long ago", "+84903000001", []string{"zalo"}, true, "", false)
	w.clock.set(lateEvening)
	chatting := w.moveIn("chatting", "+84903000002", []string{"zalo"}, true, "", false)
	phoned := w.moveIn("phoned", "+84903000003", nil, true, "", false)
	for _, n := range []neighbour{long, chatting, phoned} {
		must(t, w.sender.Post(t.Context(), notify.Notice{
			ID: "done " + n.name, To: n.subject, App: me.ID, Notice: "recovery_done", CaseApp: me.ID, CaseID: n.name, At: w.clock.now(),
			Params: map[string]any{"network": message.Text{"vi": "Zalo " + codeOf(n.name), "en": "Zalo"}},
		}))
	}
	w.run(6*time.Minute, 30*time.Second)
	for n, want := range map[*neighbour]string{&chatting: "zalo words", &long: "sms", &phoned: "sms"} {
		if got := w.arrived(*n, n.name); got != want {
			t.Errorf("%s was told at night by %q, want %q: %+v", n.name, got, want, w.dispatches(me.ID, n.name))
		}
	}
	w.unrefused()
}

// digestOfADay has cases closed, which is news that can wait. Where only a way that costs something is left, there is no digest.
func digestOfADay(t *testing.T) {
	w := newTown(t, forenoon, allApproved)
	chatting := w.moveIn("chatting", "+84903000001", []string{"zalo"}, false, "", false)
	phoned := w.moveIn("phoned", "+84903000002", nil, true, "", false)
	cases := []string{"a", "b", "c"}
	for _, n := range []neighbour{chatting, phoned} {
		for _, c := range cases {
			w.tell(n.subject, n.name+"-"+c, "closed")
		}
	}
	before := len(w.cityEntries("zalo", "chatting"))
	w.run(6*time.Hour+59*time.Minute, time.Hour-time.Minute) // 16:53
	if got := w.cityEntries("zalo", "chatting"); len(got) != before {
		t.Errorf("told before the evening: %q", got[before:])
	}
	w.run(15*time.Minute, time.Minute) // 17:08
	got := w.cityEntries("zalo", "chatting")[before:]
	if len(got) != 1 || !holdsAll(got[0], codeOf("chatting-a"), codeOf("chatting-b"), codeOf("chatting-c")) {
		t.Errorf("the digest was %q", got)
	}
	for _, c := range cases {
		if d := w.dispatches("feedback", "chatting-"+c); len(d) != 1 || d[0].State != notify.Dropped || d[0].Reason != "gathered" {
			t.Errorf("the desk sees %+v", d)
		}
		if got := w.arrived(phoned, "phoned-"+c); got != "" {
			t.Errorf("a digest that costs something arrived: %q", got)
		}
	}
	w.unrefused()
}

func holdsAll(s string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(s, p) {
			return false
		}
	}
	return true
}
