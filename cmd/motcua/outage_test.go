package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/channels/fcm/fcmfake"
	"github.com/motcua/motcua/channels/messenger/messengerfake"
	"github.com/motcua/motcua/channels/sms/smsfake"
	"github.com/motcua/motcua/channels/webpush/webpushfake"
	"github.com/motcua/motcua/channels/zalo/zalofake"
	"github.com/motcua/motcua/internal/leaktest"
	"github.com/motcua/motcua/miniapps/feedback"
)

const (
	crowdSize = 25 // times two notices each: more than the networks take in a minute
	outageFor = 10 * time.Minute
	perMinute = 30 // messages that each network which has such a limit takes from us
	outBound  = 80 // requests in ten minutes to a network that is away: a few at first, then one after each pause
)

// awayFor lists how each network goes away.
var awayFor = []struct {
	name, network string
	limited       bool                      // the network has a limit by the minute
	out           func(w *town, how string) // nil breaks connections
}{
	{"zalo refuses", "zalo", true, func(w *town, how string) { w.city.Zalo.Break(func(f *zalofake.Faults) { f.OutageOpenAPI = how }) }},
	{"messenger refuses", "messenger", true, func(w *town, how string) { w.city.Messenger.Break(func(f *messengerfake.Faults) { f.Outage = how }) }},
	{"fcm refuses", "fcm", true, func(w *town, how string) { w.city.FCM.Break(func(f *fcmfake.Faults) { f.Outage = how }) }},
	{"webpush refuses", "webpush", false, func(w *town, how string) { w.city.WebPush.Break(func(f *webpushfake.Faults) { f.Outage = how }) }},
	{"zns refuses", "zns", true, func(w *town, how string) { w.city.Zalo.Break(func(f *zalofake.Faults) { f.OutageBusiness = how }) }},
	{"sms refuses", "sms", false, func(w *town, how string) { w.city.SMS.Break(smsfake.Fault{Status: 503, Times: len(how) << 20}) }},
	{"zalo breaks off", "zalo", true, nil},
	{"zns breaks off", "zns", true, nil},
}

// slowly sets the networks' limits, and leaves one notice without a text for phones, so that it goes as a text message.
func slowly(s *settings) {
	delete(s.Channels.ZNS.Templates, "feedback."+byText)
	s.Channels.Zalo.PerMinute, s.Channels.Messenger.PerMinute = perMinute, perMinute
	s.Channels.FCM.PerMinute, s.Channels.ZNS.PerMinute = perMinute, perMinute
}

// byText is a notice that reaches phones as a text message.
const byText = "in_progress"

// TestTenMinutesAway takes each network away for ten minutes while a crowd writes and is told things. Nothing is lost or doubled, each person gets
// everything in order, the network is hardly asked meanwhile and not overrun afterwards, and the other networks do not notice.
func TestTenMinutesAway(t *testing.T) {
	leaktest.Check(t)
	w := newTown(t, forenoon, allApproved, slowly)
	for i, c := range awayFor {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			out := func(how string) { w.street.cutOff(c.network, how != "") }
			if c.out != nil {
				out = func(how string) { c.out(w, how) }
			}
			w.clock.set(forenoon.Add(time.Duration(i) * 30 * time.Minute))
			tenMinutesAway(w, side{c.network, i}, c.limited, out)
		})
	}
	w.t = t
}

// side is the part of the town that lives by one network.
type side struct {
	network string
	number  int
}

