package main_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/citytest"
)

// chatPlace is a city on the stand-in for Zalo, which runs as a process of its own and outlives the city's kills.
type chatPlace struct {
	place
	zalo citytest.Zalo
	city *citytest.Process
}

// newChatPlace starts both and has the administrator of the account agree, as an operator would.
func newChatPlace(ctx context.Context, t *testing.T, env ...string) *chatPlace {
	t.Helper()
	fake, err := citytest.Start(ctx, citytest.Options{Bin: fakecityBin, Env: []string{"MOTCUA_FAKECITY_ADDR=127.0.0.1:0"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Kill)
	base := fake.Fakecity + "/zalo"
	p := newPlace(t, append([]string{
		"MOTCUA_CHANNELS__ZALO__APP_ID=1000000000000000001", "MOTCUA_CHANNELS__ZALO__APP_SECRET=fakecity", "MOTCUA_CHANNELS__ZALO__OA_ID=2000000000000000002",
		"MOTCUA_CHANNELS__ZALO__OA_SECRET_KEY=fakecity", "MOTCUA_CHANNELS__ZALO__CODE_VERIFIER=" + strings.Repeat("v", 43),
		"MOTCUA_CHANNELS__ZALO__API_BASE=" + base + "/openapi", "MOTCUA_CHANNELS__ZALO__OAUTH_BASE=" + base + "/oauth",
		"MOTCUA_CHANNELS__ZALO__MEDIA_HOSTS=" + strings.TrimPrefix(fake.Fakecity, "http://"), "MOTCUA_CHANNELS__ZALO__PER_MINUTE=1000000",
	}, env...)...)
	c := &chatPlace{place: p, zalo: citytest.Zalo{Base: base, HTTP: &http.Client{Timeout: 70 * time.Second}}}
	c.city = p.start(t)
	c.env = append(c.env, "MOTCUA_HTTP_ADDR="+strings.TrimPrefix(c.city.HTTP, "http://")) // the same after each restart
	c.setup(ctx, t, map[string]any{"webhook": c.city.HTTP + "/webhooks/zalo", "base": base, "per_minute": -1})
	c.agree(ctx, t)
	return c
}

func (c *chatPlace) setup(ctx context.Context, t *testing.T, s map[string]any) {
	t.Helper()
	if err := c.zalo.Control(ctx, "setup", s, nil); err != nil {
		t.Fatal(err)
	}
}

var consentLink = regexp.MustCompile(`http://\S+/v4/oa/permission\?\S+`)

// agree runs the command of the operator and opens the link that it prints.
func (c *chatPlace) agree(ctx context.Context, t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(ctx, bin, "channels", "setup", "zalo")
	cmd.Env = c.env
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said, opened := "", ""
	for buf := make([]byte, 4096); ; {
		n, err := out.Read(buf)
		said += string(buf[:n])
		if link := consentLink.FindString(said); link != "" && strings.Contains(said, link+"\n") && opened == "" {
			opened = link
			if status := consent(t, link); status != http.StatusOK {
				t.Fatalf("the consent came back with status %d", status)
			}
		}
		if err != nil {
			break
		}
	}
	if err := cmd.Wait(); err != nil || opened == "" {
		t.Fatalf("channels setup: %v, link opened: %q\n%s", err, opened, said)
	}
	if status := consent(t, opened); status != http.StatusBadRequest {
		t.Errorf("a link that was used came back with status %d", status)
	}
}

// consent agrees on the network's page and gives the status of the page that the browser is sent back to.
func consent(t *testing.T, link string) int {
	t.Helper()
	res, err := http.Get(link + "&approve=1")
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode
}

// dialogue is one report in a chat: what is said, and what the city's answer must hold before the next is said.
var dialogue = []struct{ say, hear string }{
	{"Đèn đường hỏng trước số 12 Lạch Tray, tối om từ tuần trước, lượt %s", "ở chỗ nào"},
	{"số 12 Lạch Tray, phường Gia Viên", "lĩnh vực"},
	{"1", "Gửi phản ánh này"},
	{"gửi", "Mã"},
}

// chatter has people report again and again, each message said when the answer to the one before has come, and each report begun when begin agrees.
func (c *chatPlace) chatter(ctx context.Context, t *testing.T, people, each int, begin func(report int) bool) {
	var wg sync.WaitGroup
	for p := range people {
		wg.Go(func() {
			user := fmt.Sprintf("nguoi-%02d", p)
			for i := range each {
				if err := citytest.Poll(ctx, func() (bool, error) { return begin(i), nil }); err != nil {
					t.Errorf("%s, report %d is not begun: %v", user, i, err)
					return
				}
				if err := c.report(ctx, user, fmt.Sprintf("%d-%d", p, i)); err != nil {
					t.Errorf("%s, report %d: %v", user, i, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func (c *chatPlace) report(ctx context.Context, user, mark string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for _, line := range dialogue {
		text := line.say
		if strings.Contains(text, "%s") {
			text = fmt.Sprintf(text, mark)
		}
		said, err := c.zalo.Do(ctx, user, "say", map[string]string{"text": text})
		if err != nil {
			return err
		}
		if _, err := c.zalo.Await(ctx, user, said.Seq, line.hear); err != nil {
			return err
		}
	}
	return nil
}

// zaloStats are sums of the stand-in.
type zaloStats struct {
	Webhooks struct{ Events, Acked, Retried, Duplicates, Swapped, GivenUp, Dropped, Pending int }
	Sends    struct{ OK, Refused int }
	Tokens   struct{ Issued, Reused int }
	Doubles  int
}

func (c *chatPlace) stats(ctx context.Context, t *testing.T) zaloStats {
	t.Helper()
	var s zaloStats
	if err := c.zalo.Control(ctx, "stats", nil, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// stubborn makes the network resend what was not acknowledged until it is, without receipts, which are messages too.
func (c *chatPlace) stubborn(ctx context.Context, t *testing.T) {
	t.Helper()
	retries := make([]int, 400)
	for i := range retries {
		retries[i] = 100
	}
	c.setup(ctx, t, map[string]any{"retries_ms": retries, "received_ms": -1000, "seen_ms": -1000})
}

// killWhile ends the process with SIGKILL again and again, so many times, until the work is done. The work can ask how often that was by then.
func (c *chatPlace) killWhile(t *testing.T, most int, work func(killed func() int)) (kills []time.Time) {
	t.Helper()
	var count atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		work(func() int { return int(count.Load()) })
	}()
	for {
		var next <-chan time.Time
		if len(kills) < most {
			next = time.After(time.Duration(700+rand.IntN(1500)) * time.Millisecond)
		}
		select {
		case <-done:
			return kills
		case <-next:
			c.city.Kill()
			kills = append(kills, time.Now())
			c.city = c.start(t)
			count.Add(1)
		}
	}
}

// quick shortens what a killed process leaves behind.
var quick = []string{"MOTCUA_INBOX__LEASE=2s", "MOTCUA_CHAT__LEASE=6s", "MOTCUA_INBOX__SETTLE=20ms"}

// TestKilledProcessLosesNoMessage counts afterwards what became of 2,000 messages over at least 20 kills, or of 320 over four.
func TestKilledProcessLosesNoMessage(t *testing.T) {
	t.Parallel()
	people, each, least, most := soaking(20, 50), soaking(4, 10), soaking(4, 20), soaking(6, 25)
	ctx := within(t, time.Duration(soaking(6, 20))*time.Minute)
	c := newChatPlace(ctx, t, quick...)
	c.stubborn(ctx, t)
	kills := c.killWhile(t, most, func(killed func() int) {
		c.chatter(ctx, t, people, each, func(report int) bool { return killed() >= report*least/(each-1) })
	})
	s := c.stats(ctx, t)
	t.Logf("%d messages in %d dialogues over %d kills: %d webhooks resent, %d answers given, %d doubled", people*each*len(dialogue), people*each, len(kills),
		s.Webhooks.Retried, s.Sends.OK, s.Doubles)
	c.verifyReports(ctx, t, people*each)
	c.verifyDoubles(ctx, t, people, kills)
}

// TestHundredCopiesAreOne sends each webhook a hundred times at once, while the process is killed.
func TestHundredCopiesAreOne(t *testing.T) {
	t.Parallel()
	const people, each, most = 4, 2, 4
	ctx := within(t, 5*time.Minute)
	c := newChatPlace(ctx, t, quick...)
	c.stubborn(ctx, t)
	c.fault(ctx, t, map[string]any{"duplicate": 100})
	kills := c.killWhile(t, most, func(func() int) { c.chatter(ctx, t, people, each, func(int) bool { return true }) })
	c.verifyReports(ctx, t, people*each)
	c.verifyDoubles(ctx, t, people, kills)
	var s zaloStats
	err := citytest.Poll(ctx, func() (bool, error) { s = c.stats(ctx, t); return s.Webhooks.Pending == 0, nil })
	if err != nil || s.Webhooks.Duplicates < 99*people*each*len(dialogue) {
		t.Errorf("got %+v, %v", s.Webhooks, err)
	}
}

// TestShuffledMessagesAreOneDialogue has people say a whole dialogue without waiting, while the network delivers it out of order.
func TestShuffledMessagesAreOneDialogue(t *testing.T) {
	const people = 20
	for name, f := range map[string]map[string]any{"swapped": {"reorder": true}, "all at once": {"unordered": true, "duplicate": 3}} {
		t.Run(name, func(t *testing.T) {
			ctx := within(t, 5*time.Minute)
			c := newChatPlace(ctx, t, "MOTCUA_INBOX__SETTLE=500ms")
			c.stubborn(ctx, t)
			c.fault(ctx, t, f)
			var wg sync.WaitGroup
			for p := range people {
				wg.Go(func() {
					if err := c.burst(ctx, fmt.Sprintf("nguoi-%02d", p), fmt.Sprintf("%d-0", p)); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			c.verifyReports(ctx, t, people)
			c.verifyDoubles(ctx, t, people, nil)
			if s := c.stats(ctx, t); f["reorder"] != nil && s.Webhooks.Swapped == 0 {
				t.Error("nothing was delivered out of order")
			}
		})
	}
}

// burst says a whole dialogue at once and waits for its end.
func (c *chatPlace) burst(ctx context.Context, user, mark string) error {
	var first int64
	for i, line := range dialogue {
		said, err := c.zalo.Do(ctx, user, "say", map[string]string{"text": strings.Replace(line.say, "%s", mark, 1)})
		if err != nil {
			return err
		}
		if i == 0 {
			first = said.Seq
		}
		time.Sleep(3 * time.Millisecond) // nobody types faster, and the network's clock counts milliseconds
	}
	for _, line := range dialogue {
		if _, err := c.zalo.Await(ctx, user, first, line.hear); err != nil {
			return err
		}
	}
	return nil
}

func (c *chatPlace) fault(ctx context.Context, t *testing.T, f map[string]any) {
	t.Helper()
	if err := c.zalo.Control(ctx, "faults", f, nil); err != nil {
		t.Fatal(err)
	}
}

// verifyReports checks that each dialogue has made one report, as a dispatcher sees them.
func (c *chatPlace) verifyReports(ctx context.Context, t *testing.T, want int) {
	t.Helper()
	staff, err := c.city.SignIn(ctx, "0901000002")
	if err != nil {
		t.Fatal(err)
	}
	all, err := pages[struct{ ID, Description string }](ctx, staff, "feedbackQueue", "id description", "status: RECEIVED")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, r := range all {
		seen[r.Description]++
	}
	for text, n := range seen {
		if n != 1 {
			t.Errorf("%d reports say %q", n, text)
		}
	}
	if len(all) != want {
		t.Errorf("%d reports are stored, %d dialogues were ended", len(all), want)
	}
}

// verifyDoubles checks that a message came twice only where a kill fell between sending and recording it.
func (c *chatPlace) verifyDoubles(ctx context.Context, t *testing.T, people int, kills []time.Time) {
	t.Helper()
	for p := range people {
		list, err := c.zalo.Chat(ctx, fmt.Sprintf("nguoi-%02d", p), 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		var before citytest.ZaloEntry
		for _, e := range list {
			if e.Double && !straddled(before.At, e.At, kills) {
				t.Errorf("%q came at %v and again at %v, with no kill between", e.Text, before.At, e.At)
			}
			if e.From == "city" {
				before = e
			}
		}
	}
}

// straddled tells whether a kill fell between two moments.
func straddled(from, to time.Time, kills []time.Time) bool {
	for _, k := range kills {
		if k.After(from.Add(-time.Second)) && k.Before(to) {
			return true
		}
	}
	return false
}
