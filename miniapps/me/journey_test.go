package me_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/me"
)

// next gives the action that begins at once, with its input.
func next(t testing.TB, res miniapps.Result, want string) map[string]any {
	t.Helper()
	if len(res.Next) == 0 || res.Next[0].Action != want || !res.Next[0].Now {
		t.Fatalf("next is %+v, want %s now", res.Next, want)
	}
	return res.Next[0].Input
}

// with adds a value to an input.
func with(in map[string]any, name string, v any) map[string]any {
	in[name] = v
	return in
}

func words(res miniapps.Result) string {
	raw, _ := json.Marshal(res.Blocks)
	return string(raw)
}

// TestSignInJourney goes from a phone to a linked chat, with a wrong code in between.
func TestSignInJourney(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	guest := w.guest()
	in := next(t, w.must(guest, "signin", "1", map[string]any{"phone": "0912 345 678"}), "code")
	code := w.code()
	_, err := w.run(guest, "code", "2", with(in, "code", "000000"))
	f := fault.Of(err)
	if f == nil || f.Code != fault.Invalid || len(f.Fields) != 1 || !slices.Equal(f.Fields[0].Path, []string{"code"}) {
		t.Fatalf("a wrong code: %v", err)
	}
	res := w.must(guest, "code", "3", with(in, "code", code))
	if v := w.guest(); v.Assurance != account.Phone || v.Account == "" {
		t.Errorf("the chat is %+v after %s", v, words(res))
	}
	if got := w.must(w.guest(), "signin", "4", map[string]any{"phone": phone}); len(w.intents) != 1 || !strings.Contains(words(got), "091••••678") {
		t.Errorf("signing in twice sent %d messages: %s", len(w.intents), words(got))
	}
	in = map[string]any{"challenge": in["challenge"], "code": code}
	if res := w.must(w.chat("zalo", "other"), "code", "5", in); res.Data == nil || len(res.Next) != 1 || res.Next[0].Action != "signin" {
		t.Errorf("a used code leads to %+v", res)
	}
}

// TestLinkJourney goes from a link in the chat over a page to the code typed in the chat.
func TestLinkJourney(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.signIn(phone)
	res := w.must(w.guest(), "link", "1", nil)
	i := slices.IndexFunc(res.Blocks, func(b message.Block) bool { _, ok := b.(message.Link); return ok })
	if i < 0 {
		t.Fatalf("no link in %s", words(res))
	}
	token := strings.TrimPrefix(res.Blocks[i].(message.Link).URL, "https://city/chat/link/")
	if data, _ := json.Marshal(res.Data); strings.Contains(string(data), token) {
		t.Error("the data holds the secret")
	}
	o, err := w.accounts.OpenLink(t.Context(), owner, token, "k")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.run(w.guest(), "link_code", "2", map[string]any{"code": "7K3M-9QXD"}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a wrong code: %v", err)
	}
	w.links(w.guest(), "3", account.GroupCode(o.Code))
	if v := w.guest(); v.Account != owner.Account {
		t.Errorf("the chat is %+v", v)
	}
	// The chat shows a code for another chat, and ends that link again.
	res = w.must(w.guest(), "show_code", "4", nil)
	code := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(words(res))
	w.links(w.chat("messenger", "m"), "5", code)
	res = w.must(w.guest(), "accounts", "", nil)
	if text := words(res); !strings.Contains(text, "Zalo") || !strings.Contains(text, "Messenger") || !strings.Contains(text, "091••••678") {
		t.Errorf("the list shows %s", text)
	}
	options := w.must(w.guest(), "linked", "", nil).Data.(miniapps.Options).Choices
	if len(options) != 3 { // two chats and the session
		t.Fatalf("got %+v", options)
	}
	for _, x := range options {
		if x.Label != "Zalo" {
			w.must(w.guest(), "unlink", x.Value, map[string]any{"entry": x.Value})
		}
	}
	if v := w.chat("messenger", "m"); v.SignedIn() {
		t.Errorf("still linked: %+v", v)
	}
	if got, err := w.accounts.Sessions(t.Context(), w.guest()); err != nil || len(got) != 0 {
		t.Errorf("sessions: %v, %v", got, err)
	}
}

