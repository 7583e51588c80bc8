package me_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// next gives the action that begins at once, with its input.
func next(t *testing.T, res miniapps.Result, want string) map[string]any {
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
	w.must(w.guest(), "link_code", "3", map[string]any{"code": account.GroupCode(o.Code)})
	if v := w.guest(); v.Account != owner.Account {
		t.Errorf("the chat is %+v", v)
	}
	// The chat shows a code for another chat, and ends that link again.
	res = w.must(w.guest(), "show_code", "4", nil)
	code := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(words(res))
	w.must(w.chat("messenger", "m"), "link_code", "5", map[string]any{"code": code})
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
	w.wait(73 * time.Hour)
	in = next(t, w.must(v, "recover", "4", map[string]any{"phone": phone2}), "recover_code")
	in = with(in, "code", w.code())
	for range 2 {
		w.must(v, "recover_code", "5", in)
	}
	if got := w.signIn(phone2); got.Account != v.Account {
		t.Error("the new phone does not lead to the account")
	}
}

// TestJoinJourney types the code of another account where a chat is linked already.
func TestJoinJourney(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	res := w.must(w.linked(), "link_code", "1", map[string]any{"code": w.offer()})
	if len(res.Next) == 0 || res.Next[0].Action != "join" {
		t.Errorf("got %+v", res)
	}
	w.must(w.linked(), "join", "2", map[string]any{"code": w.offer()})
	if w.signIn(phone).Account != w.signIn(phone3).Account {
		t.Error("two accounts still")
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