func tenMinutesAway(w *town, s side, limited bool, out func(how string)) {
	network := s.network
	crowd := w.crowd(s)
	others := w.bystanders(s)
	w.run(2*time.Minute, 30*time.Second) // greetings leave, and their minute is over
	from := w.marks(crowd)

	out("refuse")
	began := w.clock.now()
	w.allSay(network, crowd, "menu")
	w.tellAll(s, crowd, 1)
	w.run(20*time.Second, 2*time.Second)
	w.allSay(network, crowd, "trợ giúp")
	w.tellAll(s, crowd, 2)
	w.run(40*time.Second, 10*time.Second)
	w.unmoved(s, others)
	w.run(began.Add(outageFor).Sub(w.clock.now()), 30*time.Second)
	if n := w.street.between(network, began, w.clock.now().Add(time.Second)); n > outBound {
		w.t.Errorf("%d requests in ten minutes to a network that is away", n)
	}
	if got := w.got(network, crowd[0], from); len(got) > 0 {
		w.t.Fatalf("arrived while the network was away: %q", got)
	}

	out("")
	back := w.clock.now().Add(time.Second)
	w.street.watch(network)
	w.run(10*time.Second, time.Second)
	w.run(50*time.Second, 5*time.Second)
	want := 2 * crowdSize // notices
	if network == "zalo" || network == "messenger" {
		want *= 2 // and answers
	}
	for end := w.clock.now().Add(15 * time.Minute); w.arrivals(network, crowd, from) < want && w.clock.now().Before(end); {
		w.run(20*time.Second, 20*time.Second)
	}
	w.run(time.Minute, 20*time.Second) // for what comes twice
	w.everybodyHas(network, crowd, from)
	w.orderly(network, limited, back)
}

// orderly looks at how a network was asked after it came back.
func (w *town) orderly(network string, limited bool, back time.Time) {
	w.t.Helper()
	first, peak := w.street.watched(network)
	if first != 1 {
		w.t.Errorf("%d requests came before the first was answered", first)
	}
	if most := 2 * w.settings.Outbox.Workers.Relay; peak > most {
		w.t.Errorf("%d requests at a time, want at most %d", peak, most)
	}
	for i := range 10 {
		second := back.Add(time.Duration(i) * time.Second)
		if n := w.street.between(network, second, second.Add(time.Second)); limited && n > perMinute {
			w.t.Errorf("%d requests in one second, %d seconds after the network came back", n, i)
		}
	}
}

// crowd lets many move in who are reached over one network.
func (w *town) crowd(s side) []neighbour {
	out := make([]neighbour, crowdSize)
	for i := range out {
		name := fmt.Sprintf("%s-%d-%02d", s.network, s.number, i)
		if s.network == "zalo" || s.network == "messenger" { // they come all at once
			out[i] = neighbour{name: name, chats: []string{s.network}, greeting: "xin chào, đây là " + name + " trên " + s.network}
			w.write(s.network, name, out[i].greeting)
			continue
		}
		out[i] = w.reachedBy(s.network, name, fmt.Sprintf("+849010%02d0%02d", s.number, i))
	}
	for i := range out {
		if n := &out[i]; n.greeting != "" {
			w.worked(n.greeting)
			n.subject = w.guest(n.greeting).Subject
		}
	}
	return out
}

// reachedBy makes somebody known who is reached over one network first.
func (w *town) reachedBy(network, name, phone string) neighbour {
	w.t.Helper()
	switch network {
	case "fcm", "webpush":
		return w.moveIn(name, phone, nil, true, network, false)
	case "zns", "sms":
		return w.moveIn(name, phone, nil, true, "", false)
	}
	return w.moveIn(name, phone, []string{network}, false, "", false)
}

// bystanders are reached over the other networks, one over each.
func (w *town) bystanders(s side) map[string]neighbour {
	out := map[string]neighbour{}
	for i, network := range []string{"zalo", "messenger", "web", "fcm", "webpush", "zns", "sms"} {
		if network != s.network {
			out[network] = w.reachedBy(network, fmt.Sprintf("next to %s %d", network, s.number), fmt.Sprintf("+849020%02d0%02d", s.number, i))
		}
	}
	return out
}

// unmoved has everything on the other networks go as ever.
func (w *town) unmoved(s side, others map[string]neighbour) {
	w.t.Helper()
	for network, n := range others {
		id := fmt.Sprintf("beside-%s-%d", network, s.number)
		w.tell(n.subject, id, noticeFor(network))
		w.pass()
		if got := w.arrived(n, id); got == "" || strings.Contains(got, ",") {
			w.t.Errorf("on %s arrived at once: %q", network, got)
		}
		if network == "zalo" || network == "messenger" {
			before := len(w.cityEntries(network, n.name))
			w.allSay(network, []neighbour{n}, "menu")
			if after := len(w.cityEntries(network, n.name)); after == before {
				w.t.Errorf("no answer at once on %s", network)
			}
		}
	}
}

