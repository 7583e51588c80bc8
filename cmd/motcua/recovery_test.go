package main

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/citytest"
	"github.com/motcua/motcua/internal/fault"
)

// patient is somebody in a town who loses their phone. They chat on every network under one name, and hold a session on the old phone.
type patient struct {
	*town
	name         string
	old, new     string // phones
	account      string
	greeted      map[string]string // by network: what they said first
	visitor      string            // on the city's own page
	app, refresh string            // tokens of the session on the old phone
}

// TestRecoveryByTheClock loses a phone twice over the whole wiring. The first time the old phone is only mislaid: every way tells its owner that somebody asks
// for the account, and the session there stops it. The second time nobody stops it, and when its time has come the account goes to the new phone.
func TestRecoveryByTheClock(t *testing.T) {
	leaktest.Check(t)
	p := movesIn(t)

	p.begins("mất điện thoại")
	p.tells("Có yêu cầu đổi số điện thoại", "messenger", "fcm", "web") // the chat on Zalo asked
	if got := p.texts(p.old); !strings.Contains(got[len(got)-1], "sang số khác") || !strings.Contains(got[len(got)-1], "72 giờ") {
		t.Errorf("the lost phone got %q", got)
	}
	p.tooEarly()
	p.stops()
	p.refusedSince()

	p.passes(73 * time.Hour)
	p.greets("zalo", "messenger")
	p.begins("mất sim")
	p.passes(71 * time.Hour)
	p.tooEarly()
	p.passes(61 * time.Minute)
	p.greets("messenger") // it was silent for longer than that network allows
	p.finishes()
	p.hasMoved()
}

// movesIn makes the patient known: chats, a device, and a session, all of one account.
func movesIn(t *testing.T) *patient {
	t.Helper()
	p := &patient{town: newTown(t, forenoon, noneApproved), name: "Mai", old: "+84912000001", new: "+84912000002"}
	p.textsLeave()
	p.app, p.refresh = p.signsIn(p.old)
	v, err := p.accounts.Authenticate(t.Context(), p.app)
	must(t, err)
	p.account = v.Account
	p.greets("zalo", "messenger", "web")
	p.greeted = map[string]string{}
	for _, network := range []string{"zalo", "messenger", "web"} {
		p.greeted[network] = p.greeting(network)
		p.joins(v, p.greeting(network))
	}
	p.visitor = string(p.heard[p.greeting("web")].Event.From)
	p.owns(v, "fcm", p.name)
	return p
}

// textsLeave sends the text messages that accounts write, from now to the end of the test.
func (p *patient) textsLeave() {
	p.t.Helper()
	must(p.t, p.outbox.Handle(account.SMSKind, p.accounts.SMSHandler(p.phones)))
	ctx, stop := context.WithCancel(context.WithoutCancel(p.t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- p.outbox.Run(ctx) }() // it has no relays here: the town works for those
	p.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			p.t.Error(err)
		}
	})
}

// greets writes on networks, so that they may answer for a while.
func (p *patient) greets(networks ...string) {
	p.t.Helper()
	for _, network := range networks {
		p.says(network, p.name, p.greeting(network))
	}
	p.pass()
}

func (p *patient) greeting(network string) string {
	return fmt.Sprintf("xin chào, Mai đây, trên %s, %s", network, p.clock.now().Format(time.DateOnly))
}

// passes lets time go by.
func (p *patient) passes(d time.Duration) {
	p.t.Helper()
	p.clock.set(p.clock.now().Add(d))
	p.pass()
}

// texts gives what a phone received.
func (p *patient) texts(phone string) []string {
	var out []string
	for _, m := range p.city.SMS.Messages(phone) {
		out = append(out, m.Text)
	}
	return out
}

var oneTimeCode = regexp.MustCompile(`\b\d{6}\b`)

// code gives the one-time code that comes to a phone by what is done. One a minute is all that a phone gets.
func (p *patient) code(phone string, do func()) string {
	p.t.Helper()
	p.passes(2 * time.Minute)
	had := len(p.texts(phone))
	do()
	until(p.t, "a code comes to "+phone, func() bool { return len(p.texts(phone)) > had })
	return oneTimeCode.FindString(p.texts(phone)[had])
}

