package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/miniapps/feedback"
)

// forenoon is a moment at which everything may leave, in the city.
var forenoon = time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC) // 10:00, a Friday

// ages are times since somebody wrote, the longest first.
var ages = []time.Duration{192 * time.Hour, 144 * time.Hour, 49 * time.Hour, 47 * time.Hour, 25 * time.Hour, 23 * time.Hour}

// kinds are citizens by what the city knows of them. Those with an account have a phone.
var kinds = []struct {
	name    string
	chats   []string
	account bool
	device  string
	leaves  bool // stops following on Zalo afterwards
}{
	{name: "zalo", chats: []string{"zalo"}},
	{name: "messenger", chats: []string{"messenger"}},
	{name: "web", chats: []string{"web"}},
	{name: "both", chats: []string{"zalo", "messenger"}, account: true},
	{name: "facebook", chats: []string{"messenger"}, account: true},
	{name: "app", chats: []string{"zalo", "messenger"}, account: true, device: "fcm"},
	{name: "browser", chats: []string{"messenger"}, account: true, device: "webpush"},
	{name: "phone", account: true},
	{name: "left", chats: []string{"zalo"}, leaves: true},
	{name: "left-phone", chats: []string{"zalo"}, account: true, leaves: true},
}

// TestWaysByTheClock has notices of cases come a long or short while after people wrote: what leaves is what the networks take at that moment, on the
// cheapest ground there is, and it arrives once.
func TestWaysByTheClock(t *testing.T) {
	leaktest.Check(t)
	for name, change := range map[string]func(*settings){"nothing approved": noneApproved, "texts approved": allApproved} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t, forenoon.Add(-ages[0]), change)
			to := w.settled()
			for _, windows := range []string{"free windows", "paid windows"} {
				w.settings.Chat.PaidWindows = windows == "paid windows"
				got := w.tableOfWays(to, windows[:4])
				if want := strings.TrimSpace(strings.ReplaceAll(waysByTheClock[windows+", "+name], "\t", "")); got != want {
					t.Errorf("%s: left by\n%s\nwant\n%s", windows, got, want)
				}
			}
			w.unrefused()
		})
	}
}

// waysByTheClock: a column is an age, from 8 days to 23 hours.
var waysByTheClock = map[string]string{
	"free windows, nothing approved": `
		zalo: window_closed window_closed window_closed zalo/free zalo/free zalo/free
		messenger: window_closed window_closed window_closed window_closed window_closed messenger/free
		web: web/free web/free web/free web/free web/free web/free
		both: sms/paid sms/paid sms/paid zalo/free zalo/free zalo/free
		facebook: sms/paid sms/paid sms/paid sms/paid sms/paid messenger/free
		app: fcm/free fcm/free fcm/free fcm/free fcm/free fcm/free
		browser: webpush/free webpush/free webpush/free webpush/free webpush/free webpush/free
		phone: sms/paid sms/paid sms/paid sms/paid sms/paid sms/paid
		left: unfollowed unfollowed unfollowed unfollowed unfollowed unfollowed
		left-phone: sms/paid sms/paid sms/paid sms/paid sms/paid sms/paid`,
	"paid windows, nothing approved": `
		zalo: window_closed zalo/paid zalo/paid zalo/free zalo/free zalo/free
		messenger: window_closed window_closed window_closed window_closed window_closed messenger/free
		web: web/free web/free web/free web/free web/free web/free
		both: sms/paid zalo/paid zalo/paid zalo/free zalo/free zalo/free
		facebook: sms/paid sms/paid sms/paid sms/paid sms/paid messenger/free
		app: fcm/free fcm/free fcm/free fcm/free fcm/free fcm/free
		browser: webpush/free webpush/free webpush/free webpush/free webpush/free webpush/free
		phone: sms/paid sms/paid sms/paid sms/paid sms/paid sms/paid
		left: unfollowed unfollowed unfollowed unfollowed unfollowed unfollowed
		left-phone: sms/paid sms/paid sms/paid sms/paid sms/paid sms/paid`,
	"free windows, texts approved": `
		zalo: zalo/approved zalo/approved zalo/approved zalo/free zalo/free zalo/free
		messenger: messenger/approved messenger/approved messenger/approved messenger/approved messenger/approved messenger/free
		web: web/free web/free web/free web/free web/free web/free
		both: zalo/approved zalo/approved zalo/approved zalo/free zalo/free zalo/free
		facebook: messenger/approved messenger/approved messenger/approved messenger/approved messenger/approved messenger/free
		app: fcm/free fcm/free fcm/free fcm/free fcm/free fcm/free
		browser: webpush/free webpush/free webpush/free webpush/free webpush/free webpush/free
		phone: zns/approved zns/approved zns/approved zns/approved zns/approved zns/approved
		left: unfollowed unfollowed unfollowed unfollowed unfollowed unfollowed
		left-phone: zns/approved zns/approved zns/approved zns/approved zns/approved zns/approved`,
	"paid windows, texts approved": `
		zalo: zalo/approved zalo/paid zalo/paid zalo/free zalo/free zalo/free
		messenger: messenger/approved messenger/approved messenger/approved messenger/approved messenger/approved messenger/free
		web: web/free web/free web/free web/free web/free web/free
		both: zalo/approved zalo/paid zalo/paid zalo/free zalo/free zalo/free
		facebook: messenger/approved messenger/approved messenger/approved messenger/approved messenger/approved messenger/free
		app: fcm/free fcm/free fcm/free fcm/free fcm/free fcm/free
		browser: webpush/free webpush/free webpush/free webpush/free webpush/free webpush/free
		phone: zns/approved zns/approved zns/approved zns/approved zns/approved zns/approved
		left: unfollowed unfollowed unfollowed unfollowed unfollowed unfollowed
		left-phone: zns/approved zns/approved zns/approved zns/approved zns/approved zns/approved`,
}

