package notify

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/netgate"
	"github.com/motcua/motcua/miniapps"
)

// TestTheLawfulWay is a person who talked to the city on both chats some time ago. The letter leaves by the cheapest way that is open then, or says why not.
func TestTheLawfulWay(t *testing.T) {
	tests := []struct {
		after  time.Duration
		phone  bool
		way    string // channel and ground; "" for none
		reason string
	}{
		{23 * time.Hour, true, "zalo free", ""},
		{25 * time.Hour, true, "zalo free", ""},
		{47 * time.Hour, true, "zalo free", ""},
		{49 * time.Hour, true, "zalo paid", ""},
		{6 * day, true, "zalo paid", ""},
		{8 * day, true, "zns approved", ""},
		{8 * day, false, "", "window_closed"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.after, " phone ", tt.phone), func(t *testing.T) {
			inCity(t, func(t *testing.T, w *world) {
				w.city.talked("s1", "zalo", time.Now())
				w.city.talked("s1", "messenger", time.Now())
				w.city.phone["s1"] = tt.phone
				time.Sleep(tt.after)
				at(12, 0)
				w.city.talked("s1", "zalo", time.Now().Add(-tt.after))
				w.city.talked("s1", "messenger", time.Now().Add(-tt.after))
				w.post("a", "s1", "moved")
				w.sweep()
				d := w.letter("a", "s1")
				require.Equal(t, tt.reason, d.Reason)
				if tt.way == "" {
					require.Equal(t, Refused, d.State)
					require.Empty(t, w.city.took())
					return
				}
				require.Equal(t, Sent, d.State)
				require.Len(t, w.city.sent, 1)
				require.Equal(t, tt.way, w.city.sent[0].Channel+" "+string(w.city.sent[0].Ground))
			})
		})
	}
}

// TestMessengerAlone has only the network with the short window.
func TestMessengerAlone(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w.city.talked("in", "messenger", time.Now().Add(-23*time.Hour))
		w.city.talked("out", "messenger", time.Now().Add(-25*time.Hour))
		w.post("a", "in", "moved")
		w.post("b", "out", "moved")
		w.post("c", "nobody", "moved")
		w.post("d", "gone", "moved")
		w.sweep()
		require.Equal(t, []string{"messenger Việc a"}, w.city.took())
		for id, reason := range map[string]string{"b out": "window_closed", "c nobody": "no_way", "d gone": "no_person"} {
			notice, to, _ := strings.Cut(id, " ")
			d := w.letter(notice, to)
			require.Equal(t, []any{Refused, reason}, []any{d.State, d.Reason})
			require.Empty(t, d.Params, "nothing of the words stays")
			page, err := w.inbox.List(t.Context(), viewer("vi", to), 10, "")
			require.NoError(t, err)
			require.Len(t, page.Items, 1, "the inbox has it all the same")
		}
	})
}

// TestOrderOfWays puts free ways before paid ones, in the configured order, and takes only ways that are listed.
func TestOrderOfWays(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		c := w.city
		c.push["s1"] = []string{"fcm:1", "webpush:2"}
		c.phone["s1"] = true
		for _, ch := range []string{"zalo", "messenger", "web"} {
			c.talked("s1", ch, time.Now().Add(-time.Hour))
		}
		refuse := map[string]bool{}
		c.answers(func(w Way, _ Letter) Fate {
			if refuse[w.Channel] {
				return Fate{State: Refused, Reason: "blocked"}
			}
			return Fate{State: Sent}
		})
		w.post("0", "s1", "moved")
		w.sweep()
		require.Equal(t, []string{"fcm Việc 0", "webpush Việc 0"}, sortedStrings(c.took()), "all devices are one step")
		for i, ch := range []string{"fcm", "zalo", "web", "messenger", "zns", "sms"} {
			c.sent, c.push["s1"] = nil, []string{"fcm:1"}
			refuse[ch] = true
			id := fmt.Sprint("r", i)
			w.post(id, "s1", "moved")
			w.sweep()
			next := []string{"zalo", "web", "messenger", "zns", "sms", ""}[i]
			if next == "" {
				require.Empty(t, c.took())
				require.Equal(t, "blocked", w.letter(id, "s1").Reason)
				continue
			}
			require.Equal(t, []string{next + " Việc " + id}, c.took())
		}
		// an officer sees how it went
		staff := account.Viewer{Account: "o", Roles: []account.Role{account.Officer}}
		all, err := w.Attempts(t.Context(), staff, "feedback", "c-s1")
		require.NoError(t, err)
		require.Len(t, all, 7)
		require.Len(t, all[0].Attempts, 6, "the latest first, with every way that refused")
		require.Equal(t, "blocked", all[0].Attempts[0].Reason)
		require.NotContains(t, fmt.Sprintf("%+v", all), "zalo/s1", "nothing about the person")
		_, err = w.Attempts(t.Context(), viewer("vi", "s1"), "feedback", "c-s1")
		require.Equal(t, fault.Forbidden, fault.CodeOf(err))
	})
}

