package zalofake_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motcua/motcua/channels/channelfake"
	"github.com/motcua/motcua/channels/zalo/zalofake"
)

func TestSignsTheBytesSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, p := newNetwork(t, zalofake.Config{AppID: "1", OAID: "2", OASecretKey: "k"})
		n.Say("Lan", `Ổ gà <to> & "sâu" 👍`)
		synctest.Wait()
		h := p.seen()[0]
		var e struct{ Timestamp string }
		if err := json.Unmarshal(h.body, &e); err != nil {
			t.Fatal(err)
		}
		if got := h.header.Get("X-ZEvent-Signature"); got != zalofake.Sign("1", h.body, e.Timestamp, "k") {
			t.Errorf("got %s", got)
		}
		if s := string(h.body); strings.Contains(s, `": `) || !strings.Contains(s, `Ổ gà <to> & \"sâu\" 👍`) || strings.HasSuffix(s, "\n") {
			t.Errorf("not compact, or escaped: %s", s)
		}
		if e.Timestamp != fmt.Sprint(h.at.UnixMilli()) || h.header.Get("num_retry") != "" || h.header.Get("Content-Type") != "application/json" {
			t.Errorf("time %s, header %v", e.Timestamp, h.header)
		}
		n.Close()
	})
}

// TestSchedule lets the program fail in each way and looks at the times of the attempts.
func TestSchedule(t *testing.T) {
	waits := []time.Duration{0, 30 * time.Second, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour}
	for name, tt := range map[string]struct {
		status func(hook) int
		each   time.Duration // that an attempt takes
	}{
		"refused":         {func(hook) int { return 503 }, 0},
		"redirected":      {func(hook) int { return 302 }, 0},
		"another success": {func(hook) int { return 204 }, 0},
		"silent":          {func(hook) int { return 0 }, 2 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			n, p := newNetwork(t, zalofake.Config{})
			p.answer(tt.status)
			start := time.Now()
			n.Say("Lan", "x")
			time.Sleep(3 * time.Hour)
			hooks, due := p.seen(), time.Duration(0)
			if len(hooks) != len(waits) {
				t.Fatalf("%s: %d attempts", name, len(hooks))
			}
			for i, h := range hooks {
				due += waits[i]
				want := ""
				if i > 0 {
					due += tt.each
					want = fmt.Sprint(i)
				}
				if h.at.Sub(start) != due || h.header.Get("num_retry") != want || string(h.body) != string(hooks[0].body) || h.header.Get("X-ZEvent-Signature") != hooks[0].header.Get("X-ZEvent-Signature") {
					t.Errorf("%s: attempt %d after %v with %v", name, i, h.at.Sub(start), h.header)
				}
			}
			if s := n.Stats().Webhooks; s.GivenUp != 1 || s.Acked != 0 || s.Retried != 5 || s.Pending != 0 {
				t.Errorf("%s: got %+v", name, s)
			}
			if e := n.Chat("Lan", 0)[0]; e.State != channelfake.StateFailed {
				t.Errorf("%s: the phone says %s", name, e.State)
			}
			n.Close()
		})
	}
}

func TestKeepsTheOrderOfAPerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, p := newNetwork(t, zalofake.Config{})
		down := true
		p.answer(func(hook) int {
			if down {
				return 500
			}
			return 200
		})
		n.Say("Lan", "1")
		n.Say("Lan", "2")
		n.Say("Hùng", "a")
		synctest.Wait()
		down = false
		if got := p.texts(); !same(got, "1", "a") {
			t.Errorf("the second waits for the first: got %v", got)
		}
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if got := p.texts()[2:]; !same(got, "1", "2", "a") || slices.Index(got, "1") > slices.Index(got, "2") {
			t.Errorf("got %v", got)
		}
		if s := n.Stats().Webhooks; s.Acked != 3 || s.Pending != 0 || s.NotOK != 2 {
			t.Errorf("got %+v", s)
		}
		n.Close()
	})
}

// same tells whether two lists have the same members.
func same(got []string, want ...string) bool {
	got = slices.Sorted(slices.Values(got))
	slices.Sort(want)
	return slices.Equal(got, want)
}

func TestUnorderedDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, p := newNetwork(t, zalofake.Config{})
		n.BreakFor("Lan", func(f *channelfake.Webhooks) { f.Unordered = true })
		first := true
		p.answer(func(h hook) int {
			if first && strings.Contains(string(h.body), `"text":"1"`) {
				first = false
				return 500
			}
			return 200
		})
		n.Say("Lan", "1")
		synctest.Wait()
		n.Say("Lan", "2")
		time.Sleep(time.Minute)
		if got := p.texts(); !slices.Equal(got, []string{"1", "2", "1"}) {
			t.Errorf("got %v", got)
		}
		n.Close()
	})
}

func TestDuplicates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, p := newNetwork(t, zalofake.Config{})
		n.Break(func(f *zalofake.Faults) { f.Duplicate = 3 })
		n.BreakFor("Hùng", func(f *channelfake.Webhooks) { f.Duplicate = 0 })
		n.Say("Lan", "x")
		n.Say("Hùng", "a")
		synctest.Wait()
		if got := p.texts(); !same(got, "x", "x", "x", "a") {
			t.Errorf("got %v", got)
		}
		if s := n.Stats().Webhooks; s.Acked != 2 || s.Duplicates != 2 || s.Sent != 4 {
			t.Errorf("got %+v", s)
		}
		n.Close()
	})
}