// settled lets people of all kinds write at all ages before the forenoon, which it then is.
func (w *town) settled() map[string]neighbour {
	w.t.Helper()
	out := map[string]neighbour{}
	for _, age := range ages {
		w.clock.set(forenoon.Add(-age))
		for i, k := range kinds {
			name := fmt.Sprintf("%s-%v", k.name, age)
			out[name] = w.moveIn(name, fmt.Sprintf("+8490%03d%04d", i, int(age.Hours())), k.chats, k.account, k.device, k.leaves)
		}
	}
	w.clock.set(forenoon)
	return out
}

// tableOfWays has a notice come for everybody, and gives how those left.
func (w *town) tableOfWays(to map[string]neighbour, why string) string {
	w.t.Helper()
	for name, n := range to {
		w.tell(n.subject, name+" "+why, "assigned")
	}
	w.pass()
	var out []string
	for _, k := range kinds {
		line := k.name + ":"
		for _, age := range ages {
			name := fmt.Sprintf("%s-%v", k.name, age)
			left := w.left(name + " " + why)
			if got := w.arrived(to[name], name+" "+why); got != onTheWire[left] {
				w.t.Errorf("%s left by %q and arrived as %q", name, left, got)
			}
			line += " " + left
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// onTheWire is how a letter arrives that left by a way. What left by none does not.
var onTheWire = map[string]string{
	"zalo/free": "zalo words", "zalo/paid": "zalo words", "zalo/approved": "zalo template", "messenger/free": "messenger words",
	"messenger/approved": "messenger utility", "web/free": "web words", "zns/approved": "zns", "sms/paid": "sms", "fcm/free": "push", "webpush/free": "push",
}

// neighbour is somebody in a town.
type neighbour struct {
	name, phone, subject, greeting string
	chats                          []string
}

// moveIn makes somebody known to the city, by what they do.
func (w *town) moveIn(name, phone string, chats []string, account bool, device string, leaves bool) neighbour {
	w.t.Helper()
	n := neighbour{name: name, phone: phone, chats: chats}
	for _, c := range chats {
		n.greeting = "xin chào, đây là " + name + " trên " + c
		w.says(c, name, n.greeting)
		n.subject = w.guest(n.greeting).Subject
	}
	if account {
		v := w.citizen(phone)
		for _, c := range chats {
			w.joins(v, "xin chào, đây là "+name+" trên "+c)
		}
		if device != "" {
			w.owns(v, device, name)
		}
		n.subject = v.Subject
	}
	if leaves {
		w.city.Zalo.Unfollow(name)
		until(w.t, name+" left", func() bool {
			ways, err := w.chats.Ways(w.t.Context(), w.guest(n.greeting).Subjects)
			return err == nil && len(ways) == 1 && ways[0].Left
		})
	}
	return n
}

// tell has a notice of a case come, as the service that keeps the case does.
func (w *town) tell(to, id, notice string) {
	w.t.Helper()
	must(w.t, w.deliver(feedback.ID)(w.t.Context(), casework.Notice{
		ID: id + "#" + notice, To: to, Notice: notice, Case: id, At: w.clock.now(),
		Params: map[string]string{"code": codeOf(id), "reason": "xong"}, Names: map[string]message.Text{"unit": {"vi": "Phòng Hạ tầng", "en": "Infrastructure"}},
	}))
}

func codeOf(id string) string { return "HP-" + id }

// left tells by which way and on which ground the letter about a case left, or else why it did not.
func (w *town) left(id string) string {
	w.t.Helper()
	list := w.dispatches(feedback.ID, id)
	if len(list) != 1 {
		return fmt.Sprintf("%d letters", len(list))
	}
	d := list[0]
	if d.State == notify.Pending {
		return "pending"
	}
	for _, a := range d.Attempts {
		if a.State == notify.Sent || a.State == notify.Delivered || a.State == notify.Seen {
			return a.Channel + "/" + string(a.Ground)
		}
	}
	return d.Reason
}

// arrived tells how words with that code reached somebody, over all networks.
func (w *town) arrived(n neighbour, id string) string {
	w.t.Helper()
	var out []string
	for _, e := range w.city.Zalo.Chat(n.name, 0) {
		if e.From == "city" && strings.Contains(e.Text, codeOf(id)) {
			out = append(out, "zalo "+map[bool]string{true: "template", false: "words"}[e.Kind == "template"])
		}
	}
	for _, e := range w.city.Zalo.Chat(n.phone, 0) {
		if e.From == "city" && strings.Contains(e.Text, codeOf(id)) {
			out = append(out, "zns")
		}
	}
	for _, e := range w.city.Messenger.Chat(n.name, 0) {
		if e.From == "city" && strings.Contains(e.Text, codeOf(id)) {
			out = append(out, "messenger "+map[bool]string{true: "utility", false: "words"}[strings.HasPrefix(e.Text, utilityWords)])
		}
	}
	for _, m := range w.city.SMS.Messages(n.phone) {
		if strings.Contains(m.Text, codeOf(id)) {
			out = append(out, "sms")
		}
	}
	for _, d := range w.city.FCM.Deliveries(n.name) {
		if strings.Contains(string(d.Message), codeOf(id)) {
			out = append(out, "push")
		}
	}
	for _, m := range w.city.WebPush.Messages(n.name) {
		if strings.Contains(string(m.Payload), codeOf(id)) {
			out = append(out, "push")
		}
	}
	if slices.Contains(n.chats, "web") {
		out = append(out, w.shown(n, id)...)
	}
	return strings.Join(out, ", ")
}

// shown tells what the city's own page shows of it.
func (w *town) shown(n neighbour, id string) (out []string) {
	w.t.Helper()
	w.mu.Lock()
	visitor := string(w.heard[n.greeting].Event.From)
	w.mu.Unlock()
	lines, err := w.weblog.Read(w.t.Context(), visitor, 0, 50)
	must(w.t, err)
	for _, l := range lines {
		if strings.Contains(fmt.Sprintf("%+v", l), codeOf(id)) {
			out = append(out, "web words")
		}
	}
	return out
}

// unrefused tells of requests that a network refused: nothing may be asked of it that it does not allow.
func (w *town) unrefused() {
	w.t.Helper()
	zalo, other, push := w.city.Zalo.Stats(), w.city.Messenger.Stats(), w.city.WebPush.Stats()
	if zalo.Sends.Refused != 0 || other.Sends.Refused != 0 || push.Refused != 0 || push.Broken != 0 || w.city.FCM.Stats().Refused != 0 {
		w.t.Errorf("refused: zalo %v, messenger %v, webpush %v, fcm %v", zalo.Sends.ByError, other.Sends.ByError, push.ByStatus, w.city.FCM.Stats().ByError)
	}
	if zalo.Doubles != 0 || other.Doubles != 0 {
		w.t.Errorf("said twice: %d on zalo, %d on messenger", zalo.Doubles, other.Doubles)
	}
}