func TestUnlistedChannelIsOff(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w = replica(t, w.engine, w.city, w.texts, Config{Order: []string{"push"}})
		w.city.phone["s1"] = true
		w.post("a", "s1", "moved")
		w.sweep()
		require.Equal(t, "off", w.letter("a", "s1").Reason)
	})
}

func sortedStrings(in []string) []string { return sorted(in) }

func TestQuietHours(t *testing.T) {
	tests := []struct {
		name         string
		hour, minute int
		notice       string
		quiet        *QuietHours
		wait         time.Duration // at least; at most 5m more
	}{
		{"by day", 12, 0, "moved", nil, 0},
		{"just before", 21, 29, "moved", nil, 0},
		{"at the beginning", 21, 30, "moved", nil, 9 * time.Hour},
		{"before midnight", 23, 0, "moved", nil, 7*time.Hour + 30*time.Minute},
		{"after midnight", 1, 0, "moved", nil, 5*time.Hour + 30*time.Minute},
		{"at the end", 6, 30, "moved", nil, 0},
		{"urgent", 2, 0, "storm", nil, 0},
		{"own ones", 13, 0, "moved", &QuietHours{Quiet: Quiet{"12:00", "14:00"}}, time.Hour},
		{"own ones, at night", 2, 0, "moved", &QuietHours{Quiet: Quiet{"12:00", "14:00"}}, 0},
		{"none", 2, 0, "moved", &QuietHours{Off: true}, 0},
		{"empty", 2, 0, "moved", &QuietHours{Quiet: Quiet{"03:00", "03:00"}}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inCity(t, func(t *testing.T, w *world) {
				w.city.push["s1"] = []string{"fcm:1"}
				if tt.quiet != nil {
					w.want(guest("s1"), Patch{Quiet: tt.quiet})
				}
				at(tt.hour, tt.minute)
				began := time.Now()
				w.post("a", "s1", tt.notice)
				w.sweep()
				if tt.wait > 0 {
					w.pass(tt.wait-time.Minute, 3*time.Hour)
					require.Empty(t, w.city.took())
				}
				w.pass(7*time.Minute, time.Minute)
				require.Len(t, w.city.sent, 1)
				took := w.city.sent[0].At.Sub(began)
				require.GreaterOrEqual(t, took, tt.wait)
				require.LessOrEqual(t, took, tt.wait+6*time.Minute)
			})
		})
	}
}

// TestReadMeanwhile is a person who saw the notice in the app at night: it need not ring in the morning.
func TestReadMeanwhile(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w.city.push["s1"] = []string{"fcm:1"}
		at(23, 0)
		w.post("a", "s1", "moved")
		w.sweep()
		_, err := w.inbox.MarkRead(t.Context(), viewer("vi", "s1"), itemID(note("a", "s1", "")))
		require.NoError(t, err)
		w.pass(9*time.Hour, time.Hour)
		require.Empty(t, w.city.took())
		require.Equal(t, []any{Dropped, "read"}, []any{w.letter("a", "s1").State, w.letter("a", "s1").Reason})
	})
}