func TestReorder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, p := newNetwork(t, zalofake.Config{})
		n.Break(func(f *zalofake.Faults) { f.Reorder = true })
		for i := range 4 {
			n.Say("Lan", fmt.Sprint(i+1))
		}
		n.Say("Hùng", "a") // nothing overtakes it: it goes when it has waited
		synctest.Wait()
		if got := p.texts(); !slices.Equal(got, []string{"2", "1", "4", "3"}) {
			t.Errorf("got %v", got)
		}
		time.Sleep(2 * time.Second)
		n.Say("Lan", "5")
		time.Sleep(time.Second)
		n.Say("Lan", "6")
		synctest.Wait()
		if got := p.texts()[4:]; !slices.Equal(got, []string{"a", "6", "5"}) {
			t.Errorf("got %v", got)
		}
		if s := n.Stats().Webhooks; s.Swapped != 3 || s.Pending != 0 {
			t.Errorf("got %+v", s)
		}
		n.Close()
	})
}

func TestDelayAndSkew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, p := newNetwork(t, zalofake.Config{})
		n.Break(func(f *zalofake.Faults) { f.DelayMS, f.EventSkewS = 5000, -3600 })
		start := time.Now()
		n.Say("Lan", "x")
		time.Sleep(5 * time.Second)
		synctest.Wait()
		h := p.seen()
		if len(h) != 1 || h[0].at.Sub(start) != 5*time.Second || !strings.Contains(string(h[0].body), fmt.Sprint(start.Add(-time.Hour).UnixMilli())) {
			t.Errorf("got %d, %s", len(h), h[0].body)
		}
		n.Close()
	})
}

func TestResendDoesNotUseUpTheSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, p := newNetwork(t, zalofake.Config{Retries: []time.Duration{time.Hour}})
		p.answer(func(hook) int { return 500 })
		n.Say("Lan", "x")
		for range 3 {
			synctest.Wait()
			n.Resend()
		}
		synctest.Wait()
		p.answer(nil)
		n.SetWebhook("http://elsewhere.example/") // a new address is tried at once
		synctest.Wait()
		if s := n.Stats().Webhooks; s.Acked != 1 || s.GivenUp != 0 || s.Sent != 5 {
			t.Errorf("got %+v", s)
		}
		n.Close()
	})
}

func TestEchoAndReceipts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, p := newNetwork(t, zalofake.Config{Received: 300 * time.Millisecond, Seen: 2 * time.Second})
		token := n.Grant().Access
		n.Say("Lan", "x")
		synctest.Wait()
		first := call(t, n, token, http.MethodPost, csPath, text(n.UserID("Lan"), "1")).Data.MessageID
		time.Sleep(time.Millisecond)
		second := call(t, n, token, http.MethodPost, csPath, text(n.UserID("Lan"), "2")).Data.MessageID
		time.Sleep(time.Second)
		synctest.Wait()
		want := []string{"user_send_text", "oa_send_text", "oa_send_text", "user_received_message", "user_received_message"}
		if got := p.names(); !slices.Equal(got, want) {
			t.Errorf("got %v", got)
		}
		time.Sleep(2 * time.Second)
		hooks := p.seen()
		if last := string(hooks[len(hooks)-1].body); !strings.Contains(last, fmt.Sprintf(`"msg_ids":[%q,%q]`, first, second)) || len(hooks) != len(want)+1 {
			t.Errorf("got %s", last)
		}
		for _, e := range n.Chat("Lan", 0) {
			if e.State != channelfake.StateSeen {
				t.Errorf("%s of %s is %s", e.Text, e.From, e.State)
			}
		}
		n.Change(func(s *zalofake.Setup) { s.Echoes, s.ReceivedMS, s.SeenMS = false, -1, -1 })
		call(t, n, token, http.MethodPost, csPath, text(n.UserID("Lan"), "3"))
		time.Sleep(time.Minute)
		if got := len(p.seen()); got != len(hooks) {
			t.Errorf("%d events with all switched off", got-len(hooks))
		}
		n.Close()
	})
}

func TestDoublesAreCounted(t *testing.T) {
	t.Parallel()
	n, _ := newNetwork(t, zalofake.Config{})
	token := n.Grant().Access
	say := func(s string) { call(t, n, token, http.MethodPost, csPath, text(n.UserID("Lan"), s)) }
	n.Say("Lan", "x")
	for _, s := range []string{"a", "a", "b", "a"} {
		say(s)
	}
	n.Say("Lan", "x")
	say("a") // an answer to something new
	if got := n.Stats().Doubles; got != 1 {
		t.Errorf("got %d", got)
	}
}

func TestCloseDropsWhatWaits(t *testing.T) {
	t.Parallel()
	n, p := newNetwork(t, zalofake.Config{})
	p.answer(func(hook) int { return 0 })
	for i := range 20 {
		n.Say(fmt.Sprint("người ", i), "x")
	}
	n.Close()
	n.Say("Lan", "x")
	if s := n.Stats().Webhooks; s.Pending != 0 || s.Dropped != 1 {
		t.Errorf("got %+v", s)
	}
}