// TestRecoverJourney asks twice: the first begins the wait, the second, after it, ends it.
func TestRecoverJourney(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.linked()
	in := next(t, w.must(v, "recover", "1", map[string]any{"phone": phone2}), "recover_code")
	w.must(v, "recover_code", "2", with(in, "code", w.code()))
	sent := len(w.intents)
	if res := w.must(v, "recover", "3", map[string]any{"phone": phone2}); len(w.intents) != sent || len(res.Next) != 1 || res.Next[0].Action != "cancel_recovery" {
		t.Errorf("while it waits: %s", words(res))
	}
	if text := words(w.must(w.signIn(phone), "accounts", "", nil)); !strings.Contains(text, "098••••321") {
		t.Errorf("the owner does not see what waits: %s", text)
	}
	w.clock.Add(73 * time.Hour)
	in = next(t, w.must(v, "recover", "4", map[string]any{"phone": phone2}), "recover_code")
	in = with(in, "code", w.code())
	for range 2 {
		w.must(v, "recover_code", "5", in)
	}
	if got := w.signIn(phone2); got.Account != v.Account {
		t.Error("the new phone does not lead to the account")
	}
}

// TestRefusedRecoveryEnds proves a phone where that begins nothing: what is in the way is said, and no code is asked for again.
func TestRefusedRecoveryEnds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, number, reason, next string
		before                     func(w *world)
	}{
		{name: "right after one was stopped", number: phone2, reason: "sau khoảng 72 giờ", before: func(w *world) {
			w.recovery()
			w.must(w.linked(), "cancel_recovery", "0", nil)
		}},
		{name: "a phone of another account", number: phone3, reason: "đang thuộc một tài khoản khác", before: func(w *world) { w.signIn(phone3) }},
		{name: "one from another chat meanwhile", number: phone2, reason: "Đang có một yêu cầu chờ", next: "cancel_recovery", before: (*world).recovery},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			v := w.second()
			id, code := w.ask(v, tt.number)
			tt.before(w)
			res := w.must(v, "recover_code", "1", map[string]any{"challenge": id, "code": code})
			if data, _ := json.Marshal(res.Data); string(data) != `{"state":"ended"}` || !strings.Contains(words(res), tt.reason) {
				t.Errorf("got %s: %s", data, words(res))
			}
			if len(res.Next) > 0 != (tt.next != "") || tt.next != "" && res.Next[0].Action != tt.next {
				t.Errorf("next is %+v, want %q", res.Next, tt.next)
			}
		})
	}
	t.Run("while one from another chat waits", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.recovery()
		v, sent := w.second(), len(w.intents)
		res := w.must(v, "recover", "1", map[string]any{"phone": phone3})
		if len(w.intents) != sent || !strings.Contains(words(res), "098••••321") || len(res.Next) != 1 || res.Next[0].Action != "cancel_recovery" {
			t.Errorf("%d messages were sent: %s", len(w.intents)-sent, words(res))
		}
	})
}

// TestRefusedCodesEnd tries out all that a chat may try in a day.
func TestRefusedCodesEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 10 {
		if _, err := w.run(w.guest(), "link_code", fmt.Sprint(i), map[string]any{"code": fmt.Sprintf("7K3M-9QX%d", i)}); fault.CodeOf(err) != fault.Invalid {
			t.Fatalf("try %d: %v", i, err)
		}
	}
	res := w.must(w.guest(), "link_code", "11", map[string]any{"code": w.offer()})
	if data, _ := json.Marshal(res.Data); string(data) != `{"state":"ended"}` || !strings.Contains(words(res), "thử quá nhiều lần trong ngày") {
		t.Errorf("got %s: %s", data, words(res))
	}
}

// TestJoinJourney types the code of another account where a chat is linked already. Whoever has the chat must have the phone, too.
func TestJoinJourney(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	res := w.must(w.linked(), "link_code", "1", map[string]any{"code": w.offer()})
	if len(res.Next) == 0 || res.Next[0].Action != "join" {
		t.Errorf("got %+v", res)
	}
	offered := w.offer()
	if _, err := w.run(w.linked(), "join", "2", map[string]any{"code": "7K3M-9QXD"}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a wrong code: %v", err)
	}
	next(t, w.must(w.linked(), "join", "3", map[string]any{"code": offered}), "join_code")
	if data, _ := json.Marshal(w.must(w.linked(), "check_join", "", map[string]any{"answers": map[string]any{"code": offered}}).Data); !strings.Contains(string(data), "033••••111") {
		t.Errorf("the account is not named: %s", data)
	}
	if w.signIn(phone).Account == w.signIn(phone3).Account {
		t.Fatal("joined without the phone's code")
	}
	in := next(t, w.must(w.linked(), "join", "4", map[string]any{"code": offered}), "join_code")
	code := w.code()
	if _, err := w.run(w.linked(), "join_code", "5", with(in, "code", "000000")); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a wrong code: %v", err)
	}
	w.must(w.linked(), "join_code", "6", with(in, "code", code))
	if w.signIn(phone).Account != w.signIn(phone3).Account {
		t.Error("two accounts still")
	}
}