func TestDigest(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w.city.push["s1"] = []string{"fcm:1"}
		w.city.push["s2"] = []string{"fcm:2"}
		w.city.phone["s3"] = true
		hour := 20
		w.want(guest("s2"), Patch{DigestHour: &hour})
		for i := range 12 {
			w.post(fmt.Sprint("n", i), "s1", "news")
			w.sweep()
			time.Sleep(time.Minute)
		}
		w.post("m", "s2", "news")
		w.post("p", "s3", "news")
		_, err := w.inbox.MarkRead(t.Context(), viewer("vi", "s1"), itemID(note("n0", "s1", "")))
		require.NoError(t, err)
		w.sweep()
		require.Empty(t, w.city.took())
		at(16, 59)
		w.sweep()
		require.Empty(t, w.city.took())
		w.pass(10*time.Minute, 10*time.Second)
		require.Equal(t, []string{"fcm Bà con có 11 tin mới"}, w.city.took())
		require.Equal(t, "• Tin n1\n• Tin n2\n• Tin n3\n• Tin n4\n• Tin n5\n• Tin n6\n• Tin n7\n• Tin n8\n• Tin n9\n• Tin n10\nvà 1 tin khác.\nBà con mở hộp thư trong ứng dụng của thành phố để xem đầy đủ.", w.city.sent[0].Text)
		require.Equal(t, "gathered", w.letter("n3", "s1").Reason)
		seen, err := w.Attempts(t.Context(), account.Viewer{Account: "o", Roles: []account.Role{account.Officer}}, "feedback", "c-s1")
		require.NoError(t, err)
		for _, d := range seen {
			require.Len(t, d.Attempts, 1, "the desk sees how the digest went, for each letter that left with it")
			require.Equal(t, []any{Dropped, "gathered", "fcm", Sent}, []any{d.State, d.Reason, d.Attempts[0].Channel, d.Attempts[0].State})
		}
		w.post("late", "s1", "news")
		w.pass(4*time.Hour, time.Hour)
		require.Equal(t, []string{"fcm Bà con có 11 tin mới", "fcm Bà con có 1 tin mới"}, w.city.took(), "at the hour that the other chose")
		w.pass(day, time.Hour)
		require.Len(t, w.city.took(), 3, "what came later leaves the next day, and nothing twice")
		found, err := w.letters.Collect(t.Context(), w.letters.ByID())
		require.NoError(t, err)
		for _, d := range found {
			require.NotEqual(t, Pending, d.State)
			if d.To == "s3" && d.digest() {
				require.Equal(t, "too_costly", d.Reason, "nobody pays for a digest")
			}
		}
	})
}

func TestPreferencesFilter(t *testing.T) {
	on, off := true, false
	inCity(t, func(t *testing.T, w *world) {
		c := w.city
		c.push["s1"] = []string{"fcm:1"}
		c.talked("s1", "zalo", time.Now())
		w.want(guest("s1"), Patch{Rules: []RulePatch{{"*", "push", &off}, {"feedback.moved", "zalo", &off}}})
		w.post("a", "s1", "moved")
		w.post("b", "s1", "assigned")
		w.post("c", "s1", "storm")
		w.sweep()
		require.ElementsMatch(t, []string{"zalo Phản ánh b đã được chuyển", "fcm Bão c"}, c.took(), "urgent ones cannot be switched off from push")
		require.Equal(t, "opted_out", w.letter("a", "s1").Reason)
		c.sent = nil
		w.want(guest("s1"), Patch{Rules: []RulePatch{{"*", "*", &off}, {"feedback.moved", "zalo", nil}, {"feedback", "push", &on}, {"*", "push", nil}}})
		w.post("d", "s1", "moved")
		w.post("e", "s1", "storm")
		w.post("f", "s1", "news")
		w.sweep()
		require.ElementsMatch(t, []string{"fcm Việc d", "fcm Bão e"}, c.took())
		w.want(guest("s1"), Patch{Rules: []RulePatch{{"feedback", "push", &off}}})
		c.sent = nil
		w.post("g", "s1", "news")
		w.pass(day, time.Hour)
		require.Equal(t, "opted_out", w.letter("g", "s1").Reason, "a kind that nobody wants anywhere is not gathered")
		page, err := w.inbox.List(t.Context(), viewer("vi", "s1"), 20, "")
		require.NoError(t, err)
		require.Len(t, page.Items, 7)
	})
}

