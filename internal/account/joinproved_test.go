package account_test

import (
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
)

// borrowed is a chat of the victim in somebody else's hands, who shows a code of an account of their own.
func (w *world) borrowed() (chat account.Viewer, thief account.Grant, code string) {
	w.t.Helper()
	thief = w.signIn(phone2)
	w.signIn(phone)
	w.mustLink(w.meet(onWeb, ""), phone)
	c, err := w.OfferCode(w.t.Context(), thief.Viewer, "k")
	if err != nil {
		w.t.Fatal(err)
	}
	return w.meet(onWeb, ""), thief, c.Code
}

// TestBorrowedChatDoesNotTakeTheAccountAlong tries to join an account into another from a chat, with all that is not a proof of it.
func TestBorrowedChatDoesNotTakeTheAccountAlong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	chat, thief, code := w.borrowed()
	stays := func(what string) {
		t.Helper()
		if v := w.meet(onWeb, ""); v.Account != chat.Account || w.signIn(phone).Account == thief.Account {
			t.Fatalf("%s: the account went along", what)
		}
	}
	if _, err := w.JoinAccounts(ctx, chat, code, "1"); fault.CodeOf(err) != fault.Forbidden || key(err) != "account.join_unproved" {
		t.Errorf("without a code: %v", err)
	}
	stays("without a code")
	id, right := w.askChat(chat, phone) // a code for something else, to the same phone
	if _, err := w.JoinProved(ctx, chat, account.JoinProof{Code: code, ChallengeID: id, PhoneCode: right}, "2"); key(err) != "account.code_ended" {
		t.Errorf("a code that was sent for a sign-in: %v", err)
	}
	c, err := w.RequestJoinCode(ctx, chat, "k")
	if err != nil || c.Phone != "091••••678" {
		t.Fatalf("got %+v, %v", c, err)
	}
	text := w.lastTo("+84912345678")
	if !strings.Contains(text, "GỘP") {
		t.Errorf("the phone is told %q", text)
	}
	right = codeRE.FindString(text)
	for what, p := range map[string]account.JoinProof{
		"a wrong code":              {Code: code, ChallengeID: c.ID, PhoneCode: other(right, 1)},
		"a wrong code of the other": {Code: "7K3M9QXD", ChallengeID: c.ID, PhoneCode: right},
	} {
		if _, err := w.JoinProved(ctx, chat, p, what); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", what, err)
		}
		stays(what)
	}
	if _, err := w.SignInChat(ctx, chat, c.ID, right, "5"); key(err) != "account.code_ended" {
		t.Errorf("the code signs in: %v", err)
	}
	if _, err := w.VerifyOTP(ctx, account.VerifyRequest{ChallengeID: c.ID, Code: right}); key(err) != "account.code_ended" {
		t.Errorf("the code opens a session: %v", err)
	}
	stays("elsewhere")
	for range 2 { // a repeat changes nothing
		if l, err := w.JoinProved(ctx, chat, account.JoinProof{Code: code, ChallengeID: c.ID, PhoneCode: right}, "6"); err != nil || l.Account != thief.Account {
			t.Fatalf("got %+v, %v", l, err)
		}
	}
	if got := w.lastTo("+84912345678"); !strings.Contains(got, "vừa gộp vào tài khoản 098••••321") {
		t.Errorf("the phone that went along is told %q", got)
	}
	if _, err := w.OfferCode(ctx, w.signIn(phone).Viewer, "k"); err != nil {
		t.Error(err)
	}
}

// TestAccountWithoutPhoneIsJoinedAfterTheWait joins one from a chat that has been its own for long.
func TestAccountWithoutPhoneIsJoinedAfterTheWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	survivor := w.signIn(phone2)
	w.mustLink(w.meet(onZalo, ""), phone)
	holder := w.meet(onZalo2, "") // takes the phone over
	id, code := w.askChat(holder, phone)
	if _, err := w.StartRecovery(ctx, holder, id, code, "k"); err != nil {
		t.Fatal(err)
	}
	w.clock.Add(long)
	id, code = w.askChat(holder, phone)
	if _, err := w.ConfirmRecovery(ctx, holder, id, code, "k2"); err != nil {
		t.Fatal(err)
	}
	first := w.meet(onZalo, "")
	c, err := w.OfferCode(ctx, first, "k")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.TakeCode(ctx, w.meet(onWeb, ""), c.Code, "k"); err != nil {
		t.Fatal(err)
	}
	offer := func() string {
		c, err := w.OfferCode(ctx, w.signIn(phone2).Viewer, "")
		if err != nil {
			t.Fatal(err)
		}
		return c.Code
	}
	if _, err := w.RequestJoinCode(ctx, first, ""); key(err) != "account.no_phone" {
		t.Errorf("a code goes to %v", err)
	}
	if _, err := w.JoinAccounts(ctx, w.meet(onWeb, ""), offer(), "1"); key(err) != "account.join_unproved" {
		t.Errorf("a chat of a minute ago: %v", err)
	}
	if l, err := w.JoinAccounts(ctx, first, offer(), "2"); err != nil || l.Account != survivor.Account {
		t.Errorf("got %+v, %v", l, err)
	}
}