// allSay has everybody in a chat say the same, and waits until all of it has been worked on.
func (w *town) allSay(network string, crowd []neighbour, text string) {
	w.t.Helper()
	if network != "zalo" && network != "messenger" {
		return
	}
	before := w.turned()
	for _, n := range crowd {
		w.write(network, n.name, text)
	}
	until(w.t, "everybody is heard", func() bool { return w.turned() == before+len(crowd) })
}

// noticeFor gives a notice that goes by the network.
func noticeFor(network string) string {
	if network == "sms" {
		return byText
	}
	return "assigned"
}

func (w *town) turned() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.turns
}

// tellAll has a notice come for everybody.
func (w *town) tellAll(s side, crowd []neighbour, number int) {
	w.t.Helper()
	for _, n := range crowd {
		w.tell(n.subject, fmt.Sprintf("%s-%d", n.name, number), noticeFor(s.network))
	}
	w.pass()
}

// marks gives how much everybody has got by now.
func (w *town) marks(crowd []neighbour) map[string]int {
	out := map[string]int{}
	for _, n := range crowd {
		for _, network := range []string{"zalo", "messenger"} {
			out[network+n.name] = len(w.cityEntries(network, n.name))
		}
	}
	return out
}

func (w *town) cityEntries(network, name string) (out []string) {
	if network == "zalo" {
		for _, e := range w.city.Zalo.Chat(name, 0) {
			if e.From == "city" {
				out = append(out, e.Text)
			}
		}
		return out
	}
	for _, e := range w.city.Messenger.Chat(name, 0) {
		if e.From == "city" {
			out = append(out, e.Text)
		}
	}
	return out
}

// got gives what somebody got over a network, in its order.
func (w *town) got(network string, n neighbour, from map[string]int) (out []string) {
	switch network {
	case "zalo", "messenger":
		return slices.Clip(w.cityEntries(network, n.name)[from[network+n.name]:])
	case "zns":
		return w.cityEntries("zalo", n.phone)
	case "sms":
		for _, m := range w.city.SMS.Messages(n.phone) {
			out = append(out, m.Text)
		}
	case "fcm":
		for _, d := range w.city.FCM.Deliveries(n.name) {
			out = append(out, string(d.Message))
		}
	case "webpush":
		for _, m := range w.city.WebPush.Messages(n.name) {
			out = append(out, string(m.Payload))
		}
	}
	return out
}

// arrivals counts what the crowd got.
func (w *town) arrivals(network string, crowd []neighbour, from map[string]int) (n int) {
	for _, c := range crowd {
		n += len(w.got(network, c, from))
	}
	return n
}

// everybodyHas looks at what arrived, and in which order: the answer to the first words, the first notice, the answer to the second, the second notice.
func (w *town) everybodyHas(network string, crowd []neighbour, from map[string]int) {
	w.t.Helper()
	for _, n := range crowd {
		got := w.got(network, n, from)
		var kinds []string
		for _, text := range got {
			switch {
			case strings.Contains(text, codeOf(n.name+"-1")):
				kinds = append(kinds, "first")
			case strings.Contains(text, codeOf(n.name+"-2")):
				kinds = append(kinds, "second")
			default:
				kinds = append(kinds, "answer")
			}
		}
		want := "first second"
		if network == "zalo" || network == "messenger" {
			want = "answer first answer second"
		}
		if strings.Join(slices.Compact(slices.Clone(kinds)), " ") != want || strings.Count(strings.Join(kinds, " "), "first") != 1 || strings.Count(strings.Join(kinds, " "), "second") != 1 {
			w.t.Errorf("%s got %q: %q; its letters: %+v", n.name, kinds, got, append(w.dispatches(feedback.ID, n.name+"-1"), w.dispatches(feedback.ID, n.name+"-2")...))
			return
		}
	}
}