func TestUrgentTakesTheNextWay(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		c := w.city
		c.talked("s1", "zalo", time.Now())
		c.talked("s1", "messenger", time.Now())
		c.phone["s1"] = true
		c.fate = func(Way, string) Fate { return Fate{State: Sent} }
		w.post("a", "s1", "storm")
		w.sweep()
		require.Equal(t, []string{"zalo Bão a"}, c.took())
		w.pass(119*time.Second, time.Second)
		require.Len(t, c.took(), 1)
		w.pass(2*time.Second, time.Second)
		require.Equal(t, []string{"zalo Bão a", "messenger Bão a"}, c.took())
		require.NoError(t, w.Receipt(t.Context(), letterID(note("a", "s1", "")), Delivered))
		w.pass(10*time.Minute, time.Minute)
		require.Len(t, c.took(), 2, "it arrived")
		require.Equal(t, Delivered, w.letter("a", "s1").State)
		require.NoError(t, w.Receipt(t.Context(), letterID(note("a", "s1", "")), Seen))
		require.Equal(t, Seen, w.letter("a", "s1").State)
		require.NoError(t, w.Receipt(t.Context(), letterID(note("a", "s1", "")), Delivered))
		require.Equal(t, Seen, w.letter("a", "s1").State, "only forward")
		require.NoError(t, w.Receipt(t.Context(), "nobody knows", Seen))

		w.post("b", "s1", "storm")
		w.pass(time.Hour, 10*time.Second)
		require.Equal(t, []string{"zalo Bão b", "messenger Bão b", "zns Bão b", "sms Bão b"}, c.took()[2:], "all ways, until one reports that it arrived")
		require.Equal(t, Sent, w.letter("b", "s1").State)
	})
}

// TestUrgentDoesNotWaitForLong looks for another way at once when a network names a time to come back that is longer than an urgent letter can wait.
func TestUrgentDoesNotWaitForLong(t *testing.T) {
	for name, tt := range map[string]struct {
		notice string
		fate   Fate
		phone  bool
		want   []string // at once
		later  []string // after two hours
	}{
		"urgent":              {"storm", Fate{State: Pending, Retry: time.Hour}, true, []string{"zns Bão a"}, nil},
		"urgent, held by us":  {"storm", Fate{State: Pending, Retry: time.Hour, Held: true}, true, []string{"zns Bão a"}, nil},
		"urgent, an alarm":    {"storm", Fate{State: Pending, Retry: time.Hour, Alarm: true}, true, []string{"zns Bão a"}, nil},
		"urgent, no other":    {"storm", Fate{State: Pending, Retry: time.Hour}, false, nil, []string{"fcm Bão a"}},
		"what can wait waits": {"moved", Fate{State: Pending, Retry: 20 * time.Minute}, true, nil, []string{"fcm Việc a"}},
	} {
		t.Run(name, func(t *testing.T) {
			inCity(t, func(t *testing.T, w *world) {
				c := w.city
				c.push["s1"], c.phone["s1"] = []string{"fcm:1"}, tt.phone
				c.fate = arrived
				began := time.Now()
				c.answers(func(w Way, _ Letter) Fate {
					if w.Channel == "fcm" && time.Since(began) < 30*time.Minute {
						return tt.fate
					}
					return Fate{State: Sent}
				})
				w.post("a", "s1", tt.notice)
				w.sweep()
				require.Equal(t, append([]string{}, tt.want...), c.took())
				w.pass(w.cfg.UrgentWait+5*time.Second, time.Second)
				require.Equal(t, append([]string{}, tt.want...), c.took())
				require.Len(t, c.tries["fcm"], 1, "the network is not pestered meanwhile")
				w.pass(2*time.Hour, time.Minute)
				require.Equal(t, append(append([]string{}, tt.want...), tt.later...), c.took())
			})
		})
	}
}

