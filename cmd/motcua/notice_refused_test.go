package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/motcua/motcua/channels/messenger/messengerfake"
	"github.com/motcua/motcua/channels/zalo/zalofake"
)

// TestANetworkCountsTheHoursOtherwise has networks refuse words that may leave by our clock. What costs nothing elsewhere comes first, then the text that the same
// network approved, then the others; everybody is told once.
func TestANetworkCountsTheHoursOtherwise(t *testing.T) {
	leaktest.Check(t)
	for name, tt := range map[string]struct {
		zalo, messenger time.Duration // that the network's clock is ahead
		chats           []string
		left            string
	}{
		"Messenger":                   {0, 25 * time.Hour, []string{"messenger"}, "messenger/approved"},
		"Zalo":                        {8 * 24 * time.Hour, 0, []string{"zalo"}, "zalo/approved"},
		"both":                        {8 * 24 * time.Hour, 25 * time.Hour, []string{"zalo", "messenger"}, "zalo/approved"},
		"Zalo, while Messenger is ok": {8 * 24 * time.Hour, 0, []string{"zalo", "messenger"}, "messenger/free"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t, forenoon, allApproved)
			n := w.moveIn("Nam", "+84903000001", tt.chats, true, "", false)
			w.city.Zalo.Break(func(f *zalofake.Faults) { f.ClockOffsetS = int64(tt.zalo.Seconds()) })
			w.city.Messenger.Break(func(f *messengerfake.Faults) { f.ClockOffsetS = int64(tt.messenger.Seconds()) })
			w.tell(n.subject, "a", "assigned")
			w.run(time.Minute, 10*time.Second)
			if got := w.left("a"); got != tt.left || w.arrived(n, "a") != onTheWire[tt.left] {
				t.Errorf("left by %s, arrived as %q, want %s: %+v", got, w.arrived(n, "a"), tt.left, w.dispatches("feedback", "a"))
			}
		})
	}
}

// TestARecoveryIsToldToThePhoneOnce starts a recovery in the only chat that its owner has. The dialogue there has told it and the phone got a text message of its own:
// the phone hears no more of it, be it stopped or not.
func TestARecoveryIsToldToThePhoneOnce(t *testing.T) {
	leaktest.Check(t)
	p := &patient{town: newTown(t, forenoon, noneApproved), name: "Quế", old: "+84912000001", new: "+84912000002"}
	p.textsLeave()
	p.app, p.refresh = p.signsIn(p.old)
	p.greets("zalo")
	v, err := p.accounts.Authenticate(t.Context(), p.app)
	must(t, err)
	p.account = v.Account
	p.joins(v, p.greeting("zalo"))
	p.run(5*time.Minute, time.Minute)
	had := len(p.texts(p.old))
	p.begins("mất điện thoại")
	got := p.texts(p.old)[had:]
	if len(got) != 1 || !strings.Contains(got[0], "đăng nhập và hủy") {
		t.Errorf("the lost phone got %q", got)
	}
	token := p.renewed()
	all, err := p.accounts.Recoveries(t.Context(), v)
	must(t, err)
	var done struct{ ID string }
	p.mutate(token, "cancelRecovery", "CancelRecoveryInput", "id", map[string]any{"id": all[0].ID}, &done)
	p.run(10*time.Minute, time.Minute)
	if after := p.texts(p.old)[had:]; len(after) != 1 {
		t.Errorf("the phone got %q", after)
	}
	if told := strings.Join(p.cityEntries("zalo", p.name), "|"); strings.Count(told, "Đã hủy yêu cầu đổi số") != 1 {
		t.Errorf("the chat says %s", fmt.Sprint(told))
	}
}