// mutate carries out a mutation that must be taken.
func (p *patient) mutate(token, mutation, input, selection string, in map[string]any, out any) {
	p.t.Helper()
	var payload map[string]json.RawMessage
	query := `mutation($i: ` + input + `!) { ` + mutation + `(input: $i) { ` + selection + ` errors { code message } } }`
	must(p.t, citytest.Client{URL: p.public + "/graphql", Token: token}.Do(p.t.Context(), query, map[string]any{"i": in}, &payload))
	if !strings.Contains(string(payload[mutation]), `"errors":[]`) {
		p.t.Fatalf("%s: %s", mutation, payload[mutation])
	}
	must(p.t, json.Unmarshal(payload[mutation], out))
}

// signsIn opens a session.
func (p *patient) signsIn(phone string) (access, refresh string) {
	p.t.Helper()
	var asked struct{ Challenge struct{ ID string } }
	device := "device of " + phone
	code := p.code(phone, func() {
		p.mutate("", "requestOtp", "RequestOtpInput", "challenge { id }", map[string]any{"phone": phone, "deviceId": device}, &asked)
	})
	var got struct {
		Grant struct{ AccessToken, RefreshToken string }
	}
	p.mutate("", "verifyOtp", "VerifyOtpInput", "grant { accessToken refreshToken }", map[string]any{"challengeId": asked.Challenge.ID, "code": code, "deviceId": device}, &got)
	return got.Grant.AccessToken, got.Grant.RefreshToken
}

// ask says something on Zalo and looks for the answer.
func (p *patient) ask(text, want string) {
	p.t.Helper()
	had := len(p.city.Zalo.Chat(p.name, 0))
	p.mu.Lock()
	turns := p.turns
	p.mu.Unlock()
	p.city.Zalo.Say(p.name, text)
	until(p.t, "somebody listens to "+text, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.turns > turns
	})
	p.pass()
	var seen []string
	for _, e := range p.city.Zalo.Chat(p.name, 0)[had:] {
		if seen = append(seen, e.Text); e.From == "city" && strings.Contains(e.Text, want) {
			return
		}
	}
	p.t.Fatalf("%q was answered by %q, want %q", text, seen, want)
}

// begins asks for the account with the new phone, in the chat on Zalo.
func (p *patient) begins(words string) {
	p.t.Helper()
	p.passes(2 * time.Minute)
	p.ask(words, "số điện thoại đang dùng hiện nay")
	code := p.code(p.new, func() { p.ask(p.new, "nhập 6 chữ số") })
	p.ask(code, "các nơi đang liên kết đều được báo")
	p.run(5*time.Minute, time.Minute)
}

// tells looks for a notice in chats and on the device.
func (p *patient) tells(title string, where ...string) {
	p.t.Helper()
	ways := map[string]bool{}
	for _, e := range p.city.Zalo.Chat(p.name, 0) {
		ways["zalo"] = ways["zalo"] || e.From == "city" && strings.Contains(e.Text, title)
	}
	for _, e := range p.city.Messenger.Chat(p.name, 0) {
		ways["messenger"] = ways["messenger"] || e.From == "city" && strings.Contains(e.Text, title)
	}
	for _, d := range p.city.FCM.Deliveries(p.name) {
		ways["fcm"] = ways["fcm"] || strings.Contains(string(d.Message), title)
	}
	lines, err := p.weblog.Read(p.t.Context(), p.visitor, 0, 50)
	must(p.t, err)
	for _, l := range lines {
		ways["web"] = ways["web"] || strings.Contains(fmt.Sprintf("%+v", l), title)
	}
	for _, way := range where {
		if !ways[way] {
			p.t.Errorf("%s does not tell %q", way, title)
		}
	}
}

// tooEarly asks for the end of the wait before its time, in the chat and as a client that does not ask first.
func (p *patient) tooEarly() {
	p.t.Helper()
	p.ask("mất điện thoại", "số điện thoại đang dùng hiện nay")
	p.ask(p.new, "đang chờ đến")
	v := p.guest(p.lastOnZalo())
	var id string
	code := p.code(p.new, func() {
		c, err := p.accounts.RequestChatCode(p.t.Context(), v, p.new, "")
		must(p.t, err)
		id = c.ID
	})
	_, err := p.accounts.ConfirmRecovery(p.t.Context(), v, id, code, "")
	if f := fault.Of(err); f == nil || f.Key != "account.recovery_early" {
		p.t.Errorf("before its time: %v", err)
	}
	if me := p.masked(p.renewed()); me != "091••••001" {
		p.t.Errorf("the phone is now %s", me)
	}
}