// TestUrgentLeavesAWayThatAnswersLate has a network hold the letter's first attempts up for about as long as it can wait, and then ask for an hour.
func TestUrgentLeavesAWayThatAnswersLate(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		c := w.city
		c.push["s1"], c.phone["s1"] = []string{"fcm:1"}, true
		c.fate = arrived
		began := time.Now()
		c.answers(func(way Way, _ Letter) Fate {
			switch {
			case way.Channel != "fcm":
				return Fate{State: Sent}
			case time.Since(began) < w.cfg.UrgentWait-4*time.Second:
				return Fate{State: Pending, Retry: time.Second, Held: true}
			}
			time.Sleep(9 * time.Second)
			return Fate{State: Pending, Retry: time.Hour}
		})
		w.post("a", "s1", "storm")
		w.pass(w.cfg.UrgentWait+20*time.Second, time.Second)
		require.Equal(t, []string{"zns Bão a"}, c.took())
	})
}

// TestUrgentWhileANetworkAsksForPatience has so many put off that nothing is sent there for a while: all look for another way at once.
func TestUrgentWhileANetworkAsksForPatience(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		c := w.city
		c.fate = arrived
		c.answers(func(w Way, _ Letter) Fate {
			if w.Channel == "fcm" {
				return Fate{State: Pending, Retry: time.Hour}
			}
			return Fate{State: Sent}
		})
		const people = 2 * netgate.Tolerated
		for i := range people {
			c.push[person(i)], c.phone[person(i)] = []string{fmt.Sprint("fcm:", i)}, true
			w.post("a", person(i), "storm")
		}
		w.sweep()
		require.Len(t, c.took(), people)
		w.pass(w.cfg.UrgentWait+5*time.Second, time.Second)
		require.Len(t, c.took(), people)
		require.Len(t, c.tries["fcm"], netgate.Tolerated, "who comes later need not try")
	})
}

// TestTakenOver is a way with a queue of its own, as the chats are.
func TestTakenOver(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		c := w.city
		c.talked("s1", "zalo", time.Now())
		c.phone["s1"] = true
		fate := Fate{State: Pending, Taken: true}
		c.answers(func(w Way, _ Letter) Fate {
			if w.Channel == "zalo" {
				return Fate{State: Pending, Taken: true}
			}
			return Fate{State: Sent}
		})
		c.fate = func(Way, string) Fate { return fate }
		w.post("a", "s1", "moved")
		w.sweep()
		w.pass(time.Hour, time.Minute)
		require.Len(t, c.tries["zalo"], 1, "it is asked, not told again")
		require.Equal(t, Pending, w.letter("a", "s1").State)
		fate = Fate{State: Sent}
		require.NoError(t, w.Nudge(t.Context(), letterID(note("a", "s1", ""))))
		w.sweep()
		require.Equal(t, Sent, w.letter("a", "s1").State)

		fate = Fate{State: Refused, Reason: "window_closed"}
		w.post("b", "s1", "moved")
		w.pass(10*time.Second, time.Second)
		require.Equal(t, []string{"zalo Việc a", "zalo Việc b", "zns Việc b"}, c.took(), "refused later: the next way at once")

		fate = Fate{State: Pending, Taken: true}
		w.post("c", "s1", "storm")
		w.pass(3*time.Minute, time.Second)
		require.Contains(t, c.took(), "zns Bão c", "an urgent one does not wait long")

		w.post("e", "s1", "storm")
		w.sweep()
		for _, state := range []State{Sent, Delivered} {
			fate = Fate{State: state}
			require.NoError(t, w.Nudge(t.Context(), letterID(note("e", "s1", ""))))
			w.sweep()
		}
		require.Equal(t, Delivered, w.letter("e", "s1").State, "that it arrived is heard at once, not when the wait for it is over")

		fate = Fate{State: Pending, Taken: true}
		w.post("d", "s1", "moved")
		w.pass(73*time.Hour, 2*time.Hour)
		require.Equal(t, "gave_up", w.letter("d", "s1").Reason)
	})
}