// TestLinkCodeAsksFirst types a code that is somebody else's: it says whose, and links nothing before it is agreed to.
func TestLinkCodeAsksFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.offer()
	res := w.must(w.guest(), "link_code", "1", map[string]any{"code": code})
	in := next(t, res, "link_join")
	if !strings.Contains(words(res), "033••••111") || w.guest().SignedIn() {
		t.Fatalf("linked: %v: %s", w.guest().SignedIn(), words(res))
	}
	data, _ := json.Marshal(w.must(w.guest(), "check_code", "", map[string]any{"answers": in}).Data)
	if string(data) != `{"derived":{"account":"033••••111"}}` {
		t.Errorf("the question shows %s", data)
	}
	m, err := me.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range m.Actions {
		if a.ID == "link_join" && (len(a.Confirm) == 0 || a.Agree["vi"] != "Đồng ý") {
			t.Error("nobody is asked")
		}
	}
	if data, _ := json.Marshal(w.must(w.chat("zalo", "late"), "check_code", "", map[string]any{"answers": map[string]any{"code": "7K3M-9QXD"}}).Data); string(data) != "{}" {
		t.Errorf("a code that has ended meanwhile: %s", data)
	}
	w.must(w.guest(), "link_join", "2", in)
	if !w.guest().SignedIn() {
		t.Error("not linked")
	}
	if res := w.must(w.chat("zalo", "late"), "link_join", "3", in); len(res.Next) != 1 || res.Next[0].Action != "link_code" {
		t.Errorf("a code that was used meanwhile leads to %+v", res)
	}
}

// TestConflictSaysHowLongToWait has the holder of a number link a second chat on a network by a code of a chat that was linked just now.
func TestConflictSaysHowLongToWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.chat("zalo", "first")
	id, code := w.ask(first, phone)
	w.must(first, "code", "1", map[string]any{"challenge": id, "code": code})
	show := func(key string) string {
		return regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(words(w.must(w.chat("zalo", "first"), "show_code", key, nil)))
	}
	res := w.must(w.guest(), "link_code", "2", map[string]any{"code": show("a")})
	offers := func(action string) bool {
		return slices.ContainsFunc(res.Next, func(s miniapps.Suggestion) bool { return s.Action == action })
	}
	if text := words(res); !strings.Contains(text, "chờ đủ 72 giờ") || !strings.Contains(text, "Mất điện thoại, đổi số") || !offers("recover") || !offers("link_code") {
		t.Errorf("offers %+v: %s", res.Next, text)
	}
	w.clock.Add(73 * time.Hour)
	w.links(w.guest(), "3", show("b"))
	if !w.guest().SignedIn() {
		t.Error("what the text says is not so")
	}
}

func TestContinueKeepsTheForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	res := w.must(w.guest(), "continue", "1", map[string]any{
		"app": "feedback", "action": "submit", "input": map[string]any{"description": "Đèn hỏng"}, "case": map[string]any{"app": "feedback", "id": "c"},
	})
	token := strings.TrimPrefix(res.Blocks[1].(message.Link).URL, "https://city/chat/form/")
	d, err := w.accounts.OpenDraft(t.Context(), w.signIn(phone), token)
	if err != nil || d.App != "feedback" || d.Action != "submit" || d.Case != "c" || string(d.Input) != `{"description":"Đèn hỏng"}` {
		t.Errorf("got %+v, %v", d, err)
	}
}

// links types a link code and agrees.
func (w *world) links(v account.Viewer, key, code string) {
	w.t.Helper()
	in := next(w.t, w.must(v, "link_code", key, map[string]any{"code": code}), "link_join")
	w.must(v, "link_join", key+" agreed", in)
}

func TestCheckPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for number, want := range map[any]int{"0912 345 678": 0, "0225 3822 222": 1, "12345678": 1, nil: 0, 5: 0} {
		res := w.must(w.guest(), "check", "", map[string]any{"answers": map[string]any{"phone": number}})
		if got := res.Data.(miniapps.Checked); len(got.Errors) != want {
			t.Errorf("%v: %+v", number, got)
		}
	}
}