// lastOnZalo gives something that was said on Zalo.
func (p *patient) lastOnZalo() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for text, m := range p.heard {
		if m.Channel == "zalo" {
			return text
		}
	}
	return ""
}

// renewed gives a token of the session on the old phone, which does what an app does that was not used for days.
func (p *patient) renewed() string {
	p.t.Helper()
	var got struct {
		Grant struct{ AccessToken, RefreshToken string }
	}
	p.mutate("", "refreshSession", "RefreshSessionInput", "grant { accessToken refreshToken }", map[string]any{"refreshToken": p.refresh, "deviceId": "device of " + p.old}, &got)
	p.app, p.refresh = got.Grant.AccessToken, got.Grant.RefreshToken
	return p.app
}

func (p *patient) masked(token string) string {
	p.t.Helper()
	var out struct{ Me struct{ MaskedPhone string } }
	must(p.t, citytest.Client{URL: p.public + "/graphql", Token: token}.Do(p.t.Context(), `{ me { maskedPhone } }`, nil, &out))
	return out.Me.MaskedPhone
}

// stops has the owner see in the app what waits, and stop it.
func (p *patient) stops() {
	p.t.Helper()
	token := p.renewed()
	var out struct {
		Recoveries []struct{ ID, Kind, Network string }
	}
	must(p.t, citytest.Client{URL: p.public + "/graphql", Token: token}.Do(p.t.Context(), `{ recoveries { id kind network } }`, nil, &out))
	if len(out.Recoveries) != 1 || out.Recoveries[0].Kind != "REPLACE_PHONE" || out.Recoveries[0].Network != "zalo" {
		p.t.Fatalf("the app shows %+v", out.Recoveries)
	}
	var done struct{ ID string }
	p.mutate(token, "cancelRecovery", "CancelRecoveryInput", "id", map[string]any{"id": out.Recoveries[0].ID}, &done)
	p.run(5*time.Minute, time.Minute)
	p.tells("Đã hủy yêu cầu đổi số", "zalo", "messenger", "fcm", "web")
}

// refusedSince asks again at once: the chat says why not, and asks for no more codes.
func (p *patient) refusedSince() {
	p.t.Helper()
	p.ask("mất điện thoại", "số điện thoại đang dùng hiện nay")
	code := p.code(p.new, func() { p.ask(p.new, "nhập 6 chữ số") })
	p.ask(code, "thử lại sau khoảng 72 giờ")
	p.ask("tài khoản của tôi", "Tài khoản của bà con")
}

// finishes ends the wait.
func (p *patient) finishes() {
	p.t.Helper()
	p.ask("mất sim", "số điện thoại đang dùng hiện nay")
	code := p.code(p.new, func() { p.ask(p.new, "nhập 6 chữ số") })
	p.ask(code, "Đã hoàn tất")
	p.run(5*time.Minute, time.Minute)
}

// hasMoved looks at who has the account now.
func (p *patient) hasMoved() {
	p.t.Helper()
	client := citytest.Client{URL: p.public + "/graphql"}
	a, err := client.Ask(p.t.Context(), `mutation($t: String!) { refreshSession(input: {refreshToken: $t, deviceId: "another"}) { grant { accessToken } errors { code } } }`, map[string]any{"t": p.refresh})
	must(p.t, err)
	if strings.Contains(string(a.Data), `"accessToken"`) {
		p.t.Errorf("the lost phone stays signed in: %s", a.Data)
	}
	p.tells("Đã đổi số điện thoại", "messenger")
	if v := p.guest(p.greeted["web"]); v.SignedIn() {
		p.t.Error("the browser on the lost phone stays in")
	}
	if devices, err := p.devices.List(p.t.Context(), account.Viewer{Account: p.account, Subject: p.account, Subjects: []string{p.account}}); err != nil || len(devices) != 0 {
		p.t.Errorf("the lost phone shows the account's notices: %+v, %v", devices, err)
	}
	if got := p.texts(p.old); !strings.Contains(got[len(got)-1], "đã đổi sang số khác") {
		p.t.Errorf("the lost phone got %q", got)
	}
	for phone, own := range map[string]bool{p.new: true, p.old: false} {
		token, _ := p.signsIn(phone)
		v, err := p.accounts.Authenticate(p.t.Context(), token)
		must(p.t, err)
		if (v.Account == p.account) != own {
			p.t.Errorf("%s signs in to the account: %v", phone, !own)
		}
	}
	p.ask("tài khoản của tôi", "Tài khoản của bà con")
}