func TestUnsureAsksBeforeItSendsAgain(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		c := w.city
		c.phone["s1"] = true
		c.answers(func(Way, Letter) Fate { return Fate{State: Pending, Unsure: true} })
		asked, known := 0, Fate{State: Pending}
		c.fate = func(Way, string) Fate { asked++; return known }
		w.post("a", "s1", "moved")
		w.sweep()
		require.Zero(t, asked)
		require.Len(t, c.tries["zns"], 1)
		w.pass(6*time.Second, time.Second)
		require.Equal(t, 1, asked)
		require.Len(t, c.tries["zns"], 2, "the network does not know it: again")
		known = Fate{State: Delivered}
		w.pass(time.Minute, time.Second)
		require.Len(t, c.tries["zns"], 2)
		require.Equal(t, Delivered, w.letter("a", "s1").State)
	})
}

func TestGivesUp(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		c := w.city
		c.phone["s1"] = true
		c.answers(func(Way, Letter) Fate { return Fate{State: Pending, Retry: 10 * time.Minute} })
		w.post("a", "s1", "moved")
		until := note("b", "s1", "moved")
		until.Until = time.Now().Add(time.Hour)
		require.NoError(t, w.Post(t.Context(), until))
		w.pass(2*time.Hour, 10*time.Minute)
		require.Equal(t, "expired", w.letter("b", "s1").Reason)
		require.Equal(t, Pending, w.letter("a", "s1").State)
		w.pass(71*time.Hour, time.Hour)
		require.Equal(t, "gave_up", w.letter("a", "s1").Reason)
	})
}

// TestCarriersThatFail are errors and panics: a letter goes by what else is known, and nothing is lost.
func TestCarriersThatFail(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		c := w.city
		c.phone["s1"], c.push["s1"] = true, []string{"fcm:1"}
		c.answers(func(w Way, _ Letter) Fate {
			switch w.Channel {
			case "fcm":
				panic("a secret")
			case "zns":
				return Fate{cause: errors.New("broken")}
			}
			return Fate{State: Sent}
		})
		w.post("a", "s1", "moved")
		w.sweep()
		w.pass(2*time.Hour, 5*time.Minute)
		require.Equal(t, []string{"sms Việc a"}, c.took(), "after patience with the way that never says anything clear")
		d := w.letter("a", "s1")
		reasons := map[string]string{}
		for _, l := range d.Tries {
			reasons[l.Channel] = l.Reason
		}
		require.Equal(t, map[string]string{"fcm": "panic", "zns": "slow", "sms": ""}, reasons)

		c.waysErr["zalo"] = fault.Wrap(fault.Unavailable, errors.New("away"))
		w.post("b", "s1", "moved")
		require.Error(t, w.try(t.Context()), "it waits for the carrier that cannot tell")
		w.post("c", "s2", "storm")
		c.phone["s2"] = true
		for _, src := range w.Sources() {
			ids, err := src.Due(t.Context(), 10)
			require.NoError(t, err)
			for _, id := range ids {
				_ = src.Carry(t.Context(), id)
			}
		}
		require.NotContains(t, c.took(), "sms Việc b")
		delete(c.waysErr, "zalo")
		w.pass(2*time.Hour, 5*time.Minute)
		require.Contains(t, c.took(), "sms Việc b")
		require.Contains(t, c.took(), "sms Bão c")
	})
}

func TestMetricsHoldNoPerson(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w.city.phone["s1"] = true
		w.post("a", "s1", "moved")
		w.sweep()
		found, err := w.deps.Reg.(prometheus.Gatherer).Gather()
		require.NoError(t, err)
		text := fmt.Sprint(found)
		for _, name := range []string{"notify_attempts_total", "notify_letters_total", "notify_first_send_seconds"} {
			require.Contains(t, text, name)
		}
		require.NotContains(t, text, "s1")
	})
}

func TestUrgencyOfTheManifest(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		for notice, want := range map[string]miniapps.Urgency{"storm": miniapps.Urgent, "news": miniapps.Bulk, "moved": miniapps.Normal} {
			w.post(notice, "s1", notice)
			require.Equal(t, want, w.letter(notice, "s1").Urgency)
		}
		require.Equal(t, fault.Internal, fault.CodeOf(w.Post(t.Context(), Notice{ID: "x", To: "s", App: "gone", Notice: "gone"})))
	})
}