// TestCodesAreLookedAtFirst shows what a typed code leads to without using it up.
func TestCodesAreLookedAtFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	g, chat := w.signIn(phone), w.meet(onZalo, "")
	c, err := w.OfferCode(ctx, g.Viewer, "k")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		o, err := w.LookAtCode(ctx, chat, c.Code, "")
		if err != nil || o.Phone != "091••••678" {
			t.Fatalf("got %+v, %v", o, err)
		}
	}
	if w.meet(onZalo, "").SignedIn() {
		t.Fatal("looking at a code links")
	}
	if _, err := w.LookAtCode(ctx, g.Viewer, c.Code, ""); key(err) != "account.chat_only" {
		t.Errorf("outside of a chat: %v", err)
	}
	for i := range 9 { // the right code was one try, however often it was looked at
		if _, err := w.LookAtCode(ctx, chat, "A"+string(rune('0'+i))+"3M9QXD", ""); key(err) != "account.link_code_refused" {
			t.Errorf("guess %d: %v", i, err)
		}
	}
	if _, err := w.LookAtCode(ctx, chat, "ZZ3M9QX0", ""); fault.CodeOf(err) != fault.RateLimited {
		t.Errorf("guesses do not count: %v", err)
	}
	if _, err := w.TakeCode(ctx, chat, c.Code, "k"); err != nil {
		t.Errorf("the code that was looked at: %v", err)
	}
	if got := w.lastTo("+84912345678"); !strings.Contains(got, "vừa được liên kết với Zalo") {
		t.Errorf("the phone is told %q", got)
	}
	if _, err := w.LookAtCode(ctx, w.meet(onMessenger, ""), c.Code, ""); key(err) != "account.link_code_refused" {
		t.Errorf("a used code: %v", err)
	}
	young, err := w.OfferCode(ctx, w.signIn(phone).Viewer, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.LookAtCode(ctx, w.meet(onZalo2, ""), young.Code, ""); key(err) != "account.other_identity" || fault.Of(err).Params["hours"] != 72 {
		t.Errorf("a second chat on the network: %v", err)
	}
	w.clock.Add(time.Hour)
	if _, err := w.LookAtCode(ctx, w.meet(onMessenger, ""), young.Code, ""); key(err) != "account.link_code_refused" {
		t.Errorf("a code that has ended: %v", err)
	}
}

// TestCodeOfAChatOpensNoSession answers a chat's question from an app that does not say who it is.
func TestCodeOfAChatOpensNoSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, code := w.askChat(w.meet(onZalo, ""), phone)
	if _, err := w.VerifyOTP(t.Context(), account.VerifyRequest{ChallengeID: id, Code: code}); key(err) != "account.code_ended" {
		t.Errorf("got %v", err)
	}
}

// TestAddressIsCountedInChatsToo asks for codes through one chat after another from one address: they count together, and with those of apps there.
func TestAddressIsCountedInChatsToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *account.Config) { c.Limits.SendAddress.Max = 4 })
	ctx := t.Context()
	const address = "203.0.113.9"
	ask := func(i int, from string) error {
		who := account.Identity{Network: "web", User: strings.Repeat("v", i+1), Origin: w.Origin(from)}
		_, err := w.RequestChatCode(ctx, w.meet(who, ""), "09123456"+string(rune('0'+i/10))+string(rune('0'+i%10)), "")
		return err
	}
	if _, err := w.RequestOTP(ctx, account.OTPRequest{Phone: phone2, Address: address}); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := ask(i, address); err != nil {
			t.Fatalf("code %d: %v", i, err)
		}
	}
	sent := len(w.sent())
	if err := ask(4, address); fault.CodeOf(err) != fault.RateLimited || len(w.sent()) != sent {
		t.Errorf("one too many: %v", err)
	}
	if _, err := w.RequestOTP(ctx, account.OTPRequest{Phone: phone2, Address: address}); fault.CodeOf(err) != fault.RateLimited {
		t.Errorf("in the app: %v", err)
	}
	for i, from := range []string{"203.0.113.10", "", ""} {
		if err := ask(10+i, from); err != nil {
			t.Errorf("from %q: %v", from, err)
		}
	}
	if v6 := w.Origin("2001:db8::1"); v6 != w.Origin("2001:db8::2") || v6 == w.Origin("2001:db8:0:1::1") || strings.Contains(w.Origin(address), address) {
		t.Error("addresses are not told apart by their network")
	}
}
